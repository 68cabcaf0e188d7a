"""What is received is written whole, once, and only if it was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread
from support.sample_files import STUDY, write_mammogram

from MCDetect.dicom.pacs.receiving import Receiver
from MCDetect.errors import InputError, OutputError


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    return write_mammogram(tmp_path / "image.dcm").read_bytes()


@pytest.fixture
def receiver(tmp_path: Path) -> Receiver:
    return Receiver(tmp_path / "fetched", [STUDY], lambda _: None)


def test_an_object_is_written_byte_for_byte_and_once(receiver, content):
    receiver.take(content)
    receiver.take(content)
    (path,) = receiver.written
    assert path.read_bytes() == content
    assert not receiver.known
    assert not receiver.failed


def test_the_same_data_set_with_other_file_meta_information_is_the_same(receiver, content, tmp_path):
    receiver.take(content)
    dataset = dcmread(tmp_path / "image.dcm")
    dataset.file_meta.ImplementationVersionName = "ANOTHER"
    dataset.save_as(tmp_path / "other.dcm")
    again = Receiver(receiver.output, [STUDY], lambda _: None)
    again.take((tmp_path / "other.dcm").read_bytes())
    assert again.known == receiver.written
    assert again.known[0].read_bytes() == content


def test_another_content_is_refused_and_the_file_kept(receiver, content, tmp_path):
    receiver.take(content)
    dataset = dcmread(tmp_path / "image.dcm")
    dataset.PatientName = "Another^Name"
    dataset.save_as(tmp_path / "other.dcm")
    with pytest.raises(OutputError) as refused:
        receiver.take((tmp_path / "other.dcm").read_bytes())
    assert refused.value.code == "other-content"
    assert "Another" not in str(refused.value)
    assert receiver.written[0].read_bytes() == content


def test_an_object_of_another_study_is_refused(tmp_path, content):
    receiver = Receiver(tmp_path / "fetched", ["1.2.3"], lambda _: None)
    with pytest.raises(InputError) as refused:
        receiver.take(content)
    assert refused.value.code == "not-asked-for"
    assert not (tmp_path / "fetched").exists()


@pytest.mark.parametrize("cut", [0, 131, 140, 300, 200_000, b"^Name"])
def test_a_damaged_object_is_refused(cut, receiver, content):
    end = cut if isinstance(cut, int) else content.index(cut)  # in the middle of a value
    with pytest.raises(InputError) as refused:
        receiver.take(content[:end])
    assert refused.value.code == "damaged"
    assert [failure.error.code for failure in receiver.failed] == ["damaged"]
    assert not [path for path in receiver.output.rglob("*") if path.is_file()]


@pytest.mark.filterwarnings("ignore:Invalid value for VR CS")
@pytest.mark.parametrize("modality", ["../../etc", "M G", "", "mg"])
def test_a_modality_cannot_lead_out_of_the_folder(modality, receiver, tmp_path):
    receiver.take(write_mammogram(tmp_path / "odd.dcm", Modality=modality).read_bytes())
    (path,) = receiver.written
    assert path.parent.parent == receiver.output
    assert path.stem.split("_")[0].isalnum()
