"""Simulated examinations, and an index of them that says of each what a test needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from MCDetect.simulation.examination import simulate_examination
from MCDetect.training.datasets import index_dataset
from MCDetect.training.datasets.record import BENIGN, MALIGNANT, WITHOUT_CALLBACK, DatasetIndex

ROWS, COLUMNS = 512, 400


def write_simulated(folder: Path, patients: int, views: int = 1) -> Path:
    """Write examinations; every third patient is normal."""
    for number in range(patients):
        clusters = 0 if number % 3 == 0 else 1
        place = folder / f"p{number}"
        simulate_examination(place, views=views, seed=number, rows=ROWS, columns=COLUMNS, clusters=clusters)
    return folder


def index_of_all_kinds(folder: Path) -> DatasetIndex:
    """Return five patients with a right and a left view: two normal, then one of each pathology, densities a to d."""
    index = index_dataset("simulated", write_simulated(folder, 5, views=2))
    pathologies = {"p1": MALIGNANT, "p2": BENIGN, "p4": WITHOUT_CALLBACK}
    records = [
        replace(
            record,
            regions=tuple(
                replace(region, pathology=pathologies[record.patient] if region.is_cluster else "")
                for region in record.regions
            ),
            groups={"density": "abcda"[int(record.patient[1:])]},
        )
        for record in index.records
    ]
    return replace(index, records=tuple(records))
