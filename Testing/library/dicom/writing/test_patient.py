"""Whose an object is: patient, study and character set come from the mammogram, whatever its header is like."""

# ruff: noqa: PLR0917 (fixtures are arguments)
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from MCDetect.dicom.export import FORMATS, write_image_objects, write_study_objects
from MCDetect.dicom.writing.patient import PATIENT_AND_STUDY
from MCDetect.errors import OutputError
from MCDetect.findings import Algorithm
from MCDetect.version import __version__

NAMES = {
    "ASCII without a character set": (None, "Doe^Jane"),
    "Latin-1": ("ISO_IR 100", "Müller-Ærø^Zoë"),
    "UTF-8": ("ISO_IR 192", "Wójcik^Małgorzata"),
    "Japanese": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "Japanese in UTF-8": ("ISO_IR 192", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "Cyrillic": ("ISO_IR 144", "Люкceмбypг"),
}


@pytest.fixture
def write_all(find: Any, algorithm: Algorithm, with_pixels: Any, tmp_path: Path) -> Any:
    """Return a function that stores a header, reads it again and writes every object about it."""

    def write(header: Dataset) -> tuple[Dataset, list[Path]]:
        source = dcmread(with_pixels(header, tmp_path / "source.dcm"), stop_before_pixels=True)
        image = find(source)
        folder = tmp_path / "out"
        paths = write_image_objects(image, source, algorithm, folder, FORMATS)
        paths += write_study_objects([image], {image.sop_instance_uid: source}, algorithm, {}, folder, FORMATS)
        assert len(paths) == 4
        return source, paths

    return write


@pytest.mark.parametrize("case", NAMES)
def test_a_name_survives_in_its_character_set(
    make_mammogram: Any, write_all: Any, faults_by_dciodvfy: Any, run_tool: Any, tmp_path: Path, case: str
) -> None:
    character_set, name = NAMES[case]
    header = make_mammogram(SpecificCharacterSet=character_set, PatientName=name)
    source, paths = write_all(header)
    for path in paths:
        written = dcmread(path)
        assert str(written.PatientName) == name
        assert written.get("SpecificCharacterSet") == source.get("SpecificCharacterSet")
        assert written.get_item("PatientName").value == source.get_item("PatientName").value  # byte for byte
        assert faults_by_dciodvfy(path) == []
    complaints = run_tool("dcentvfy", *paths, tmp_path / "source.dcm").splitlines()
    assert [line for line in complaints if "AccessionNumber" not in line] == []


def test_patient_and_study_are_copied_with_their_issuers(make_mammogram: Any, write_all: Any) -> None:
    issuer = Dataset()
    issuer.UniversalEntityID, issuer.UniversalEntityIDType = "1.2.3", "ISO"
    _, paths = write_all(
        make_mammogram(
            IssuerOfPatientIDQualifiersSequence=[issuer],
            IssuerOfAccessionNumberSequence=[issuer],
            PatientIdentityRemoved="YES",
            DeidentificationMethod="by hand",
            TimezoneOffsetFromUTC="+0530",
        )
    )
    for path in paths:
        written = dcmread(path)
        assert (written.PatientID, written.IssuerOfPatientID) == ("P-42", "HOSPITAL")
        assert written.IssuerOfPatientIDQualifiersSequence[0].UniversalEntityID == "1.2.3"
        assert written.IssuerOfAccessionNumberSequence[0].UniversalEntityID == "1.2.3"
        assert (written.PatientBirthDate, written.PatientSex, written.PatientAge) == ("19600101", "F", "064Y")
        assert (written.StudyDate, written.StudyTime, written.AccessionNumber) == ("20240229", "101112", "A-17")
        assert (written.StudyDescription, written.ReferringPhysicianName) == ("Screening", "Referrer^Rita")
        assert (written.PatientIdentityRemoved, written.DeidentificationMethod) == ("YES", "by hand")
        assert written.TimezoneOffsetFromUTC == "+0530"


def test_every_object_names_what_made_it_and_is_for_research(make_mammogram: Any, write_all: Any) -> None:
    _, paths = write_all(make_mammogram())
    series = set()
    for path in paths:
        written = dcmread(path)
        assert written.Manufacturer == written.ManufacturerModelName == "MCDetect"
        assert written.SoftwareVersions == __version__
        assert written.SeriesDescription.endswith("(research use)")
        acquisition, processing = written.ContributingEquipmentSequence
        assert (acquisition.Manufacturer, processing.Manufacturer) == ("Maker of detectors", "MCDetect")
        series.add((written.SeriesInstanceUID, written.SeriesNumber, written.SeriesDescription))
    assert len({uid for uid, _, _ in series}) == len({number for _, number, _ in series}) == 4


def test_private_elements_of_the_mammogram_are_in_no_object(make_mammogram: Any, write_all: Any) -> None:
    header = make_mammogram()
    header.private_block(0x0009, "MAKER", create=True).add_new(0x10, "LO", "secret")
    header.private_block(0x0011, "MAKER", create=True).add_new(0x10, "SQ", [Dataset()])
    _, paths = write_all(header)
    for path in paths:
        assert not [element for element in dcmread(path).iterall() if element.tag.is_private]


TYPE_2 = (
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "ReferringPhysicianName",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyID",
)
OPTIONAL = (
    "PatientOrientation",
    "Manufacturer",
    "ManufacturerModelName",
    "SeriesNumber",
    "ImagerPixelSpacing",
    "ImageLaterality",
    "SpecificCharacterSet",
    "LossyImageCompression",
    "ContentDate",
    "ContentTime",
    "StudyDescription",
    "PatientAge",
    "IssuerOfPatientID",
)


def test_a_header_without_its_type_2_attributes_still_gives_valid_objects(
    make_mammogram: Any, write_all: Any, faults_by_dciodvfy: Any
) -> None:
    header = make_mammogram(**dict.fromkeys((*TYPE_2, *OPTIONAL)))
    _, paths = write_all(header)
    for path in paths:
        written = dcmread(path)
        assert all(written[keyword].is_empty for keyword in TYPE_2)
        assert faults_by_dciodvfy(path) == []


def test_empty_values_are_kept_empty(make_mammogram: Any, write_all: Any, faults_by_dciodvfy: Any) -> None:
    header = make_mammogram()
    for keyword in (*TYPE_2, *OPTIONAL):
        setattr(header, keyword, None)
    _, paths = write_all(header)
    for path in paths:
        assert faults_by_dciodvfy(path) == []


DAMAGED = {
    "PatientSex": ("CS", b"FEMALE"),
    "PatientBirthDate": ("DA", b"1960.1.1"),
    "PatientAge": ("AS", b"64"),
    "StudyTime": ("TM", b"10:11"),
    "StudyID": ("SH", b"much too long for a short string"),
    "PatientID": ("LO", b"x" * 70),
    "ImagerPixelSpacing": ("DS", b"0,07\\0,07 "),
    "WindowCenter": ("DS", b"middle"),
    "RescaleSlope": ("DS", b"one "),
    "PatientOrientation": ("CS", b"PL"),
    "ImageLaterality": ("CS", b"left"),
    "SpecificCharacterSet": ("CS", b"ISO 8859"),
    "TimezoneOffsetFromUTC": ("SH", b"CET "),
}


@pytest.mark.parametrize("keyword", DAMAGED)
def test_a_damaged_value_is_copied_as_it_is_or_left_out(
    make_mammogram: Any, find: Any, algorithm: Algorithm, with_pixels: Any, tmp_path: Path, keyword: str
) -> None:
    image = find(make_mammogram())
    vr, value = DAMAGED[keyword]
    source = dcmread(with_pixels(make_mammogram(), tmp_path / "source.dcm"), stop_before_pixels=True)
    tag = Tag(keyword)
    source[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)
    paths = write_image_objects(image, source, algorithm, tmp_path, FORMATS)
    paths += write_study_objects([image], {image.sop_instance_uid: source}, algorithm, {}, tmp_path, FORMATS)
    assert len(paths) == 4
    for path in paths:
        element = dcmread(path).get_item(keyword)
        kept = None if element is None else element.value
        if keyword in (*PATIENT_AND_STUDY, "SpecificCharacterSet"):
            assert (kept.encode() if isinstance(kept, str) else kept).strip() == value.strip()
        else:
            assert kept is None


def test_a_name_that_cannot_be_stored_is_refused_and_not_replaced_by_question_marks(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram(SpecificCharacterSet="ISO_IR 100", PatientName="山田^太郎")
    with pytest.raises(OutputError) as caught:
        write_image_objects(find(header), header, algorithm, tmp_path, FORMATS)
    assert caught.value.code == "invalid-object"
    assert "PatientName" in caught.value.message
    assert "山田" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_value_that_cannot_be_stored_is_refused_in_one_sentence(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram()
    header.add_new("PatientSize", "FD", "tall")
    with pytest.raises(OutputError) as caught:
        write_image_objects(find(header), header, algorithm, tmp_path, FORMATS)
    assert caught.value.code == "unwritable-source"
    assert "tall" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failure", [AttributeError, KeyError, TypeError, NotImplementedError, ZeroDivisionError])
def test_what_a_library_did_not_foresee_in_a_header_is_a_problem_of_this_image(
    failure: type[Exception], monkeypatch: pytest.MonkeyPatch, make_mammogram: Any, find: Any, algorithm: Algorithm,
    tmp_path: Path,
) -> None:  # fmt: skip
    def fails(*_: Any) -> None:
        raise failure("Doe^Jane")

    monkeypatch.setattr("MCDetect.dicom.export.segmentation", fails)
    header = make_mammogram()
    with pytest.raises(OutputError, match=rf"not foreseen \({failure.__name__}\)") as caught:
        write_image_objects(find(header), header, algorithm, tmp_path, FORMATS)
    assert caught.value.code == "unwritable-source"
    assert "Doe" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
