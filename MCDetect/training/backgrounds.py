"""Calcification-free simulated views to inject calcifications into, made once and kept in a folder.

The seeds of training, calibration and test are apart, so no score is measured on tissue a network was trained on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from MCDetect.errors import UsageError
from MCDetect.files import write_atomically, write_text_atomically
from MCDetect.simulation.view import GENERATOR_VERSION

TRAINING_SEEDS = range(100_000, 110_000)
"""Seeds of normal views for training."""

CALIBRATION_SEEDS = range(200_000, 210_000)
"""Seeds of views for thresholds and calibration; none of them is trained on."""

TEST_SEEDS = range(300_000, 310_000)
"""Seeds of views for scores; none of them is trained or calibrated on."""

_BREAST_BIT = 0x8000  # grey values have 12 bits
PROJECTIONS = (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))
"""Laterality and projection of a view, by its seed."""


def prepare_backgrounds(
    folder: Path,
    seeds: Sequence[int],
    processes: int = 2,
    report: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Simulate the views of ``seeds`` that ``folder`` does not hold yet.

    Parameters
    ----------
    folder
        Where the views are kept: ``<seed>.npy`` (uint16 grey values; the highest bit says "breast").
    seeds
        One view each; laterality and projection follow from the seed.
    processes
        Number of processes.
    report
        Called with (done, total).

    Returns
    -------
    list of Path
        One file a seed, in order.

    Raises
    ------
    UsageError
        ``other-generator`` where the folder holds views of another version of the simulator.
    """
    return make_missing(_make, folder, seeds, processes, report)


def make_missing(
    make: Callable[[int, Path], None],
    folder: Path,
    seeds: Sequence[int],
    processes: int,
    report: Callable[[int, int], None] | None,
    *,
    any_generator: bool = False,
) -> list[Path]:
    """Let several processes make the files ``<seed>.npy`` that ``folder`` does not hold yet; return all, in order.

    Which simulator made them stands in the folder: views of two would be taken for one set otherwise.

    Parameters
    ----------
    make
        Makes the file of a seed; picklable.
    folder, seeds, processes, report
        See :func:`prepare_backgrounds`.
    any_generator
        The views do not depend on the version of the simulator, as those of the frozen set.

    Raises
    ------
    UsageError
        ``other-generator`` where the folder holds views of another version of the simulator.
    """
    paths = [folder / f"{seed}.npy" for seed in seeds]
    missing = [(seed, path) for seed, path in zip(seeds, paths, strict=True) if not path.exists()]
    done = len(paths) - len(missing)
    if not any_generator:
        _note_generator(folder, is_filled=done > 0)
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(max_workers=processes) as pool:
            for _ in pool.map(make, *zip(*missing, strict=True)):
                done += 1
                if report is not None:
                    report(done, len(paths))
    return paths


def _note_generator(folder: Path, *, is_filled: bool) -> None:
    """Say in a folder which simulator makes its views; views without such a note are taken as they are."""
    note = folder / "simulator.txt"
    if not note.exists():
        if not is_filled:
            write_text_atomically(note, GENERATOR_VERSION + "\n")
        return
    version = note.read_text(encoding="utf-8").strip()
    if version != GENERATOR_VERSION:
        raise UsageError(
            "other-generator",
            f"{folder} holds views of version {version} of the simulator, which is {GENERATOR_VERSION} now.",
            "Remove the folder, or give another one.",
        )


def encode_view(pixels: npt.NDArray[np.uint16], mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint16]:
    """Return 12-bit grey values with the breast mask in the highest bit."""
    encoded: npt.NDArray[np.uint16] = pixels | np.where(mask, np.uint16(_BREAST_BIT), np.uint16(0))
    return encoded


def decode_view(encoded: npt.NDArray[np.uint16]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Return the float32 grey values in [0, 1] of 12 bits and the breast mask of what :func:`encode_view` returned."""
    values = np.asarray(encoded)
    unit = (values & np.uint16(_BREAST_BIT - 1)).astype(np.float32) / np.float32(4095)
    return unit, values >= _BREAST_BIT


def open_background(path: Path) -> npt.NDArray[np.uint16]:
    """Return an encoded view, mapped from the disk: crops of it are read, never the whole."""
    stored: npt.NDArray[np.uint16] = np.load(path, mmap_mode="r")
    return stored


def _make(seed: int, path: Path) -> None:
    from MCDetect.simulation.view import simulate_view

    os.environ.setdefault("OMP_NUM_THREADS", "1")
    laterality, view = PROJECTIONS[seed % len(PROJECTIONS)]
    simulated = simulate_view(seed, laterality=laterality, view=view, clusters=0, isolated=0)
    stored = encode_view(simulated.pixels, simulated.breast_mask)
    write_atomically(path, lambda temporary: np.save(temporary, stored))
