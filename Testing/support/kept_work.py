"""The files of work that reviews keep on disk."""

from __future__ import annotations

from pathlib import Path

from MCDetect.review import recovery


def kept(folder: Path) -> list[Path]:
    recovery.wait_until_kept()
    return sorted(folder.glob("*.json"))


def everything_in(folder: Path) -> list[Path]:
    recovery.wait_until_kept()
    return sorted(folder.iterdir())


def hear(session) -> list:
    told: list = []
    session.observe(lambda change: told.append(change.problem))
    session.tell_problems()
    return told
