"""Inputs that cannot be used: one sentence each, the right exit code, and nothing half written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import CTImageStorage
from support.sample_files import bright_pixels, mammogram_dataset, write_mammogram

TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"
FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.2.1"


def not_dicom(path: Path) -> None:
    path.write_text("This is a shopping list.\n" * 100)


def truncated(path: Path) -> None:
    write_mammogram(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def without_pixel_data(path: Path) -> None:
    dataset = mammogram_dataset(bright_pixels())
    del dataset.PixelData
    dataset.save_as(path, enforce_file_format=True)


def computed_tomography(path: Path) -> None:
    write_mammogram(path, SOPClassUID=CTImageStorage, Modality="CT", BodyPartExamined="CHEST")


def tomosynthesis(path: Path) -> None:
    write_mammogram(path, SOPClassUID=TOMOSYNTHESIS)


def for_processing(path: Path) -> None:
    write_mammogram(path, SOPClassUID=FOR_PROCESSING, PresentationIntentType="FOR PROCESSING")


def without_spacing(path: Path) -> None:
    write_mammogram(path, ImagerPixelSpacing=None)


def localiser(path: Path) -> None:
    write_mammogram(path, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])


def specimen(path: Path) -> None:
    write_mammogram(path, ImageType=["ORIGINAL", "PRIMARY", "SPECIMEN"])


def stereotactic(path: Path) -> None:
    write_mammogram(path, ImageType=["ORIGINAL", "PRIMARY", "STEREO_MINUS"])


def black(path: Path) -> None:
    write_mammogram(path, np.zeros((512, 400), dtype=np.uint16))


BAD_FILES = {
    not_dicom: "not-dicom",
    truncated: "truncated",
    without_pixel_data: "no-pixel-data",
    computed_tomography: "not-a-mammogram",
    tomosynthesis: "tomosynthesis",
    for_processing: "for-processing",
    without_spacing: "no-spacing",
    localiser: "unsuitable-view",
    specimen: "unsuitable-view",
    stereotactic: "unsuitable-view",
    black: "empty-image",
}

bad_files = pytest.mark.parametrize(
    ("make", "code"), BAD_FILES.items(), ids=lambda value: getattr(value, "__name__", value)
)


def check_told(stderr: str, refused: dict[str, str]) -> None:
    """Check that the sentence is printed, is one line, and names the file but nobody."""
    assert f"{refused['message']} {refused['hint']}".strip() in stderr
    assert "Traceback" not in stderr
    assert refused["message"].endswith(".")
    assert "\n" not in refused["message"] + refused["hint"]
    assert "bad.dcm" in refused["message"]
    assert "Secret" not in stderr
    assert "SECRET" not in stderr


@bad_files
def test_a_bad_file_alone_is_told_in_one_sentence_and_nothing_could_be_done(detect, tmp_path, make, code):
    make(tmp_path / "bad.dcm")
    outcome = detect(tmp_path / "bad.dcm")
    assert outcome.code == 3
    (refused,) = outcome.findings["refused"]
    assert refused["code"] == code
    check_told(outcome.stderr, refused)
    assert outcome.findings["images"] == []
    assert not [name for name in outcome.files if name != "findings.json" and not name.startswith("dicom/cad-sr_")]


@bad_files
def test_beside_a_bad_file_the_good_one_is_done(detect, mammogram, tmp_path, make, code):
    make(tmp_path / "bad.dcm")
    outcome = detect(tmp_path / "bad.dcm", mammogram, options=["--formats", "json,png"])
    assert outcome.code == 1
    assert [refused["code"] for refused in outcome.findings["refused"]] == [code]
    check_told(outcome.stderr, outcome.findings["refused"][0])
    assert len(outcome.findings["images"]) == 1
    assert outcome.files == ["findings.json", "overlay_R_CC.png"]


def test_a_mammogram_whose_analysis_failed_is_failed_in_the_cad_report_of_its_study(detect, mammogram, tmp_path):
    import pydicom

    without_spacing(tmp_path / "bad.dcm")
    outcome = detect(tmp_path / "bad.dcm", mammogram, options=["--formats", "cad-sr,json"])
    assert outcome.code == 1
    (report,) = [name for name in outcome.files if name.startswith("dicom/")]
    meanings = str(pydicom.dcmread(outcome.output / report))
    assert "111243" in meanings or "111244" in meanings  # partial: some analyses failed (PS3.16, CID 6047)


def test_magnification_views_and_implants_are_done_with_a_warning(detect, tmp_path):
    magnified = write_mammogram(tmp_path / "1.dcm", EstimatedRadiographicMagnificationFactor=1.8)
    implant = write_mammogram(tmp_path / "2.dcm", BreastImplantPresent="YES", ImageLaterality="L")
    outcome = detect(magnified, implant, options=["--formats", "json"])
    assert outcome.code == 0
    assert "magnification view" in outcome.stderr
    assert "implant" in outcome.stderr
    assert [len(image["warnings"]) for image in outcome.findings["images"]] == [1, 1]


def test_a_folder_without_mammograms_is_told(detect, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    not_dicom(folder / "list.txt")
    outcome = detect(folder)
    assert outcome.code == 3
    assert outcome.stderr == (
        f"mcdetect: The folder {folder} holds no mammograms. Give a file or folder with DICOM MG images.\n"
    )
    assert not outcome.output.exists()


def test_an_empty_file_is_told(detect, mammogram, tmp_path):
    (tmp_path / "bad.dcm").touch()
    assert detect(tmp_path / "bad.dcm").code == 3
    outcome = detect(tmp_path / "bad.dcm", mammogram, options=["--formats", "json"])
    assert outcome.code == 1
    check_told(outcome.stderr, outcome.findings["refused"][0])


def test_several_inputs_without_any_mammogram_are_all_told(detect, tmp_path):
    outcome = detect(tmp_path / "one.dcm", tmp_path / "two.dcm")
    assert outcome.code == 3
    assert ["one.dcm" in outcome.stderr, "two.dcm" in outcome.stderr] == [True, True]
    assert not outcome.output.exists()


def test_a_folder_without_mammograms_does_not_keep_the_others_from_being_done(detect, mammogram, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    outcome = detect(folder, mammogram, options=["--formats", "json"])
    assert outcome.code == 1
    assert [refused["code"] for refused in outcome.findings["refused"]] == ["no-mammograms"]
    assert len(outcome.findings["images"]) == 1


def test_a_file_that_does_not_exist_is_told(detect, tmp_path):
    outcome = detect(tmp_path / "nothing.dcm")
    assert outcome.code == 3
    assert "nothing.dcm" in outcome.stderr


def test_the_last_json_line_tells_what_ended_the_call(detect, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    outcome = detect(folder, options=["--progress", "json"])
    assert outcome.code == 3
    assert outcome.lines[-1]["event"] == "error"
    assert outcome.lines[-1]["code"] == "no-mammograms"


@pytest.mark.parametrize("depth", [1, 8])
def test_a_bad_file_deep_in_a_name_with_brackets_is_told_as_it_was_given(detect, tmp_path, depth):
    # rich reads square brackets as markup unless told not to.
    path = tmp_path.joinpath(*["[bold]"] * depth) / "bad[red].dcm"
    path.parent.mkdir(parents=True)
    not_dicom(path)
    outcome = detect(path)
    assert outcome.code == 3
    assert str(path) in outcome.stderr
    assert json.loads((outcome.output / "findings.json").read_text())["refused"][0]["source"] == str(path)
