"""Work that survives a crash: each change is kept on disk at once and offered again.

One file for each open review in a folder of the user, named by a hash of the Study Instance UIDs, with nothing of the
patient in the name. A lock that the operating system frees when a process dies tells work that is going on from work
that was lost. Writing is done by a thread, so that a slow disk never holds up the reader; of several changes that wait,
the last one is written.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from MCDetect.errors import MCDetectError, OutputError
from MCDetect.files import write_text_atomically
from MCDetect.review.locks import FileLock
from MCDetect.review.offers import KEPT_VERSION

_MOST_AT_ONCE = 100


def default_folder() -> Path:
    """Return the folder of this user for unfinished reviews (``MCDETECT_DATA`` names another one)."""
    given = os.environ.get("MCDETECT_DATA")
    if given:
        return Path(given) / "unfinished reviews"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "MCDetect" / "unfinished reviews"


def examination_key(studies: Iterable[str]) -> str:
    """Return the name of an examination in this folder: a hash that does not tell the UIDs."""
    return hashlib.sha256("\n".join(sorted(studies)).encode()).hexdigest()[:32]


_claimed: set[Path] = set()
"""Files of keepers of this process. A host that opens an examination again may close the former review after that."""

_closing: set[threading.Thread] = set()
"""Threads of keepers that are closed and still write what waits."""


def wait_until_kept(timeout: float = 10.0) -> bool:
    """Wait until the work of all reviews that were closed is on disk; return whether it is. Not for a window's thread.

    It is done before the program ends, and before an examination is opened again, whose work is offered then.
    """
    end = time.monotonic() + timeout
    for thread in list(_closing):
        thread.join(max(0.0, end - time.monotonic()))
    return not any(thread.is_alive() for thread in list(_closing))


atexit.register(wait_until_kept)


class Keeper:
    """Keeps the work of one review on disk until :meth:`discard`.

    All but :meth:`flush` return at once, whatever the disk does.
    """

    def __init__(self, folder: Path, key: str, tell: Callable[[MCDetectError], object]) -> None:
        self._tell = tell
        self._condition = threading.Condition()
        self._waiting: Callable[[], dict[str, Any]] | None = None
        self._when_kept: list[Callable[[], object]] = []
        self._busy = self._failed = self._closed = self._is_unwanted = False
        self._thread: threading.Thread | None = None
        self.is_open_elsewhere = False
        """Whether another program has the same examination open."""
        self.path, self._lock = self._claim(folder, key)

    def _claim(self, folder: Path, key: str) -> tuple[Path | None, FileLock | None]:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for number in range(1, _MOST_AT_ONCE):
                path = folder / f"{key}-{number}.json"
                lock = FileLock(path.with_suffix(".lock"))
                if not lock.acquire():
                    self.is_open_elsewhere |= path not in _claimed
                elif path.exists():
                    lock.release()
                else:
                    _claimed.add(path)
                    return path, lock
        except OSError as error:
            self._problem(folder, error)
        return None, None

    def keep(self, describe: Callable[[], dict[str, Any]]) -> None:
        """Write what ``describe`` returns, soon and in another thread; it is called there."""
        if self.path is None:
            return
        with self._condition:
            if self._closed:
                return
            self._waiting, self._is_unwanted = describe, False
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="review keeper", daemon=True)
                self._thread.start()
            self._condition.notify_all()

    def when_kept(self, action: Callable[[], object]) -> None:
        """Do ``action`` once what waits now is on disk, in the other thread, and never if it does not get there."""
        with self._condition:
            if self._has_work or self._busy:
                self._when_kept.append(action)
                return
        if self._thread is not None and not self._failed:
            action()

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything is on disk; return whether it is."""
        with self._condition:
            done = self._condition.wait_for(lambda: not (self._has_work or self._busy), timeout)
            return done and not self._failed

    def discard(self) -> None:
        """Delete the file, soon: the work has been exported or given up."""
        with self._condition:
            self._waiting = None
            self._when_kept.clear()
            self._is_unwanted = self._thread is not None  # without it, nothing was ever written
            self._condition.notify_all()

    def close(self) -> None:
        """Let what waits be written, the thread end and the lock be freed; the file stays."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
            if self._thread is not None:
                _closing.add(self._thread)
        if self._thread is None:
            self._unlock()

    @property
    def _has_work(self) -> bool:
        return self._waiting is not None or self._is_unwanted

    def _work(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._has_work or self._closed)
                if not self._has_work:
                    break
                describe, self._waiting = self._waiting, None
                self._busy, self._is_unwanted = True, False
            try:
                if describe is None:
                    self._delete()
                else:
                    self._write(describe)
                    self._tell_that_it_is_kept()
            finally:
                with self._condition:
                    self._busy = False
                    self._condition.notify_all()
        self._unlock()
        _closing.discard(threading.current_thread())

    def _tell_that_it_is_kept(self) -> None:
        with self._condition:
            if self._failed or self._waiting is not None:
                return
            actions, self._when_kept = self._when_kept, []
        for action in actions:
            action()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.release(delete=self.path is not None and not self.path.exists())
            self._lock = None
            if self.path is not None:
                _claimed.discard(self.path)

    def _delete(self) -> None:
        if self.path is not None:
            with contextlib.suppress(OSError):  # what is offered in vain does no harm
                self.path.unlink(missing_ok=True)

    def _write(self, describe: Callable[[], dict[str, Any]]) -> None:
        if self.path is None:
            return
        saved_at = datetime.now(timezone.utc).isoformat()
        try:
            write_text_atomically(self.path, json.dumps({"version": KEPT_VERSION, "saved_at": saved_at, **describe()}))
            self._failed = False
        except OutputError as error:
            if not self._failed:  # once, not at each click
                cause = error.__cause__
                self._problem(self.path.parent, cause if isinstance(cause, OSError) else OSError())
            self._failed = True

    def _problem(self, folder: Path, error: OSError) -> None:
        reason = error.strerror or type(error).__name__
        self._tell(
            OutputError(
                "cannot-keep",
                f"The review cannot be kept on disk for the case of a crash: {reason}.",
                f"The review goes on; export it soon, and free space in {folder}.",
            )
        )
