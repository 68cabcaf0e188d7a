"""The overlay: the whole view as stored, true to scale, with everything that was found."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from PIL import Image, ImageDraw
from support import random_findings

from MCDetect.bi_rads import Distribution
from MCDetect.findings import Algorithm, Calcification, Cluster, ImageFindings, SpacingSource
from MCDetect.pictures import overlay as overlay_file
from MCDetect.pictures import style
from MCDetect.pictures.overlay import draw_overlay, save_overlay
from MCDetect.pictures.scale_bar import draw_scale_bar, scale_bar_length
from MCDetect.pictures.text import wrap

ALGORITHM = Algorithm("MCDetect", "0.1.0", "default", "1a2b3c4d" * 8, "balanced", 0.42, "cpu")


def findings(rows: int, columns: int, places: list[tuple[float, float]], clusters: int = 1) -> ImageFindings:
    """Return findings with calcifications at ``places``, the first of them in clusters, the last isolated."""
    marks = tuple(
        Calcification(n, row, column, 0.05, 0.3, 0.9, ((round(row), round(column), 1),))
        for n, (row, column) in enumerate(places, start=1)
    )
    members = marks[:-1]
    top, left = min(m.row for m in members) - 14, min(m.column for m in members) - 14
    bottom, right = max(m.row for m in members) + 14, max(m.column for m in members) + 14
    outline = ((top, left), (top, right), (bottom, right), (bottom, left))
    ids = tuple(m.id for m in members)
    made = tuple(
        Cluster(n, ids, outline, 30.0, 5.0, 10.0, 0.9 / n, Distribution.GROUPED, f"2.25.{n}")
        for n in range(1, clusters + 1)
    )
    return ImageFindings(
        "2.25.1", "", "2.25.2", "2.25.3", "R", "CC", rows, columns, (0.07, 0.07), SpacingSource.AT_DETECTOR, 0.9,
        9000.0, marks, made,
    )  # fmt: skip


@pytest.fixture
def view() -> np.ndarray:
    return np.random.default_rng(0).integers(40, 90, (600, 500), dtype=np.uint8)


@pytest.fixture
def image() -> ImageFindings:
    return findings(600, 500, [(300.0, 250.0), (310.0, 262.0), (322.0, 240.0), (100.0, 90.0)])


def band_above(image: ImageFindings) -> int:
    """Return the height of the band above the view."""
    marker = np.full((image.rows, image.columns), 77, dtype=np.uint8)
    plain = np.asarray(draw_overlay(marker, replace(image, calcifications=(), clusters=()), ALGORITHM))
    return int(np.nonzero((plain[:, 0] == 77).all(axis=1))[0][0])


def test_the_view_is_there_at_full_size_and_as_stored(view, image):
    overlay = np.asarray(draw_overlay(view, image, ALGORITHM))
    top = band_above(image)
    shown = overlay[top : top + 600, :500]
    untouched = (shown == view[..., None]).all(axis=2)
    assert untouched.mean() > 0.95
    assert untouched[-1].all(), "nothing is drawn below the last row of the view"


def test_no_label_covers_a_calcification(view, image):
    overlay = np.asarray(draw_overlay(view, image, ALGORITHM))
    top = band_above(image)
    for mark in image.calcifications:
        row, column = round(mark.row), round(mark.column)
        region = np.s_[row - 2 : row + 3, column - 2 : column + 3]
        shown = overlay[top : top + 600, :500][region]
        assert (shown == view[region][..., None]).all()


@given(random_findings.images())
@settings(max_examples=15)
def test_any_findings_can_be_drawn(image):
    overlay = draw_overlay(np.zeros((image.rows, image.columns), dtype=np.uint8), image, ALGORITHM)
    assert overlay.mode == "RGB"
    assert overlay.height > image.rows
    assert overlay.width >= image.columns


def test_clusters_are_magnified_beside_the_view_at_most_four(view):
    places = [(300.0, 250.0), (310.0, 262.0), (322.0, 240.0), (100.0, 90.0)]
    widths = [draw_overlay(view, findings(600, 500, places, n), ALGORITHM).width for n in (1, 4, 9)]
    assert min(widths) > 500 + 200
    assert widths[1] == widths[2]
    without = replace(findings(600, 500, places), clusters=())
    assert draw_overlay(view, without, ALGORITHM).width == 500


def test_colours_differ_for_people_who_see_only_brightness_or_two_colours():
    colours = [style.CLUSTER, style.CALCIFICATION, style.ISOLATED]
    assert len({*colours}) == 3
    # Blue against yellow and orange is told apart with any common deficiency.
    blue = [colour[2] for colour in colours]
    assert blue[1] > 2 * max(blue[0], blue[2])


@pytest.mark.parametrize(("pixel_mm", "width"), [(0.07, 640), (0.05, 800), (0.1, 200), (0.25, 100)])
def test_the_scale_bar_is_as_long_as_it_says(pixel_mm, width):
    length = scale_bar_length(width, pixel_mm)
    picture = Image.new("RGB", (1000, 120))
    draw_scale_bar(picture, (20, 100), width, pixel_mm, 20)
    row = np.asarray(picture)[100].max(axis=1)
    drawn = np.nonzero(row > 100)[0]
    assert length / pixel_mm <= width
    assert drawn[-1] - drawn[0] + 1 == pytest.approx(length / pixel_mm, abs=3)


@pytest.mark.parametrize(
    ("spacing_mm", "told"),
    [
        ((0.07, 0.07), "Spacing 0.07 mm at detector. "),
        ((0.1, 0.05), "0.1 mm between rows, 0.05 mm between columns, at detector; scale bars hold across, not down. "),
        ((0.05, 0.1), "0.05 mm between rows, 0.1 mm between columns, at detector; scale bars hold across, not down. "),
    ],
)
def test_the_overlay_tells_both_spacings_and_its_bars_measure_across(view, image, monkeypatch, spacing_mm, told):
    words, lines = [], []
    draw_words, draw_bar = overlay_file.draw_lines, ImageDraw.ImageDraw.line

    def note_words(canvas, corner, text, *rest):
        words.extend(text)
        return draw_words(canvas, corner, text, *rest)

    def note_bar(canvas, points, fill=None, width=0, joint=None):
        if len(points) == 4 and fill == style.TEXT:
            lines.append(points[2][0] - points[1][0])
        draw_bar(canvas, points, fill, width, joint)

    monkeypatch.setattr(overlay_file, "draw_lines", note_words)
    monkeypatch.setattr(ImageDraw.ImageDraw, "line", note_bar)
    draw_overlay(view, replace(image, clusters=(), spacing_mm=spacing_mm), ALGORITHM)
    assert told in " ".join(words)
    assert lines == [scale_bar_length(0.25 * image.columns, spacing_mm[1]) / spacing_mm[1]]


def test_a_scale_bar_that_does_not_fit_is_a_millimetre():
    assert scale_bar_length(3, 1.0) == 2
    assert scale_bar_length(0.5, 1.0) == 1


def test_text_is_wrapped_inside_its_width():
    text = "MCDetect 0.1.0, bundle default, operating point balanced. Research use only; not a medical device."
    lines = wrap(text, 16, 200)
    assert " ".join(lines) == text
    assert len(lines) > 2
    assert all(style.font(16).getlength(line) <= 200 for line in lines)


def test_a_picture_of_another_size_is_refused(image):
    with pytest.raises(ValueError, match="shape"):
        draw_overlay(np.zeros((10, 10), dtype=np.uint8), image, ALGORITHM)


def test_the_same_findings_give_the_same_file(tmp_path, view, image):
    for name in ("one.png", "two.png"):
        save_overlay(tmp_path / name, draw_overlay(view, image, ALGORITHM))
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert Image.open(tmp_path / "one.png").format == "PNG"


def test_a_full_field_view_with_many_findings_is_drawn_in_seconds(tmp_path):
    generator = np.random.default_rng(1)
    places = [(float(row), float(column)) for row, column in generator.uniform(900, 1100, (200, 2))]
    view = generator.integers(0, 255, (3328, 2560), dtype=np.uint8)
    begin = time.process_time()
    save_overlay(tmp_path / "overlay.png", draw_overlay(view, findings(3328, 2560, places, 12), ALGORITHM))
    assert time.process_time() - begin < 10
