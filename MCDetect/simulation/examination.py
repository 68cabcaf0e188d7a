"""A simulated examination: up to four DICOM mammograms of one patient, and a file with the truth.

A cluster lies in the breast: both views of it show the same one, as far behind the nipple, from two sides. Isolated
calcifications and the tissue of the two views are drawn independently.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from MCDetect.errors import InputError, OutputError, UsageError
from MCDetect.files import write_atomically, write_text_atomically
from MCDetect.simulation.breast_clusters import ProjectedCluster, draw_breast_clusters
from MCDetect.simulation.dicom_view import Examination, dataset_of_view
from MCDetect.simulation.objects import draw_objects
from MCDetect.simulation.presentation import draw_style
from MCDetect.simulation.tissue import draw_density
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
) -> list[Path]:
    """Write a simulated examination into a folder.

    Parameters
    ----------
    output
        Folder; made when it does not exist. ``RCC.dcm``, ``LCC.dcm``, ``RMLO.dcm``, ``LMLO.dcm`` and ``truth.json`` in
        it are replaced; views of an earlier simulation that this one does not have are removed, for a folder is read as
        one examination.
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
    """
    if not 1 <= views <= len(VIEWS):
        raise UsageError("wrong-simulation", f"An examination has 1 to {len(VIEWS)} views, not {views}.")
    if clusters is not None and clusters < 0:
        raise UsageError("wrong-simulation", f"A breast has 0 clusters or more, not {clusters}.")
    folder = Path(output)
    _make_folder(folder)
    rng = np.random.default_rng(np.random.SeedSequence([seed, 4]))
    style, density = draw_style(rng), draw_density(rng)
    affected = "RL"[int(rng.integers(2))]
    counts = {side: int(rng.choice(3, p=_OF_AFFECTED if side == affected else _OF_OTHER)) for side in "RL"}
    breast_seeds = {side: int(s) for side, s in zip("RL", rng.integers(0, 2**31, 2), strict=True)}
    if clusters is not None:
        counts = dict.fromkeys("RL", clusters)
    projected = {
        side: _clusters_of_breast(breast_seeds[side], counts[side], rows, columns, spacing_mm) for side in "RL"
    }
    examination = Examination(seed=seed, variant=f"{clusters} {rows} {columns} {spacing_mm}{' objects' * objects}")
    paths: list[Path] = []
    truths: list[TruthOfView] = []
    for number, (laterality, view) in enumerate(VIEWS[:views], start=1):
        simulated = simulate_view(
            breast_seeds[laterality],
            laterality=laterality,
            view=view,
            rows=rows,
            columns=columns,
            spacing_mm=spacing_mm,
            clusters=projected[laterality][view],
            isolated=0 if clusters == 0 else None,
            density=density,
            style=style,
            objects=draw_objects(np.random.default_rng([seed, 13, number])) if objects else None,
        )
        dataset = dataset_of_view(simulated, examination, number)
        path = folder / f"{laterality}{view}.dcm"
        write_atomically(path, partial(dataset.save_as, enforce_file_format=True))
        paths.append(path)
        truths.append(TruthOfView.of(simulated, path.name, dataset.SOPInstanceUID))
    truth = folder / TRUTH_FILE
    for earlier in _views_of(truth) - set(paths):
        earlier.unlink(missing_ok=True)
    write_text_atomically(truth, truth_as_json(truths, seed))
    return [*paths, truth]


def _clusters_of_breast(
    seed: int, count: int, rows: int, columns: int, spacing_mm: float
) -> dict[str, tuple[ProjectedCluster, ...]]:
    geometries = {view: geometry_of_view(seed, view, rows, columns, spacing_mm) for view in ("CC", "MLO")}
    return draw_breast_clusters(np.random.default_rng([seed, 9]), count, geometries, spacing_mm)


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
