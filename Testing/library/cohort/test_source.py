from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.cohorts import study_uid, write_examination

from MCDetect.cohort.source import Source, read_headers
from MCDetect.errors import InputError


def names(source):
    return [path.rpartition("/")[2] for path, _, _ in source.files()]


def test_the_output_folder_inside_the_source_is_left_out(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "old.dcm").touch()
    (tmp_path / "new.dcm").touch()
    (tmp_path / ".hidden").touch()
    assert names(Source(tmp_path, tmp_path / "results")) == ["new.dcm"]


def test_a_link_that_leads_back_up_is_not_followed(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").touch()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    assert names(Source(tmp_path, tmp_path / "results")) == ["file"]


def test_a_list_may_name_files_and_folders_each_file_is_taken_once(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "one").touch()
    (tmp_path / "two").touch()
    table = tmp_path / "list.csv"
    table.write_text(f"﻿number,path\n1,folder\n2,{tmp_path / 'two'}\n3,folder/one\n4,missing\n")
    source = Source(table, tmp_path / "results")
    assert names(source) == ["one", "two"]
    assert [problem.code for problem in source.problems] == ["no-such-file"]


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "no-mammograms"), (b"path\n", "no-mammograms"), (b"\xff", "cannot-read")]
)
def test_a_list_without_paths_is_told(tmp_path, content, code):
    table = tmp_path / "list.csv"
    table.write_bytes(content)
    with pytest.raises(InputError) as caught:
        list(Source(table, tmp_path / "results").files())
    assert caught.value.code == code


def test_what_is_no_source_is_told(tmp_path):
    (tmp_path / "image.dcm").touch()
    for name, code in (("image.dcm", "not-a-source"), ("missing", "no-such-file")):
        with pytest.raises(InputError) as caught:
            Source(tmp_path / name, tmp_path / "results")
        assert caught.value.code == code


def test_a_name_that_is_no_text_is_a_problem_of_its_own(tmp_path):
    path = os.fsencode(tmp_path) + b"/bad\xff.dcm"
    os.close(os.open(path, os.O_CREAT))
    source = Source(tmp_path, tmp_path / "results")
    assert names(source) == []
    assert [problem.code for problem in source.problems] == ["file-name"]


def test_headers_say_which_study_a_file_belongs_to(tmp_path):
    first, _ = write_examination(tmp_path, 3)
    (tmp_path / "cut.dcm").write_bytes(first.read_bytes()[:300])
    files = [(str(path), 1, 2) for path in sorted(tmp_path.iterdir())] + [(str(tmp_path / "gone.dcm"), 1, 2)]
    cut, one, two, gone = read_headers(files)
    assert one.study == two.study == study_uid(3)
    assert cut.refusal is not None
    assert cut.refusal.code == "truncated"
    assert gone.refusal is not None
    assert gone.refusal.code == "no-such-file"


@pytest.mark.skipif(os.name != "posix", reason="elsewhere such a name is not there")
def test_a_name_that_is_too_long_is_told(tmp_path):
    with pytest.raises(InputError) as caught:
        Source(tmp_path / ("a" * 300), tmp_path / "results")
    assert caught.value.code == "cannot-read"


def test_a_source_in_a_folder_that_may_not_be_entered_is_told(tmp_path, monkeypatch):
    def forbidden(path, **_named):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "stat", forbidden)
    with pytest.raises(InputError) as caught:
        Source(tmp_path, tmp_path / "results")
    assert caught.value.code == "no-permission"


def test_a_link_in_a_circle_is_a_problem_of_its_own(tmp_path):
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "file").touch()
    source = Source(tmp_path, tmp_path / "results")
    assert names(source) == ["file"]
    assert [problem.code for problem in source.problems] == ["cannot-read"]
