"""What OHIF shows of measurement reports that a person has reviewed, and of those that have no region to draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from support.orthanc import missing
from support.screen import coloured, outline_on, similarity
from support.small_examination import COLUMNS, ROWS, small_findings, small_mammogram, stored_study
from support.viewer import Viewer, browser, wait_for
from support.viewer_server import ViewerServer

from MCDetect.dicom.pacs.client import send
from MCDetect.dicom.writing.context import ReportContext
from MCDetect.findings import Cluster, Decision, ImageFindings, Review

pytestmark = pytest.mark.slow

SHAPE = (ROWS, COLUMNS)
REVIEW = Review("Reader^Rita", "2026-11-21T14:00:00+00:00", complete=True)
TOLD = (
    "services.displaySetService.getActiveDisplaySets().filter(s => s.Modality === 'SR' && s.isLoaded)"
    ".flatMap(s => s.measurements).map(m => m.TrackingIdentifier)"
)
_VIEWER = Path(__file__).resolve().parents[4] / ".cache" / "ohif" / "3.12.0"


@pytest.fixture
def opened(orthanc: Any, web_node: Any, tmp_path: Path) -> Iterator[Callable[..., Viewer]]:
    """Return the function that sends both mammograms with reports about findings of them and opens the study."""
    if not (_VIEWER / "index.html").exists():
        missing("the OHIF viewer (scripts/install-viewer)")
    with ExitStack() as stack:

        def open_study(images: Sequence[ImageFindings], review: Review | None = REVIEW) -> Viewer:
            frame = {"FrameOfReferenceUID": "2.25.77", "PositionReferenceIndicator": ""}  # OHIF draws in one only
            objects = stored_study(images, tmp_path / "study", ReportContext(review), **frame)
            assert not send([tmp_path / "study"], web_node(orthanc)).failed
            server = stack.enter_context(ViewerServer(_VIEWER, orthanc.url))
            driver = stack.enter_context(browser(tmp_path / "profile"))
            return Viewer(driver, server.url, str(objects[0].StudyInstanceUID), len(objects))

        yield open_study


def with_clusters(number: int, *decisions: Decision) -> ImageFindings:
    """Return the findings of the view ``number`` with those of its clusters that a reader decided so."""
    image = small_findings(number)
    return replace(image, clusters=tuple(one for one in image.clusters if one.decision in decisions))


def shown_view(viewer: Viewer) -> int | None:
    """Return the number of the view on the screen, None where it is neither."""
    screen = viewer.screen()
    if viewer.is_empty() or screen.std() < 5:
        return None
    alike = [similarity(screen, small_mammogram(number).pixel_array.astype(np.float64)) for number in (0, 1)]
    return int(np.argmax(alike)) if max(alike) > 0.95 else None


def part_drawn(viewer: Viewer, cluster: Cluster) -> float:
    """Return what part of the outline of a cluster is coloured on the screen.

    OHIF 3.12 draws everything up to one pixel of the image, here 20 of the screen, too far up and left, as it shows
    an image with a single bright pixel.
    """
    screen = viewer.screen()
    near = ndimage.binary_dilation(coloured(screen, SHAPE), iterations=5)  # the line is dashed
    shifted = [np.subtract(cluster.outline, shift) for shift in np.linspace(0, 1, 11)]
    return max(float(near[outline_on(screen, SHAPE, outline)].mean()) for outline in shifted)


BOTH = (Decision.ACCEPTED, Decision.REJECTED)


@pytest.mark.parametrize(
    ("first", "second", "view"),
    [(BOTH, BOTH, 0), ((Decision.REJECTED,), BOTH, 1), ((), (Decision.ACCEPTED,), 1)],
    ids=["both views", "the first view with a rejected cluster only", "the first view without a cluster"],
)
def test_accepted_clusters_are_drawn_on_their_view_and_rejected_ones_are_not(
    opened: Any, first: tuple[Decision, ...], second: tuple[Decision, ...], view: int
) -> None:
    images = [with_clusters(0, *first), with_clusters(1, *second)]
    viewer = opened(images)
    viewer.open("SR", "measurements")
    told = wait_for("what the report tells", lambda: viewer.ask(TOLD))
    assert told == [
        f"R {image.view} cluster {one.id}"
        for image in images
        for one in image.clusters
        if one.decision is Decision.ACCEPTED
    ]
    assert viewer.ask(TOLD.replace("TrackingIdentifier", "loaded")) == [True] * len(told)
    wait_for(f"view {view}", lambda: shown_view(viewer) == view)
    viewer.touch()  # OHIF 3.12 draws the outlines when the image is drawn the next time
    accepted = images[view].clusters[0]
    wait_for("the outline", lambda: part_drawn(viewer, accepted) > 0.9)
    assert shown_view(viewer) == view
    assert part_drawn(viewer, small_findings(view).clusters[1]) == 0
    assert viewer.errors() == []


@pytest.mark.parametrize(
    ("decisions", "review"), [((), None), ((Decision.REJECTED,), REVIEW)], ids=["nothing found", "all rejected"]
)
def test_a_report_without_clusters_is_shown_as_a_frame_with_a_sentence_round_its_first_view(
    opened: Any, decisions: tuple[Decision, ...], review: Review | None
) -> None:
    images = [with_clusters(number, *decisions) for number in (0, 1)]
    viewer = opened(images, review)
    viewer.open("SR", "measurements")
    assert wait_for("what the report tells", lambda: viewer.ask(TOLD)) == ["R CC breast", "R MLO breast"]
    said = viewer.ask(TOLD.replace("TrackingIdentifier", "labels.map(l => (l.label + ' ' + l.value).trim())"))
    count = 3 if decisions else 5  # what belongs to a rejected cluster is not counted
    sentences = ["No calcification cluster", "Area 5.00 mm2", f"Number of calcifications {count}.00 1"]
    assert said == [sentences, sentences]
    wait_for("the first view", lambda: shown_view(viewer) == 0)
    viewer.touch()
    wait_for("the frame", lambda: viewer_is_framed(viewer))
    assert not any(part_drawn(viewer, cluster) for cluster in small_findings(0).clusters)
    assert viewer.errors() == []
    viewer.open("MG", "view 1")
    wait_for("the second view", lambda: shown_view(viewer) == 1)
    assert not coloured(viewer.screen(), SHAPE).any()


def viewer_is_framed(viewer: Viewer) -> bool:
    """Say whether both sides of the image have a coloured line; the upper and lower ones lie outside the viewport."""
    screen = viewer.screen()
    colour = screen.max(axis=2) - screen.min(axis=2) > 25
    middle, half = screen.shape[1] / 2, screen.shape[0] * COLUMNS / ROWS / 2
    sides = [
        colour[6:-6, round(side) - 4 : round(side) + 5].any(axis=1).mean() for side in (middle - half, middle + half)
    ]
    return min(sides) > 0.4  # the line is dashed
