"""The panel's adapter for PyQt5; the one for Slicer's binding is in ``MCDetect.review.panel.toolkit``."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtWidgets import QTableWidgetItem, QWidget


class PyQt5Toolkit:
    """See :class:`MCDetect.review.panel.toolkit.Toolkit`."""

    def connect(self, widget: QWidget, signal: str, listener: Callable[..., object]) -> None:
        """Call ``listener`` without arguments at each signal."""
        name, _, types = signal.rstrip(")").partition("(")
        bound = getattr(widget, name)
        if types and "," not in types and name in ("activated", "currentIndexChanged"):
            bound = bound[{"int": int, "QString": str}[types]]
        bound.connect(lambda *_: listener())

    def table_item(self, text: str) -> QTableWidgetItem:
        """Return a new item of a table."""
        return QTableWidgetItem(text)

    def block_signals(self, widget: QWidget, blocked: bool) -> None:
        """Keep a widget quiet."""
        widget.blockSignals(blocked)
