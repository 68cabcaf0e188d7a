"""Files are whole or absent."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from MCDetect.errors import InputError, OutputError
from MCDetect.files import readable_name, remove_file, write_atomically, write_text_atomically


def test_a_file_and_its_folder_are_made(tmp_path):
    write_text_atomically(tmp_path / "new" / "folder" / "note.txt", "µm")
    assert (tmp_path / "new" / "folder" / "note.txt").read_bytes() == "µm".encode()
    assert os.listdir(tmp_path / "new" / "folder") == ["note.txt"]  # noqa: PTH208


def test_the_temporary_file_has_the_same_suffix_and_folder(tmp_path):
    seen: list[Path] = []

    def write(temporary: Path) -> None:
        seen.append(temporary)
        temporary.write_text("x")

    write_atomically(tmp_path / "picture.png", write)
    assert seen[0].suffix == ".png"
    assert seen[0].parent == tmp_path
    assert seen[0].name.startswith(".")


def test_an_older_file_stays_whole_until_the_new_one_is(tmp_path):
    path = tmp_path / "result.json"
    path.write_text("old")

    def write(temporary: Path) -> None:
        temporary.write_text("new")
        assert path.read_text() == "old"

    write_atomically(path, write)
    assert path.read_text() == "new"


@pytest.mark.parametrize("error", [ValueError("wrong"), KeyboardInterrupt(), InputError("code", "Message.")])
def test_whatever_is_raised_while_writing_nothing_remains(tmp_path, error):
    def write(temporary: Path) -> None:
        temporary.write_text("half")
        raise error

    (tmp_path / "result.json").write_text("old")
    with pytest.raises(type(error)):
        write_atomically(tmp_path / "result.json", write)
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]
    assert (tmp_path / "result.json").read_text() == "old"


def test_a_full_disk_is_told_with_the_file_and_the_reason(tmp_path, monkeypatch):
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("MCDetect.files.os.fsync", full)
    with pytest.raises(OutputError) as raised:
        write_text_atomically(tmp_path / "result.json", "x")
    assert raised.value.code == "cannot-write"
    assert raised.value.message == f"{tmp_path / 'result.json'} could not be written: No space left on device."
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="could not be written"):
        write_text_atomically(tmp_path / "file" / "result.json", "x")


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
@pytest.mark.parametrize(("mask", "expected"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_result_has_the_permissions_of_any_new_file(tmp_path, mask, expected):
    before = os.umask(mask)
    try:
        write_text_atomically(tmp_path / "result.json", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "result.json").stat().st_mode) == expected


def test_a_name_that_is_no_text_is_shown_with_its_odd_bytes_and_any_other_as_it_is():
    assert readable_name(os.fsdecode(b"caf\xe9.png")) == "caf\\xe9.png"
    assert readable_name("caf\u00e9 [copy].png") == "caf\u00e9 [copy].png"
    assert readable_name("\ud800") == "\\ud800"


def test_a_file_that_cannot_be_removed_is_told_and_one_that_is_not_there_is_not(tmp_path):
    remove_file(tmp_path / "missing")
    with pytest.raises(OutputError) as caught:
        remove_file(tmp_path)
    assert caught.value.code == "cannot-write"
