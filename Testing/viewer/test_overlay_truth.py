"""Marks lie on the calcifications: rendered slice views, pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from support.review_examples import STANDARD, blob, findings_of, tissue, with_blobs, write_view

from MCDetect.review.session import ReviewSession

SHAPE = (300, 240)
SIZE = (420, 380)
OPPOSITE = {"P": "A", "A": "P", "L": "R", "R": "L", "F": "H", "H": "F"}

VIEWS = list(STANDARD)
STORED = ["as it hangs", "mirrored", "upside down", "turned round"]
SPACINGS = [(0.07, 0.07), (0.05, 0.1), (0.1, 0.05)]
ZOOMS = [None, 8.0, 3.6]
TOLERANCE = 2.3
"""Pixels of the screen: a line is smoothed over two, and the edge of what is bright lies half a pixel inside it. At the
highest zoom here that is a quarter of a pixel of the image."""


def orientation(side_and_view: tuple[str, str], stored: str) -> list[str]:
    """Return PatientOrientation of a view that is stored in another way than it hangs."""
    across, down = STANDARD[side_and_view]
    if stored in ("mirrored", "turned round"):
        across = "".join(OPPOSITE[letter] for letter in across)
    if stored in ("upside down", "turned round"):
        down = "".join(OPPOSITE[letter] for letter in down)
    return [across, down]


def opened(folder: Any, spacing: tuple[float, float], inverted: bool = False, **changes: Any) -> ReviewSession:
    """Open a view with three L-shaped calcifications; none of them is like its mirror image."""
    found = [blob(1, 120, 100, (6, 4), spacing), blob(2, 133, 118, (3, 8), spacing), blob(3, 110, 125, (5, 5), spacing)]
    pixels = with_blobs(tissue(SHAPE), found)
    if inverted:
        pixels, changes = 4095 - pixels, {"WindowCenter": 3395, "PhotometricInterpretation": "MONOCHROME1", **changes}
    write_view(folder / "view.dcm", pixels, **{"ImagerPixelSpacing": list(spacing), **changes})
    session = ReviewSession.open([folder / "view.dcm"])
    view = session.examination.views[0]
    session.add_view_findings(findings_of(view, [(0.9, found)]))
    return session


def shown(session: ReviewSession, views: Any, zoom_mm: float | None) -> Any:
    from MCDetect.review.overlay.overlay import Marks, ReviewOverlay

    overlay = ReviewOverlay(views.scene, session)
    key = session.examination.keys[0]
    overlay.show(key, views.node())
    overlay.volume(key).GetDisplayNode().SetInterpolate(False)
    overlay.fit(views.node())
    if zoom_mm is not None:
        overlay.centre(views.node(), 125.3, 114.2, zoom_mm)
    overlay.set_marks(Marks.BORDERS)
    overlay.set_visible(True, labels=False)
    return overlay


def bright(picture: Any) -> Any:
    return picture.min(axis=2) > 200


def marks_drawn(overlay: Any, views: Any, marks: Any) -> Any:
    """Return the pixels of the screen that marks of calcifications change."""
    from MCDetect.review.overlay.overlay import Marks

    overlay.set_marks(marks)
    with_marks = views.picture().astype(int)
    overlay.set_marks(Marks.NONE)
    return np.abs(with_marks - views.picture().astype(int)).max(axis=2) > 40


def check_marks(overlay: Any, views: Any) -> None:
    """Check on the screen that the drawn borders are the borders of what is bright, and that everything is there."""
    from MCDetect.review.overlay.overlay import Marks

    drawn = marks_drawn(overlay, views, Marks.BORDERS)
    overlay.set_visible(False)
    calcifications = bright(views.picture())
    _, count = ndimage.label(calcifications, structure=np.ones((3, 3)))
    assert count == 3
    edge = calcifications ^ ndimage.binary_erosion(calcifications)
    to_edge = ndimage.distance_transform_edt(~edge)
    to_mark = ndimage.distance_transform_edt(~drawn)
    assert drawn.sum() > 20
    assert to_edge[drawn].max() <= TOLERANCE
    assert to_mark[edge].max() <= TOLERANCE


@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("side_and_view", VIEWS, ids="".join)
def test_marks_lie_on_the_calcifications_of_every_view_however_it_is_stored(
    make_views, tmp_path, side_and_view, stored
) -> None:
    laterality, view = side_and_view
    session = opened(
        tmp_path, (0.07, 0.07), laterality=laterality, view=view, PatientOrientation=orientation(side_and_view, stored)
    )
    views = make_views(size=SIZE)
    for zoom in ZOOMS[1:]:
        check_marks(shown(session, views, zoom), views)


@pytest.mark.parametrize("inverted", [False, True], ids=["MONOCHROME2", "MONOCHROME1"])
@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("zoom", ZOOMS)
def test_marks_lie_on_the_calcifications_at_every_spacing_and_zoom(
    make_views, tmp_path, spacing, zoom, inverted
) -> None:
    session = opened(tmp_path, spacing, inverted, PatientOrientation=["A", "L"])
    views = make_views(size=SIZE)
    check_marks(shown(session, views, zoom), views)


@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("side_and_view", VIEWS, ids="".join)
def test_a_view_hangs_with_its_chest_wall_inside_and_its_upper_or_lateral_side_up(
    make_views, tmp_path, side_and_view, stored
) -> None:
    from MCDetect.review.overlay.overlay import ReviewOverlay

    laterality, view = side_and_view
    # The picture as it must hang: bright at the chest wall, brightest at its top.
    hung = tissue(SHAPE)
    hung[:, -40:] = 900
    hung[:60, -40:] = 2000
    if laterality == "L":
        hung = hung[:, ::-1]
    pixels = hung[:, ::-1] if stored in ("mirrored", "turned round") else hung
    pixels = pixels[::-1] if stored in ("upside down", "turned round") else pixels
    write_view(
        tmp_path / "view.dcm", np.ascontiguousarray(pixels), laterality, view,
        PatientOrientation=orientation(side_and_view, stored),
    )  # fmt: skip
    session = ReviewSession.open([tmp_path / "view.dcm"])
    views = make_views(size=(400, 300))
    overlay = ReviewOverlay(views.scene, session)
    overlay.show(session.examination.keys[0], views.node())
    overlay.fit(views.node())
    picture = views.picture()[:, :, 0].astype(int)
    wall = picture[:, -10] if laterality == "R" else picture[:, 9]
    away = picture[:, 10] if laterality == "R" else picture[:, -11]
    assert (wall[20:40] > 240).all()
    assert ((wall[100:280] > 120) & (wall[100:280] < 200)).all()
    assert (away < 120).all()


@pytest.mark.parametrize("stored", STORED)
def test_a_place_on_the_screen_is_found_in_the_image(make_views, tmp_path, stored) -> None:
    session = opened(tmp_path, (0.05, 0.1), PatientOrientation=orientation(("R", "CC"), stored))
    views = make_views(size=SIZE)
    overlay = shown(session, views, 6.0)
    overlay.set_visible(False)
    labels, _ = ndimage.label(bright(views.picture()), structure=np.ones((3, 3)))
    pixels = session.examination.views[0].mammogram().pixels
    for y, x in np.argwhere(labels > 0)[::7]:
        row, column = overlay.position(views.node(), float(x), float(SIZE[1] - 1 - y))
        assert pixels[round(row), round(column)] == 1400


def test_rings_go_round_the_calcifications_and_leave_them_free(make_views, tmp_path) -> None:
    from MCDetect.review.overlay.overlay import Marks

    session = opened(tmp_path, (0.07, 0.07))
    views = make_views(size=SIZE)
    overlay = shown(session, views, 6.0)
    ringed = marks_drawn(overlay, views, Marks.RINGS)
    overlay.set_visible(False)
    calcifications = bright(views.picture())
    assert not (ringed & calcifications).any()
    inside, rings = ndimage.label(ndimage.binary_fill_holes(ringed))
    assert rings == 3
    assert (inside[calcifications] > 0).all()
    assert set(np.unique(inside[calcifications])) == {1, 2, 3}


def test_the_window_of_the_header_is_what_is_seen(make_views, tmp_path) -> None:
    from MCDetect.dicom.display import presentation_image

    ramp = np.tile(np.arange(240, dtype=np.uint16) * 10, (300, 1))
    table = {"WindowCenter": 1200, "WindowWidth": 1000, "VOILUTFunction": "SIGMOID"}
    for name, changes in (("window", {"WindowCenter": 1200, "WindowWidth": 1000}), ("curve", table)):
        path = write_view(tmp_path / f"{name}.dcm", ramp, **changes)
        session = ReviewSession.open([path])
        views = make_views(size=(240, 300))
        overlay = shown(session, views, None)
        overlay.set_visible(False)
        picture = views.picture()[150, :, 0].astype(int)
        expected = presentation_image(session.examination.views[0].mammogram())[150].astype(int)
        assert np.abs(picture - expected).max() <= 2, name


@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("spacing", SPACINGS)
def test_a_view_shown_small_lies_where_the_same_view_in_full_lies(make_views, tmp_path, spacing, stored) -> None:
    from MCDetect.review.reduction import FACTORS, reduced

    session = opened(tmp_path, spacing, laterality="R", view="CC", PatientOrientation=orientation(("R", "CC"), stored))
    views = make_views(size=SIZE)
    overlay = shown(session, views, None)
    overlay.set_visible(False)
    key, node = session.examination.keys[0], views.node()
    values = overlay.prepare(key).values
    for step in (1.6, 3.2):
        overlay.fit(node, mm_per_pixel=step * min(spacing))
        in_full = views.picture().astype(float)[..., 0]
        overlay.set_reduced(key, {factor: reduced(values, factor) for factor in FACTORS})
        overlay.choose_detail(node)
        small = views.picture().astype(float)[..., 0]
        overlay.fit(node, mm_per_pixel=min(spacing))
        overlay.choose_detail(node)
        assert (small != in_full).any(), "another volume is shown"
        # Both are pictures of the same breast: where its mass lies is the same to a part of a pixel of the screen.
        centres = [ndimage.center_of_mass(picture) for picture in (in_full, small)]
        assert np.abs(np.subtract(*centres)).max() < 0.4
