"""The picture report: each finding is numbered in the overview, and looks and is named the same there and magnified."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

pytest.importorskip("reportlab")

from MCDetect.bi_rads import Morphology
from MCDetect.pictures import style
from MCDetect.review import picture_report
from MCDetect.review.hanging import Flips
from MCDetect.review.picture_parts import on_page, place_of_number


@pytest.fixture
def page(session, tmp_path, monkeypatch):
    """Return the texts and the pictures of the report of a review: one rejected, one benign, two as found."""
    first, second, *_ = (cluster.tracking_uid for _, cluster in session.shown_findings())
    session.reject(first, "scratch")
    session.set_morphology(second, Morphology.ROUND)
    texts, pictures = [], []
    write, place = picture_report._Page._text, picture_report._Page._place

    def wrote(self, x, y, text, *rest, **named):
        texts.append((text, x, y))
        write(self, x, y, text, *rest, **named)

    def placed(self, picture, box):
        pictures.append((np.asarray(picture).astype(int), box))
        place(self, picture, box)

    monkeypatch.setattr(picture_report._Page, "_text", wrote)
    monkeypatch.setattr(picture_report._Page, "_place", placed)
    written = picture_report.write_picture_report(tmp_path / "report", session.findings(), session.examination)
    assert written.read_bytes().startswith(b"%PDF")
    return session, texts, pictures


def count_of(picture, colour) -> int:
    return int((abs(picture - colour).max(axis=2) < 40).sum())


def test_every_outline_of_the_overview_has_its_number(page):
    session, texts, pictures = page
    numbers = sorted(text for text, _, _ in texts if text.isdigit())
    assert numbers == sorted(str(cluster.id) for image in session.findings().images for cluster in image.clusters)
    boxes = [box for _, box in pictures[: len(session.examination.views)]]
    for _, x, y in (entry for entry in texts if entry[0].isdigit()):
        assert any(b[0] <= x <= b[0] + b[2] and b[1] <= y <= b[1] + b[3] for b in boxes)


def test_a_rejected_and_a_benign_finding_look_the_same_in_the_overview_and_magnified(page):
    session, _, pictures = page
    overview = [picture for picture, _ in pictures[: len(session.examination.views)]]
    magnified = [picture for picture, _ in pictures[len(overview) :]]
    for colour in (style.REJECTED, style.BENIGN):
        assert sum(count_of(picture, colour) > 5 for picture in overview) == 1
        assert sum(count_of(picture, colour) > 5 for picture in magnified) >= 1


def test_decision_reason_and_benign_type_are_said_in_words(page):
    _, texts, _ = page
    said = " | ".join(text for text, _, _ in texts)
    assert "REJECTED" in said
    assert "scratch" in said
    assert "typically benign: round" in said


@pytest.mark.parametrize("flips", [Flips(a, b) for a in (False, True) for b in (False, True)])
def test_a_place_of_a_picture_lies_on_the_page_as_it_hangs(flips):
    x, y = on_page((20.0, 10.0), (100, 50), flips, (200.0, 300.0, 50.0, 25.0))
    assert x == (240.0 if flips.horizontal else 210.0)
    assert y == (305.0 if flips.vertical else 320.0)


def test_numbers_of_findings_side_by_side_and_at_the_border_are_inside_and_apart():
    box = (0.0, 0.0, 100.0, 200.0)
    taken: list[tuple[float, float]] = []
    for left in (0, 3, 90, 97):
        corners = [(left, 195.0), (left + 3, 195.0), (left + 3, 200.0), (left, 200.0)]
        x, y, width, height = place_of_number("12", corners, box, taken)
        assert 0 <= x <= 100 - width
        assert 0 <= y <= 200 - height
        taken.append((x, y))
    for (x, y), (u, v) in itertools.combinations(taken, 2):
        assert abs(x - u) >= width or abs(y - v) >= height
