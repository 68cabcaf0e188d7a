"""``mcdetect echo``, ``send`` and ``fetch``: what they print and their exit codes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import dcmread
from support.orthanc import Orthanc, free_port
from support.sample_files import write_mammogram

from MCDetect.command_line import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], orthanc: Orthanc) -> Run:
    """Return a function that runs the command with a configuration of the Orthanc and of a port where nothing is."""
    configuration = tmp_path / "nodes.toml"
    common = 'host = "127.0.0.1"\nae_title = "ORTHANC"\nattempts = 2\ntimeout_s = 10\n'
    configuration.write_text(
        f'default = "archive"\n[nodes.archive]\n{common}port = {orthanc.dicom_port}\n'
        f"[nodes.away]\n{common}port = {free_port()}\n"
        f'[nodes.web]\nurl = "{orthanc.url}/dicom-web"\n'
    )

    def run(*words: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*map(str, words), "--config", str(configuration)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.mark.parametrize("node", ["archive", "web"])
def test_a_study_goes_to_the_pacs_and_comes_back(node, run, examination, tmp_path):
    code, told, _ = run("echo", "--node", node)
    assert code == 0
    assert f"'{node}' answered" in told
    code, told, complaints = run("send", examination, "--node", node)
    assert (code, complaints) == (0, "")
    assert "5 objects were sent" in told
    assert "not DICOM were passed over: 2." in told
    code, told, _ = run("send", examination, "--node", node)
    assert code == 0
    assert "5 were acknowledged before" in told
    code, told, _ = run("fetch", "--accession", "SECRET-7", "--output", tmp_path / "fetched", "--node", node)
    assert code == 0
    assert told.count(".dcm") == len(list((tmp_path / "fetched").rglob("*.dcm"))) == 5
    code, told, _ = run("fetch", "--accession", "SECRET-7", "--output", tmp_path / "fetched", "--node", node)
    assert code == 0
    assert "5 files were there already" in told
    assert "SECRET" not in told


def test_a_damaged_file_is_told_and_the_others_are_sent(run, examination, tmp_path, orthanc):
    folder = tmp_path / "folder"
    shutil.copytree(examination, folder)
    (folder / "cut.dcm").write_bytes((folder / "image.dcm").read_bytes()[:20000])
    code, told, complaints = run("send", folder)
    assert code == 1
    assert "5 objects were sent" in told
    assert "cut.dcm is cut short" in complaints
    assert len(orthanc.instances()) == 5


def test_two_files_that_share_an_identifier_are_told(run, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    dataset = dcmread(write_mammogram(folder / "a.dcm"))
    dataset.PatientComments = "another content"
    dataset.save_as(folder / "b.dcm")
    shutil.copy(folder / "a.dcm", folder / "c.dcm")
    code, told, complaints = run("send", folder)
    assert code == 1
    assert "1 objects were sent" in told
    assert "b.dcm has the SOP Instance UID of a.dcm and another content" in complaints
    assert "c.dcm" not in complaints


def test_a_folder_without_objects_is_told(run, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, complaints = run("send", tmp_path / "empty")
    assert code == 3
    assert "There is no DICOM object in" in complaints
    code, _, complaints = run("send", tmp_path / "nowhere")
    assert code == 3
    assert "There is no" in complaints
    (tmp_path / "list.txt").write_text("shopping")
    code, _, complaints = run("send", tmp_path / "list.txt")
    assert code == 3
    assert "list.txt is not a DICOM file" in complaints


def test_a_pacs_that_is_away_is_told(run, examination, tmp_path):
    for words in (
        ("echo",),
        ("send", examination),
        ("fetch", "--patient", "A", "--output", tmp_path / "fetched"),
    ):
        code, _, complaints = run(*words, "--node", "away")
        assert code == 3
        assert "Nothing listens at 127.0.0.1" in complaints
    assert "Trying again in" in complaints


def test_wrong_use_is_told(run, tmp_path):
    for words, told in (
        (("echo", "--node", "other"), "no node 'other'"),
        (("fetch", "--output", tmp_path / "fetched"), "Give --study, --patient or --accession"),
        (("fetch", "--patient", "*", "--output", tmp_path / "fetched"), "wildcard"),
        (("fetch", "--patient", "A\\B", "--output", tmp_path / "fetched"), "backslash"),
        (("fetch", "--study", "study", "--output", tmp_path / "fetched"), "not a UID"),
    ):
        code, _, complaints = run(*words)
        assert code == 2
        assert told in complaints
    assert not (tmp_path / "fetched").exists()


def test_a_study_that_is_not_there_is_told(run, tmp_path):
    code, _, complaints = run("fetch", "--patient", "NOBODY-5", "--output", tmp_path / "fetched")
    assert code == 3
    assert "has no such study" in complaints
    assert "NOBODY-5" not in complaints


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_fetched(run, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, complaints = run("fetch", "--patient", "A", "--output", tmp_path / "file")
    assert code == 3
    assert "cannot be written" in complaints


def test_an_object_without_file_format_is_sent_too(run, tmp_path, orthanc):
    dataset = dcmread(write_mammogram(tmp_path / "image.dcm"))
    uid = dataset.SOPInstanceUID
    del dataset.file_meta
    dataset.save_as(tmp_path / "bare.dcm", implicit_vr=True, little_endian=True)
    for node in ("archive", "web"):
        code, _, complaints = run("send", tmp_path / "bare.dcm", "--node", node)
        assert (code, complaints) == (0, "")
        assert orthanc.instances() == [uid]
        orthanc.empty()


def test_a_missing_library_is_told(run, monkeypatch):
    monkeypatch.setattr("MCDetect.dicom.pacs.requirements.find_spec", lambda _: None)
    code, _, complaints = run("echo")
    assert code == 2
    assert "pip install" in complaints
    assert "[pacs]" in complaints
