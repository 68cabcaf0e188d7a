"""``mcdetect`` beside ``detect``: help, info, bundles; and that it starts at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.sample_files import write_mammogram

from MCDetect.bundles.store import Bundle, shipped_bundles
from MCDetect.command_line import main
from MCDetect.commands.bundles import summary
from MCDetect.version import __version__

HEAVY = ("numpy", "pydicom", "torch", "monai", "rich", "PIL", "scipy")


@pytest.mark.parametrize(
    "statement", ["import MCDetect", "from MCDetect.command_line import build_parser; build_parser()"]
)
def test_nothing_heavy_is_imported_before_it_is_needed(statement):
    code = f"import sys; {statement}; print(*(name for name in {HEAVY} if name in sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def test_the_help_answers_at_once():
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        run = subprocess.run([sys.executable, "-m", "MCDetect", "--help"], capture_output=True, text=True, check=True)
        times.append(time.perf_counter() - begin)
    assert all(command in run.stdout for command in ("detect", "simulate", "bundles", "info"))
    # Starting Python itself takes a part of this; the best of three is little disturbed by other work.
    assert min(times) < 0.5 + _start_of_python()


def _start_of_python() -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", ""], check=True)
    return time.perf_counter() - begin


@pytest.mark.parametrize("command", ["detect", "info", "simulate"])
def test_the_help_says_that_a_given_spacing_goes_before_that_of_the_header(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "it goes before what" in " ".join(capsys.readouterr().out.split())


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"mcdetect {__version__}\n"


def test_info_says_what_was_understood_and_nothing_about_the_patient(mammogram, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["info", str(mammogram)]) == 0
    told = capsys.readouterr().out
    assert all(words in told for words in ("right", "CC", "at detector", "For Presentation", "MONOCHROME2"))
    assert not [secret for secret in ("Secret", "SECRET", "1960", "20200304") if secret in told]


def test_info_goes_on_after_a_file_that_cannot_be_read(mammogram, tmp_path, capsys):
    (tmp_path / "list.txt").write_text("shopping")
    assert main(["info", str(tmp_path / "list.txt"), str(mammogram)]) == 1
    captured = capsys.readouterr()
    assert "list.txt" in captured.err
    assert "MONOCHROME2" in captured.out
    assert main(["info", str(tmp_path / "list.txt")]) == 3


def test_info_takes_a_spacing_for_files_without(tmp_path, capsys):
    path = write_mammogram(tmp_path / "image.dcm", ImagerPixelSpacing=None)
    assert main(["info", str(path)]) == 3
    captured = capsys.readouterr()
    assert "does not say how many millimetres" in captured.err
    assert "unknown" in next(line for line in captured.out.splitlines() if "Pixel spacing" in line)
    assert "MONOCHROME2" in captured.out  # the rest was understood
    assert " mm" not in captured.out
    assert main(["info", str(path), "--spacing", "0.08"]) == 0
    assert "given by user" in capsys.readouterr().out


def test_bundles_lists_hash_operating_points_and_scores(own_bundle, monkeypatch, capsys):
    (own_bundle / "docs").mkdir()
    sensitivity = {"sensitivity": {"estimate": 0.87654, "low": 0.7, "high": 0.95}}
    area = {"area_under_curve": {"estimate": 0.91234}}
    scores = {"simulated": {"all": {"balanced": sensitivity}}, "real_patches": {"cases": 71, "a network": area}}
    (own_bundle / "docs" / "scores.json").write_text(json.dumps(scores))
    bundle = Bundle("bright", own_bundle)
    monkeypatch.setattr("MCDetect.bundles.store.shipped_bundles", lambda: [bundle])
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["bundles"]) == 0
    told = capsys.readouterr().out
    assert all(words in told for words in (bundle.sha256, "balanced", "(default)", "0.300", "README.md"))
    lines = [line.strip() for line in told.splitlines()]
    assert lines[lines.index("simulated, all:") + 1] == "sensitivity 0.877 [0.700-0.950]"
    assert lines[lines.index("real patches, a network:") + 1] == "area under curve 0.912"


@pytest.mark.parametrize("width", ["80", None])
def test_bundles_loses_no_value_in_80_columns_and_in_a_pipe(monkeypatch, capsys, width):
    if width is None:
        monkeypatch.delenv("COLUMNS", raising=False)
    else:
        monkeypatch.setenv("COLUMNS", width)
    assert main(["bundles"]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    for bundle in shipped_bundles():
        assert f"SHA-256: {bundle.sha256}" in lines
        assert "Intended use: Research. Not a medical device; not for diagnosis." in lines
        assert f"Model card: {bundle.folder / 'docs' / 'README.md'}" in lines
        assert f"All scores: {bundle.folder / 'docs' / 'scores.json'}" in lines
        for name, threshold in bundle.operating_points.items():
            assert [
                line for line in lines if line.startswith(f"Operating point {name}: cluster score from {threshold:.3f}")
            ]
        scores = json.loads((bundle.folder / "docs" / "scores.json").read_text())
        default = bundle.settings["default_operating_point"]
        told = summary(scores, default)
        assert told
        assert {(f"{name}:", values) for name, values in told} <= set(pairwise(lines))


def test_scores_that_cannot_be_read_are_told(own_bundle, monkeypatch, capsys):
    (own_bundle / "docs").mkdir()
    (own_bundle / "docs" / "scores.json").write_text("{")
    monkeypatch.setattr("MCDetect.bundles.store.shipped_bundles", lambda: [Bundle("bright", own_bundle)])
    assert main(["bundles"]) == 3
    assert "scores.json" in capsys.readouterr().err


def test_a_damaged_bundle_is_told(own_bundle, monkeypatch, capsys):
    (own_bundle / "configs" / "inference.json").write_text("{")
    monkeypatch.setattr("MCDetect.bundles.store.shipped_bundles", lambda: [Bundle("bright", own_bundle)])
    assert main(["bundles"]) == 3
    assert "inference.json" in capsys.readouterr().err


def test_a_package_without_bundles_is_told(monkeypatch, capsys):
    monkeypatch.setattr("MCDetect.bundles.store.shipped_bundles", list)
    assert main(["bundles"]) == 3
    assert "No models are installed" in capsys.readouterr().err


def test_the_program_is_installed_beside_python():
    from importlib.metadata import entry_points

    (entry,) = entry_points(group="console_scripts", name="mcdetect")
    assert entry.load() is main


def test_info_goes_on_after_a_file_without_spacing_that_is_no_mammogram(mammogram, tmp_path, capsys):
    screen = np.zeros((256, 256, 3), dtype=np.uint8)
    screen[..., 0] = np.arange(256)
    Image.fromarray(screen).save(tmp_path / "colour.png")
    assert main(["info", str(tmp_path / "colour.png"), str(mammogram)]) == 1
    captured = capsys.readouterr()
    assert "does not say how many millimetres" in captured.err
    assert "colour" in captured.err.splitlines()[1].replace("colour.png", "")
    assert "MONOCHROME2" in captured.out


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are text")
def test_info_shows_a_name_that_is_no_text(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(b"caf\xe9.dcm")
    write_mammogram(Path(name))
    assert main(["info", name, f"no {name}"]) == 1
    captured = capsys.readouterr()
    assert "caf\\xe9.dcm" in captured.out
    assert "no caf\\xe9.dcm does not exist" in captured.err
