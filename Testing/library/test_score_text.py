"""A score never claims certainty, and reads the same wherever people see it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from support.review_examples import ALGORITHM, many_findings
from support.sample_files import write_mammogram

import MCDetect
from MCDetect.commands.tables import findings_table
from MCDetect.findings import Findings, Origin
from MCDetect.review.examination import open_examination
from MCDetect.review.overlay.styles import label_of
from MCDetect.score_text import MEANING, cluster_score_text, score_text, threshold_text


@pytest.mark.parametrize(
    ("score", "text"),
    [(0, "<0.01"), (0.004, "<0.01"), (0.0051, "0.01"), (0.5, "0.50"), (0.994, "0.99"), (0.996, ">0.99"), (1, ">0.99")],
)  # fmt: skip
def test_a_score_has_two_digits_and_is_never_zero_or_one(score, text):
    assert score_text(score) == text


@given(some.floats(0, 1))
def test_no_score_reads_as_certainty(score):
    text = score_text(score)
    assert "%" not in text
    if text[0] not in "<>":
        assert 0 < float(text) < 1
        assert abs(float(text) - score) <= 0.00501


@given(some.floats(0, 1))
def test_a_threshold_reads_as_zero_or_one_only_where_it_is(threshold):
    shown = float(threshold_text(threshold))
    assert (shown in (0, 1)) == (threshold in (0, 1))
    assert shown == pytest.approx(threshold, rel=0.006)


@pytest.mark.parametrize(
    ("threshold", "text"), [(0.263, "0.263"), (0.5, "0.5"), (0.999665, "0.9997"), (0.0, "0"), (1.0, "1")]
)
def test_a_threshold_has_as_many_digits_as_it_needs(threshold, text):
    assert threshold_text(threshold) == text


@pytest.fixture
def image(tmp_path):
    found = many_findings(open_examination([write_mammogram(tmp_path / "1.dcm")]).views[0])
    return replace(found, clusters=(replace(found.clusters[0], score=0.9964, origin=Origin.ALGORITHM),))


def test_a_cluster_that_a_reader_drew_has_no_score(image):
    (cluster,) = image.clusters
    assert cluster_score_text(cluster) == ">0.99"
    assert cluster_score_text(replace(cluster, origin=Origin.READER, score=1.0), "drawn") == "drawn"
    assert cluster_score_text(replace(cluster, origin=Origin.READER, score=0.3), "drawn") == "0.30"


def test_the_label_in_a_view_and_the_table_of_the_command_line_say_the_same(image):
    (cluster,) = image.clusters
    assert label_of(cluster).startswith(f"{cluster.id}: >0.99")
    # Not an R, which means right beside a mammogram.
    drawn = replace(cluster, origin=Origin.READER, score=1.0, morphology=None)
    assert label_of(drawn) == f"{cluster.id}: drawn"
    table = findings_table(Findings(ALGORITHM, (image,)))
    assert ">0.99" in list(table.columns[-1].cells)
    assert MEANING in str(table.caption)


def test_no_other_place_formats_a_score_for_people():
    """What machines read has its own digits: MCDetect.dicom.writing gives Certainty of Finding in per cent."""
    formatted = re.compile(r"\{[^{}]*(score|threshold)[^{}]*:\.\d*[fg]\}|100 \* (\w+\.)*score")
    package = Path(MCDetect.__file__).parent
    machines = {"dicom/writing", "training", "evaluation"}
    found = [
        f"{path.relative_to(package)}: {line.strip()}"
        for path in sorted(package.rglob("*.py"))
        if not any(path.relative_to(package).as_posix().startswith(folder) for folder in machines)
        and path.name not in {"score_text.py", "bundles.py"}
        for line in path.read_text().splitlines()
        if formatted.search(line)
    ]
    assert found == []
