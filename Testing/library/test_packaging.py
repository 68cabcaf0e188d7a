"""What is installed: by pip, and by CMake into 3D Slicer."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


def expected_files(repository: Path) -> set[str]:
    """Return the files of the package that must be installed."""
    package = repository / "MCDetect"
    kinds = (".py", ".json", ".yaml", ".pt", ".typed")
    return {
        path.relative_to(repository).as_posix()
        for path in package.rglob("*")
        if path.suffix in kinds and "__pycache__" not in path.parts
    }


@pytest.mark.slow
def test_the_wheel_holds_the_whole_package_and_nothing_else(repository, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(repository / name, source)
    shutil.copytree(repository / "MCDetect", source / "MCDetect", ignore=shutil.ignore_patterns("__pycache__"))
    words = ["-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--quiet", "-w", str(tmp_path)]
    run = subprocess.run([sys.executable, *words, str(source)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    (wheel,) = tmp_path.glob("mcdetect-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    packaged = {name for name in names if name.startswith("MCDetect/")}
    assert expected_files(repository) <= packaged
    assert {name.split("/")[0] for name in names - packaged} == {wheel.name.rpartition("-py3")[0] + ".dist-info"}


def test_texts_for_readers_name_the_same_version_and_licence(repository):
    from MCDetect.version import __version__

    citation = (repository / "CITATION.cff").read_text("utf-8")
    assert f"version: {__version__}\n" in citation
    assert "license: Apache-2.0\n" in citation
    assert "Apache License" in (repository / "LICENSE").read_text("utf-8")
    assert 'license = "Apache-2.0"' in (repository / "pyproject.toml").read_text("utf-8")


def test_every_link_in_the_texts_leads_to_a_file(repository):
    for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md"):
        text = (repository / name).read_text("utf-8")
        for target in re.findall(r"\]\((?!https?:|#)([^)]+)\)", text):
            assert (repository / target).is_file(), f"{name} links to {target}"
