from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from MCDetect.errors import InputError
from MCDetect.evaluation.classification import Answers, figures, sensitivity_at_specificity, slope_one_point
from MCDetect.evaluation.froc import ScoredImage
from MCDetect.evaluation.hits import Candidate, Truth
from MCDetect.evaluation.marked_images import free_response, read_marks, write_marks
from MCDetect.evaluation.predictions import Prediction, read_predictions, write_predictions
from MCDetect.evaluation.report import Scored, write_report

SQUARE = ((0.0, 0.0), (0.0, 10.0), (10.0, 10.0), (10.0, 0.0))
FAR = tuple((row + 500.0, column) for row, column in SQUARE)


def predictions(scores: list[float], labels: list[int]) -> list[Prediction]:
    return [
        Prediction(
            f"image{number // 2}.dcm", f"p{number // 2}", (("view", "CC" if number % 2 else "MLO"),), label, (1 - s, s)
        )
        for number, (s, label) in enumerate(zip(scores, labels, strict=True))
    ]


SCORES, LABELS = [0.9, 0.6, 0.4, 0.7, 0.2, 0.1, 0.3, 0.05], [1, 1, 1, 0, 0, 0, 0, 0]
MIXED = predictions(SCORES, LABELS)


def test_figures_are_those_counted_by_hand():
    found = figures(Answers.of(MIXED), repeats=50)
    by_hand = {
        "accuracy": 6 / 8,
        "sensitivity": 2 / 3,
        "specificity": 4 / 5,
        "precision": 2 / 3,
        "F1": 2 / 3,
        "MCC": (2 * 4 - 1 * 1) / np.sqrt(3 * 3 * 5 * 5),
        "AUC": 13 / 15,
        "sensitivity at specificity 0.8": 1.0,
        "false positives an image": 1 / 4,
        "Brier score": np.mean([(s - label) ** 2 for s, label in zip(SCORES, LABELS, strict=True)]),
    }
    assert {name: figure["estimate"] for name, figure in found.items()} == pytest.approx(by_hand)
    assert all(figure["low"] <= figure["estimate"] <= figure["high"] for figure in found.values())


def test_an_image_that_is_drawn_twice_counts_twice():
    # Every image has one false positive, so every resample has one an image.
    always = [Prediction(f"i{n // 2}", f"p{n // 4}", (), n % 2, (0.1, 0.9)) for n in range(24)]
    found = figures(Answers.of(always), repeats=50)["false positives an image"]
    assert (found["estimate"], found["low"], found["high"]) == pytest.approx((1.0, 1.0, 1.0))


def test_three_classes_are_judged_by_the_last_and_by_the_mean_of_all():
    three = [Prediction(f"{n}", f"{n}", (), n % 3, tuple(np.roll([0.8, 0.15, 0.05], n % 3))) for n in range(9)]
    found = figures(Answers.of(three), repeats=20)
    assert found["accuracy"]["estimate"] == found["AUC, mean of all classes"]["estimate"] == 1.0


def test_figures_that_are_not_defined_are_left_out():
    found = figures(Answers.of(predictions([0.2, 0.4], [0, 0])), repeats=20)
    assert "AUC" not in found
    assert "sensitivity" not in found
    assert found["specificity"]["estimate"] == 1.0


def test_the_point_of_slope_one_has_the_highest_sum_of_sensitivity_and_specificity():
    point = slope_one_point(Answers.of(MIXED))
    assert point == pytest.approx({"threshold": 0.4, "sensitivity": 1.0, "specificity": 0.8})


def test_sensitivity_falls_with_the_specificity_that_is_asked_for():
    truth, score = np.array(LABELS), np.array(SCORES)
    assert sensitivity_at_specificity(truth, score, 1.0) == pytest.approx(1 / 3)
    assert sensitivity_at_specificity(truth, score, 0.8) == 1.0


def test_predictions_come_back_as_they_were_written(tmp_path: Path):
    write_predictions(tmp_path / "p.csv", ("normal", "cluster"), MIXED)
    classes, read = read_predictions(tmp_path / "p.csv")
    assert classes == ("normal", "cluster")
    assert [one.patient for one in read] == [one.patient for one in MIXED]
    assert [one.subgroups for one in read] == [one.subgroups for one in MIXED]
    assert np.allclose([one.probabilities for one in read], [one.probabilities for one in MIXED])


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "image,patient,subgroups,class,a,b\ni,p,,c,0.1,0.9\n"])
def test_another_table_is_refused(tmp_path: Path, text: str):
    (tmp_path / "p.csv").write_text(text)
    for path in (tmp_path / "p.csv", tmp_path / "missing.csv"):
        with pytest.raises(InputError):
            read_predictions(path)


