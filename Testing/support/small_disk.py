"""A disk that is soon full."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def mounted(place: Path, size: str) -> Iterator[Path]:
    """Mount a small disk at ``place``; skips the test where this user may not."""
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(words, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a small disk needs root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def make_larger(place: Path, size: str) -> None:
    """Give the disk more room."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(place)], check=True)


def fill_up(monkeypatch: Any) -> None:
    """Let every file that this process finishes find the disk full, for users who may not mount one."""

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("MCDetect.files.os.fsync", full)
