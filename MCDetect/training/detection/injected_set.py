"""The frozen injected test set: simulated calcifications in given real mammograms that no bundle was trained on.

What these mammograms hold of their own is not known, so false positives are not counted on them: only whether what was
put in is found. Each mammogram is also looked at as it is.

``injected_set.json`` holds the SHA-256 of the grey values of each view as they were when the set was frozen; never the
grey values themselves, which are of patients.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from MCDetect.dicom.reading import read_mammogram
from MCDetect.errors import InputError
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

    Raises
    ------
    InputError
        ``other-mammograms`` when ``folder`` holds views that were made from other mammograms: they are never mixed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plain: list[Path] = []
    injected: list[Path] = []
    for number, source in enumerate(mammograms):
        _require_same(source, folder / f"{FIRST_SEED + 100 * number}.npy")
        for copy in range(COPIES + 1):
            seed = FIRST_SEED + 100 * number + copy
            path = folder / f"{seed}.npy"
            if not path.exists():
                _make(source, seed, CLUSTERS if copy else 0, path)
            (injected if copy else plain).append(path)
    return plain, injected


def frozen_hashes() -> dict[str, str]:
    """Return the SHA-256 of each view's grey values as they were when the set was frozen, by seed."""
    text = resources.files("MCDetect.training.detection").joinpath("injected_set.json").read_text(encoding="utf-8")
    return {str(seed): str(value) for seed, value in json.loads(text)["sha256"].items()}


def grey_values_hash(pixels: npt.NDArray[np.float32]) -> str:
    """Return the SHA-256 of grey values as it stands in ``injected_set.json``: rounded, little-endian float32."""
    return hashlib.sha256(np.rint(pixels).astype("<f4").tobytes()).hexdigest()


def as_frozen(plain: Sequence[Path], injected: Sequence[Path]) -> dict[str, int]:
    """Return how many mammograms, and how many views with what was put in, are those that were frozen, bit by bit.

    Parameters
    ----------
    plain, injected
        Of :func:`prepare`.
    """
    hashes = frozen_hashes()

    def same(views: Sequence[Path]) -> int:
        return sum(hashes.get(view.stem) == _kept_hash(view) for view in views)

    return {"mammograms as they were frozen": same(plain), "views as they were frozen": same(injected)}


def _require_same(source: Path, plain: Path) -> None:
    """Refuse a mammogram whose grey values are not those of the view that the folder holds."""
    if not plain.exists():
        return
    if grey_values_hash(read_mammogram(source).pixels) != _kept_hash(plain):
        raise InputError(
            "other-mammograms",
            f"{plain.parent} holds views that were made from other mammograms than {source.name}.",
            "Name the same mammograms, give another --work folder, or delete that one to make the views again.",
        )


def _kept_hash(view: Path) -> str:
    return str(json.loads(view.with_suffix(".json").read_text(encoding="utf-8"))["sha256"])


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
        "sha256": grey_values_hash(pixels),
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
