"""Simulated examinations: folders in which ``mcdetect simulate`` wrote images and ``truth.json``, one a patient.

::

    DIR/<patient>/RCC.dcm ... LMLO.dcm, truth.json

Simulated calcifications have no pathology. So that the recipes that tell benign from malignant can be run, the
morphology of a cluster stands in for it (ACR BI-RADS Atlas, 5th edition, in the order of its positive predictive
values): fine pleomorphic and fine linear branching for malignant; amorphous and coarse heterogeneous for benign;
punctate and the typically benign kinds for benign without callback. A classifier of these learns shapes, not disease.
"""

from __future__ import annotations

from pathlib import Path

from MCDetect.errors import InputError
from MCDetect.simulation.calcifications import CalcificationKind
from MCDetect.simulation.truth_file import TruthOfView, read_truth
from MCDetect.training.datasets.indexing import finish, require_folder
from MCDetect.training.datasets.record import (
    BENIGN,
    CALCIFICATION,
    MALIGNANT,
    WITHOUT_CALLBACK,
    DatasetIndex,
    ImageRecord,
    Region,
)

_STAND_IN = {
    CalcificationKind.FINE_PLEOMORPHIC: MALIGNANT,
    CalcificationKind.FINE_LINEAR_BRANCHING: MALIGNANT,
    CalcificationKind.AMORPHOUS: BENIGN,
    CalcificationKind.COARSE_HETEROGENEOUS: BENIGN,
}


def index(folder: Path) -> DatasetIndex:
    """Index a folder of simulated examinations."""
    require_folder(folder, "simulated")
    truths = sorted(folder.rglob("truth.json"))
    records: list[ImageRecord] = []
    problems: list[str] = []
    files: list[Path] = []
    for truth in truths:
        try:
            views = read_truth(truth)
        except InputError as error:
            problems.append(str(error))
            continue
        files.append(truth)
        for view in views.values():
            image = truth.parent / view.file
            if not image.is_file():
                problems.append(f"{image} is missing, though {truth} names it.")
                continue
            files.append(image)
            records.append(_record(view, image, truth.parent.relative_to(folder).as_posix()))
    if not truths:
        problems.append("it has no truth.json")
    return finish("simulated", folder, records, problems, files)


def _record(view: TruthOfView, image: Path, patient: str) -> ImageRecord:
    clusters = [
        Region(CALCIFICATION, cluster.outline, _STAND_IN.get(cluster.kind, WITHOUT_CALLBACK), is_cluster=True)
        for cluster in view.clusters
    ]
    members = {number for cluster in view.clusters for number in cluster.member_ids}
    single = [
        Region(CALCIFICATION, ((calcification.row, calcification.column),))
        for calcification in view.calcifications
        if calcification.id not in members
    ]
    return ImageRecord(
        image,
        patient,
        view.laterality,
        view.view,
        view.spacing_mm,
        (*clusters, *single),
        groups={"density": view.density},
    )
