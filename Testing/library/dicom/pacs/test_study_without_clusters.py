"""Reports of a study without clusters: a PACS gives them back as they are."""

# ruff: noqa: PLR0917 (fixtures are arguments)
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from support.small_examination import small_findings, stored_study

from MCDetect.dicom.pacs.client import fetch, send
from MCDetect.dicom.pacs.reports import StudyQuery


@pytest.fixture
def study(tmp_path: Path) -> list[Dataset]:
    """Return two mammograms without clusters and the two reports about them, all of them stored in a folder."""
    return stored_study(
        [replace(small_findings(number), clusters=(), score=0.0) for number in (0, 1)], tmp_path / "study"
    )


@pytest.mark.parametrize("kind", ["get", "web"])
def test_a_pacs_gives_them_back_as_they_are(
    orthanc: Any, node_for: Any, web_node: Any, study: list[Dataset], tmp_path: Path, kind: str
) -> None:
    node = web_node(orthanc) if kind == "web" else node_for(orthanc, retrieve=kind)
    assert not send([tmp_path / "study"], node).failed
    fetched = fetch(node, StudyQuery(study=str(study[0].StudyInstanceUID)), tmp_path / "back")
    assert not fetched.failed
    back = {dataset.SOPInstanceUID: dataset for dataset in map(dcmread, fetched.written)}
    assert len(study) == 4
    assert back == {dataset.SOPInstanceUID: dataset for dataset in study}
