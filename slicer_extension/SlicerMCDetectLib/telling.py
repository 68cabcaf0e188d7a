"""How errors are shown: a sentence, what to do, and details behind a button. Never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import slicer
from slicer.i18n import tr as _


def tell(message: str, hint: str = "", details: str = "") -> None:
    """Show an error in a window, or in the log where there is no main window.

    Parameters
    ----------
    message, hint
        A sentence each.
    details
        For people who look for the cause; behind a button, which is not there when this is empty.
    """
    text = f"{message}\n\n{hint}" if hint else message
    options = {"detailedText": details} if details else {}
    slicer.util.errorDisplay(text, windowTitle="MCDetect", **options)


def tell_exception(error: BaseException) -> None:
    """Show any exception: the words of an MCDetectError; of another only its type and where it arose."""
    from MCDetect.errors import MCDetectError, where_it_arose

    if isinstance(error, MCDetectError):
        tell(error.message, error.hint)
        return
    details = where_it_arose(error)
    logging.getLogger("MCDetect").error("An unexpected error in the module: %s", details)
    tell(
        _("An unexpected error stopped what you asked for ({kind}).").format(kind=type(error).__name__),
        _("Try again; if it happens again, report it with the details."),
        details,
    )


@contextmanager
def errors_told() -> Iterator[None]:
    """Show whatever is raised inside, and go on after it."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 -- the user is told, whatever it is
        tell_exception(error)
