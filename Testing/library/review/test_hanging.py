"""Which view goes where and how it is turned, by the header alone."""

from __future__ import annotations

import pytest
from support.review_examples import STANDARD, tissue, write_view

from MCDetect.review.examination import open_examination
from MCDetect.review.hanging import Layout, hang, opening_layout, shown_flips


def view_of(folder, laterality, view, **changes):
    path = write_view(folder / f"{laterality}{view}.dcm", tissue((40, 30)), laterality, view, **changes)
    return open_examination([path]).views[0]


def opened(folder, *views, **changes):
    for number, (laterality, view) in enumerate(views):
        pixels = tissue((40, 30), seed=number)
        write_view(folder / f"{number}{laterality}{view}.dcm", pixels, laterality, view, **changes)
    return open_examination([folder])


def titles(examination, hanging):
    labels = {view.key: view.label for view in examination.views}
    return [[labels.get(slot.key) for slot in row] for row in hanging.slots]


def test_four_views_hang_right_before_left_and_craniocaudal_above_oblique(tmp_path) -> None:
    examination = opened(tmp_path, ("L", "MLO"), ("R", "MLO"), ("L", "CC"), ("R", "CC"))
    hanging = hang(examination)
    assert titles(examination, hanging) == [["R CC", "L CC"], ["R MLO", "L MLO"]]
    assert hanging.others == ()
    assert titles(examination, hang(examination, Layout.CC_PAIR)) == [["R CC", "L CC"]]
    assert titles(examination, hang(examination, Layout.MLO_PAIR)) == [["R MLO", "L MLO"]]


def test_missing_views_leave_empty_places_and_others_wait(tmp_path) -> None:
    examination = opened(tmp_path, ("L", "CC"), ("L", "ML"), ("", ""))
    hanging = hang(examination)
    assert titles(examination, hanging) == [[None, "L CC"], [None, None]]
    assert hanging.slots[1][0].title == "R MLO"
    assert {examination.view(key).label for key in hanging.others} == {"L ML", "view"}


def test_of_two_views_of_a_kind_one_hangs_and_the_other_is_at_hand(tmp_path) -> None:
    examination = opened(tmp_path, ("R", "CC"), ("R", "CC"))
    slot = hang(examination).slots[0][0]
    assert {slot.key, *slot.alternatives} == set(examination.keys)
    assert hang(examination).others == slot.alternatives


def test_a_current_view_hangs_beside_the_same_view_of_the_prior(tmp_path) -> None:
    write_view(tmp_path / "now.dcm", tissue((40, 30), 1), "L", "MLO", StudyInstanceUID="1.2.9", StudyDate="20240101")
    write_view(tmp_path / "old.dcm", tissue((40, 30), 2), "L", "MLO", StudyInstanceUID="1.2.1", StudyDate="20200101")
    write_view(tmp_path / "cc.dcm", tissue((40, 30), 3), "L", "CC", StudyInstanceUID="1.2.1", StudyDate="20200101")
    examination = open_examination([tmp_path])
    assert examination.studies == ("1.2.9", "1.2.1")
    now = examination.current[0]
    old = next(view for view in examination.priors[0] if view.view == "MLO")
    for focus in (now.key, old.key):
        ((left, right),) = hang(examination, Layout.CURRENT_AND_PRIOR, focus).slots
        assert (left.key, right.key) == (now.key, old.key)
    cc = next(view for view in examination.priors[0] if view.view == "CC")
    ((left, right),) = hang(examination, Layout.CURRENT_AND_PRIOR, cc.key).slots
    assert (left.key, right.key) == (None, cc.key)


def test_four_views_hang_in_a_row_over_those_of_the_latest_prior(tmp_path) -> None:
    for year in ("2024", "2022", "2020"):
        (tmp_path / year).mkdir()
        changes = {"StudyInstanceUID": f"1.2.{year}", "StudyDate": f"{year}0101"}
        opened(tmp_path / year, ("L", "MLO"), ("R", "MLO"), ("L", "CC"), ("R", "CC"), **changes)
    examination = open_examination([tmp_path])
    hanging = hang(examination, Layout.FOUR_OVER_PRIORS)
    assert titles(examination, hanging) == [["R CC", "L CC", "R MLO", "L MLO"]] * 2
    assert [slot.title for slot in hanging.slots[1]] == ["R CC prior", "L CC prior", "R MLO prior", "L MLO prior"]
    studies = [{examination.view(slot.key).study for slot in row} for row in hanging.slots]
    assert studies == [{"1.2.2024"}, {"1.2.2022"}]
    alone = opened(tmp_path / "2020")
    assert titles(alone, hang(alone, Layout.FOUR_OVER_PRIORS)) == [["R CC", "L CC"], ["R MLO", "L MLO"]]


