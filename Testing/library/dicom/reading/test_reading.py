from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import (
    BreastTomosynthesisImageStorage,
    CTImageStorage,
    DigitalMammographyXRayImageStorageForProcessing,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    RLELossless,
    SecondaryCaptureImageStorage,
)

from MCDetect.dicom.opening import readable_header
from MCDetect.dicom.pixels import read_pixels
from MCDetect.dicom.reading import read_header, read_mammogram
from MCDetect.errors import InputError, UsageError
from MCDetect.findings import SpacingSource

PATIENT_BIRTH_DATE = b"19510203"


def refusal(source, spacing_mm=None) -> InputError:
    with pytest.raises(InputError) as caught:
        read_mammogram(source, spacing_mm)
    error = caught.value
    assert error.message.endswith(".")
    assert error.message.count(". ") == 0
    assert "SECRET" not in str(error).upper()
    return error


def test_a_mammogram_is_read_with_its_values_spacing_side_and_view(make_file, stored_values):
    path = make_file()
    mammogram = read_mammogram(path)
    np.testing.assert_array_equal(mammogram.pixels, stored_values())
    assert mammogram.pixels.dtype == np.float32
    assert mammogram.valid.all()
    assert mammogram.spacing.millimetres == (0.07, 0.07)
    assert mammogram.spacing.source is SpacingSource.AT_DETECTOR
    assert mammogram.label == "R_CC"
    assert mammogram.source == str(path)
    assert mammogram.warnings == ()


def test_the_header_is_kept_without_its_pixels(make_file):
    header = read_mammogram(make_file()).header
    assert header.PatientID == "SECRET-ID"
    assert header.file_meta.TransferSyntaxUID.is_little_endian
    assert "PixelData" not in header


def test_a_dataset_in_memory_is_read_and_not_changed(make_dataset):
    dataset = make_dataset(PhotometricInterpretation="MONOCHROME1")
    before = dataset.to_json()
    read_mammogram(dataset)
    assert dataset.to_json() == before


def test_a_dataset_made_in_memory_needs_no_transfer_syntax(make_dataset, stored_values):
    dataset = make_dataset()
    del dataset.file_meta
    np.testing.assert_array_equal(read_mammogram(dataset).pixels, stored_values())
    assert not hasattr(dataset, "file_meta")


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, None])
def test_a_file_without_preamble_is_read(make_dataset, stored_values, tmp_path, syntax):
    path = tmp_path / "bare"
    dataset = make_dataset()
    is_big = syntax == ExplicitVRBigEndian
    if is_big:
        dataset.PixelData = stored_values().astype(">u2").tobytes()
    del dataset.file_meta
    dataset.save_as(path, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=not is_big)
    assert path.read_bytes()[128:132] != b"DICM"
    np.testing.assert_array_equal(read_mammogram(path).pixels, stored_values())


def test_a_dicom_file_with_a_tiff_preamble_is_read_as_dicom(make_file, stored_values):
    path = make_file()
    content = bytearray(path.read_bytes())
    content[:4] = b"II*\x00"
    path.write_bytes(content)
    np.testing.assert_array_equal(read_mammogram(path).pixels, stored_values())


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"SOPClassUID": CTImageStorage, "Modality": "CT"}, "not-a-mammogram"),
        ({"SOPClassUID": SecondaryCaptureImageStorage, "Modality": "OT"}, "not-a-mammogram"),
        ({"SOPClassUID": BreastTomosynthesisImageStorage, "NumberOfFrames": 40}, "tomosynthesis"),
        ({"SOPClassUID": DigitalMammographyXRayImageStorageForProcessing}, "for-processing"),
        ({"PresentationIntentType": "FOR PROCESSING"}, "for-processing"),
        ({"NumberOfFrames": 2}, "multi-frame"),
        ({"ImagerPixelSpacing": None}, "no-spacing"),
        ({"ImagerPixelSpacing": [1, 1]}, "implausible-spacing"),
        ({"PixelData": None}, "no-pixel-data"),
        ({"PixelData": b""}, "no-pixel-data"),
        ({"Rows": None}, "cannot-decode"),
        ({"Rows": 0}, "cannot-decode"),
        ({"Rows": 65535}, "cannot-decode"),
        ({"Rows": 97}, "truncated"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "colour-image"),
        ({"BitsAllocated": 32, "BitsStored": 32}, "cannot-decode"),
        ({"pixels": np.zeros((64, 64), np.uint16)}, "empty-image"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "unsuitable-view"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "STEREO_MINUS"]}, "unsuitable-view"),
        ({"view": "127457009"}, "unsuitable-view"),
    ],
)
def test_what_cannot_be_used_is_refused_with_one_sentence(make_dataset, make_file, attributes, code):
    assert refusal(make_file(**attributes)).code == code
    assert refusal(make_dataset(**attributes)).code == code


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert refusal(tmp_path / "absent.dcm").code == "no-such-file"


