"""A judge of patches goes over a whole view in overlapping windows; its highest windows are the candidates."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from MCDetect.evaluation.hits import Candidate
from MCDetect.files import write_text_atomically
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.preprocessing.prepared import PreparedView, prepare_view
from MCDetect.training.detection.published.training import load_trained
from MCDetect.training.examining import examine

if TYPE_CHECKING:
    from torch import nn

    from MCDetect.bundles.store import Bundle
    from MCDetect.inference.detector import Detector
    from MCDetect.training.simulated_views import ViewWithTruth

FloatImage = npt.NDArray[np.float32]

_BATCH = 16
_SPACING_MM = 0.07
_STRONGEST = 40
_OUTSIDE = -1e9  # the logit of windows that are not in the breast


def scan(network: nn.Module, prepared: PreparedView, side: int, precision: str) -> tuple[FloatImage, tuple[int, int]]:
    """Return the logits of windows that overlap by half, and row and column of the middle of the first one.

    Only windows whose middle is in the breast are judged; the others get a very low logit.

    Parameters
    ----------
    network
        A judge of patches.
    prepared
        The view as the networks see it.
    side
        Of a window in pixels.
    precision
        ``"float32"`` or ``"bfloat16"``.
    """
    import torch

    half = side // 2
    rows, columns = (np.flatnonzero(prepared.mask.any(axis=axis)) for axis in (1, 0))
    first = (int(rows[0]), int(columns[0]))
    places = [range(start, int(used[-1]) + 1, half) for start, used in zip(first, (rows, columns), strict=True)]
    image = np.pad(prepared.normalised, half)
    logits = np.full([len(part) for part in places], _OUTSIDE, dtype=np.float32)
    wanted = [
        (i, j) for i, j in product(*map(range, logits.shape)) if prepared.mask[places[0][i], places[1][j]]
    ]  # fmt: skip
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        for start in range(0, len(wanted), _BATCH):
            part = wanted[start : start + _BATCH]
            windows = [image[places[0][i] : places[0][i] + side, places[1][j] : places[1][j] + side] for i, j in part]
            batch = torch.from_numpy(np.stack(windows))[:, None].contiguous(memory_format=torch.channels_last)
            for place, logit in zip(part, network(batch).float().tolist(), strict=True):
                logits[place] = logit
    return logits, first


def candidates_in(
    logits: FloatImage, first: tuple[int, int], side: int, scale: npt.NDArray[np.float64]
) -> tuple[Candidate, ...]:
    """Return squares round the windows that are higher than their eight neighbours, highest first.

    A group of calcifications lies in several windows. Its place is the middle of the window and its neighbours,
    weighted by their probabilities.

    Parameters
    ----------
    logits, first
        Of :func:`scan`.
    side
        Of a window in pixels of the networks.
    scale
        Pixels of the stored image in one of the networks, by rows and by columns.
    """
    padded = np.pad(logits.astype(np.float64), 1, constant_values=_OUTSIDE)
    found: list[Candidate] = []
    taken = np.zeros(padded.shape, dtype=bool)
    order = np.argsort(-padded, axis=None, kind="stable")
    for row, column in zip(*np.unravel_index(order, padded.shape), strict=True):
        if padded[row, column] == _OUTSIDE or len(found) == _STRONGEST:
            break
        around = np.s_[row - 1 : row + 2, column - 1 : column + 2]
        if taken[row, column]:
            continue
        taken[around] = True
        weights = expit(padded[around])
        shift = np.array([(weights.sum(axis=1) * (-1, 0, 1)).sum(), (weights.sum(axis=0) * (-1, 0, 1)).sum()])
        centre = (np.array([row - 1, column - 1]) + shift / weights.sum()) * (side // 2) + first
        corners = centre + side / 2 * np.array([(-1, -1), (-1, 1), (1, 1), (1, -1)])
        outline = tuple((float(r), float(c)) for r, c in (corners + 0.5) * scale - 0.5)
        found.append(Candidate(outline, float(padded[row, column])))
    return tuple(found)


def scan_all(
    bundle: Bundle,
    name: str,
    trained: Path,
    views: Sequence[Path],
    *,
    side: int,
    precision: str,
    processes: int,
    report: Callable[[float], None] | None = None,
) -> list[tuple[Candidate, ...]]:
    """Return the candidates of a trained network in each view; what an earlier run has seen is not looked at again.

    Parameters
    ----------
    bundle
        Whose processes look at views; nothing of it is used.
    name, trained
        The network, and the folder of its weights; what is found is kept there.
    views
        Files for :func:`MCDetect.training.simulated_views.load_view`.
    side, precision
        See :func:`scan`.
    processes
        Number of processes.
    report
        Called with the fraction done.
    """
    folder = trained / f"found-{precision}"
    folder.mkdir(exist_ok=True)
    missing = [path for path in views if not (folder / f"{path.stem}.json").exists()]
    if missing:
        task = partial(_scan_and_keep, name=name, trained=trained, folder=folder, side=side, precision=precision)
        examine(bundle.folder, missing, task, processes, report)
    return [_read(folder / f"{path.stem}.json") for path in views]


def _scan_and_keep(
    _detector: Detector, view: ViewWithTruth, *, name: str, trained: Path, folder: Path, side: int, precision: str
) -> None:
    mammogram = view.mammogram
    spacing = mammogram.spacing.millimetres
    mask = breast_mask(mammogram.pixels, spacing, mammogram.valid)
    prepared = prepare_view(mammogram.pixels, mammogram.valid, mask, spacing, _SPACING_MM)
    logits, first = scan(load_trained(name, trained), prepared, side, precision)
    scale = np.array(mammogram.shape) / np.array(prepared.mask.shape)
    document = [[candidate.outline, candidate.score] for candidate in candidates_in(logits, first, side, scale)]
    write_text_atomically(folder / f"{view.seed}.json", json.dumps(document))


def _read(path: Path) -> tuple[Candidate, ...]:
    document = json.loads(path.read_text(encoding="utf-8"))
    return tuple(Candidate(tuple((float(r), float(c)) for r, c in outline), score) for outline, score in document)