def test_free_response_counts_found_regions_and_false_tiles(tmp_path: Path):
    images = [
        ScoredImage("a", (Candidate(SQUARE, 0.9), Candidate(FAR, 0.5)), (Truth(SQUARE),), (0.07, 0.07)),
        ScoredImage("b", (Candidate(FAR, 0.2),), (), (0.07, 0.07)),
    ]
    write_marks(tmp_path / "marks.json", images)
    assert read_marks(tmp_path / "marks.json") == images
    found = free_response(images)
    assert found is not None
    assert found["points"] == [(0.0, 1.0), (0.5, 1.0), (1.0, 1.0)]
    assert free_response(images[1:]) is None
    (tmp_path / "marks.json").write_text("[{}]")
    with pytest.raises(InputError):
        read_marks(tmp_path / "marks.json")


def test_the_report_compares_runs_and_says_what_flatters(tmp_path: Path):
    about = {"dataset": "simulated", "split": "patient"}
    marks = (ScoredImage("a", (Candidate(SQUARE, 0.9),), (Truth(SQUARE),), (0.07, 0.07)),)
    extras = {"filters": {"measured": {"mean": {"psnr": 30.5}}, "published": {"mean": {"psnr": 36.95}}}}
    published = {"auc": 0.987, "view": {"CC": 0.444}}
    honest = Scored("ours", ("normal", "cluster"), tuple(MIXED), marks, about, published, extras)
    leaking = Scored("<theirs>", ("normal", "cluster"), tuple(MIXED), (), {**about, "split": "paper"})
    document, page = write_report(tmp_path, [honest, leaking], repeats=20)
    first, second = json.loads(document.read_text())["runs"]
    assert first["confusion"] == second["confusion"] == [[4, 1], [1, 2]]
    of_view = first["subgroups"]["view"]["CC"]
    assert of_view["examples"] == 4
    assert of_view["accuracy"]["estimate"] == 0.75
    assert of_view["accuracy"]["low"] <= 0.75 <= of_view["accuracy"]["high"]
    assert [loss["number"] for loss in first["top losses"]][:2] == [3, 2]
    assert first["froc"]["truths"] == 1
    html = page.read_text()
    assert "(published: 0.987)" in html
    assert "30.5 <span>(published: 36.95)</span>" in html
    assert "<td>0.444</td>" in html
    assert "Top losses" in html
    assert "&lt;theirs&gt;" in html
    assert html.count("class='warning'") == 1
    assert html.count("data:image/png;base64,") == 7  # ROC, confusion matrix and calibration of both, one FROC


def test_a_figure_that_is_not_defined_is_named_as_such_in_the_report(tmp_path: Path):
    nothing_found = [Prediction(f"{n}", f"{n}", (), n % 2, (0.9, 0.1)) for n in range(6)]
    _, page = write_report(tmp_path, [Scored("timid", ("normal", "cluster"), tuple(nothing_found))], repeats=20)
    html = page.read_text()
    assert "<tr><td>precision</td><td>not defined</td></tr>" in html  # its own table
    assert html.count("not defined") == 2  # and the table of all runs


def test_a_figure_that_no_resample_has_is_left_out():
    # Of two patients, one with and one without a cluster, many a resample has one of them only.
    two = [Prediction(f"{n}", f"{n}", (), n, (1 - n, n)) for n in range(2)]
    found = [figures(Answers.of(two), repeats=1, seed=seed) for seed in range(8)]
    assert {"AUC" in one for one in found} == {True, False}
    assert all(one["accuracy"]["estimate"] == 1.0 for one in found)


def test_the_sensitivity_at_a_specificity_is_that_of_the_best_threshold_allowed():
    # With each negative a positive is passed: the curve is straight, and its corners alone are not enough.
    truth = np.array([1, 0] * 10)
    score = np.repeat(np.arange(10, 0, -1), 2) / 10
    assert sensitivity_at_specificity(truth, score, 0.8) == pytest.approx(0.2)


def test_a_positive_tile_that_touches_a_region_is_no_false_positive():
    tile = ((0.0, 0.0), (0.0, 224.0), (224.0, 224.0), (224.0, 0.0))
    region = ((215.0, 215.0), (215.0, 300.0), (300.0, 300.0), (300.0, 215.0))
    beyond = tuple((row + 30, column + 30) for row, column in region)
    marked = ScoredImage("a", (Candidate(tile, 0.9),), (Truth(region),), (0.07, 0.07))
    found, missed = free_response([marked]), free_response([replace(marked, truths=(Truth(beyond),))])
    assert found is not None
    assert missed is not None
    assert (found["points"], missed["points"]) == ([(0.0, 1.0)], [(1.0, 0.0)])
