"""The stages in which the default bundle is made: which of them are done, and how long each took.

A stage is named in ``docs/training.json`` of the bundle with the seconds it took, or with null where they are not those
of the whole stage: it was interrupted, or views that it needs were there before it began. What is done stands in
``stages.json`` of the work folder, with a hash of everything that the stage depends on: another recipe or other weights
have all stages after them made again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from MCDetect.files import write_text_atomically
from MCDetect.training.default_bundle import add_to_training_record, read_training_record
from MCDetect.version import __version__

BACKGROUNDS, THRESHOLDS, TYPES, FINAL_THRESHOLDS, SCORES = (
    "backgrounds",
    "thresholds",
    "types",
    "thresholds with types",
    "scores",
)
TIMED = (BACKGROUNDS, THRESHOLDS, TYPES, FINAL_THRESHOLDS)
"""Stages whose time stands in the card; that of each network is in its own entry of the record."""


class Stages:
    """The stages of one work folder, in the order in which :meth:`run` is called."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "stages.json"
        self._key = ""
        self._before = _read(self._path)
        self._records: dict[str, Any] = {}

    def run(self, name: str, depends_on: object, make: Callable[[], object], views: Path | None = None) -> float | None:
        """Do a stage unless an earlier run did it; return its seconds, or None where not all of it was timed.

        Parameters
        ----------
        name
            Of the stage.
        depends_on
            What decides its result besides the stages before it; its ``repr`` must say all.
        make
            Does it.
        views
            Folder in which it keeps views, if it has one of its own.
        """
        self._key = hashlib.sha256(f"{self._key}{name}{depends_on!r}".encode()).hexdigest()
        before = self._before.pop(name, {})
        if before.get("key") == self._key and before.get("done"):
            self._records[name] = before
            return _seconds(before)
        # From here on nothing of an earlier run holds.
        was_begun = before.get("key") == self._key or is_filled(views)
        self._before = {}
        self._note(name, done=False, seconds=None)
        started = time.monotonic()
        make()
        self._note(name, done=True, seconds=None if was_begun else round(time.monotonic() - started, 1))
        return _seconds(self._records[name])

    def _note(self, name: str, *, done: bool, seconds: float | None) -> None:
        self._records[name] = {"key": self._key, "done": done, "seconds": seconds}
        write_text_atomically(self._path, json.dumps(self._records, indent=1) + "\n")


@contextmanager
def timed(bundle: Path, stage: str, views: Path, command: str) -> Iterator[None]:
    """Note a stage that is done by a command of its own in the bundle's record: the command, and its seconds.

    They are null where its views were there before it began.
    """
    was_begun = is_filled(views)
    started = time.monotonic()
    yield
    note_seconds(bundle, stage, None if was_begun else round(time.monotonic() - started, 1))
    _note_stage(bundle, "commands", stage, f"`{command}`, software {__version__}")


def note_seconds(bundle: Path, stage: str, seconds: float | None) -> None:
    """Write the seconds of one stage into the bundle's record."""
    _note_stage(bundle, "seconds", stage, seconds)


def _note_stage(bundle: Path, entry: str, stage: str, value: object) -> None:
    """Write what is known of one stage into an entry of the bundle's record; that of the others stays."""
    if (bundle / "docs" / "training.json").exists():
        known = read_training_record(bundle).get(entry, {})
        add_to_training_record(bundle, **{entry: {**known, stage: value}})


def is_filled(folder: Path | None) -> bool:
    """Tell whether a folder is there and holds anything."""
    return folder is not None and folder.is_dir() and any(folder.iterdir())


def _seconds(record: dict[str, Any]) -> float | None:
    value = record.get("seconds")
    return None if value is None else float(value)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
