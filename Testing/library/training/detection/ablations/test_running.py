"""From what the detectors of the arms found to the document, on a set that is made here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from MCDetect.errors import InputError, UsageError
from MCDetect.training.detection.ablations import document, running
from MCDetect.training.detection.ablations.__main__ import main
from MCDetect.training.detection.ablations.arms import ARMS, REFERENCE
from MCDetect.training.detection.ablations.running import AblationSettings, figures, marks_on
from MCDetect.training.detection.looking import THRESHOLD_STEPS, FoundCluster, LookedAt, Mark
from MCDetect.training.detection.patch_areas import AREAS, EQUAL_AREAS
from MCDetect.training.detection.truths import TrueCalcification, TrueCluster, ViewTruth

PLACES = ((100.0, 100.0), (100.0, 110.0), (110.0, 100.0), (112.0, 112.0))
OUTLINE = ((90.0, 90.0), (90.0, 122.0), (122.0, 122.0), (122.0, 90.0))
BLIND = ARMS[1].name
BUNDLE = SimpleNamespace(settings={"default_operating_point": "balanced"}, operating_points={"balanced": 0.5})


def truth(number: int, with_cluster: bool, ratio: float = 8.0) -> ViewTruth:
    calcifications = tuple(TrueCalcification(r, c, 0.3, ratio, 12.0, "punctate") for r, c in PLACES)
    lesions = (calcifications, (TrueCluster(OUTLINE, "punctate", ratio, (0, 1, 2, 3)),)) if with_cluster else ((), ())
    return ViewTruth(400_000 + number, str(number // 2), 0.1, "b", "", *lesions)


def seen(number: int, finds: bool) -> LookedAt:
    false = tuple(Mark(600.0, 600.0 + 20 * k, 0.3, 1.0) for k in range(6))
    marks = (*(Mark(row, column, 0.3, 3.0) for row, column in PLACES), *false) if finds else false
    clusters = (FoundCluster(OUTLINE, 0.9, (3.0,) * 4, {}, False),) if finds else ()
    return LookedAt(400_000 + number, 100.0, (marks,) * len(THRESHOLD_STEPS), clusters, (), ())


TRUTHS = [truth(number, number % 4 < 2) for number in range(16)]
LOOKED = {arm.name: [seen(n, bool(t.clusters) and arm.name != BLIND) for n, t in enumerate(TRUTHS)] for arm in ARMS}

AREA = {"estimate": 0.9, "low": 0.8, "high": 1.0}


@pytest.fixture(autouse=True)
def few_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ("figures", "mark_figures"):
        monkeypatch.setattr(f"MCDetect.training.detection.{room}._REPEATS", 10)


def results(truths: list[ViewTruth] = TRUTHS) -> dict:
    record = {"steps": 5, "minutes": 1.0, "validation_loss": 0.5, "calcification_threshold": 2.0}
    return {
        "software_version": "0",
        "date": "2026-01-01",
        "steps": 5,
        "batch": 8,
        "steps of the recipe": 6000,
        "false marks a view at the threshold": 5.0,
        "false clusters a view at the usual operating point": 0.1,
        "calibration views": running.CALIBRATION_VIEWS,
        "frozen set": dict.fromkeys(
            ("examinations", "views", "views without clusters", "clusters", "clusters above noise"), 4
        ),
        "training": {arm.name: record for arm in ARMS},
        "marks": {arm.name: {"simulated": marks_on(LOOKED[arm.name], BUNDLE)} for arm in ARMS},
        "real background": "quiet",
        "real patches": {"with a cluster": 3, "all": 7},
        AREAS: {arm.name: AREA for arm in ARMS},
        EQUAL_AREAS: {arm.name: AREA for arm in ARMS},
        **figures(truths, LOOKED),
    }


def test_an_arm_that_finds_all_has_one_and_a_blind_one_nought():
    found = figures(TRUTHS, LOOKED)
    assert found["arms"][REFERENCE.name]["all"]["0.5"]["estimate"] == 1.0
    assert found["arms"][REFERENCE.name]["single calcifications"]["2"]["estimate"] == 1.0
    assert found["arms"][BLIND]["above noise"]["1"]["estimate"] == 0.0
    assert found["arms"][BLIND]["single calcifications"]["2"]["estimate"] == 0.0


def test_differences_are_paired_and_less_the_reference():
    found = figures(TRUTHS, LOOKED)["differences"]
    assert set(found) == {arm.name for arm in ARMS[1:]}
    assert found[BLIND]["all"]["1"] == {"estimate": -1.0, "low": -1.0, "high": -1.0}
    assert found[BLIND]["single calcifications"]["2"]["high"] == -1.0
    assert found[ARMS[2].name]["single calcifications"]["2"] == {"estimate": 0.0, "low": 0.0, "high": 0.0}


def test_marks_and_clusters_are_counted_whatever_is_under_them():
    assert marks_on(LOOKED[REFERENCE.name], BUNDLE) == {"marks": 8.0, "clusters": 0.5}
    assert marks_on(LOOKED[BLIND], BUNDLE) == {"marks": 6.0, "clusters": 0.0}


def test_a_folder_without_mammograms_is_refused_before_any_work(tmp_path: Path):
    with pytest.raises(InputError, match="holds no"):
        running.run(AblationSettings(tmp_path, real=tmp_path))
    assert not list(tmp_path.iterdir())


def test_an_arm_with_too_few_false_marks_is_not_compared():
    """At its lowest threshold it would be judged at another rate than the others."""
    silent = [replace(view, marks=((),) * len(THRESHOLD_STEPS)) for view in LOOKED[REFERENCE.name]]
    found = figures(TRUTHS, LOOKED | {BLIND: silent})
    assert found["arms"][BLIND]["single calcifications"] == {"2": None, "5": None}
    assert found["differences"][BLIND]["single calcifications"] == {"2": None, "5": None}


def test_the_document_names_every_arm_and_the_differences_that_are_certain(tmp_path: Path):
    files = document.write_document(results(), tmp_path)
    text = files[0].read_text(encoding="utf-8")
    assert all(text.count(f"| {arm.name} |") >= 3 for arm in ARMS)
    assert f"- {BLIND}: all, at 0.5, less by -1.00" in text
    assert "No interval" not in text
    assert f"{ARMS[-1].name}: quiet is what it was trained on." in text
    assert f"| {BLIND} | 0.900 [0.800–1.000] | 0.900 [0.800–1.000] |" in text
    assert json.loads(files[1].read_text(encoding="utf-8"))["differences"][BLIND]["all"]["1"]["high"] == -1.0


def test_without_real_mammograms_and_patches_the_document_is_silent_of_them():
    text = document.markdown(results() | {"real background": None, "real patches": None})
    assert "trained on." not in text.split("## Marks a view")[1]
    assert "Real patches" not in text


def test_without_a_loud_cluster_the_document_says_nothing_of_them():
    quiet = [replace(t, clusters=tuple(replace(c, signal_to_noise=2.0) for c in t.clusters)) for t in TRUTHS]
    found = results(quiet)
    assert found["arms"][BLIND]["above noise"] is None
    text = document.markdown(json.loads(json.dumps(found, allow_nan=False)))
    assert "| – | – |" in text
    assert "nan" not in text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"examinations": 53}, "frozen set has 52"),
        ({"examinations": 2}, "from 3 to 52"),
        ({"steps": 0}, "at least 1"),
        ({"processes": 0}, "at least 1"),
        ({"workers": -1}, "at least 0"),
    ],
)
def test_impossible_numbers_are_refused_before_any_work(tmp_path: Path, change: dict[str, int], told: str):
    with pytest.raises(UsageError, match=told):
        running.run(AblationSettings(tmp_path, **change))
    assert not list(tmp_path.iterdir())


def test_the_command_tells_it_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--work", str(tmp_path), "--steps", "0"]) == 3
    assert "at least 1" in " ".join(capsys.readouterr().err.split())
