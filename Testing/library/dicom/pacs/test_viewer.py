"""OHIF, a viewer that is not ours, shows our segmentation and our measurements on the right image, at the right place.

What is expected on the screen is computed from the stored pixels and the findings, and compared with the screen's
pixels. Two things that OHIF 3.12 wants of the images are given to them here: a frame of reference (for measurements),
and a series of their own (a segmentation is shown on the first image of the series it names).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid
from scipy import ndimage
from support.orthanc import missing
from support.viewer import Viewer, browser, wait_for
from support.viewer_server import ViewerServer

from MCDetect.command_line import main
from MCDetect.dicom.pacs.client import send
from MCDetect.simulation.examination import simulate_examination

_VIEWER = Path(__file__).resolve().parents[4] / ".cache" / "ohif" / "3.12.0"
Picture = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass
class Case:
    """Both CC views of a simulated examination, and what was found in the left one."""

    folder: Path
    study: str
    shape: tuple[int, int]
    clusters: list[dict[str, Any]]

    def pixels(self, view: str) -> Picture:
        return dcmread(self.folder / f"{view}.dcm").pixel_array.astype(np.float64)

    def place_on(self, screen: Picture, image: Picture) -> Picture:
        """Return an image of the case as it is to be seen on the screen: whole, and in the middle."""
        rows, columns = self.shape
        scale = min(screen.shape[0] / rows, screen.shape[1] / columns)
        row, column = np.indices(screen.shape[:2])
        row = (row + 0.5 - screen.shape[0] / 2) / scale + rows / 2 - 0.5
        column = (column + 0.5 - screen.shape[1] / 2) / scale + columns / 2 - 0.5
        return ndimage.map_coordinates(image, [row, column], order=1)

    def points_on(self, screen: Picture, points: list[list[float]]) -> Picture:
        """Return where points (row, column) of the image are to be seen on the screen."""
        rows, columns = self.shape
        scale = min(screen.shape[0] / rows, screen.shape[1] / columns)
        middle = np.array([rows, columns]) / 2 - 0.5
        return (np.array(points) - middle) * scale + np.array(screen.shape[:2]) / 2 - 0.5


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("case")
    simulate_examination(folder, views=2, seed=11)
    for view in ("RCC", "LCC"):
        dataset = dcmread(folder / f"{view}.dcm")
        dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[view, "series"])
        dataset.SeriesDescription = view
        dataset.FrameOfReferenceUID = generate_uid(entropy_srcs=[view, "frame of reference"])
        dataset.PositionReferenceIndicator = ""
        dataset.save_as(folder / f"{view}.dcm")
    words = ["detect", str(folder / "LCC.dcm"), "--output", str(folder / "results"), "--device", "cpu"]
    assert main([*words, "--formats", "seg,cad-sr,measurements-sr,json"]) == 0
    (image,) = json.loads((folder / "results" / "findings.json").read_text())["images"]
    assert image["clusters"]
    return Case(folder, dataset.StudyInstanceUID, (dataset.Rows, dataset.Columns), image["clusters"])


@pytest.fixture(scope="module")
def viewer_of(case, orthanc_of_all, tmp_path_factory) -> Iterator[Any]:
    """Return the function that opens the case anew."""
    if not (_VIEWER / "index.html").exists():
        missing("the OHIF viewer (scripts/install-viewer)")
    profile = tmp_path_factory.mktemp("profile")
    with ViewerServer(_VIEWER, orthanc_of_all.url) as server, browser(profile) as driver:
        yield lambda: Viewer(driver, server.url, case.study, series=5)


@pytest.fixture
def viewer(viewer_of, case, orthanc, web_node) -> Viewer:
    """Send the case to the PACS and open it."""
    assert not send([case.folder], web_node(orthanc)).failed
    return viewer_of()


def coloured(case: Case, screen: Picture) -> Mask:
    """Return where the screen is not grey, inside the image and off the viewport's own frame."""
    is_image = case.place_on(screen, np.ones(case.shape)) > 0.5
    is_image[:6], is_image[-6:] = False, False
    return is_image & (screen.max(axis=2) - screen.min(axis=2) > 60)


