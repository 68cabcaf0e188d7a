from __future__ import annotations

import pytest

from MCDetect.cohort.lock import FolderLock
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.records import FileRecord, Outcome
from MCDetect.errors import OutputError, UsageError
from MCDetect.findings import Algorithm, Refusal

ALGORITHM = Algorithm("MCDetect", "1", "b", "0" * 64, "balanced", 0.3, "cpu")


def fill(manifest: Manifest, search: int = 1) -> None:
    manifest.take_files(
        [FileRecord("/a/1", 10, 1, "1.2.3"), FileRecord("/b/2", 10, 1, "1.2.3"), FileRecord("/c", 5, 1, "1.2.4")],
        search,
    )
    manifest.group(search)


def test_files_of_a_study_become_one_examination(tmp_path):
    with Manifest(tmp_path) as manifest:
        fill(manifest)
        first, second = manifest.pending(10)
        assert first.files == ("/a/1", "/b/2")
        assert second.files == ("/c",)


def test_an_outcome_for_files_that_changed_meanwhile_is_not_written_down(tmp_path):
    with Manifest(tmp_path) as manifest:
        fill(manifest)
        examination = manifest.pending(1)[0]
        manifest.take_files([FileRecord("/a/1", 11, 2, "1.2.3")], 2)
        manifest.see_files(["/b/2", "/c"], 2)
        manifest.group(2)
        refusal = Refusal("", "no-breast", "No breast.")
        manifest.finish(examination, Outcome(examination.signature, "x", ALGORITHM, refused=(refusal,)))
        assert manifest.counts() == {"pending": 2}


def test_a_file_that_is_gone_changes_its_examination_and_a_study_without_files_keeps_its_state(tmp_path):
    with Manifest(tmp_path) as manifest:
        fill(manifest)
        for examination in manifest.pending(10):
            manifest.finish(examination, Outcome(examination.signature, "x", ALGORITHM))
        assert manifest.counts() == {"failed": 2}
        manifest.see_files(["/a/1"], 2)
        manifest.group(2)
        assert manifest.counts() == {"failed": 1, "pending": 1}


def test_a_change_that_cannot_be_committed_is_taken_back_and_the_next_one_is_made(tmp_path):
    with Manifest(tmp_path) as manifest:
        manifest._database.execute("PRAGMA foreign_keys = ON")
        manifest._database.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        manifest._database.execute(
            "CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"
        )
        with pytest.raises(OutputError), manifest.transaction() as database:
            database.execute("INSERT INTO child VALUES (7)")  # refused when it is committed
        with manifest.transaction() as database:
            database.execute("INSERT INTO parent VALUES (1)")
        assert [row["id"] for row in manifest.rows("SELECT id FROM parent")] == [1]
        assert manifest.rows("SELECT id FROM child") == []


def test_a_damaged_manifest_is_told(tmp_path):
    (tmp_path / "manifest.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(OutputError, match="damaged") as caught:
        Manifest(tmp_path)
    assert caught.value.code == "damaged-manifest"


def test_a_lock_ends_with_its_holder(tmp_path):
    with FolderLock(tmp_path), pytest.raises(UsageError, match="at work"), FolderLock(tmp_path):
        pass
    with FolderLock(tmp_path):
        pass


def test_an_examination_whose_files_are_away_waits_until_they_are_there_again(tmp_path):
    with Manifest(tmp_path) as manifest:
        fill(manifest)
        names = [examination.name for examination in manifest.pending(10)]
        manifest.see_files(["/c"], 2)  # the disk of the other study is not mounted
        manifest.group(2)
        assert [examination.name for examination in manifest.pending(10)] == names[1:]
        assert manifest.pending_named(names[0]) is None
        assert manifest.counts() == {"pending": 2}
        fill(manifest, 3)
        assert [examination.name for examination in manifest.pending(10)] == names
        assert manifest.pending_named(names[0]).files == ("/a/1", "/b/2")
