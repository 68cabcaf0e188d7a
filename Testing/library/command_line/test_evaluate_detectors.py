"""``mcdetect evaluate MODEL --data DIR``: detectors on whole views with truth."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image
from support.miniature_datasets import index_of_all_kinds, write_simulated

from MCDetect.bundles.store import find_bundle
from MCDetect.command_line import main
from MCDetect.inference.detector import Detector
from MCDetect.training.detection.figures import CRITERIA
from MCDetect.training.miniatures import write_miniature

CENTRE = next(iter(CRITERIA))


@pytest.fixture(scope="module")
def examinations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_simulated(tmp_path_factory.mktemp("examinations"), 3, views=2)


def evaluate(model: object, data: Path, output: Path, *more: str) -> int:
    words = ["--data", str(data), "--output", str(output), "--repeats", "20", "--device", "cpu"]
    return main(["evaluate", str(model), *more, *words])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def report(examinations: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("report")
    assert evaluate("default", examinations, output) == 0
    return output


def test_the_shipped_detector_is_judged_on_what_simulate_writes(examinations: Path, report: Path):
    (found,) = json.loads((report / "report.json").read_text())["runs"]
    about, points = found["about"], find_bundle().operating_points
    assert about["bundle_sha256"] == find_bundle().sha256
    assert (about["views"], about["examinations"], about["dataset"]) == (6, 3, "simulated")
    truths = [json.loads(path.read_text())["views"] for path in sorted(examinations.rglob("truth.json"))]
    clusters = sum(len(view["clusters"]) for views in truths for view in views)
    assert about["clusters"] == clusters > 0
    assert about["views without clusters"] == sum(not view["clusters"] for views in truths for view in views) > 0
    assert list(found["clusters"]) == list(CRITERIA)
    for criterion in CRITERIA:
        figures = found["clusters"][criterion]["all"]
        assert figures["clusters"] == clusters
        assert list(figures["operating points"]) == list(points)
        for part in ("by image", "by examination"):
            assert figures[part]["false positives counted on"] == "views without clusters"
            assert set(figures[part]["sensitivity at false positives a view"]) == {"0.1", "0.25", "0.5", "1", "2"}
    single = found["calcifications"]["operating points"]["balanced"]
    assert 0 <= single["sensitivity"]["low"] <= single["sensitivity"]["estimate"] <= 1


def test_tables_page_and_pictures_say_what_the_figures_say(report: Path):
    (found,) = json.loads((report / "report.json").read_text())["runs"]
    rows = rows_of(report / "clusters.csv")
    assert len(rows) == found["about"]["clusters"]
    share = found["clusters"][CENTRE]["all"]["operating points"]["balanced"]["sensitivity"]["estimate"]
    assert sum(int(row["found at balanced"]) for row in rows) / len(rows) == pytest.approx(share, abs=1e-4)
    assert all(0 <= float(row["score"]) <= 1 for row in rows_of(report / "found.csv"))
    pictures = sorted((report / "marked").glob("*.png"))
    assert (report / "report.html").read_text().count("data:image/png;base64,") == len(CRITERIA) + len(pictures)
    assert 0 < len(pictures) <= 4
    assert max(Image.open(pictures[0]).size) <= 1200


def test_what_was_looked_at_is_not_looked_at_again(examinations: Path, report: Path, monkeypatch: pytest.MonkeyPatch):
    before = json.loads((report / "report.json").read_text())
    kept = sorted((report / "found").rglob("*.json"))
    assert len(kept) == 6
    kept[0].write_text("{")  # damaged: this one is looked at again
    looked: list[str] = []
    whole = Detector.analyse
    monkeypatch.setattr(Detector, "analyse", lambda *words: looked.append("one") or whole(*words))
    assert evaluate("default", examinations, report) == 0
    assert looked == ["one"]
    assert json.loads((report / "report.json").read_text()) == before


def test_two_detectors_are_judged_side_by_side_on_a_data_set(tmp_path: Path):
    data = write_miniature("inbreast", tmp_path / "data", index_of_all_kinds(tmp_path / "examinations"))
    tuned = tmp_path / "tuned" / "bundle"
    shutil.copytree(find_bundle().folder, tuned)
    settings = json.loads((tuned / "configs" / "inference.json").read_text())
    settings["operating_points"]["balanced"] = 0.99
    (tuned / "configs" / "inference.json").write_text(json.dumps(settings))
    assert evaluate("default", data, tmp_path / "report", str(tuned.parent), "--dataset", "inbreast") == 0
    one, other = json.loads((tmp_path / "report" / "report.json").read_text())["runs"]
    assert (one["name"], other["name"]) == ("default", str(tuned.parent))
    assert other["about"]["bundle_sha256"] == find_bundle(tuned).sha256 != one["about"]["bundle_sha256"]
    assert one["about"]["clusters"] == other["about"]["clusters"] > 0
    assert set(one["by kind"]) <= {"malignant", "benign", "not known"}
    assert list(one["clusters"][CENTRE]) == ["all"]  # signal-to-noise ratios are not known
    points = [each["clusters"][CENTRE]["all"]["operating points"]["balanced"] for each in (one, other)]
    assert points[1]["sensitivity"]["estimate"] <= points[0]["sensitivity"]["estimate"]
    assert {row["model"] for row in rows_of(tmp_path / "report" / "clusters.csv")} == {"default", other["name"]}


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        (["default"], "default is a detector, which is judged on whole views. Give --data DIR", 2),
        (
            ["default", "--data", "{data}", "--patches", "{data}"],
            "--patches and --data are two different",
            2,
        ),
        (["default", "--dataset", "inbreast"], "--dataset is for detectors on whole views. Give --data DIR too", 2),
        (["default", "--device", "cpu"], "--device is for detectors on whole views", 2),
        (["default", "--spacing", "0.05"], "--spacing is for detectors on whole views", 2),
        (["default", "--data", "{data}", "--spacing", "70"], "70", 2),
        (["default", "--data", "{data}/none"], "none is not a folder", 3),
        (["default", "--data", "{data}"], "has no truth.json", 3),
        (["default", "--data", "{data}", "--dataset", "mine"], "There is no data set 'mine'", 2),
        (["{data}", "--data", "{data}"], "There is no model bundle", 3),
    ],
)
def test_wrong_words_are_told_in_one_sentence(words: list[str], told: str, code: int, tmp_path: Path, capsys):
    (tmp_path / "data").mkdir()
    given = [word.format(data=tmp_path / "data") for word in words]
    assert main(["evaluate", *given, "--output", str(tmp_path / "report")]) == code
    error = " ".join(capsys.readouterr().err.split())
    assert told in error
    assert "Traceback" not in error
    assert not (tmp_path / "report").exists()


def test_views_that_cannot_be_used_are_told_and_the_others_judged(examinations: Path, tmp_path: Path, capsys):
    data = tmp_path / "data"
    shutil.copytree(examinations, data)
    first, second, *rest = sorted(data.rglob("*.dcm"))
    first.write_bytes(b"no picture")
    second.unlink()
    for image in rest[2:]:
        image.unlink()
    assert evaluate("default", data, tmp_path / "report") == 0
    error = " ".join(capsys.readouterr().err.split())
    assert f"Left out: {first}" in error
    assert f"{second} is missing, though" in error
    (found,) = json.loads((tmp_path / "report" / "report.json").read_text())["runs"]
    assert (found["about"]["views"], found["about"]["views left out"]) == (2, 1)
    assert len(found["problems"]) == 4
    for image in rest[:2]:
        image.write_bytes(b"no picture")
    assert evaluate("default", data, tmp_path / "other") == 3
    assert "None of the 3 images can be used" in " ".join(capsys.readouterr().err.split())
