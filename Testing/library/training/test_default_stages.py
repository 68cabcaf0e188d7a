"""Stages are done once, timed only where they were timed whole, and done again where something before them changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from MCDetect.training.default_stages import Stages, note_seconds, timed


def run(folder: Path, *depends_on: object) -> list[str]:
    """Run a stage for each, named a, b, ...; return those that were really done."""
    done: list[str] = []
    stages = Stages(folder)
    for name, value in zip("abc", depends_on, strict=False):
        stages.run(name, value, lambda name=name: done.append(name))
    return done


def test_a_stage_is_done_again_when_it_or_one_before_it_changes(tmp_path: Path):
    assert run(tmp_path, 1, 2, 3) == ["a", "b", "c"]
    assert run(tmp_path, 1, 2, 3) == []
    assert run(tmp_path, 1, 20, 3) == ["b", "c"]
    assert run(tmp_path, 10, 20, 3) == ["a", "b", "c"]


def test_a_stage_that_failed_is_done_again_and_its_time_is_not_known(tmp_path: Path):
    stages = Stages(tmp_path)
    assert stages.run("a", 1, lambda: None) is not None
    with pytest.raises(OSError, match="no space"):
        stages.run("b", 2, raising)
    assert run(tmp_path, 1, 2) == ["b"]
    assert json.loads((tmp_path / "stages.json").read_text())["b"]["seconds"] is None


def raising() -> None:
    raise OSError("no space")


def test_a_stage_whose_views_were_there_is_not_timed(tmp_path: Path):
    (tmp_path / "views").mkdir()
    assert Stages(tmp_path).run("a", 1, lambda: None, tmp_path / "views") is not None
    (tmp_path / "views" / "1.npy").touch()
    assert Stages(tmp_path).run("a", 2, lambda: None, tmp_path / "views") is None


def test_a_damaged_list_of_stages_has_all_done_again(tmp_path: Path):
    run(tmp_path, 1, 2)
    (tmp_path / "stages.json").write_text("[")
    assert run(tmp_path, 1, 2) == ["a", "b"]


def test_seconds_are_noted_beside_those_of_other_stages(tmp_path: Path):
    record = tmp_path / "docs" / "training.json"
    note_seconds(tmp_path, "types", 1.0)
    assert not record.exists()  # a bundle of another origin has no record, and gets none
    record.parent.mkdir()
    record.write_text(json.dumps({"backgrounds": 3, "seconds": {"thresholds": 5.0}}))
    with timed(tmp_path, "types", tmp_path / "views", "make types"):
        pass
    found = json.loads(record.read_text())
    assert found["backgrounds"] == 3
    assert found["seconds"]["thresholds"] == 5.0
    assert found["seconds"]["types"] >= 0.0
    assert found["commands"]["types"].startswith("`make types`, software ")
