"""What ``mcdetect`` tells people and programs: the end of every call, and foreign text as it stands."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from support.sample_files import write_mammogram

from MCDetect.command_line import main
from MCDetect.commands.tables import findings_table
from MCDetect.findings import Algorithm, Findings, ImageFindings, SpacingSource
from MCDetect.inference.detector import Detector
from MCDetect.pictures.overlay import draw_overlay

ENDS = {
    ZeroDivisionError("Secret"): (3, "internal-error", "An unexpected error stopped the command (ZeroDivisionError)."),
    KeyboardInterrupt("Secret"): (130, "stopped", "Stopped."),
}


@pytest.mark.parametrize(("cause", "ending"), ENDS.items(), ids=lambda value: type(value).__name__)
def test_the_last_json_line_is_an_error_whatever_ends_the_call(detect, mammogram, monkeypatch, cause, ending):
    def end(*_arguments, **_options):
        raise cause

    monkeypatch.setattr("MCDetect.results.ResultWriter.finish", end)
    outcome = detect(mammogram, options=["--progress", "json"])
    last = outcome.lines[-1]
    assert last["event"] == "error"
    assert (outcome.code, last["code"], last["message"]) == ending
    assert "Secret" not in outcome.stdout + outcome.stderr
    assert outcome.stderr.count("\n") == 1, "one line"


def test_results_name_every_device_that_the_networks_ran_on(detect, tmp_path, monkeypatch):
    analyse, algorithm = Detector.analyse, Detector.algorithm
    device, drawn = ["cuda"], []

    def analyse_until_the_memory_is_full(detector, mammogram, *rest):
        if mammogram.laterality == "L":
            device[0] = "cpu"
        return analyse(detector, mammogram, *rest)

    def draw(picture, image, algorithm):
        drawn.append(algorithm.device)
        return draw_overlay(picture, image, algorithm)

    monkeypatch.setattr(Detector, "analyse", analyse_until_the_memory_is_full)
    monkeypatch.setattr(Detector, "algorithm", lambda *words: replace(algorithm(*words), device=device[0]))
    monkeypatch.setattr("MCDetect.pictures.overlay.draw_overlay", draw)
    for number, side in enumerate("RL"):
        write_mammogram(tmp_path / f"{number}.dcm", ImageLaterality=side)
    outcome = detect(tmp_path / "0.dcm", tmp_path / "1.dcm", options=["--formats", "json,png"])
    assert drawn == ["cuda", "cpu"]
    assert outcome.findings["algorithm"]["device"] == "cuda and cpu"


@pytest.mark.parametrize("spacing", ["5", "0.31"])
def test_a_spacing_that_no_image_has_is_wrong_use_and_nothing_is_written(detect, mammogram, capsys, spacing):
    outcome = detect(mammogram, options=["--spacing", spacing])
    assert outcome.code == 2
    assert not outcome.output.exists()
    assert f"A pixel spacing of {spacing} mm is too coarse for a mammogram" in outcome.stderr
    assert main(["info", str(mammogram), "--spacing", spacing]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"A pixel spacing of {spacing} mm is too coarse for a mammogram" in captured.err


@pytest.mark.parametrize("name", ["a[/x].dcm", "scan[copy].dcm", "[bold]scan.dcm", ":cat:.dcm"])
def test_info_shows_foreign_text_as_it_stands(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    Path("a[").mkdir()  # the slash makes the first name a file in a folder
    write_mammogram(Path(name), Manufacturer="Maker [/red] [blue]")
    assert main(["info", name]) == 0
    told = capsys.readouterr().out
    assert name in told
    assert "Maker [/red] [blue]" in told


@pytest.mark.parametrize("name", ["a[/x].dcm", "scan[copy].dcm", ":cat:.dcm"])
def test_refusals_and_files_show_foreign_text_as_it_stands(detect, mammogram, tmp_path, capsys, name):
    folder = tmp_path / name
    outcome = detect(folder, mammogram, output=folder.with_suffix(""), options=["--formats", "json"])
    assert outcome.code == 1
    assert str(folder) in outcome.stderr
    assert f"  {folder.with_suffix('') / 'findings.json'}" in outcome.stdout.splitlines()
    assert main(["info", str(folder)]) == 3
    assert str(folder) in capsys.readouterr().err


def test_the_table_shows_foreign_text_as_it_stands():
    algorithm = Algorithm("MCDetect", "0.1.0", "default", "0" * 64, "[/point] :cat:", 0.5, "cpu")
    image = ImageFindings(
        "2.25.1", "", "2.25.2", "2.25.3", "R", "[red] [/CC]", 9, 9, (0.1, 0.1),
        SpacingSource.AT_DETECTOR, 0.0, 1.0, (), (),
    )  # fmt: skip
    console = Console(file=StringIO(), width=120)
    console.print(findings_table(Findings(algorithm, (image,), ())))
    shown = console.file.getvalue()
    assert "[/point] :cat:" in shown
    assert "R [red] [/CC]" in shown
