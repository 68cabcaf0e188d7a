"""Places of labels: on the picture, near what they name, and over nothing that must be seen."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from MCDetect.pictures.labels import Box, place_label

CANVAS = Box(0, 0, 1000, 800)


@st.composite
def boxes(draw: st.DrawFn, largest: float = 120) -> Box:
    left, top = draw(st.floats(0, 1000 - largest)), draw(st.floats(0, 800 - largest))
    return Box(left, top, left + draw(st.floats(1, largest)), top + draw(st.floats(1, largest)))


@given(target=boxes(), forbidden=st.lists(boxes(40), max_size=25), undesired=st.lists(boxes(), max_size=6))
@settings(max_examples=60)
def test_a_label_stays_on_the_picture_and_covers_nothing_forbidden(target, forbidden, undesired):
    box = place_label(target, (90, 30), CANVAS, forbidden=forbidden, undesired=undesired, gap=8)
    assert box is not None
    assert CANVAS.contains(box)
    assert not any(map(box.overlaps, forbidden))
    assert not box.overlaps(target)


@given(boxes())
def test_a_label_with_nothing_in_its_way_is_close_to_its_target(target):
    box = place_label(target, (90, 30), CANVAS, forbidden=[], undesired=[], gap=8)
    near = Box(target.left - 8, target.top - 8, target.right + 8, target.bottom + 8)
    grown = Box(near.left - 1, near.top - 1, near.right + 1, near.bottom + 1)
    assert box is not None
    assert box.overlaps(grown)


def test_the_outline_of_another_cluster_is_avoided_where_possible_only():
    target, beside = Box(100, 100, 140, 140), Box(145, 60, 300, 180)
    avoided = place_label(target, (60, 20), CANVAS, forbidden=[], undesired=[beside], gap=8)
    assert avoided is not None
    assert not avoided.overlaps(beside)
    everywhere = place_label(target, (60, 20), CANVAS, forbidden=[], undesired=[CANVAS], gap=8)
    assert everywhere is not None


def test_where_there_is_no_place_there_is_no_label():
    assert place_label(Box(0, 0, 10, 10), (50, 20), CANVAS, forbidden=[CANVAS], undesired=[], gap=8) is None
    assert place_label(Box(0, 0, 10, 10), (2000, 20), CANVAS, forbidden=[], undesired=[], gap=8) is None
