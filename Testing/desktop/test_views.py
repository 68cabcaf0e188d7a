"""How large views are, where they are magnified, and what is shown above them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import Qt
from support.mouse import move

from MCDetect.desktop.navigation import mm_per_pixel
from MCDetect.review.hanging import Layout


def middle_of(view) -> tuple[float, float]:
    width, height = view.size_in_pixels
    return view.to_image(width / 2, height / 2)


def test_breasts_are_shown_as_large_as_their_places_allow_and_pairs_equally_large(window, hands, examination):
    hands.open(examination)
    views = window.views
    right, left = hands.view("R CC"), hands.view("L CC")
    assert mm_per_pixel(right.node) == pytest.approx(mm_per_pixel(left.node))
    for view in (right, left):
        # The whole box is on the screen, and the chest wall is at the inner edge.
        key = views.key_of(view)
        first_row, first_column, last_row, last_column = views.boxes[key]
        corners = [
            view.to_widget((row, column)) for row in (first_row, last_row) for column in (first_column, last_column)
        ]
        assert all(view.rect().adjusted(-2, -2, 2, 2).contains(corner) for corner in corners)
    columns = window.session.examination.view(views.key_of(right)).shape[1]
    assert right.to_widget((256, columns - 0.5)).x() == pytest.approx(right.width(), abs=2)
    assert left.to_widget((256, -0.5)).x() == pytest.approx(0, abs=2)
    breast = mm_per_pixel(right.node)
    right.setFocus()
    hands.press(Qt.Key_0)
    assert mm_per_pixel(right.node) >= breast
    hands.press(Qt.Key_B)
    assert mm_per_pixel(right.node) == pytest.approx(breast)


def test_views_that_nobody_moved_follow_the_size_of_the_window(window, hands, examination):
    hands.open(examination)
    moved, fitted = hands.view("L CC"), hands.view("L MLO")
    moved.setFocus()
    hands.press(Qt.Key_Plus)
    before, place = mm_per_pixel(fitted.node), middle_of(moved)
    window.resize(1300, 800)
    hands.until(lambda: mm_per_pixel(fitted.node) > 1.1 * before)
    assert middle_of(moved) == pytest.approx(place, abs=2)
    lowest = window.views.boxes[window.views.key_of(fitted)][2]
    hands.until(lambda: fitted.rect().adjusted(-2, -2, 2, 2).contains(fitted.to_widget((lowest, 0))), 10)


def test_one_to_one_shows_the_selected_finding_and_not_the_air(window, hands, examination):
    hands.open(examination)
    hands.detect()
    hands.press(Qt.Key_N)
    uid = window.session.selected
    image, cluster = window.session.state.find(uid)
    rows, columns = zip(*cluster.outline, strict=True)
    for key in (Qt.Key_1, Qt.Key_Z):
        hands.press(key)
    view = window.views.view_of(image.sop_instance_uid)
    # The pointer may be anywhere: then the place under it stays where it is, and the finding is still seen.
    expected = (min(rows) + max(rows)) / 2, (min(columns) + max(columns)) / 2
    assert middle_of(view) == pytest.approx(expected, abs=2) or view.underMouse()
    assert mm_per_pixel(view.node) == pytest.approx(0.07)


def test_the_view_that_was_active_stays_active_in_another_layout(window, hands, examination):
    hands.open(examination)
    view = hands.view("L MLO")
    view.setFocus()
    key = window.views.key_of(view)
    for shortcut in (Qt.Key_1, Qt.Key_4, Qt.Key_3):
        hands.press(shortcut)
        assert window.views.active_key == key


def test_an_examination_of_one_row_opens_as_a_pair_that_fills_the_screen(window, hands, examination):
    for path in examination.glob("*MLO.dcm"):
        path.unlink()
    hands.open(examination, views=2)
    assert [slot.title for slot in window.views.slots.values()] == ["R CC", "L CC"]
    assert hands.view("R CC").height() > 0.9 * window.views.height()
    hands.press(Qt.Key_4)
    assert len(window.views.slots) == 4, "who asks for four places has them"


def test_one_view_is_that_of_the_selected_finding_and_without_one_the_active_one(window, hands, examination):
    hands.open(examination)
    hands.detect()
    hands.press(Qt.Key_N)
    found = window.session.state.find(window.session.selected)[0].sop_instance_uid
    other = hands.view("R MLO")
    elsewhere = window.views.key_of(other)
    assert elsewhere != found
    for shortcut in (Qt.Key_1, Qt.Key_5):
        window.views.set_active(other)
        hands.press(shortcut)
        assert next(iter(window.views.slots.values())).key == found
        hands.press(Qt.Key_4)
    window.session.select(None)
    window.views.set_active(other)
    hands.press(Qt.Key_1)
    assert [slot.key for slot in window.views.slots.values()] == [elsewhere]


def test_the_same_finding_is_magnified_in_the_other_view_and_let_go_with_the_next(window, hands, examination):
    hands.open(examination)
    hands.detect()
    first, second = (cluster.tracking_uid for _, cluster in window.session.shown_findings())
    window.session.confirm_correspondence(first, second)
    whole = {title: mm_per_pixel(hands.view(title).node) for title in ("L CC", "L MLO", "R CC")}
    hands.press(Qt.Key_N)
    assert mm_per_pixel(hands.view("L CC").node) < 0.8 * whole["L CC"]
    assert mm_per_pixel(hands.view("L MLO").node) < 0.8 * whole["L MLO"]
    assert mm_per_pixel(hands.view("R CC").node) == pytest.approx(whole["R CC"])
    window.session.decline_correspondence(first, second)
    window.session.select(None)
    hands.press(Qt.Key_N)
    assert len(window.views.magnified) == 1
    other = next(title for title in ("L CC", "L MLO") if hands.view(title) not in window.views.magnified)
    assert mm_per_pixel(hands.view(other).node) == pytest.approx(whole[other])


@pytest.mark.parametrize("is_loaded", [True, False])
def test_a_finding_of_a_view_that_is_not_on_the_screen_is_magnified_there(window, hands, examination, is_loaded):
    hands.open(examination)
    hands.detect()
    shown = window.session.shown_findings()
    (key, cluster) = next((k, c) for k, c in shown if window.session.examination.view(k).view == "MLO")
    window.views.arrange(Layout.CC_PAIR)
    if not is_loaded:
        del window.views.windows[key]
        window.views._loading.discard(key)
    window.show_finding(key, cluster)
    hands.until(lambda: (view := window.views.view_of(key)) is not None and view.spacing_mm is not None)
    hands.test.qWait(200)
    node = window.views.view_of(key).node
    assert node.GetFieldOfView()[1] == pytest.approx(25.0)


def test_a_view_shown_small_is_of_means_and_one_shown_large_of_its_own_pixels(window, hands, examination):
    hands.open(examination)
    view = hands.view("L CC")
    view.setFocus()
    layer = view.logic.GetBackgroundLayer()
    columns = window.session.examination.view(window.views.key_of(view)).shape[1]
    window.views.set_mm_per_pixel(0.07 * 4)
    assert layer.GetVolumeNode().GetImageData().GetDimensions()[0] == columns // 4
    window.views.set_mm_per_pixel(0.07)
    assert layer.GetVolumeNode() is window.views.overlay.volume(window.views.key_of(view))


def test_the_probability_map_is_made_by_the_worker_shown_and_kept(window, hands, examination):
    hands.open(examination)
    switch = window.widgets.probabilityCheckBox
    asked = []
    ask = window.client.probability_map
    window.panel.probability._client = type(
        "Client", (), {"probability_map": lambda _, *a: (asked.append(a), ask(*a))[1]}
    )()
    overlay = window.views.overlay
    hands.press(Qt.Key_K)
    assert switch.isChecked()
    left = window.views.key_of(hands.view("L CC"))
    composite = overlay._composite(hands.view("L CC").node)
    hands.until(lambda: bool(composite.GetForegroundVolumeID()))
    hands.until(lambda: not window.background_work.is_busy and len(window.panel.probability._made) == 4)
    shown = hands.view("L CC").logic.GetForegroundLayer().GetVolumeNode().GetImageData()
    assert shown.GetScalarRange()[1] > 100
    # Another layout keeps it; off and on again asks nobody.
    hands.press(Qt.Key_1)
    hands.press(Qt.Key_4)
    assert overlay._composite(window.views.view_of(left).node).GetForegroundVolumeID()
    hands.press(Qt.Key_K)
    assert not overlay._composite(window.views.view_of(left).node).GetForegroundVolumeID()
    hands.press(Qt.Key_K)
    hands.until(lambda: bool(overlay._composite(window.views.view_of(left).node).GetForegroundVolumeID()))
    assert len(asked) == 4
    assert window.heard == []


def test_a_probability_map_that_cannot_be_made_is_told_and_the_switch_goes_off(window, hands, examination):
    hands.open(examination)
    (examination / "LMLO.dcm").write_bytes(b"no longer a mammogram")
    hands.press(Qt.Key_K)
    hands.until(lambda: bool(window.heard))
    assert "LMLO.dcm" in window.heard[0][0]
    assert not window.widgets.probabilityCheckBox.isChecked()


def test_a_map_that_is_asked_for_again_takes_no_file_of_another_view(window, hands, examination):
    hands.open(examination)
    refused = (examination / "LCC.dcm").read_bytes()
    (examination / "LCC.dcm").write_bytes(b"not a mammogram for now")
    probability = window.panel.probability
    hands.press(Qt.Key_K)
    hands.until(lambda: bool(window.heard) and len(probability._made) == 3)
    (examination / "LCC.dcm").write_bytes(refused)
    hands.press(Qt.Key_K)
    hands.until(lambda: len(probability._made) == 4)
    assert len(set(probability._made.values())) == 4


def test_the_magnifier_follows_the_mouse(window, hands, examination):
    hands.open(examination)
    hands.press(Qt.Key_G)
    view = hands.view("L CC")
    move(view, view.rect().center(), Qt.NoButton)
    assert window.views.magnifier.isVisible()
    picture = window.views.magnifier.pixmap().toImage()
    values = np.array([picture.pixelColor(x, 130).red() for x in range(0, 360, 5)])
    assert values.max() > 0


def test_a_cluster_is_drawn_with_the_keys_alone(window, hands, examination):
    hands.open(examination)
    hands.view("R CC").setFocus()
    hands.press(Qt.Key_D)
    sides = (Qt.Key_Right, Qt.Key_Down, Qt.Key_Left)
    hands.press(Qt.Key_Up)
    hands.press(Qt.Key_Space)
    for key in sides:
        for _ in range(4):
            hands.press(key)
        hands.press(Qt.Key_Space)
    hands.press(Qt.Key_Return)
    assert len(hands.cells()) == 1
    assert hands.cells()[0][0] == "R CC"
    assert window.heard == []


def test_closing_an_examination_while_maps_are_made_leaves_no_file(window, hands, examination):
    hands.open(examination)
    hands.press(Qt.Key_K)
    folder = Path(window.panel.probability._folder.name)
    assert folder.is_dir()
    hands.open(examination)
    assert not folder.exists()
    assert not window.widgets.probabilityCheckBox.isChecked()
    assert window.heard == []
