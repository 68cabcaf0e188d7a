"""The overview of a batch: its counts, its plot, and what it lists."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from MCDetect.cohort import overview
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.overview import write_overview
from MCDetect.cohort.records import FileRecord, ImageRow, Outcome
from MCDetect.findings import Algorithm, Refusal

ALGORITHM = Algorithm("MCDetect", "1", "b", "0" * 64, "balanced", 0.3, "cpu (PyTorch, fp32)")
IMAGE = ImageRow("1.2", "R", "CC", 0.0, 0, 0, 0.0, 0)
SCORES = [0.0, 0.0, 0.02, 0.31, 0.33, 0.34, 0.97, 1.0]  # two of each in the examinations 1 to 4
SECONDS = [1.0, 2.0, 2.1, 10.0]


@pytest.fixture
def manifest(tmp_path):
    """Return a manifest of four examinations with results, one that failed, and a file without a study."""
    with Manifest(tmp_path) as made:
        lost = Refusal("/no", "no-study", "/no names no study.", "Export it again.")
        made.take_files([FileRecord(f"/{number}", 1, 1, f"1.2.{number}") for number in range(1, 6)], 1)
        made.take_files([FileRecord("/no", 1, 1, "", lost)], 1)
        made.group(1)
        for index, examination in enumerate(made.pending(9)):
            outcome = Outcome(examination.signature, "x", ALGORITHM, bytes_read=500_000_000)
            if index < 4:
                images = [replace(IMAGE, score=s, clusters=int(s >= 0.3)) for s in SCORES[2 * index : 2 * index + 2]]
                made.finish(examination, replace(outcome, images=tuple(images), seconds=SECONDS[index]))
            else:
                broken = Refusal("/5", "truncated", "/5 is <cut> short.", "Copy it again.")
                made.finish(examination, replace(outcome, refused=(broken,)))
        yield made


@pytest.fixture
def page(manifest, tmp_path):
    """Return a function that writes the page and returns its text."""

    def write(problems=()):
        write_overview(tmp_path / "overview.html", manifest, ALGORITHM, problems)
        return (tmp_path / "overview.html").read_text()

    return write


def bars(text, name):
    """Return the heights of the bars of a histogram in the plot, in units of the picture."""
    picture = ET.fromstring(text[text.index("<svg") : text.index("</svg>") + len("</svg>")])
    heights = []
    for index in range(20):
        (group,) = picture.iterfind(f".//*[@id='{name}-{index}']")
        (path,) = group.iterfind("{http://www.w3.org/2000/svg}path")
        places = [float(y) for y in re.findall(r"[ML] \S+ (\S+)", path.get("d"))]
        heights.append(max(places) - min(places))
    return heights


def test_the_bars_of_the_plot_are_the_scores_and_the_times(page):
    text = page()
    for name, values, most in (("scores", SCORES, 1.0), ("seconds", SECONDS, 10.0)):
        expected = [0] * 20
        for value in values:
            expected[min(int(value / most * 20), 19)] += 1
        heights = bars(text, name)
        unit = max(heights) / max(expected)
        assert unit > 1
        assert heights == pytest.approx([count * unit for count in expected], abs=0.01)


def test_the_counts_are_those_of_the_manifest(page):
    cells = dict(re.findall(r'<tr><td>([^<]*)</td><td class="number">([^<]*)</td></tr>', page()))
    assert cells == {
        "Examinations found": "5",
        "Examinations analysed": "4",
        "Examinations in which nothing could be analysed": "1",
        "Views analysed": "8",
        "Views with at least one cluster": "5",
        "Examinations with at least one cluster": "3",
        "Hours of workers": "0.00",
        "Gigabytes read": "2.50",
        "no-study": "1",
        "truncated": "1",
    }


def test_the_highest_scores_come_first(page):
    listed = re.findall(r'</a></td><td>R CC</td><td class="number">([^<]*)</td>', page())
    assert listed == ["&gt;0.99", "0.97", "0.34", "0.33", "0.31"]


def test_what_was_not_analysed_is_listed_with_its_reason_and_cannot_become_markup(page):
    text = page((Refusal("/lost", "no-such-file", "/lost does not exist.", "Check the path."),))
    for sentence in ("/lost does not exist.", "/no names no study.", "/5 is &lt;cut&gt; short. Copy it again."):
        assert sentence in text
    assert '<td>no-such-file</td><td class="number">1</td>' in text
    assert "more, in manifest.sqlite" not in text


def test_of_very_many_failures_the_first_are_listed_and_all_are_counted(page, manifest, monkeypatch):
    monkeypatch.setattr(overview, "_MOST_LISTED", 3)
    cut = Refusal("", "truncated", "It is cut short.", "Copy it again.")
    manifest.take_files((FileRecord(f"/cut{number}", 1, 1, "", cut) for number in range(1000)), 1)
    text = page()
    assert '<td>truncated</td><td class="number">1001</td>' in text
    assert "and 999 more, in manifest.sqlite" in text
    assert text.count("It is cut short.") <= 3


def test_the_page_of_nothing_analysed_has_a_plot_without_bars(tmp_path):
    with Manifest(tmp_path) as empty:
        write_overview(tmp_path / "overview.html", empty, ALGORITHM)
    text = (tmp_path / "overview.html").read_text()
    assert bars(text, "scores") == bars(text, "seconds") == [0] * 20
    assert "Everything that was found was analysed." in text
