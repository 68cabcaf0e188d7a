"""Everything but detection works where PyTorch and MONAI are not installed, and detection then asks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import slicer
from support.absent_pytorch import path_without_pytorch
from support.slicer_application import MessageBox
from support.waiting_for_slicer import opened, until

STORY = (
    "test_module.py::test_the_self_test_passes",
    "test_module.py::test_a_line_that_is_drawn_becomes_a_cluster",
    "test_export.py::test_an_export_goes_into_the_folder_and_into_the_database",
    "test_export.py::test_a_picture_report_is_written",
)


@pytest.fixture
def without_pytorch(tmp_path):
    """Return a PYTHONPATH with which no Python, and no child of it, finds PyTorch."""
    return path_without_pytorch(tmp_path)


def test_reading_reviewing_and_exporting_work(without_pytorch, repository):
    here = Path(__file__).parent
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(str(here / test) for test in STORY)]
    environment = {**os.environ, "PYTHONPATH": without_pytorch}
    probe = [sys.executable, "-c", "import importlib.util; print(importlib.util.find_spec('torch'))"]
    assert subprocess.run(probe, env=environment, capture_output=True, text=True, check=True).stdout == "None\n"
    done = subprocess.run(words, cwd=repository, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


def test_detecting_opens_the_dialog_and_goes_on_without_a_sound_when_it_is_declined(
    application, without_pytorch, mammogram, monkeypatch, request
):
    monkeypatch.setenv("PYTHONPATH", without_pytorch)
    module = request.getfixturevalue("module")
    seat = opened(application, module, mammogram)
    MessageBox.answer = "Not now"
    seat.panel.detect()
    until(application, lambda: bool(MessageBox.shown))
    assert "PyTorch" in MessageBox.shown[0].text()
    until(application, lambda: not seat.panel.is_detecting)
    assert slicer.packaging.installed == set()
    assert application.told == []


def test_a_pytorch_that_is_there_and_does_not_load_is_told_and_not_asked_for_again(
    application, without_pytorch, mammogram, monkeypatch, request
):
    from SlicerMCDetectLib import installing

    monkeypatch.setenv("PYTHONPATH", without_pytorch)
    wanted = slicer.packaging.load_requirements(installing.REQUIREMENTS)
    slicer.packaging.installed = {"torch", *(one.name for one in wanted)}
    seat = opened(application, request.getfixturevalue("module"), mammogram)
    seat.panel.detect()
    until(application, lambda: bool(application.told))
    assert "PyTorch" in application.told[0][0]
    assert MessageBox.shown == []
    assert not seat.panel.is_detecting
