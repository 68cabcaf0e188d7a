"""Reports of a study without clusters: a PACS gives them back as they are, and a viewer opens them."""

# ruff: noqa: PLR0917 (fixtures are arguments)
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from support.orthanc import missing
from support.small_examination import ALGORITHM, small_findings, small_mammogram
from support.viewer import Viewer, browser, wait_for
from support.viewer_server import ViewerServer

from MCDetect.dicom.export import FORMATS, write_study_objects
from MCDetect.dicom.pacs.client import fetch, send
from MCDetect.dicom.pacs.reports import StudyQuery
from MCDetect.findings import ImageFindings

_VIEWER = Path(__file__).resolve().parents[4] / ".cache" / "ohif" / "3.12.0"
_TOLD = (
    "services.displaySetService.getActiveDisplaySets().filter(s => s.Modality === 'SR' && s.isLoaded)"
    ".flatMap(s => s.measurements).map(m => m.TrackingIdentifier)"
)


@pytest.fixture
def study(tmp_path: Path) -> list[Dataset]:
    """Return two mammograms without clusters and the two reports about them, all of them stored in a folder."""
    return stored([replace(small_findings(number), clusters=(), score=0.0) for number in (0, 1)], tmp_path / "study")


def stored(images: list[ImageFindings], folder: Path) -> list[Dataset]:
    headers = [small_mammogram(number) for number in (0, 1)]
    folder.mkdir()
    for number, header in enumerate(headers):
        header.SeriesDescription = f"view {number}"
        header.save_as(folder / f"{number}.dcm", enforce_file_format=True)
    sources = {str(header.SOPInstanceUID): header for header in headers}
    write_study_objects(images, sources, ALGORITHM, {}, folder, FORMATS)
    return [dcmread(path) for path in sorted(folder.iterdir())]


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


@pytest.mark.slow
def test_a_report_without_regions_opens_without_an_error(
    orthanc: Any, web_node: Any, study: list[Dataset], tmp_path: Path
) -> None:
    if not (_VIEWER / "index.html").exists():
        missing("the OHIF viewer (scripts/install-viewer)")
    assert not send([tmp_path / "study"], web_node(orthanc)).failed
    with ViewerServer(_VIEWER, orthanc.url) as server, browser(tmp_path / "profile") as driver:
        viewer = Viewer(driver, server.url, str(study[0].StudyInstanceUID), series=4)
        viewer.open("SR", "measurements")
        names = wait_for("what the report tells", lambda: viewer.ask(_TOLD))
        assert names == ["R CC breast", "R MLO breast"]
        # There is no region to go to, so OHIF 3.12 shows no image beside it; the next double-click does.
        viewer.open("MG", study[0].SeriesDescription)
        wait_for("the image", lambda: viewer.screen().std() > 5)
        said = [line for line in driver.get_log("browser") if line["level"] == "SEVERE"]
        assert [line["message"] for line in said if "Failed to load resource" not in line["message"]] == []


@pytest.mark.slow
def test_a_report_with_clusters_in_one_view_only_opens_on_that_view(
    orthanc: Any, web_node: Any, tmp_path: Path
) -> None:
    if not (_VIEWER / "index.html").exists():
        missing("the OHIF viewer (scripts/install-viewer)")
    first = replace(small_findings(0), clusters=(), score=0.0)  # nothing to go to in the first image
    second = small_findings(1)
    objects = stored([first, replace(second, clusters=second.clusters[:1])], tmp_path / "study")
    assert not send(tmp_path / "study", web_node(orthanc)).failed
    with ViewerServer(_VIEWER, orthanc.url) as server, browser(tmp_path / "profile") as driver:
        viewer = Viewer(driver, server.url, str(objects[0].StudyInstanceUID), series=4)
        viewer.open("SR", "measurements")
        names = wait_for("what the report tells", lambda: viewer.ask(_TOLD))
        assert names == ["R MLO cluster 1"]
        # Its own notices have colours and are no image: there has to be a canvas, and the image in it is grey.
        wait_for("a canvas", lambda: driver.find_elements("css selector", "canvas.cornerstone-canvas"))
        wait_for("the image", lambda: viewer.screen().std() > 5)
        loaded = viewer.ask(_TOLD.replace("m.TrackingIdentifier", "m.loaded"))
        assert loaded == [True]
        said = [line for line in driver.get_log("browser") if line["level"] == "SEVERE"]
        assert [line["message"] for line in said if "Failed to load resource" not in line["message"]] == []