@pytest.mark.parametrize(
    ("views", "expected"),
    [
        ([("R", "CC"), ("L", "CC")], Layout.CC_PAIR),
        ([("L", "MLO"), ("R", "MLO"), ("L", "ML")], Layout.MLO_PAIR),
        ([("R", "CC"), ("L", "MLO")], Layout.FOUR_VIEWS),
        ([("R", "CC"), ("R", "MLO")], Layout.FOUR_VIEWS),
        ([("L", "ML"), ("", "")], Layout.FOUR_VIEWS),
    ],
)
def test_an_examination_of_one_row_opens_as_that_pair(tmp_path, views, expected) -> None:
    examination = opened(tmp_path, *views)
    assert opening_layout(examination, Layout.FOUR_VIEWS) is expected
    # A pair that was chosen for an earlier examination gives way to the one that is there.
    wanted = Layout.CC_PAIR if expected is Layout.MLO_PAIR else Layout.MLO_PAIR
    assert opening_layout(examination, wanted) is (wanted if expected is Layout.FOUR_VIEWS else expected)
    assert opening_layout(examination, Layout.ONE_VIEW) is Layout.ONE_VIEW


def test_views_that_neither_the_examination_nor_its_prior_has_take_no_room_over_priors(tmp_path) -> None:
    for year in ("2024", "2022"):
        (tmp_path / year).mkdir()
        changes = {"StudyInstanceUID": f"1.2.{year}", "StudyDate": f"{year}0101"}
        opened(tmp_path / year, ("R", "CC"), ("L", "CC"), **changes)
    examination = open_examination([tmp_path])
    assert opening_layout(examination, Layout.FOUR_OVER_PRIORS) is Layout.FOUR_OVER_PRIORS
    assert titles(examination, hang(examination, Layout.FOUR_OVER_PRIORS)) == [["R CC", "L CC"]] * 2
    opened(tmp_path / "2022", ("L", "MLO"), StudyInstanceUID="1.2.2022", StudyDate="20220101")
    examination = open_examination([tmp_path])
    assert titles(examination, hang(examination, Layout.FOUR_OVER_PRIORS)) == [
        ["R CC", "L CC", None, None],
        ["R CC", "L CC", None, "L MLO"],
    ]


@pytest.mark.parametrize("side_and_view", list(STANDARD), ids="".join)
def test_a_view_stored_as_it_hangs_is_not_turned(tmp_path, side_and_view) -> None:
    flips = shown_flips(view_of(tmp_path, *side_and_view))
    assert (flips.horizontal, flips.vertical, flips.note) == (False, False, "")
    assert flips.chest_wall == ("right" if side_and_view[0] == "R" else "left")


@pytest.mark.parametrize(
    ("laterality", "view", "orientation", "expected"),
    [
        ("R", "CC", ["A", "L"], (True, False)),
        ("R", "CC", ["P", "R"], (False, True)),
        ("L", "CC", ["P", "L"], (True, True)),
        ("R", "MLO", ["A", "FL"], (True, False)),
        ("L", "MLO", ["P", "HL"], (True, True)),
        ("R", "ML", ["P", "F"], (False, False)),
        ("L", "LM", ["A", "H"], (False, True)),
        ("L", "MLO", ["AR", "FR"], (False, False)),
        ("L", "XCCL", ["A", "L"], (False, True)),
    ],
)
def test_a_view_is_turned_until_it_hangs(tmp_path, laterality, view, orientation, expected) -> None:
    flips = shown_flips(view_of(tmp_path, laterality, view, PatientOrientation=orientation))
    assert (flips.horizontal, flips.vertical) == expected


@pytest.mark.parametrize("orientation", [None, ["F", "A"], [""], ["?", "!"], ["A"]])
def test_a_header_that_does_not_say_turns_nothing_and_says_so(tmp_path, orientation) -> None:
    flips = shown_flips(view_of(tmp_path, "R", "CC", PatientOrientation=orientation))
    assert not flips.horizontal
    assert not flips.vertical
    assert flips.note.endswith(".")


def test_a_view_of_an_unknown_breast_is_shown_as_it_is_stored(tmp_path) -> None:
    flips = shown_flips(view_of(tmp_path, "", "CC", PatientOrientation=["P", "L"]))
    assert (flips.horizontal, flips.vertical, flips.chest_wall) == (False, False, "")
    assert "which breast" in flips.note
