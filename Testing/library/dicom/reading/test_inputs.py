from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.fileset import FileSet

from MCDetect.dicom import inputs
from MCDetect.dicom.inputs import find_inputs, natural_order
from MCDetect.dicom.reading import read_mammogram
from MCDetect.errors import InputError

CT = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "Modality": "CT", "PresentationIntentType": None}
SEGMENTATION = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4", "Modality": "SEG", "PresentationIntentType": None}
CAD_REPORT = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.50", "Modality": "SR", "PixelData": None}
PRESENTATION_STATE = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.11.1", "Modality": "PR", "PixelData": None}


def names(files: list[Path], folder: Path) -> list[str]:
    return [file.relative_to(folder).as_posix() for file in files]


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).save(path)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        find_inputs([path])
    return caught.value.code


def test_files_stay_as_given_whatever_they_hold(make_file, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("no image")
    given_paths = [make_file("b.dcm"), text, make_file("ct.dcm", **CT), make_file("a.dcm")]
    assert find_inputs(given_paths) == given_paths
    assert find_inputs([str(text)]) == [text]


def test_the_same_file_is_taken_once(make_file, tmp_path):
    path = make_file("folder/image.dcm")
    (tmp_path / "link.dcm").symlink_to(path)
    assert find_inputs([path, str(path), tmp_path / "folder", tmp_path / "link.dcm"]) == [path]


def test_a_folder_is_searched_in_natural_order(make_file, tmp_path):
    for name in ("image10.dcm", "image2.dcm", "Image1.dcm", "sub/series12/x", "sub/series3/x"):
        make_file(name)
    expected = ["Image1.dcm", "image2.dcm", "image10.dcm", "sub/series3/x", "sub/series12/x"]
    assert names(find_inputs([tmp_path]), tmp_path) == expected


def test_results_other_modalities_and_hidden_files_are_passed_over(make_file, tmp_path):
    make_file("mammogram.dcm")
    for name, attributes in {
        "ct.dcm": CT,
        "seg.dcm": SEGMENTATION,
        "cad.dcm": CAD_REPORT,
        "gsps.dcm": PRESENTATION_STATE,
        ".hidden.dcm": {},
        ".cache/image.dcm": {},
    }.items():
        make_file(name, **attributes)
    (tmp_path / "findings.json").write_text("{}")
    picture(tmp_path / "overlay.png")
    assert names(find_inputs([tmp_path]), tmp_path) == ["mammogram.dcm"]


def test_refused_kinds_are_returned_only_when_there_is_nothing_better(make_file, tmp_path):
    make_file("raw.dcm", PresentationIntentType="FOR PROCESSING")
    assert names(find_inputs([tmp_path]), tmp_path) == ["raw.dcm"]
    make_file("shown.dcm")
    assert names(find_inputs([tmp_path]), tmp_path) == ["shown.dcm"]


def test_a_raw_image_of_a_breast_that_has_no_other_image_is_returned_so_that_its_refusal_is_told(make_file, tmp_path):
    make_file("r.dcm")
    make_file("r_raw.dcm", PresentationIntentType="FOR PROCESSING")
    make_file("l_raw.dcm", PresentationIntentType="FOR PROCESSING", ImageLaterality="L")
    make_file("mlo_raw.dcm", PresentationIntentType="FOR PROCESSING", view="399368009")
    make_file("other_study_raw.dcm", PresentationIntentType="FOR PROCESSING", StudyInstanceUID="1.2.3")
    expected = ["l_raw.dcm", "mlo_raw.dcm", "other_study_raw.dcm", "r.dcm"]
    assert names(find_inputs([tmp_path]), tmp_path) == expected


PICTURE_OF_THE_BREAST = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7", "PresentationIntentType": None}


def test_a_picture_of_findings_is_no_mammogram_and_stands_for_none(make_file, tmp_path):
    make_file("raw.dcm", PresentationIntentType="FOR PROCESSING")
    ours = {"Manufacturer": "MCDetect", "ImageType": ["DERIVED", "SECONDARY", "", "FINDINGS"]}
    make_file("ours.dcm", **PICTURE_OF_THE_BREAST, **ours)
    assert names(find_inputs([tmp_path]), tmp_path) == ["raw.dcm"]


def test_a_secondary_capture_of_an_unknown_view_hides_no_view_that_is_refused(make_file, tmp_path):
    make_file("raw.dcm", PresentationIntentType="FOR PROCESSING")
    make_file("any.dcm", **PICTURE_OF_THE_BREAST, view=None, ViewPosition=None)
    assert names(find_inputs([tmp_path]), tmp_path) == ["any.dcm", "raw.dcm"]
    make_file("film.dcm", **PICTURE_OF_THE_BREAST)
    assert names(find_inputs([tmp_path]), tmp_path) == ["any.dcm", "film.dcm"]


def test_a_tomosynthesis_beside_the_mammogram_of_its_view_is_passed_over(make_file, tmp_path):
    tomosynthesis = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.13.1.3", "NumberOfFrames": 1}
    make_file("r.dcm")
    make_file("tomosynthesis.dcm", **tomosynthesis)
    make_file("side_only_in_its_frames.dcm", **tomosynthesis, ImageLaterality=None)
    assert names(find_inputs([tmp_path]), tmp_path) == ["r.dcm"]
    make_file("l_tomosynthesis.dcm", **tomosynthesis, ImageLaterality="L")
    assert names(find_inputs([tmp_path]), tmp_path) == ["l_tomosynthesis.dcm", "r.dcm"]


def test_a_file_that_the_disk_does_not_give_is_returned_and_a_text_file_is_not(make_file, tmp_path, monkeypatch):
    make_file("good.dcm")
    bad = make_file("bad.dcm")
    (tmp_path / "notes.txt").write_text("no image, but a text with more than a few words in it\n" * 10)
    whole_open = Path.open

    def fail(path, *arguments, **keywords):
        if path == bad:
            raise OSError(5, "Input/output error")
        return whole_open(path, *arguments, **keywords)

    monkeypatch.setattr(Path, "open", fail)
    assert names(find_inputs([tmp_path]), tmp_path) == ["bad.dcm", "good.dcm"]


def test_a_truncated_file_of_a_folder_is_returned_so_that_it_is_told(make_file, tmp_path):
    make_file("whole.dcm")
    cut = make_file("cut.dcm")
    cut.write_bytes(cut.read_bytes()[:500])
    assert names(find_inputs([tmp_path]), tmp_path) == ["cut.dcm", "whole.dcm"]


def test_pictures_are_taken_only_from_a_folder_without_dicom(make_file, tmp_path):
    picture(tmp_path / "10.png"), picture(tmp_path / "9.TIF"), picture(tmp_path / "sub" / "1.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    assert names(find_inputs([tmp_path]), tmp_path) == ["9.TIF", "10.png", "sub/1.png"]
    make_file("seg.dcm", **SEGMENTATION)
    assert refusal(tmp_path) == "no-mammograms"


def test_a_folder_without_mammograms_is_refused(make_file, tmp_path):
    assert refusal(tmp_path) == "no-mammograms"
    make_file("ct.dcm", **CT)
    assert refusal(tmp_path) == "no-mammograms"


def test_a_path_that_is_not_there_is_refused(tmp_path):
    assert refusal(tmp_path / "absent") == "no-such-file"


def test_a_link_back_up_ends_the_search_there(make_file, tmp_path):
    make_file("folder/image.dcm")
    (tmp_path / "folder" / "up").symlink_to(tmp_path)
    assert names(find_inputs([tmp_path]), tmp_path) == ["folder/image.dcm"]


def write_medium(make_dataset, folder: Path) -> None:
    """Write a DICOMDIR with two mammograms and a segmentation."""
    medium = FileSet()
    for number, attributes in enumerate([{}, SEGMENTATION, {"ImageLaterality": "L"}]):
        dataset = make_dataset(StudyDate="20200101", StudyTime="120000", StudyID="1", **attributes)
        dataset.SeriesNumber, dataset.InstanceNumber, dataset.ContentLabel = 1, number + 1, "LABEL"
        dataset.ContentDate, dataset.ContentTime, dataset.ContentDescription = "20200101", "120000", "text"
        dataset.ContentCreatorName = ""
        dataset.SOPInstanceUID = f"1.2.3.{number}"
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        medium.add(dataset)
    medium.write(folder)


def test_a_dicomdir_is_followed(make_dataset, tmp_path):
    write_medium(make_dataset, tmp_path)
    found = find_inputs([tmp_path / "DICOMDIR"])
    assert len(found) == 2
    assert sorted(found) == sorted(find_inputs([tmp_path]))


def test_an_image_that_a_dicomdir_lists_but_that_is_missing_is_returned_so_that_it_is_told(make_dataset, tmp_path):
    write_medium(make_dataset, tmp_path)
    found = find_inputs([tmp_path / "DICOMDIR"])
    found[1].unlink()
    assert sorted(find_inputs([tmp_path / "DICOMDIR"])) == sorted(found)
    with pytest.raises(InputError) as caught:
        read_mammogram(found[1])
    assert caught.value.code == "no-such-file"


def test_a_damaged_dicomdir_lets_its_folder_be_searched(make_file, tmp_path):
    content = Path(get_testdata_file("DICOMDIR-nopatient")).read_bytes()
    (tmp_path / "DICOMDIR").write_bytes(content)
    make_file("images/1")
    assert names(find_inputs([tmp_path / "DICOMDIR"]), tmp_path) == ["images/1"]


@pytest.mark.parametrize("name", ["DICOMDIR", "DICOMDIR-implicit", "DICOMDIR-bigEnd"])
def test_a_dicomdir_of_other_modalities_holds_no_mammograms(name):
    assert refusal(Path(get_testdata_file(name))) == "no-mammograms"


@given(st.lists(st.integers(0, 10**6), min_size=2))
def test_numbers_in_names_are_ordered_by_value(numbers):
    ordered = sorted((f"view {number}.dcm" for number in numbers), key=natural_order)
    assert ordered == [f"view {number}.dcm" for number in sorted(numbers)]


@given(st.text())
def test_the_order_of_names_ignores_case(text):
    assert natural_order(text.upper()) == natural_order(text.upper().casefold())


def test_files_that_are_known_to_be_no_mammograms_are_not_opened_again(make_file, tmp_path, monkeypatch):
    mammogram, report = make_file("mammogram.dcm"), make_file("cad.dcm", **CAD_REPORT)
    opened: list[Path] = []
    original = inputs.open_dataset
    monkeypatch.setattr(inputs, "open_dataset", lambda path, **named: opened.append(path) or original(path, **named))
    assert find_inputs([tmp_path], {report}) == [mammogram] == opened


@pytest.mark.skipif(os.name != "posix", reason="elsewhere such a name is not there")
def test_a_name_that_is_too_long_is_refused_as_such():
    assert refusal(Path("a" * 300)) == "cannot-read"


def forbid(monkeypatch, method: str, *paths: Path) -> None:
    """Let a method of Path fail for these paths; the tests may run as root, whom no permissions stop."""
    whole = getattr(Path, method)

    def forbidden(path, *arguments, **keywords):
        if path in paths:
            raise PermissionError(13, "Permission denied", str(path))
        return whole(path, *arguments, **keywords)

    monkeypatch.setattr(Path, method, forbidden)


def test_a_path_in_a_folder_that_may_not_be_entered_is_refused(make_file, monkeypatch):
    path = make_file("folder/image.dcm")
    forbid(monkeypatch, "is_dir", path)
    assert refusal(path) == "no-permission"


def test_files_that_may_be_listed_but_not_looked_at_are_returned_and_the_others_too(make_file, tmp_path, monkeypatch):
    closed = make_file("closed/image.dcm")
    make_file("open.dcm")
    for method in ("is_dir", "is_file", "open"):
        forbid(monkeypatch, method, closed)
    assert names(find_inputs([tmp_path]), tmp_path) == ["closed/image.dcm", "open.dcm"]
    with pytest.raises(InputError) as caught:
        read_mammogram(closed)
    assert caught.value.code == "no-permission"


def test_a_sub_folder_that_may_not_be_listed_is_returned_so_that_it_is_told(make_file, tmp_path, monkeypatch):
    make_file("closed/image.dcm")
    make_file("open.dcm")
    whole = os.scandir

    def scandir(path):
        if Path(path) == tmp_path / "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return whole(path)

    forbid(monkeypatch, "iterdir", tmp_path / "closed")
    monkeypatch.setattr("MCDetect.dicom.recognition.os.scandir", scandir)
    assert names(find_inputs([tmp_path]), tmp_path) == ["closed", "open.dcm"]
    with pytest.raises(InputError) as caught:
        read_mammogram(tmp_path / "closed")
    assert caught.value.code == "no-permission"
    forbid(monkeypatch, "iterdir", tmp_path)
    assert refusal(tmp_path) == "no-permission"
