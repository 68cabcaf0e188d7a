"""A finished bundle takes the place of another whole; one that is unfinished or cannot be put there changes nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from MCDetect.bundles.store import find_bundle
from MCDetect.errors import ModelError, OutputError
from MCDetect.training import default_install
from MCDetect.training.default_bundle import provisional_settings, write_settings
from MCDetect.training.default_install import install, main


def scored(folder: Path) -> Path:
    """Give a copy of the shipped bundle scores and a card of its own hash."""
    shutil.copytree(find_bundle().folder, folder)
    docs, sha256 = folder / "docs", find_bundle(folder).sha256
    (docs / "scores.json").write_text(json.dumps({"bundle_sha256": sha256}))
    (docs / "README.md").write_text(f"The card of {sha256}.")
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = scored(tmp_path / "package" / "bundles" / "default")
    (folder / "old.txt").touch()
    return folder


@pytest.fixture
def new(tmp_path: Path) -> Path:
    folder = scored(tmp_path / "bundle")
    (folder / "new.txt").touch()
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("at_once", [True, False], ids=["exchanged", "renamed twice"])
def test_the_new_bundle_is_there_whole_and_nothing_of_the_old_one(
    place: Path, new: Path, monkeypatch: pytest.MonkeyPatch, *, at_once: bool
):
    if not at_once:
        monkeypatch.setattr(default_install, "_exchanged", lambda first, second: False)
    assert install(new, place).folder == place
    assert "new.txt" in names(place)
    assert "old.txt" not in names(place)
    assert "new.txt" in names(new)  # what was installed stays where it was made
    assert names(place.parent) == {"default"}
    assert names(place.parent.parent) == {"bundles"}


def test_a_bundle_is_installed_where_none_was(tmp_path: Path, new: Path):
    (tmp_path / "package" / "bundles").mkdir(parents=True)
    assert install(new, tmp_path / "package" / "bundles" / "default").sha256 == find_bundle().sha256


def test_a_place_that_cannot_be_written_keeps_what_it_has(place: Path, new: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(first: Path, second: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(default_install, "_exchanged", lambda first, second: False)
    whole, asked = Path.rename, []

    def rename(self: Path, target: Path) -> Path:
        asked.append(self.name)
        return refuse(self, target) if len(asked) == 2 else whole(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(OutputError, match="could not be replaced: Read-only file system"):
        install(new, place)
    assert "old.txt" in names(place)
    assert names(place.parent.parent) == {"bundles"}


def without_types(folder: Path) -> None:
    (folder / "configs" / "morphology.json").unlink()


def without_thresholds(folder: Path) -> None:
    write_settings(folder, provisional_settings())


def with_other_thresholds(folder: Path) -> None:
    path = folder / "configs" / "inference.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "calcification_threshold": 0.25}))


def without_card(folder: Path) -> None:
    (folder / "docs" / "README.md").unlink()


def with_other_weights(folder: Path) -> None:
    (folder / "models" / "model.pt").write_bytes(b"other")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (without_types, "it has no configs/morphology.json"),
        (without_thresholds, "its thresholds are not set"),
        (with_other_thresholds, "those of other weights or thresholds"),
        (without_card, "it has no docs/README.md"),
        (with_other_weights, "is not the file that the bundle was made with"),
    ],
)
def test_an_unfinished_bundle_is_not_installed(place: Path, new: Path, spoil, told: str):
    spoil(new)
    with pytest.raises(ModelError, match=told):
        install(new, place)
    assert "old.txt" in names(place)


def test_the_shipped_bundle_is_not_installed_over_itself(place: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(ModelError, match="in its place already"):
        install(place, place)
    assert main([str(find_bundle().folder)]) == 3
    assert "in its place already" in " ".join(capsys.readouterr().err.split())
    assert main([str(place / "none")]) == 3
    assert "There is no model bundle" in " ".join(capsys.readouterr().err.split())
