"""``log.csv``: every figure of every step."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from MCDetect.files import write_text_atomically

if TYPE_CHECKING:
    from MCDetect.training.trainer_settings import TrainingStep

_HEADER = ["step", "seconds", "learning_rate", "name", "value"]


class TrainingLog:
    """Writes the log of a training.

    Parameters
    ----------
    folder
        Where ``log.csv`` goes.
    first_step
        Step of the checkpoint that is resumed. What was logged after it is forgotten, since it comes again.
    """

    def __init__(self, folder: Path, first_step: int = 0) -> None:
        self.path = folder / "log.csv"
        if self.path.exists():
            _forget_after(self.path, first_step)

    def add(self, taken: TrainingStep) -> None:
        """Log a step."""
        is_new = not self.path.exists()
        with self.path.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            if is_new:
                writer.writerow(_HEADER)
            start = [taken.step, f"{taken.seconds:.1f}", f"{taken.learning_rate:.3g}"]
            writer.writerows([*start, name, f"{value:.6g}"] for name, value in taken.values.items())


def last_validation(log: Path) -> dict[str, float]:
    """Return the last value of each validation figure in a ``log.csv``, by name."""
    with log.open(newline="", encoding="utf-8") as stream:
        return {
            row["name"]: float(row["value"]) for row in csv.DictReader(stream) if row["name"].startswith("validation_")
        }


def _forget_after(path: Path, step: int) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines[1:] if line.endswith("\n") and int(line.split(",")[0]) <= step]
    if len(kept) + 1 < len(lines):
        write_text_atomically(path, "".join([*lines[:1], *kept]))
