"""The errors a user may see: one sentence of what is wrong, one of what to do.

Every foreseeable failure is raised as an :class:`MCDetectError`. A front end (the command line, the viewer, the
worker) prints ``message`` and ``hint`` and never a traceback. Messages may name the file as the user gave it, and
never a patient (no names, identifiers or dates).
"""

from __future__ import annotations

import traceback


class MCDetectError(Exception):
    """A failure that is told to the user in one sentence.

    Parameters
    ----------
    code
        Stable, machine-readable name of the failure in kebab case, e.g. ``"not-dicom"``.
    message
        What is wrong and with which file: one sentence with a full stop.
    hint
        What to do about it: one sentence with a full stop, or empty.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __reduce__(self) -> tuple[type[MCDetectError], tuple[str, str, str]]:
        # Exceptions are pickled by their positional arguments; ours must survive the way back from a worker process.
        return type(self), (self.code, self.message, self.hint)


class InputError(MCDetectError):
    """An input file cannot be used (not DICOM, truncated, another modality, unknown spacing, ...)."""


class UsageError(MCDetectError):
    """The call itself is wrong (unknown operating point, nothing to do, contradicting options)."""


class OutputError(MCDetectError):
    """A result cannot be written (no permission, disk full, an object that fails its own check)."""


class ModelError(MCDetectError):
    """A bundle is missing, damaged or made for something else."""


class DeviceError(MCDetectError):
    """The compute device that was asked for is not there or cannot do the work."""


def where_it_arose(error: BaseException) -> str:
    """Return the lines of code that an exception came through and its type, for people who look for the cause.

    Its text is left out: that of an error which is none of ours may hold anything that stood in a header.
    """
    frames = [f"{frame.filename}, line {frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    return "\n".join([*frames, type(error).__name__])
