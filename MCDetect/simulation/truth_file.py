"""``truth.json``: what was put into a simulated examination, image by image.

The file is a JSON object with ``format`` (``"mcdetect-simulation-truth"``), ``schema_version``, ``generator_version``,
``seed`` and ``views``. Each view has the fields of :class:`TruthOfView`; its calcifications and clusters those of
:class:`~MCDetect.simulation.truth.SimulatedCalcification` and :class:`~MCDetect.simulation.truth.SimulatedCluster`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from MCDetect.bi_rads import Distribution
from MCDetect.errors import InputError
from MCDetect.simulation.calcifications import CalcificationKind
from MCDetect.simulation.truth import SimulatedCalcification, SimulatedCluster
from MCDetect.simulation.view import GENERATOR_VERSION, SimulatedView

FORMAT = "mcdetect-simulation-truth"
SCHEMA_VERSION = "1.2"
_READABLE = ("1.1", SCHEMA_VERSION)  # before 1.2 calcifications had no detectability


@dataclass(frozen=True)
class TruthOfView:
    """What was put into one image.

    Attributes
    ----------
    file
        Name of the image beside the truth file.
    sop_instance_uid
        Of the image.
    laterality, view, rows, columns, spacing_mm, density, compressed_mm
        As in :class:`~MCDetect.simulation.view.SimulatedView`; density empty and thickness None in a given mammogram.
    breast_area_mm2
        Area inside the skin line.
    calcifications, clusters
        Empty for a normal view.
    """

    file: str
    sop_instance_uid: str
    laterality: str
    view: str
    rows: int
    columns: int
    spacing_mm: float
    density: str
    compressed_mm: float | None
    breast_area_mm2: float
    calcifications: tuple[SimulatedCalcification, ...]
    clusters: tuple[SimulatedCluster, ...]

    @classmethod
    def of(cls, simulated: SimulatedView, file: str, sop_instance_uid: str) -> TruthOfView:
        """Return the truth of a view that is written to ``file``."""
        rows, columns = simulated.pixels.shape
        return cls(
            file=file,
            sop_instance_uid=str(sop_instance_uid),
            laterality=simulated.laterality,
            view=simulated.view,
            rows=rows,
            columns=columns,
            spacing_mm=simulated.spacing_mm,
            density=simulated.density,
            compressed_mm=simulated.compressed_mm,
            breast_area_mm2=int(simulated.breast_mask.sum()) * simulated.spacing_mm**2,
            calcifications=simulated.calcifications,
            clusters=simulated.clusters,
        )


def truth_as_json(views: Sequence[TruthOfView], seed: int) -> str:
    """Return the text of a truth file."""
    document = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "generator_version": GENERATOR_VERSION,
        "seed": seed,
        "views": [asdict(view) for view in views],
    }
    return json.dumps(document, indent=1, allow_nan=False)


def read_truth(path: str | Path) -> dict[str, TruthOfView]:
    """Return the views of a truth file by SOP Instance UID.

    Raises
    ------
    InputError
        ``not-truth`` when the file cannot be read or is no truth file of this schema version.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        if document["format"] != FORMAT or document["schema_version"] not in _READABLE:
            raise ValueError("another format or version")
        views = [_view(entry) for entry in document["views"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "not-truth",
            f"{path} is not a truth file of version {SCHEMA_VERSION}.",
            "Give the truth.json that mcdetect simulate wrote.",
        ) from error
    return {view.sop_instance_uid: view for view in views}


def _view(entry: dict[str, Any]) -> TruthOfView:
    values = dict(entry)
    values["calcifications"] = tuple(
        SimulatedCalcification(
            **{**c, "kind": CalcificationKind(c["kind"]), "runs": tuple(tuple(run) for run in c["runs"])}
        )
        for c in values["calcifications"]
    )
    values["clusters"] = tuple(
        SimulatedCluster(
            **{
                **c,
                "kind": CalcificationKind(c["kind"]),
                "distribution": Distribution(c["distribution"]),
                "member_ids": tuple(c["member_ids"]),
                "outline": tuple(tuple(vertex) for vertex in c["outline"]),
            }
        )
        for c in values["clusters"]
    )
    return TruthOfView(**values)
