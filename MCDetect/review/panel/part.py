"""What the parts of the panel have in common."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from MCDetect.errors import MCDetectError, where_it_arose
from MCDetect.review.panel.host import INSTALLABLE, Host
from MCDetect.review.panel.toolkit import Toolkit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from MCDetect.review.session import ReviewSession


class Part:
    """Some widgets of the panel and what they do to the session.

    Parameters
    ----------
    widgets
        An object with one attribute for each widget of ``panel.ui``, of the widget's name.
    toolkit, host
        See their protocols.
    """

    def __init__(self, widgets: Any, toolkit: Toolkit, host: Host) -> None:
        self.widgets = widgets
        self.toolkit = toolkit
        self.host = host
        self.session: ReviewSession | None = None

    def set_session(self, session: ReviewSession | None) -> None:
        """Work on another session from now on."""
        self.session = session
        self.refresh()

    def refresh(self) -> None:
        """Make the widgets show what is so now."""

    def text(self, english: str) -> str:
        """Return the text in the user's language."""
        return self.host.translate(english)

    def listen(self, name: str, signal: str, action: Callable[[], object]) -> None:
        """Do ``action`` at each ``signal`` of a widget; what goes wrong is told and never lost."""
        self.toolkit.connect(getattr(self.widgets, name), signal, lambda: self.attempt(action))

    def attempt(self, action: Callable[[], object]) -> None:
        """Do ``action``; what goes wrong is told in one sentence."""
        try:
            action()
        except Exception as error:
            self.tell(error)

    def tell(self, error: BaseException) -> None:
        """Show an error; of one that was not foreseen only its type, and behind a button where it arose."""
        if isinstance(error, MCDetectError) and error.code in INSTALLABLE:
            self.host.offer_installation(error)
            return
        if isinstance(error, MCDetectError):
            self.host.tell(error.message, error.hint)
            return
        self.host.tell(
            self.text("An unexpected error stopped this action ({type}).").format(type=type(error).__name__),
            self.text("Try again; report the details if it happens again."),
            where_it_arose(error),
        )

    def enable(self, enabled: bool, *names: str) -> None:
        """Switch widgets on or off."""
        for name in names:
            getattr(self.widgets, name).setEnabled(enabled)

    @contextmanager
    def quiet(self, *names: str) -> Iterator[None]:
        """Set widgets without hearing of it."""
        for name in names:
            self.toolkit.block_signals(getattr(self.widgets, name), True)
        try:
            yield
        finally:
            for name in names:
                self.toolkit.block_signals(getattr(self.widgets, name), False)
