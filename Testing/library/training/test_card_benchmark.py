"""Few figures of the benchmark travel with a bundle, and only with the one that they are of."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from MCDetect.bundles.store import Bundle, find_bundle
from MCDetect.training.card_benchmark import (
    BENCHMARK,
    benchmark_summary,
    benchmark_text,
    captions,
    failures_text,
)
from MCDetect.training.default_bundle import read_scores
from MCDetect.training.default_card import DRAWN, write_card


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    return json.loads((DRAWN / "results.json").read_text(encoding="utf-8"))


@pytest.fixture
def copy(tmp_path: Path) -> Bundle:
    shutil.copytree(find_bundle("default").folder, tmp_path / "bundle")
    return find_bundle(tmp_path / "bundle")


def test_the_shipped_bundle_holds_the_figures_of_the_shipped_document(results: dict[str, Any]) -> None:
    assert read_scores(find_bundle("default"), BENCHMARK) == json.loads(json.dumps(benchmark_summary(results)))


def test_the_summary_tells_sensitivities_failures_and_what_the_pictures_show(results: dict[str, Any]) -> None:
    changed = json.loads(json.dumps(benchmark_summary(results)))
    changed["frozen set"] = {"all": {"clusters": 7, "0.5": AREA, "1": AREA}}
    changed["kinds above noise"] = {
        "rim": AREA | {"clusters": 4, "estimate": 0.5},
        "popcorn": AREA | {"clusters": 9, "estimate": 4 / 9},
    }
    changed["called benign"] = {"benign": 2, "found": 30}
    changed["missed"] = [
        {"view": 3, "morphology": "popcorn", "signal-to-noise ratio": 5.3, "calcifications": 5, "marked": 0}
    ]
    changed["false"] = [{"view": 8, "score": 0.9}]
    assert "| all (7) | 0.900 [0.800-1.000] | 0.900 [0.800-1.000] |" in benchmark_text(changed)
    told = failures_text(changed)
    assert "- popcorn clusters above noise: 4 of 9 found, at 1 false positive a view." in told
    assert "rim" not in told
    assert "- 2 of 30 suspicious clusters found at `balanced` are reported as typically benign." in told
    assert captions(changed) == (
        "Missed: view 3: 5 popcorn calcifications of signal-to-noise ratio 5.3, 0 of them marked. "
        "Suspicious and false, some below the default operating point: view 8: score 0.90."
    )


def test_without_real_views_the_card_is_silent_of_them(results: dict[str, Any]) -> None:
    summary = benchmark_summary(results | {"injected set": None, "by eye": None})
    assert "real mammograms" not in benchmark_text(summary)
    assert "Real view" not in failures_text(summary)
    assert "Real view" in failures_text(benchmark_summary(results))


def test_figures_of_other_weights_are_neither_taken_nor_left(
    copy: Bundle, results: dict[str, Any], tmp_path: Path
) -> None:
    scores = read_scores(copy)
    assert scores is not None
    (tmp_path / "results.json").write_text(json.dumps(results))
    assert "### Frozen sets of the project" in write_card(copy, scores, tmp_path).read_text(encoding="utf-8")
    (tmp_path / "results.json").write_text(json.dumps(results | {"bundle": {"name": "x", "sha256": "0" * 64}}))
    assert "### Frozen sets" not in write_card(copy, scores, tmp_path).read_text(encoding="utf-8")
    assert not (copy.folder / "docs" / BENCHMARK).exists()
    assert read_scores(copy, BENCHMARK) is None
    for damaged in ("[]", "{", json.dumps({"bundle_sha256": "0" * 64})):
        (copy.folder / "docs" / BENCHMARK).write_text(damaged)
        assert read_scores(replace(copy), BENCHMARK) is None


AREA = {"estimate": 0.9, "low": 0.8, "high": 1.0}
