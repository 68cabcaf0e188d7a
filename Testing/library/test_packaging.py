"""What is installed: by pip, and by CMake into 3D Slicer."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

FAKE_SLICER = """
set(Slicer_USE_FILE "${CMAKE_CURRENT_LIST_DIR}/UseSlicer.cmake")
set(Slicer_EXTENSION_GENERATE_CONFIG "${CMAKE_CURRENT_LIST_DIR}/GenerateConfig.cmake")
set(Slicer_EXTENSION_CPACK "${CMAKE_CURRENT_LIST_DIR}/CPack.cmake")
set(Slicer_INSTALL_ROOT "./")
set(Slicer_QTSCRIPTEDMODULES_LIB_DIR "lib/Slicer-5.12/qt-scripted-modules")
"""


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


@pytest.mark.skipif(shutil.which("cmake") is None, reason="needs cmake")
@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_cmake_installs_the_package_beside_the_scripted_modules_of_slicer(repository, tmp_path):
    slicer = tmp_path / "Slicer"
    slicer.mkdir()
    (slicer / "SlicerConfig.cmake").write_text(FAKE_SLICER)
    for name in ("UseSlicer", "GenerateConfig", "CPack"):
        (slicer / f"{name}.cmake").touch()
    build, prefix = tmp_path / "build", tmp_path / "installed"
    configure = ["cmake", "-S", str(repository), "-B", str(build), f"-DSlicer_DIR={slicer}"]
    for words in (configure, ["cmake", "--install", str(build), "--prefix", str(prefix)]):
        run = subprocess.run(words, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
    modules = prefix / "lib" / "Slicer-5.12" / "qt-scripted-modules"
    installed = {path.relative_to(modules).as_posix() for path in modules.rglob("*") if path.is_file()}
    assert expected_files(repository) <= installed
    assert not [name for name in installed if "__pycache__" in name]
    # Slicer takes any Python file in this folder for a module.
    assert not list(modules.glob("*.py"))


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
