"""Files that are either whole or absent.

Every result is written to a temporary name in its own folder, flushed to the disk and renamed, so that a full disk, a
cut of power or a cancelled run never leaves half a file behind.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from MCDetect.errors import InputError, OutputError


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then give it its name.

    Parameters
    ----------
    path
        The final file; its folder is created.
    write
        Called with the temporary path (same suffix as ``path``). If it raises, nothing remains.

    Raises
    ------
    OutputError
        ``cannot-write`` when the folder or the file cannot be written (no permission, disk full).
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _new_file(path.parent, path.suffix)
        write(temporary)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
        temporary = None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutputError(
            "cannot-write",
            f"{path} could not be written: {reason}.",
            "Choose another --output folder or free space on the disk.",
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text_atomically(path: Path, text: str) -> None:
    """Write UTF-8 text with :func:`write_atomically`."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def remove_file(path: Path) -> None:
    """Remove a file, if it is there.

    Raises
    ------
    OutputError
        ``cannot-write`` when it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            "cannot-write",
            f"{path} could not be removed: {error.strerror or type(error).__name__}.",
            "Choose another --output folder.",
        ) from error


@contextmanager
def telling_why_unread(path: Path) -> Iterator[None]:
    """Turn what the system raises while ``path`` is looked at or read in this block into an InputError.

    Raises
    ------
    InputError
        ``no-such-file``, ``no-permission`` or ``cannot-read``.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise InputError("no-such-file", f"{path} does not exist.", "Check the path.") from error
    except PermissionError as error:
        raise InputError("no-permission", f"{path} may not be read by this user.", "Change its permissions.") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or "the path is not valid"
        raise InputError("cannot-read", f"{path} cannot be read: {reason}.", "Check the path and the disk.") from error


def readable_name(name: str) -> str:
    """Return the name of a file as it can be printed and written down.

    A name that is not valid UTF-8 stands in Python with surrogates, which no stream takes; its odd bytes are shown as
    ``\\xe9``. Any other name stays as it is.
    """
    try:
        return os.fsencode(name).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # surrogates that stand for no byte, in a text of another origin
        return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _new_file(folder: Path, suffix: str) -> Path:
    """Make an empty file that nobody else has, with the permissions that any new file has (mkstemp's is private)."""
    path = folder / f".{secrets.token_hex(4)}{suffix}"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    return path