def test_a_folder_is_refused(tmp_path):
    assert refusal(tmp_path).code == "is-a-folder"


def test_an_impossible_path_is_refused():
    assert refusal("null\0character").code == "cannot-read"


def test_a_file_that_may_not_be_read_is_refused(make_file, monkeypatch):
    path = make_file()
    path.chmod(0)

    def deny(*_args, **_keywords):
        raise PermissionError(13, "Permission denied")

    if not path.stat().st_mode & stat.S_IRUSR and _can_read(path):
        # The superuser reads everything; the operating system's answer to others is put in its place.
        monkeypatch.setattr(Path, "open", deny)
    assert refusal(path).code == "no-permission"


def _can_read(path: Path) -> bool:
    try:
        path.read_bytes()
    except PermissionError:
        return False
    return True


@pytest.mark.parametrize("content", [b"", b"x", b"hello world " * 100, b"\0" * 5000, b"%PDF-1.4\n" + b"0" * 5000])
def test_what_is_not_dicom_is_refused(tmp_path, content):
    path = tmp_path / "file.dcm"
    path.write_bytes(content)
    assert refusal(path).code == "not-dicom"


def test_a_file_that_is_only_a_preamble_is_called_truncated(tmp_path):
    path = tmp_path / "file.dcm"
    path.write_bytes(bytes(128) + b"DICM")
    assert refusal(path).code == "truncated"


@pytest.mark.parametrize("share", [0.99, 0.7, 0.3])
@pytest.mark.parametrize("syntax", [None, RLELossless], ids=["uncompressed", "compressed"])
def test_a_file_cut_in_its_pixels_is_called_truncated_and_its_header_whole(make_dataset, make_file, share, syntax):
    dataset = make_dataset()
    if syntax is not None:
        dataset.compress(syntax, generate_instance_uid=False)
    path = make_file(dataset=dataset)
    content = path.read_bytes()
    start = content.index(b"\xe0\x7f\x10\x00") + 12
    path.write_bytes(content[: start + int(share * (len(content) - start))])
    error = refusal(path)
    assert error.code == "truncated"
    assert "its DICOM header is whole, but a part of its pixels is missing" in error.message


def test_a_file_cut_anywhere_in_its_header_is_called_truncated_and_nothing_else(make_file):
    path = make_file()
    content = path.read_bytes()
    first = content.index(b"\x08\x00\x05\x00CS") + 16
    last = content.index(b"\x28\x00\x03\x01US")
    for offset in range(first, last):
        path.write_bytes(content[:offset])
        error = refusal(path)
        assert error.code == "truncated", offset
        assert "header" in error.message


@pytest.mark.parametrize("spacing_mm", [0.0, -0.07, float("nan"), float("inf"), 70.0, 1e-9, 0.001])
def test_a_spacing_that_is_no_spacing_is_wrong_use(make_dataset, spacing_mm):
    with pytest.raises(UsageError) as caught:
        read_mammogram(make_dataset(), spacing_mm)
    assert caught.value.code == "wrong-spacing"


