"""What differs between PyQt5 and PythonQt, Slicer's binding of Qt.

Everything else of the panel uses setters, which are the same in both, and reads widgets with ``widget.property(name)``,
because a property is a method in PyQt5 (``slider.value()``) and an attribute in PythonQt (``slider.value``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Toolkit(Protocol):
    """How to listen to a widget and how to make the items of a table."""

    def connect(self, widget: Any, signal: str, listener: Callable[..., object]) -> None:
        """Call ``listener`` without arguments at each ``signal`` (its C++ signature, ``"valueChanged(int)"``)."""
        ...

    def table_item(self, text: str) -> Any:
        """Return a new ``QTableWidgetItem``."""
        ...

    def block_signals(self, widget: Any, blocked: bool) -> None:
        """Keep a widget quiet while the panel itself sets it."""
        ...


class PythonQtToolkit:
    """The adapter for 3D Slicer.

    Parameters
    ----------
    qt
        Slicer's module ``qt``; given, because this file imports none.
    """

    def __init__(self, qt: Any) -> None:
        self._qt = qt

    def connect(self, widget: Any, signal: str, listener: Callable[..., object]) -> None:
        """See :class:`Toolkit`; PythonQt passes as many arguments as the listener takes, or all."""
        widget.connect(signal, lambda *_: listener())

    def table_item(self, text: str) -> Any:
        """See :class:`Toolkit`."""
        return self._qt.QTableWidgetItem(text)

    def block_signals(self, widget: Any, blocked: bool) -> None:
        """See :class:`Toolkit`."""
        widget.blockSignals(blocked)
