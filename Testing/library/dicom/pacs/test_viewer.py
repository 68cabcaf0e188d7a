"""OHIF, a viewer that is not ours, shows our segmentations and our measurements on the right image, at the right place.

What is expected on the screen is computed from the stored pixels and the findings, and compared with the screen's
pixels. All four views of an examination are tried. OHIF 3.12 wants two things of them, which simulated mammograms have:
a frame of reference (for measurements), and a series of their own (a segmentation is shown on the first image of the
series it names).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from scipy import ndimage
from support.orthanc import missing
from support.screen import Picture, coloured, place_on, points_on, similarity
from support.viewer import Viewer, browser, wait_for
from support.viewer_server import ViewerServer

from MCDetect.command_line import main
from MCDetect.dicom.pacs.client import send
from MCDetect.simulation.examination import simulate_examination

pytestmark = pytest.mark.slow

VIEWS = ("RCC", "LCC", "RMLO", "LMLO")
SERIES = 10  # four views, a segmentation of each, two reports
_VIEWER = Path(__file__).resolve().parents[4] / ".cache" / "ohif" / "3.12.0"


@dataclass
class Case:
    """A simulated examination, and what was found in each of its views."""

    folder: Path
    study: str
    shape: tuple[int, int]
    images: dict[str, dict[str, Any]]

    def path(self, view: str) -> Path:
        return self.folder / f"{view}.dcm"

    def pixels(self, view: str) -> Picture:
        return dcmread(self.path(view)).pixel_array.astype(np.float64)

    def segmentation(self, view: str) -> Dataset:
        (path,) = (self.folder / "results" / "dicom").glob(f"seg_{view[0]}_{view[1:]}_*.dcm")
        return dcmread(path)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("case")
    simulate_examination(folder, seed=11)
    words = ["detect", str(folder), "--output", str(folder / "results"), "--device", "cpu", "--progress", "none"]
    assert main([*words, "--formats", "seg,cad-sr,measurements-sr,json"]) == 0
    found = json.loads((folder / "results" / "findings.json").read_text())["images"]
    images = {image["laterality"] + image["view"]: image for image in found}
    assert images.keys() == set(VIEWS)
    assert all(image["calcifications"] for image in images.values())  # so that each has a segmentation
    assert sum(bool(image["clusters"]) for image in images.values()) >= 2
    return Case(folder, found[0]["study_instance_uid"], (found[0]["rows"], found[0]["columns"]), images)


@pytest.fixture(scope="module")
def viewer_of(case, orthanc_of_all, tmp_path_factory) -> Iterator[Any]:
    """Return the function that opens the case anew."""
    if not (_VIEWER / "index.html").exists():
        missing("the OHIF viewer (scripts/install-viewer)")
    profile = tmp_path_factory.mktemp("profile")
    with ViewerServer(_VIEWER, orthanc_of_all.url) as server, browser(profile) as driver:
        yield lambda: Viewer(driver, server.url, case.study, SERIES)


@pytest.fixture
def viewer(viewer_of, case, orthanc_of_all, web_node) -> Viewer:
    """Send the case to the PACS, unless it is there from the test before, and open it."""
    identifiers = sorted(
        str(dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in case.folder.rglob("*.dcm")
    )
    if orthanc_of_all.instances() != identifiers:
        orthanc_of_all.empty()
        assert not send([case.folder], web_node(orthanc_of_all)).failed
    return viewer_of()


def shows(case: Case, screen: Picture, view: str) -> bool:
    seen = {one: similarity(screen, case.pixels(one)) for one in VIEWS}
    return seen[view] > 0.95 and max(VIEWS, key=lambda one: seen[one]) == view


@pytest.mark.parametrize("view", VIEWS)
def test_the_segmentation_is_shown_on_its_image_at_its_place_and_nothing_before(viewer, case, view):
    name = f"{view[0]} {view[1:]}"
    viewer.open("MG", name)
    wait_for("the view", lambda: shows(case, viewer.screen(), view))
    screen = viewer.screen()
    assert shows(case, screen, view)
    assert not coloured(screen, case.shape).any()  # nothing is drawn where no result was opened
    viewer.open("SEG", name)
    viewer.answer_yes()
    segmentation = case.segmentation(view)
    labels = [segment.SegmentLabel for segment in segmentation.SegmentSequence]
    shown = "services.segmentationService.getSegmentations().map(s => Object.values(s.segments).map(t => t.label))"
    wait_for("the segmentation in its list", lambda: viewer.ask(shown) == [labels])
    # A single calcification may be smaller than a pixel of the screen; the region of a cluster never is.
    is_large = bool(case.images[view]["clusters"])
    if is_large:
        wait_for("the segmentation", lambda: coloured(viewer.screen(), case.shape).sum() > 20)
    screen = viewer.screen()
    assert shows(case, screen, view)
    for number in range(1, len(case.images[view]["clusters"]) + 1):
        assert f"Cluster {number} region" in labels
    mask = segmentation.pixel_array.reshape(-1, *case.shape).any(axis=0)  # a single segment has no axis for it
    expected = place_on(screen, mask.astype(np.float64)) > 0
    inside = coloured(screen, case.shape) & ndimage.binary_erosion(expected)
    assert inside.sum() >= 0.9 * ndimage.binary_erosion(expected).sum()
    # A calcification of one pixel lies between four of the screen. Borders are drawn three pixels wide; beyond them,
    # nothing may be coloured inside the image.
    anywhere = place_on(screen, ndimage.binary_dilation(mask, np.ones((3, 3)), 2).astype(np.float64)) > 0
    allowed = ndimage.binary_dilation(anywhere, iterations=4)
    # The viewer's own notices lie over the image for some seconds.
    wait_for("nothing but the segmentation", lambda: not (coloured(viewer.screen(), case.shape) & ~allowed).any())


def test_the_measurements_are_shown_on_their_images_at_their_place(viewer, case):
    viewer.open("SR", "measurements")
    loaded = "services.displaySetService.getActiveDisplaySets().some(s => s.Modality === 'SR' && s.isLoaded)"
    wait_for("that the report is read", lambda: bool(viewer.ask(loaded)))
    wait_for("a view", lambda: any(shows(case, viewer.screen(), view) for view in VIEWS))
    viewer.touch()  # OHIF 3.12 draws the outlines when the image is drawn the next time
    wait_for("the outlines", lambda: coloured(viewer.screen(), case.shape).sum() > 1000)
    screen = viewer.screen()
    view = next(view for view in VIEWS if shows(case, screen, view))
    near_colour = ndimage.binary_dilation(coloured(screen, case.shape), iterations=2)
    for cluster in case.images[view]["clusters"]:
        outline = points_on(screen, case.shape, cluster["outline"])
        corners = tuple(np.rint(outline).astype(int).T)
        assert near_colour[corners].mean() > 0.9
    measurements = viewer.ask(
        "services.displaySetService.getActiveDisplaySets().filter(s => s.Modality === 'SR' && s.measurements)"
        ".flatMap(s => s.measurements).map(m => [m.ReferencedSOPInstanceUID, m.labels.map(l => l.label + l.value)])"
    )
    clusters = [(image, cluster) for image in case.images.values() for cluster in image["clusters"]]
    assert len(measurements) == len(clusters)
    for (uid, labels), (image, cluster) in zip(measurements, clusters, strict=True):
        assert uid == image["sop_instance_uid"]
        told = " ".join(labels)
        assert f"{cluster['area_mm2']:.2f} mm2" in told
        assert f"{cluster['diameter_mm']:.2f} mm" in told