def similarity(case: Case, screen: Picture, view: str) -> float:
    """Return the correlation of what is on the screen with a view, beside everything coloured."""
    plain = ~ndimage.binary_dilation(coloured(case, screen), iterations=8)
    expected = case.place_on(screen, case.pixels(view))
    seen, wanted = (ndimage.gaussian_filter(picture, 3.0) for picture in (screen.mean(axis=2), expected))
    inside = plain & (case.place_on(screen, np.ones(case.shape)) > 0.5)
    return float(np.corrcoef(seen[inside], wanted[inside])[0, 1])


def shows(case: Case, screen: Picture, view: str) -> bool:
    other = {"LCC": "RCC", "RCC": "LCC"}[view]
    return similarity(case, screen, view) > 0.95 and similarity(case, screen, other) < 0.5


def test_the_segmentation_is_shown_on_its_image_at_its_place(viewer, case):
    viewer.open("MG", "LCC")
    wait_for("the left view", lambda: shows(case, viewer.screen(), "LCC"))
    viewer.open("SEG", "L CC")
    viewer.answer_yes()
    wait_for("the segmentation", lambda: bool(coloured(case, viewer.screen()).any()))
    screen = viewer.screen()
    assert shows(case, screen, "LCC")
    (path,) = (case.folder / "results" / "dicom").glob("seg_*.dcm")
    segmentation = dcmread(path)
    labels = [segment.SegmentLabel for segment in segmentation.SegmentSequence]
    shown = "services.segmentationService.getSegmentations().map(s => Object.values(s.segments).map(t => t.label))"
    assert viewer.ask(shown) == [labels]
    for number in range(1, len(case.clusters) + 1):
        assert f"Cluster {number} region" in labels
    expected = case.place_on(screen, segmentation.pixel_array.any(axis=0).astype(np.float64)) > 0
    inside = coloured(case, screen) & ndimage.binary_erosion(expected)
    assert inside.sum() > 0.9 * ndimage.binary_erosion(expected).sum() > 20
    # Borders are drawn three pixels wide; beyond them, nothing may be coloured inside the image.
    beyond = coloured(case, screen) & ~ndimage.binary_dilation(expected, iterations=4)
    assert not beyond.any()


def test_the_measurements_are_shown_on_their_image_at_their_place(viewer, case):
    viewer.open("SR", "measurements")
    wait_for("the left view", lambda: shows(case, viewer.screen(), "LCC"))
    loaded = "services.displaySetService.getActiveDisplaySets().some(s => s.Modality === 'SR' && s.isLoaded)"
    wait_for("that the report is read", lambda: bool(viewer.ask(loaded)))
    viewer.touch()  # OHIF 3.12 draws the outlines when the image is drawn the next time
    wait_for("the outlines", lambda: coloured(case, viewer.screen()).sum() > 1000)
    screen = viewer.screen()
    assert shows(case, screen, "LCC")
    near_colour = ndimage.binary_dilation(coloured(case, screen), iterations=2)
    for cluster in case.clusters:
        outline = case.points_on(screen, cluster["outline"])
        corners = tuple(np.rint(outline).astype(int).T)
        assert near_colour[corners].mean() > 0.9
    measurements = viewer.ask(
        "services.displaySetService.getActiveDisplaySets().filter(s => s.Modality === 'SR' && s.measurements)"
        ".flatMap(s => s.measurements).map(m => [m.ReferencedSOPInstanceUID, m.labels.map(l => l.label + l.value)])"
    )
    image = dcmread(case.folder / "LCC.dcm", stop_before_pixels=True).SOPInstanceUID
    assert [uid for uid, _ in measurements] == [image] * len(case.clusters)
    for (_, labels), cluster in zip(measurements, case.clusters, strict=True):
        told = " ".join(labels)
        assert f"{cluster['area_mm2']:.2f} mm2" in told
        assert f"{cluster['diameter_mm']:.2f} mm" in told


def test_nothing_is_shown_on_the_other_image(viewer, case):
    viewer.open("MG", "RCC")
    wait_for("the right view", lambda: shows(case, viewer.screen(), "RCC"))
    screen = viewer.screen()
    assert shows(case, screen, "RCC")
    assert not coloured(case, screen).any()
