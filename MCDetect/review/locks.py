"""A lock on a file that the operating system frees when the process ends, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path


class FileLock:
    """Not for waiting: :meth:`acquire` says at once whether the lock is free. Two locks of one process exclude, too."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def acquire(self) -> bool:
        """Take the lock; False when somebody else has it.

        Raises
        ------
        OSError
            When the file cannot be made.
        """
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if sys.platform != "win32" and os.fstat(handle).st_ino != self._path.stat().st_ino:
                raise FileNotFoundError  # its last owner has deleted the file that was opened here
        except OSError:
            os.close(handle)
            return False
        self._handle = handle
        return True

    def release(self, *, delete: bool = False) -> None:
        """Free the lock; harmless when it is not held.

        Parameters
        ----------
        delete
            Also delete its file.
        """
        if self._handle is None:
            return
        if delete and sys.platform != "win32":
            self._path.unlink(missing_ok=True)
        os.close(self._handle)
        self._handle = None
        if delete and sys.platform == "win32":
            self._path.unlink(missing_ok=True)
