"""One process at a time on an output folder.

The lock is a transaction on a small SQLite file: it works on every system that SQLite works on and ends with its
process, however that ends, so that no stale lock is ever left behind.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import TracebackType

from MCDetect.errors import OutputError, UsageError


class FolderLock:
    """Holds a folder for this process while the context lasts.

    Raises
    ------
    UsageError
        ``folder-in-use`` when another process holds it.
    OutputError
        ``cannot-write`` when the lock cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> FolderLock:
        try:
            self._connection = sqlite3.connect(
                self._folder / "lock.sqlite", timeout=0, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self._close()
            if "locked" in str(error):
                raise UsageError(
                    "folder-in-use",
                    f"Another mcdetect batch or serve is at work in {self._folder}.",
                    "Wait for it, or choose another --output folder.",
                ) from error
            raise OutputError(
                "cannot-write", f"{self._folder} cannot be locked: {error}.", "Choose another --output folder."
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
