"""What is said when a command ends by something that is no error of its inputs."""

from __future__ import annotations

from MCDetect.errors import MCDetectError


def as_told(cause: BaseException) -> MCDetectError:
    """Return what to tell the user about whatever ended a command.

    Of an unexpected exception only the type is named: its text may hold anything that stood in a header.
    """
    if isinstance(cause, MCDetectError):
        return cause
    if isinstance(cause, KeyboardInterrupt):
        return MCDetectError("stopped", "Stopped.", "The results that were complete are kept.")
    return MCDetectError(
        "internal-error",
        f"An unexpected error stopped the command ({type(cause).__name__}).",
        "Run it again with --debug and report what it prints.",
    )
