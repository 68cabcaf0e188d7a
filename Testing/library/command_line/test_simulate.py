"""``mcdetect simulate``: its options, and what makes no sense together. Injection: simulation/test_given_view.py."""

from __future__ import annotations

import filecmp
import json

import pydicom
import pytest

from MCDetect.command_line import main
from MCDetect.commands import simulate
from MCDetect.simulation.examination import VIEWS
from MCDetect.simulation.presentation import STYLES
from MCDetect.simulation.tissue import DENSITY_SHARES

SMALL = ["--matrix", "700x520", "--pixel-size", "0.1"]


def refusal(capsys, *words: str) -> str:
    """Return what is said of wrong use, on one line."""
    try:
        code = main(["simulate", *words])
    except SystemExit as stopped:  # argparse
        code = stopped.code
    assert code == 2
    return " ".join(capsys.readouterr().err.split())


def test_simulated_views_and_their_truth_are_written_and_can_be_read(tmp_path, capsys):
    folder = tmp_path / "examination"
    assert main(["simulate", "--output", str(folder), "--views", "1", "--seed", "3", "--clusters", "1", *SMALL]) == 0
    assert str(folder / "RCC.dcm") in capsys.readouterr().out.split()
    assert sorted(path.name for path in folder.iterdir()) == ["RCC.dcm", "truth.json"]
    assert main(["info", str(folder / "RCC.dcm")]) == 0
    captured = capsys.readouterr()
    assert "700" in captured.out
    assert captured.err == ""


def test_fewer_clusters_than_were_asked_for_are_told(tmp_path, capsys):
    assert main(["simulate", "--output", str(tmp_path), "--views", "1", "--clusters", "200", *SMALL]) == 0
    placed = len(json.loads((tmp_path / "truth.json").read_text())["views"][0]["clusters"])
    assert 0 < placed < 200
    assert capsys.readouterr().err == f"RCC.dcm has {placed} of 200 clusters; there was no room for more.\n"


def test_matrix_pixel_size_and_density_are_in_header_and_truth(tmp_path):
    words = ["--matrix", "640x560", "--pixel-size", "0.095", "--density", "d"]
    assert main(["simulate", "--output", str(tmp_path), "--views", "1", *words]) == 0
    header = pydicom.dcmread(tmp_path / "RCC.dcm", stop_before_pixels=True)
    assert (header.Rows, header.Columns, *header.ImagerPixelSpacing) == (640, 560, 0.095, 0.095)
    (view,) = json.loads((tmp_path / "truth.json").read_text())["views"]
    assert (view["rows"], view["columns"], view["spacing_mm"], view["density"]) == (640, 560, 0.095, "d")


def test_without_a_matrix_other_pixels_cover_the_same_field():
    assert simulate._format(None, None) == (3328, 2560, 0.07)
    assert simulate._format(None, 0.1) == (2330, 1792, 0.1)
    assert simulate._format((4096, 3328), None) == (4096, 3328, 0.07)


def test_each_style_gives_another_picture_of_the_same_breast(tmp_path):
    pixels, truths = [], []
    for style in simulate.STYLES:
        words = ["--output", str(tmp_path / style), "--views", "1", "--style", style, *SMALL]
        assert main(["simulate", *words]) == 0
        pixels.append(pydicom.dcmread(tmp_path / style / "RCC.dcm"))
        truths.append(json.loads((tmp_path / style / "truth.json").read_text())["views"][0])
    assert len({image.PixelData for image in pixels}) == len({image.SOPInstanceUID for image in pixels}) == 3
    assert len({truth["breast_area_mm2"] for truth in truths}) == 1
    places = [[(one["row"], one["column"], one["kind"]) for one in truth["calcifications"]] for truth in truths]
    assert places[0]
    assert places[0] == places[1] == places[2]


def test_the_choices_are_those_of_the_simulator():
    # The command names them itself, since the simulator's imports would make every help text wait.
    assert tuple(STYLES) == simulate.STYLES
    assert tuple(DENSITY_SHARES) == simulate.DENSITIES
    assert len(VIEWS) == simulate._VIEWS


def test_two_processes_write_the_same_files_as_one(tmp_path):
    for processes in ("1", "2"):
        words = ["--output", str(tmp_path / processes), "--seed", "8", "--clusters", "1", "--processes", processes]
        assert main(["simulate", *words, *SMALL]) == 0
    names = sorted(path.name for path in (tmp_path / "1").iterdir())
    assert names == ["LCC.dcm", "LMLO.dcm", "RCC.dcm", "RMLO.dcm", "truth.json"]
    same = filecmp.cmpfiles(tmp_path / "1", tmp_path / "2", names, shallow=False)
    assert same == (names, [], [])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--views", "5"], "5 is not a whole number from 1 to 4"),
        (["--views", "0"], "0 is not a whole number from 1 to 4"),
        (["--seed", "-1"], "-1 is not a whole number from 0"),
        (["--clusters", "few"], "few is not a whole number from 0"),
        (["--processes", "0"], "0 is not a whole number from 1"),
        (["--pixel-size", "0.2"], "0.2 is not between 0.05 and 0.1 millimetres"),
        (["--pixel-size", "nan"], "nan is not a positive number"),
        (["--pixel-size", "wide"], "'wide' is not a number"),
        (["--matrix", "3328"], "'3328' is not ROWSxCOLUMNS"),
        (["--matrix", "100x100"], "each from 512 to 6000"),
        (["--matrix", "3328x9999"], "each from 512 to 6000"),
        (["--matrix=-3328x2560"], "is not ROWSxCOLUMNS"),
        (["--density", "e"], "'e'"),
        (["--style", "HOLOGIC"], "'HOLOGIC'"),
        (["--matrix", "4096x3328", "--pixel-size", "0.1"], "are a field of 410 x 333 mm"),
        (["--matrix", "600x600", "--pixel-size", "0.05"], "are a field of 30 x 30 mm"),
        (["--spacing", "0.07"], "--spacing is for a given mammogram only."),
        (["--output", " "], "the path is empty"),
    ],
)
def test_what_has_no_meaning_is_wrong_use_and_writes_nothing(words, told, tmp_path, capsys):
    folder = tmp_path / "examination"
    assert told in refusal(capsys, "--output", str(folder), *words)
    assert not folder.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["--views", "2"],
        ["--objects"],
        ["--pixel-size", "0.07"],
        ["--matrix", "3328x2560"],
        ["--density", "a"],
        ["--style", "soft"],
        ["--processes", "2"],
    ],
)
def test_options_of_simulated_views_are_refused_for_a_given_mammogram(words, tmp_path, capsys):
    folder = tmp_path / "out"
    told = refusal(capsys, "--output", str(folder), "--into", str(tmp_path / "given.dcm"), *words)
    assert f"{words[0]} is for simulated views only." in told
    assert not folder.exists()