def test_a_secondary_capture_of_a_breast_is_read_with_a_given_spacing_and_says_so(make_dataset):
    dataset = make_dataset(
        SOPClassUID=SecondaryCaptureImageStorage,
        Modality="OT",
        BodyPartExamined="BREAST",
        PresentationIntentType=None,
        ImagerPixelSpacing=None,
        PixelSpacing=[0.3, 0.3],
    )
    assert refusal(dataset).code == "no-spacing"
    mammogram = read_mammogram(dataset, 0.05)
    assert mammogram.spacing.source is SpacingSource.GIVEN_BY_USER
    assert any("secondary capture" in warning for warning in mammogram.warnings)


def test_an_element_that_cannot_be_converted_is_left_out_of_the_header_and_told(make_dataset, tmp_path):
    dataset = make_dataset()
    dataset.add_new(0x00181063, "DS", "1.5")  # FrameTime
    path = tmp_path / "image.dcm"
    dataset.save_as(path, enforce_file_format=True)
    path.write_bytes(path.read_bytes().replace(b"DS\x04\x001.5 ", b"ZZ\x04\x001.5 "))
    mammogram = read_mammogram(path)
    assert 0x00181063 not in mammogram.header
    assert mammogram.warnings == ("Left out of the header because it cannot be read: (0018,1063).",)


@pytest.mark.parametrize(
    ("tag", "vr", "value", "name"),
    [
        (0x00280004, "US", b"abc", "Photometric Interpretation"),
        (0x00280120, "US", b"abc", "Pixel Padding Value"),
        (0x00281052, "DS", b"1,5 ", "Rescale Intercept"),
        (0x00281053, "DS", b"two ", "Rescale Slope"),
        (0x00283000, "ZZ", b"some", "Modality LUT Sequence"),
    ],
)
def test_a_damaged_element_that_decides_how_pixels_are_read_is_refused(make_dataset, tag, vr, value, name):
    dataset = make_dataset()
    dataset[tag] = RawDataElement(Tag(tag), vr, len(value), value, 0, False, True)
    error = refusal(dataset)
    assert error.code == "cannot-decode"
    assert f"a damaged {name}, without which" in error.message


def test_a_damaged_rescale_is_refused_in_a_file_and_before_its_pixels_are_read(make_dataset, make_file):
    path = make_file(dataset=make_dataset(RescaleSlope="1.5"))
    path.write_bytes(path.read_bytes().replace(b"DS\x04\x001.5 ", b"ZZ\x04\x001.5 "))
    assert refusal(path).code == "cannot-decode"
    with pytest.raises(InputError) as caught:
        read_header(path)
    assert caught.value.code == "cannot-decode"
    dataset = pydicom.dcmread(path)
    with pytest.raises(InputError) as caught:
        read_pixels(dataset, readable_header(dataset)[0], str(path))
    assert caught.value.code == "cannot-decode"


def test_private_elements_change_nothing(make_dataset, make_file, stored_values):
    dataset = make_dataset()
    block = dataset.private_block(0x0019, "MAKER OF DETECTORS", create=True)
    block.add_new(0x10, "UN", b"\xff\xfe" * 33)
    block.add_new(0x11, "DS", "0.05")
    nested = Dataset()
    nested.add_new(0x00191012, "SQ", [])
    block.add_new(0x12, "SQ", [nested])
    dataset.private_block(0x0029, "WINDOWS", create=True).add_new(0x50, "CS", "FOR PROCESSING")
    mammogram = read_mammogram(make_file(dataset=dataset))
    np.testing.assert_array_equal(mammogram.pixels, stored_values())
    assert mammogram.warnings == ()
    assert mammogram.spacing.millimetres == (0.07, 0.07)


def test_nothing_is_printed_or_warned_about(make_file, capfd, recwarn):
    path = make_file()
    path.write_bytes(path.read_bytes().replace(PATIENT_BIRTH_DATE, b"not date"))
    read_mammogram(path)
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_pydicom_reads_what_the_header_is_written_to(make_file, tmp_path):
    header = read_mammogram(make_file()).header
    header.save_as(tmp_path / "header.dcm", enforce_file_format=True)
    assert pydicom.dcmread(tmp_path / "header.dcm").SOPInstanceUID == header.SOPInstanceUID
