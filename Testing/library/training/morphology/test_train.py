"""The command that fits the types of a bundle, on few small views."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from MCDetect.bundles.store import find_bundle
from MCDetect.training.morphology import views
from MCDetect.training.morphology.train import main


def test_too_few_views_are_told_and_the_bundle_keeps_its_types(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "ROWS", 1024)
    monkeypatch.setattr(views, "COLUMNS", 768)
    work, bundle = tmp_path / "work", tmp_path / "bundle"
    work.mkdir()
    for seed in (views.TRAINING_SEEDS[0], views.TEST_SEEDS[0]):
        views._make(seed, work / f"{seed}.npy")
    shutil.copytree(find_bundle().folder, bundle)
    files = [bundle / "configs" / "morphology.json", bundle / "docs" / "training.json"]
    before = [file.read_bytes() for file in files]
    words = ["--bundle", str(bundle), "--work", str(work), "--views", "1", "--test-views", "1", "--processes", "1"]
    assert main(words) == 3
    assert "The views hold no mark of the kind" in " ".join(capsys.readouterr().err.split())
    assert [file.read_bytes() for file in files] == before
