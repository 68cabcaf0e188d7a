"""The frozen injected test set: simulated calcifications in given real mammograms that no bundle was trained on.

What these mammograms hold of their own is not known, so false positives are not counted on them: only whether what was
put in is found. Each mammogram is also looked at as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from MCDetect.dicom.reading import read_mammogram
from MCDetect.files import write_atomically, write_text_atomically
from MCDetect.simulation.given_view import inject_into

FIRST_SEED = 500_000
"""Of the first mammogram as it is; injected copies follow it, and the next mammogram comes a hundred later."""

COPIES = 5
"""Injected copies of each mammogram."""

CLUSTERS = 3
"""Put into each copy, if there is room."""


def prepare(folder: Path, mammograms: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Inject what ``folder`` does not hold yet.

    Parameters
    ----------
    folder
        Where views are kept, as by :func:`MCDetect.training.detection.frozen_set.prepare`. They are pictures of
        patients: nothing of them goes into results but numbers.
    mammograms
        DICOM files, sorted by name.

    Returns
    -------
    plain, injected : list of Path
        The mammograms as they are, and with calcifications.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plain: list[Path] = []
    injected: list[Path] = []
    for number, source in enumerate(mammograms):
        for copy in range(COPIES + 1):
            seed = FIRST_SEED + 100 * number + copy
            path = folder / f"{seed}.npy"
            if not path.exists():
                _make(source, seed, CLUSTERS if copy else 0, path)
            (injected if copy else plain).append(path)
    return plain, injected


def _make(source: Path, seed: int, clusters: int, path: Path) -> None:
    mammogram = read_mammogram(source)
    put_in = inject_into(mammogram, seed, clusters)
    highest = float(mammogram.pixels.max())
    pixels = np.rint(np.minimum(mammogram.pixels + put_in.contrast, highest)).astype(np.float32)
    ratio_of = {c.id: c.signal_to_noise for c in put_in.calcifications}
    index_of = {c.id: index for index, c in enumerate(put_in.calcifications)}
    document = {
        "spacing_mm": mammogram.spacing.millimetres[0],
        "laterality": mammogram.laterality,
        "view": mammogram.view,
        "examination": source.stem,
        "sha256": hashlib.sha256(pixels.tobytes()).hexdigest(),
        "calcifications": [
            (c.row, c.column, c.diameter_mm, c.signal_to_noise, None, c.kind.value) for c in put_in.calcifications
        ],
        "clusters": [
            {
                "outline": cluster.outline,
                "kind": cluster.kind.value,
                "members": [index_of[member] for member in cluster.member_ids],
                "count": len(cluster.member_ids),
                "signal_to_noise": float(np.median([ratio_of[member] for member in cluster.member_ids])),
            }
            for cluster in put_in.clusters
        ],
    }
    write_text_atomically(path.with_suffix(".json"), json.dumps(document))
    write_atomically(path, lambda temporary: np.save(temporary, pixels))
