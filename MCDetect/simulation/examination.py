"""A simulated examination: up to four DICOM mammograms of one patient, and a file with the truth.

A cluster lies in the breast: both views of it show the same one, as far behind the nipple, from two sides. Isolated
calcifications and the tissue of the two views are drawn independently.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from MCDetect.errors import DeviceError, InputError, OutputError, UsageError
from MCDetect.files import remove_file, write_atomically, write_text_atomically
from MCDetect.simulation.breast_clusters import ProjectedCluster, draw_breast_clusters
from MCDetect.simulation.dicom_view import Examination, dataset_of_view
from MCDetect.simulation.objects import draw_objects
from MCDetect.simulation.presentation import STYLES, draw_style
from MCDetect.simulation.tissue import DENSITY_SHARES, draw_density
from MCDetect.simulation.truth_file import TruthOfView, read_truth, truth_as_json
from MCDetect.simulation.view import geometry_of_view, simulate_view

VIEWS = (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))
"""Laterality and view of an examination, in the order in which they are made."""

TRUTH_FILE = "truth.json"

# Probability of 0, 1 and 2 clusters in the breast that has some for certain, and in the other one.
_OF_AFFECTED, _OF_OTHER = (0.0, 0.7, 0.3), (0.7, 0.25, 0.05)


def simulate_examination(
    output: str | Path,
    *,
    views: int = 4,
    seed: int = 0,
    clusters: int | None = None,
    rows: int = 3328,
    columns: int = 2560,
    spacing_mm: float = 0.07,
    objects: bool = False,
    density: str | None = None,
    style: str | None = None,
    processes: int = 1,
    report: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write a simulated examination into a folder.

    Parameters
    ----------
    output
        Folder; made when it does not exist. ``RCC.dcm``, ``LCC.dcm``, ``RMLO.dcm``, ``LMLO.dcm`` and ``truth.json`` in
        it are replaced; views of an earlier simulation are removed first, for a folder is read as one examination, and
        images without a truth file are not taken for a simulation that is complete.
    views
        How many of :data:`VIEWS`, 1 to 4.
    seed
        Another seed is another patient; the same arguments write the same bytes.
    clusters
        Clusters in each breast. When None, one breast gets one or two and the other mostly none. 0 gives normal views,
        without isolated calcifications too.
    rows, columns, spacing_mm
        Of each image.
    objects
        Draw nipple markers, biopsy clips and folds of skin for each view.
    density
        BI-RADS density class, ``"a"`` to ``"d"``; drawn when None.
    style
        Processing, one of :data:`~MCDetect.simulation.presentation.STYLES`; drawn when None.
    processes
        How many views are made at the same time, each in a process of its own; the files do not depend on it. More
        than one asks for a program that can be imported, as :mod:`multiprocessing` does.
    report
        Called with (done, total) views.

    Returns
    -------
    list of Path
        The images in the order of :data:`VIEWS`, and the truth file last.

    Raises
    ------
    UsageError
        ``wrong-simulation`` when an argument has no meaning.
    OutputError
        ``cannot-write`` when the folder cannot be made or a file not be written.
    DeviceError
        ``process-lost`` when a process was ended from outside.
    """
    if not 1 <= views <= len(VIEWS):
        raise UsageError("wrong-simulation", f"An examination has 1 to {len(VIEWS)} views, not {views}.")
    if clusters is not None and clusters < 0:
        raise UsageError("wrong-simulation", f"A breast has 0 clusters or more, not {clusters}.")
    if density is not None and density not in DENSITY_SHARES:
        raise UsageError("wrong-simulation", f"Density classes are {', '.join(DENSITY_SHARES)}, not {density!r}.")
    if style is not None and style not in STYLES:
        raise UsageError("wrong-simulation", f"Styles are {', '.join(STYLES)}, not {style!r}.")
    if processes < 1:
        raise UsageError("wrong-simulation", f"Views are made by 1 process or more, not {processes}.")
    folder = Path(output)
    _make_folder(folder)
    rng = np.random.default_rng(np.random.SeedSequence([seed, 4]))
    drawn_style, drawn_density = draw_style(rng, style), draw_density(rng)
    affected = "RL"[int(rng.integers(2))]
    counts = {side: int(rng.choice(3, p=_OF_AFFECTED if side == affected else _OF_OTHER)) for side in "RL"}
    breast_seeds = {side: int(s) for side, s in zip("RL", rng.integers(0, 2**31, 2), strict=True)}
    if clusters is not None:
        counts = dict.fromkeys("RL", clusters)
    projected = {
        side: _clusters_of_breast(breast_seeds[side], counts[side], rows, columns, spacing_mm) for side in "RL"
    }
    chosen = "".join(f" {name}={value}" for name, value in (("density", density), ("style", style)) if value)
    variant = f"{clusters} {rows} {columns} {spacing_mm}{' objects' * objects}{chosen}"
    examination = Examination(seed=seed, variant=variant)
    planned = [
        _PlannedView(
            folder=folder,
            examination=examination,
            number=number,
            seed=breast_seeds[laterality],
            settings={
                "laterality": laterality,
                "view": view,
                "rows": rows,
                "columns": columns,
                "spacing_mm": spacing_mm,
                "clusters": projected[laterality][view],
                "isolated": 0 if clusters == 0 else None,
                "density": density or drawn_density,
                "style": drawn_style,
                "objects": draw_objects(np.random.default_rng([seed, 13, number])) if objects else None,
            },
        )
        for number, (laterality, view) in enumerate(VIEWS[:views], start=1)
    ]
    truth = folder / TRUTH_FILE
    _remove_earlier(truth)
    truths: list[TruthOfView] = []
    for one in _written(planned, processes):
        truths.append(one)
        if report is not None:
            report(len(truths), len(planned))
    paths = [folder / one.file for one in truths]
    write_text_atomically(truth, truth_as_json(truths, seed))
    return [*paths, truth]


