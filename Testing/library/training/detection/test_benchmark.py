"""From what was found in views to the document, on a set that is made here: no network, no simulation."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from MCDetect.errors import InputError, UsageError
from MCDetect.evaluation.hits import Candidate
from MCDetect.inference.cluster_score import cluster_features
from MCDetect.training.detection import benchmark
from MCDetect.training.detection.aims import aims_table
from MCDetect.training.detection.benchmark import BenchmarkSettings
from MCDetect.training.detection.cluster_figures import REPORTED, calibration_with_reported, cluster_figures
from MCDetect.training.detection.document import markdown
from MCDetect.training.detection.figures import CRITERIA, match_views
from MCDetect.training.detection.injected_figures import injected_figures, injected_groups
from MCDetect.training.detection.looking import THRESHOLD_STEPS, FoundCluster, LookedAt, Mark
from MCDetect.training.detection.mark_figures import (
    calcification_figures,
    cluster_bound,
    found_at_own_thresholds,
    marks_per_view,
)
from MCDetect.training.detection.plots import draw_plots
from MCDetect.training.detection.sorting import missed_clusters, missed_table, sorting_figures, sorting_table
from MCDetect.training.detection.suspicious import suspicious_figures
from MCDetect.training.detection.systems import BUNDLE, LAPLACIAN, NAMES, calibrate_baselines, candidates_of
from MCDetect.training.detection.truths import TrueCalcification, TrueCluster, ViewTruth
from MCDetect.training.detection.vascular import vascular_figures

SETTINGS = {"clusters": {"linking_distance_mm": 5.0, "minimum_count": 3, "outline_margin_mm": 1.0}}
POINTS = {"balanced": 0.5}
PLACES = ((100.0, 100.0), (100.0, 110.0), (110.0, 100.0), (112.0, 112.0))
FAR = tuple((row + 600, column) for row, column in PLACES)


def outline(places: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    rows, columns = zip(*places, strict=True)
    low, high = (min(rows) - 10, min(columns) - 10), (max(rows) + 10, max(columns) + 10)
    return (low, (low[0], high[1]), high, (high[0], low[1]))


def truth(number: int, with_cluster: bool) -> ViewTruth:
    calcifications = tuple(TrueCalcification(r, c, 0.3, 8.0, 12.0, "punctate") for r, c in PLACES)
    cluster = TrueCluster(outline(PLACES), "punctate", 8.0, (0, 1, 2, 3))
    lesions = (calcifications, (cluster,)) if with_cluster else ((), ())
    return ViewTruth(400_000 + number, str(number // 2), 0.1, "abcd"[number % 4], "", *lesions)


def seen(number: int, places: tuple[tuple[float, float], ...], score: float) -> LookedAt:
    logits = tuple(3.0 - 0.1 * k for k in range(len(places)))
    marks = tuple(Mark(row, column, 0.3, logit) for (row, column), logit in zip(places, logits, strict=True))
    features = cluster_features(logits, 0.0, [score]) if places else {}
    clusters = (FoundCluster(outline(places), score, logits, features, False),) if places else ()
    patches = (Candidate(outline(places), 10 * score),) if places else ()
    laplacian = (*marks, Mark(900.0, 900.0, 0.3, 0.1))
    return LookedAt(400_000 + number, 100.0, (marks,) * len(THRESHOLD_STEPS), clusters, laplacian, patches)


TRUTHS = [truth(number, number % 4 < 2) for number in range(12)]
LOOKED = [
    seen(number, PLACES if t.clusters else FAR if number == 2 else (), 0.9 if t.clusters else 0.3)
    for number, t in enumerate(TRUTHS)
]


@pytest.fixture(scope="module")
def results() -> dict:
    with pytest.MonkeyPatch.context() as patch:
        for room in ("figures", "mark_figures", "suspicious", "vascular"):
            patch.setattr(f"MCDetect.training.detection.{room}._REPEATS", 10)
        return score_all()


def score_all() -> dict:
    baselines = calibrate_baselines(LOOKED, TRUTHS, SETTINGS, 5.0)
    found = {
        name: [candidates_of(name, v, t, SETTINGS, baselines) for v, t in zip(LOOKED, TRUTHS, strict=True)]
        for name in NAMES
    }
    return {
        "seeds": [t.seed for t in TRUTHS],
        "bundle": {"name": "test", "sha256": "0" * 64},
        "software_version": "0",
        "date": "2026-01-01",
        "frozen set": benchmark._about(TRUTHS, {}),
        "clusters": cluster_figures(TRUTHS, found, POINTS),
        "ideal observer, three calcifications of a cluster": cluster_bound(TRUTHS, LOOKED),
        "calcifications": calcification_figures(TRUTHS, LOOKED),
        "vascular calcifications": vascular_figures(TRUTHS, LOOKED, 0.0, 0.5),
        "calibration": calibration_with_reported(TRUTHS, found[BUNDLE], POINTS),
        "default operating point": "balanced",
        "suspicious clusters": suspicious_figures(TRUTHS, LOOKED, POINTS),
        "sorting": sorting_figures(TRUTHS, LOOKED, 0.5),
        "missed clusters above noise": missed_clusters(TRUTHS, LOOKED, 0.95),
        "baselines": {"calibration views": [20, 16]},
        "simulated views without clusters": marks_per_view(LOOKED[2:4], POINTS),
        "injected set": None,
        "real views": None,
        "by eye": None,
        "real patches": None,
        "simulator": {"version": "1.2", "of the training": "1.1"},
        "realism": {
            "real": [],
            "simulated": [
                dict.fromkeys(("beta", "skewness", "kurtosis"), 1.0) | {f"power_{f}": 100.0 for f in (1, 2, 5)}
            ],
        },
    }


def test_a_perfect_detector_has_a_sensitivity_of_one(results):
    values = results["clusters"][BUNDLE]["centre within the outline dilated by 5 mm"]["all"]
    assert values["sensitivity at false positives a view"]["0.1"]["estimate"] == 1.0
    assert (
        results["clusters"]["operating points"]["intersection over union at least 0.2"]["balanced"]["sensitivity"][
            "estimate"
        ]
        == 1.0
    )


def test_the_laplacian_is_grouped_and_scored_by_the_same_rules(results):
    values = results["clusters"][LAPLACIAN]["centre within the outline dilated by 5 mm"]["all"]
    assert values["sensitivity at false positives a view"]["2"]["estimate"] == 1.0


def test_single_calcifications_are_found_where_they_are(results):
    figures = results["calcifications"]
    assert figures["calcifications"] == 4 * 6
    assert figures["MCDetect"]["sensitivity at false marks a view"]["10"]["estimate"] == 1.0
    assert figures["MCDetect"]["at 10 false marks a view"]["centre error"]["mean_mm"] == 0.0
    assert figures["ideal observer"]["10"] == pytest.approx(1.0, abs=1e-3)


def test_marks_too_weak_to_stand_alone_are_not_counted_as_such():
    marked = [view for view, t in zip(LOOKED, TRUTHS, strict=True) if t.clusters]
    each = len(PLACES)
    assert marks_per_view(marked, POINTS)["marks a view"]["mean"] == each
    third = sorted((mark.logit for mark in marked[0].marks[0]), reverse=True)[2]
    assert marks_per_view(marked, POINTS, third)["marks a view"]["mean"] == 3
    assert marks_per_view(marked, POINTS, third)["marks a cm²"]["mean"] == pytest.approx(3 / 100)
    found = found_at_own_thresholds(TRUTHS, LOOKED, third)
    assert found["sensitivity"]["estimate"] == 1.0
    assert found["sensitivity by themselves"]["estimate"] == pytest.approx(3 / each)


def test_every_figure_can_be_written_as_json(results):
    assert json.loads(json.dumps(results, allow_nan=False))["bundle"]["name"] == "test"


def test_the_document_says_what_was_measured_and_what_was_skipped(results):
    text = markdown(results)
    assert "12 views of 6 examinations" in text
    assert "no folder of real mammograms was given" in text
    assert "nan" not in text


def on_real(same: int) -> dict:
    """Return what a run with real mammograms adds: here the same views stand for them."""
    truths, looked = TRUTHS[:2], LOOKED[:2]
    thresholds = {"0.5 false positives a simulated view": 0.5, "1 false positives a simulated view": 0.2}
    candidates = [[Candidate(one.outline, one.score) for one in view.clusters] for view in looked]
    matched = {name: match_views(truths, candidates, rule) for name, rule in CRITERIA.items()}
    own = {name: injected_figures(views, thresholds) for name, views in matched.items()}
    document = {
        "mammograms": 1,
        "views": 2,
        "mammograms as they were frozen": 1,
        "views as they were frozen": same,
        "calcifications": found_at_own_thresholds(truths, looked, 0.0),
        "groups": injected_groups(matched, thresholds),
        **dict.fromkeys(NAMES, own),
    }
    views = marks_per_view(looked, POINTS)
    by_eye = {
        "absent": None,
        "seen": {
            "places called": 60,
            "certain": 9,
            "marked": 8,
            "marks": 3,
            "wrong": 1,
            "marks by class": {"edge": 1},
            "groups": [],
            "bodies": [{"kind": "rod", "marks": [{"length_mm": 2.0, "type": None}]}],
        },
    }
    clusters = {name: {"real": {"0.5": 1, "1": 3}} for name in NAMES}
    real = {"each": {"real": views}, "all": views, "clusters at false positives a simulated view": clusters}
    return {"injected set": document, "real views": real, "by eye": by_eye}


def test_the_injected_set_is_told_by_groups_and_by_both_criteria(results):
    text = markdown(results | on_real(same=2))
    assert "2 of the 2 views with what was put in have the grey values" in text
    assert "another set" not in text
    for criterion in CRITERIA:
        assert f"Hit: {criterion}." in text
    assert "| punctate | 1.00 [1.00–1.00], 2 |" in text
    assert "| 5 to 10 | 1.00 [1.00–1.00], 2 |" in text
    assert "| 0 to 3 | – |" in text
    assert "| 0 | 1.00, 2 |" in text  # the mammogram, without an interval
    assert "| seen | 8 of 9 | 3 | 1 | edge 1 |" in text
    assert "| absent | not among the files |" in text


def test_figures_of_another_injected_set_are_marked_as_such(results):
    assert "**These figures are of another set than the frozen one:**" in markdown(results | on_real(same=1))


def test_the_aims_name_the_morphologies_that_could_not_be_measured(results):
    row = next(line for line in aims_table(results).splitlines() if "each morphology" in line)
    assert "punctate 1.00 (n = 6)" in row
    assert "amorphous not measurable (n = 0)" in row
    assert "no clusters of these kinds in the set: vascular, skin" in row
    assert row.endswith("| where measurable |")


def test_the_calibration_is_told_of_all_candidates_and_of_those_that_are_reported(results):
    row = next(line for line in aims_table(results).splitlines() if "calibration" in line)
    assert "all 7 candidates: 0.129 [" in row  # six of 0.9 that are right, one of 0.3 that is not
    assert "the 6 from `balanced` (0.500) up, which can be reported: 0.100 [" in row
    assert row.endswith("| no by all candidates; no by those that can be reported |")
    assert results["calibration"][REPORTED]["bins"] == [(0.9, 1.0, 6)]


def test_a_calibration_without_candidates_to_report_is_no_number():
    nothing = [() for _ in TRUTHS]
    found = calibration_with_reported(TRUTHS, nothing, POINTS)
    assert found[REPORTED]["expected calibration error"] is None
    assert found["share right"] is None


def test_plots_are_pictures(results, tmp_path):
    for path in draw_plots(results, tmp_path):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_an_impossible_number_of_examinations_is_refused(tmp_path):
    with pytest.raises(UsageError, match="52 examinations"):
        benchmark.run(BenchmarkSettings(work=tmp_path, examinations=53))


def test_a_folder_without_mammograms_is_refused_before_any_work(tmp_path):
    with pytest.raises(InputError, match="holds no"):
        benchmark.run(BenchmarkSettings(work=tmp_path, real=tmp_path))
    assert not list(tmp_path.iterdir())


def test_sorting_counts_clusters_found_and_those_reported_as_benign():
    benign = [
        replace(view, clusters=tuple(replace(one, is_benign=number % 4 == 0) for one in view.clusters))
        for number, view in enumerate(LOOKED)
    ]
    figures = sorting_figures(TRUTHS, benign, 0.5)
    assert figures == {"by morphology": {"punctate": [6, 6, 3]}, "false clusters": [0, 0]}
    assert sorting_figures(TRUTHS, benign, 0.2)["false clusters"] == [1, 0]
    assert sorting_figures(TRUTHS, benign, 0.95)["by morphology"]["punctate"] == [6, 0, 0]
    assert "| punctate | 6 | 6 | 3 |" in sorting_table(figures)


def test_suspicious_clusters_that_are_called_benign_are_counted_and_lost():
    kind = "fine pleomorphic"
    truths = [replace(t, clusters=tuple(replace(c, kind=kind) for c in t.clusters)) for t in TRUTHS]
    looked = [
        replace(view, clusters=tuple(replace(one, is_benign=number % 4 == 0) for one in view.clusters))
        for number, view in enumerate(LOOKED)
    ]
    figures = suspicious_figures(truths, looked, POINTS)
    called = figures["called benign"]["balanced"]
    assert (called["found"], called["benign"], called["share"]["estimate"]) == (6, 3, 0.5)
    for parts in figures["froc"].values():
        rates = {
            name: part["above noise"]["sensitivity at false positives a view"]["1"] for name, part in parts.items()
        }
        assert rates["reported as suspicious"]["estimate"] == 0.5
        assert rates["reported, however sorted"]["estimate"] == 1.0


def test_without_suspicious_clusters_nothing_is_said_of_them(results):
    called = results["suspicious clusters"]["called benign"]["balanced"]
    assert called == {"threshold": 0.5, "found": 0, "benign": 0, "share": None}


def test_vascular_calcifications_are_found_along_their_length():
    vessel = TrueCalcification(300.0, 300.0, 6.0, 5.0, None, "vascular")
    truths = [replace(t, calcifications=(*t.calcifications, vessel)) for t in TRUTHS]
    beside = Mark(320.0, 300.0, 0.3, 2.0)  # 2 mm from its middle, of which it has 3
    looked = [
        replace(view, marks=((*view.marks[0], *((beside,) if number < 3 else ())), *view.marks[1:]))
        for number, view in enumerate(LOOKED)
    ]
    figures = vascular_figures(truths, looked, 2.5, 0.5)
    assert figures["vascular calcifications"] == 12
    assert figures["marked, at the calcification threshold"]["estimate"] == 0.25
    assert figures["marked, at the threshold of marks that stand alone"]["estimate"] == 0.0
    assert figures["in a cluster that is reported"]["estimate"] == 0.0
    assert 0 < figures["marked by chance"] < 0.05
    assert vascular_figures(TRUTHS, LOOKED, 0.0, 0.5)["in a cluster that is reported"] is None


def test_of_a_missed_cluster_it_is_told_how_many_of_its_calcifications_are_marked():
    assert missed_clusters(TRUTHS, LOOKED, 0.5) == []
    assert missed_table([]) == "None was missed."
    marked = missed_clusters(TRUTHS, LOOKED, 0.95)
    assert [(one["calcifications"], one["marked"]) for one in marked] == [(4, 4)] * 6
    blind = [replace(view, clusters=(), marks=((),) * len(THRESHOLD_STEPS)) for view in LOOKED]
    assert {one["marked"] for one in missed_clusters(TRUTHS, blind, 0.5)} == {0}
    assert "| 400000 | punctate | 8.0 | 4 | 4 | 4 |" in missed_table(marked)
    faint = missed_clusters(TRUTHS, LOOKED, 0.95, least_single=math.inf)
    assert {(one["marked"], one["could be members"]) for one in faint} == {(0, 4)}
