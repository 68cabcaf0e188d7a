"""What ``mcdetect`` tells people and programs: the end of every call, and foreign text as it stands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.sample_files import write_mammogram

from MCDetect.command_line import main
from MCDetect.inference.detector import Detector


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


def test_results_name_the_device_that_the_networks_ran_on_in_the_end(detect, tmp_path, monkeypatch):
    analyse, algorithm = Detector.analyse, Detector.algorithm
    device, drawn = ["cuda"], []

    def analyse_until_the_memory_is_full(detector, mammogram, *rest):
        if mammogram.laterality == "L":
            device[0] = "cpu"
        return analyse(detector, mammogram, *rest)

    def draw(_path, _picture, _image, algorithm):
        drawn.append(algorithm.device)

    monkeypatch.setattr(Detector, "analyse", analyse_until_the_memory_is_full)
    monkeypatch.setattr(Detector, "algorithm", lambda *words: replace(algorithm(*words), device=device[0]))
    monkeypatch.setattr("MCDetect.pictures.overlay.write_overlay", draw)
    for number, side in enumerate("RL"):
        write_mammogram(tmp_path / f"{number}.dcm", ImageLaterality=side)
    outcome = detect(tmp_path / "0.dcm", tmp_path / "1.dcm", options=["--formats", "json,png"])
    assert drawn == ["cuda", "cpu"]
    assert outcome.findings["algorithm"]["device"] == "cpu"


@pytest.mark.parametrize("spacing", ["5", "2.01"])
def test_a_spacing_that_no_image_has_is_wrong_use_and_nothing_is_written(detect, mammogram, capsys, spacing):
    outcome = detect(mammogram, options=["--spacing", spacing])
    assert outcome.code == 2
    assert not outcome.output.exists()
    assert f"A pixel spacing of {spacing} mm is not possible." in outcome.stderr
    assert main(["info", str(mammogram), "--spacing", spacing]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"A pixel spacing of {spacing} mm is not possible." in captured.err