@dataclass(frozen=True)
class _PlannedView:
    """What a process needs to make a view: the settings are arguments of :func:`simulate_view`."""

    folder: Path
    examination: Examination
    number: int
    seed: int
    settings: dict[str, Any]

    def write(self) -> TruthOfView:
        simulated = simulate_view(self.seed, **self.settings)
        dataset = dataset_of_view(simulated, self.examination, self.number)
        path = self.folder / f"{simulated.laterality}{simulated.view}.dcm"
        write_atomically(path, partial(dataset.save_as, enforce_file_format=True))
        return TruthOfView.of(simulated, path.name, dataset.SOPInstanceUID)


def _written(planned: Sequence[_PlannedView], processes: int) -> Iterator[TruthOfView]:
    """Yield the truth of each view, in order, when its file is there."""
    if min(processes, len(planned)) == 1:
        yield from map(_PlannedView.write, planned)
        return
    # A forked copy of a process that shows progress from a thread may hang: start fresh ones.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(processes, len(planned)), mp_context=context, initializer=_leave_ctrl_c_to_parent)
    try:
        yield from pool.map(_PlannedView.write, planned)
    except BrokenProcessPool as error:
        raise DeviceError(
            "process-lost",
            "A process that simulated a view was ended from outside, perhaps for lack of memory.",
            "Try again with fewer processes.",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_ctrl_c_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _clusters_of_breast(
    seed: int, count: int, rows: int, columns: int, spacing_mm: float
) -> dict[str, tuple[ProjectedCluster, ...]]:
    geometries = {view: geometry_of_view(seed, view, rows, columns, spacing_mm) for view in ("CC", "MLO")}
    return draw_breast_clusters(np.random.default_rng([seed, 9]), count, geometries, spacing_mm)


def _remove_earlier(truth: Path) -> None:
    """Remove an earlier simulation: were this one stopped, its images would else stand beside a truth of others."""
    # The truth goes last: it alone says which views are ours.
    for path in [*_views_of(truth), truth]:
        remove_file(path)


def _views_of(truth: Path) -> set[Path]:
    """Return the views that the truth file of an earlier simulation names; none where it is not one of ours."""
    try:
        names = {view.file for view in read_truth(truth).values()} if truth.exists() else set()
    except InputError:
        return set()
    return {
        truth.parent / f"{laterality}{view}.dcm" for laterality, view in VIEWS if f"{laterality}{view}.dcm" in names
    }


def _make_folder(folder: Path) -> None:
    """Make the folder before seconds are spent on pictures that could not be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            "cannot-write",
            f"{folder} could not be made a folder: {error.strerror or type(error).__name__}.",
            "Choose another --output folder.",
        ) from error
