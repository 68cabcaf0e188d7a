"""Images between their receipt and their removal, with others at work on them at the same moment."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.cohorts import study_uid, write_examination

from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.node import inbox as inbox_module
from MCDetect.cohort.node.inbox import Inbox
from MCDetect.cohort.records import examination_folder, examination_name
from MCDetect.errors import OutputError

LATER = 1e6
"""Seconds after which everything here is old."""


@pytest.fixture
def inbox(tmp_path: Path, manifest: Manifest) -> Inbox:
    return Inbox(tmp_path / "node", manifest, views=2, wait_s=60)


@pytest.fixture
def taking(tmp_path: Path, inbox: Inbox) -> Callable[..., bool]:
    """Return a function that takes an image of an examination, as it comes from a sender."""

    def take(index: int = 0, study: int = 1) -> bool:
        image = write_examination(tmp_path / "sent" / str(study), study)[index]
        received = inbox.incoming / "received"
        shutil.copy(image, received)
        return inbox.take(received, study_uid(study), f"1.2.{study}.{index}")

    return take


def set_done(manifest: Manifest) -> None:
    with manifest.transaction() as database:
        database.execute("UPDATE examinations SET state = 'done'")


def images_in(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "node" / "inbox").rglob("*.dcm"))


def put_results(tmp_path: Path) -> Path:
    folder = examination_folder(tmp_path / "node", examination_name(study_uid(1)))
    folder.mkdir(parents=True)
    (folder / "outcome.json").write_text("{}")
    return folder


def test_a_file_that_was_received_while_it_is_swept_ends_nothing(inbox, monkeypatch):
    (inbox.incoming / "stays").write_bytes(b"")
    old = inbox.incoming / "old"
    old.write_bytes(b"")
    os.utime(old, (0, 0))
    listed = [inbox.incoming / "gone", *inbox.incoming.iterdir()]
    monkeypatch.setattr(Path, "iterdir", lambda folder: iter(listed))
    assert inbox.sweep(keep_s=0) == 0
    assert not old.exists()
    assert (inbox.incoming / "stays").exists()


def test_an_image_that_comes_while_its_examination_is_swept_is_kept(inbox, manifest, taking, tmp_path, monkeypatch):
    taking(0)
    set_done(manifest)
    real_rows = manifest.rows

    def rows(query, values=()):
        found = real_rows(query, values)
        monkeypatch.setattr(manifest, "rows", real_rows)
        taking(1)  # between the look at the list and the removal
        return found

    monkeypatch.setattr(manifest, "rows", rows)
    assert inbox.sweep(keep_s=0, now=time.time() + LATER) == 0
    assert len(images_in(tmp_path)) == 2
    assert manifest.counts() == {"waiting": 1}


def test_an_image_that_was_swept_before_it_was_written_down_is_not_acknowledged(
    inbox, manifest, taking, tmp_path, monkeypatch
):
    taking(0)
    set_done(manifest)
    real_sync = inbox_module.sync_folder

    def sync(folder):
        monkeypatch.setattr(inbox_module, "sync_folder", real_sync)
        assert inbox.sweep(keep_s=0, now=time.time() + LATER) == 1
        real_sync(folder.parent)

    monkeypatch.setattr(inbox_module, "sync_folder", sync)
    with pytest.raises(OutputError):
        taking(1)
    assert not images_in(tmp_path)
    assert manifest.rows("SELECT * FROM files") == []
    assert taking(1)  # as the sender does then


def test_every_folder_is_flushed_before_an_image_is_acknowledged_though_another_sender_made_it(
    inbox, taking, tmp_path, monkeypatch
):
    place = tmp_path / "node" / "inbox" / (name := examination_name(study_uid(1)))[:2] / name
    place.mkdir(parents=True)  # by another sender, that has flushed nothing yet
    flushed: list[Path] = []
    monkeypatch.setattr(inbox_module, "sync_folder", flushed.append)
    taking(0)
    assert set(flushed) == {place, place.parent, place.parent.parent}
    flushed.clear()
    taking(0)  # the same image: it is there, but perhaps not flushed
    assert set(flushed) == {place, place.parent, place.parent.parent}


def test_an_image_that_was_not_written_down_is_adopted_by_the_next_start(inbox, manifest, taking, tmp_path):
    taking(0)
    taking(1)
    with manifest.transaction() as database:
        database.execute("DELETE FROM files")
        database.execute("DELETE FROM examinations")
    (images_in(tmp_path)[0].parent / "damaged.dcm").write_bytes(b"no image")
    assert inbox.adopt() == 2
    inbox.ripen()
    (examination,) = manifest.pending(5)
    assert examination.study == study_uid(1)
    assert len(examination.files) == 2
    assert inbox.adopt() == 0


def test_a_folder_that_was_moved_goes_on_where_it_lies(manifest, taking, tmp_path):
    taking(0)
    set_done(manifest)
    shutil.copytree(tmp_path / "node" / "inbox", tmp_path / "moved" / "inbox")
    assert Inbox(tmp_path / "moved", manifest, views=2, wait_s=60).adopt() == 0
    (row,) = manifest.rows("SELECT path FROM files")
    assert Path(row["path"]).is_relative_to(tmp_path / "moved")
    assert manifest.counts() == {"done": 1}  # nothing of it is processed again


def test_nothing_is_left_of_a_sweep_that_was_cut_short(inbox, manifest, taking, tmp_path, monkeypatch):
    taking(0)
    set_done(manifest)
    folder = put_results(tmp_path)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)  # as if the node were killed before
    assert inbox.sweep(keep_s=0, now=time.time() + LATER) == 1
    monkeypatch.undo()
    assert manifest.counts() == {}
    assert not folder.exists()
    assert inbox.adopt() == 0  # what is left counts for nothing
    inbox.clear()
    assert not images_in(tmp_path)


def test_a_folder_that_cannot_be_removed_keeps_no_other_from_it_and_stays_whole(
    inbox, manifest, taking, tmp_path, monkeypatch
):
    for study in range(3):
        taking(0, study)
    set_done(manifest)
    names = [row["name"] for row in manifest.rows("SELECT name FROM examinations")]
    stuck, real_hide = names[0], inbox_module._hide

    def hide(folder):
        if folder.name == stuck and "examinations" in folder.parts:
            raise PermissionError(13, "Permission denied")
        return real_hide(folder)

    monkeypatch.setattr(inbox_module, "_hide", hide)
    with pytest.raises(PermissionError):
        inbox.sweep(keep_s=0, now=time.time() + LATER)
    assert [row["name"] for row in manifest.rows("SELECT name FROM examinations")] == [stuck]
    assert len(images_in(tmp_path)) == 1  # where it was, and known
    assert [Path(row["path"]).exists() for row in manifest.rows("SELECT path FROM files")] == [True]


def test_results_of_which_the_manifest_knows_nothing_are_removed_and_others_stay(inbox, manifest, taking, tmp_path):
    taking(0)
    kept = put_results(tmp_path)
    orphan = examination_folder(tmp_path / "node", examination_name("of nobody"))
    orphan.mkdir(parents=True)
    inbox.remove_orphans()
    assert kept.exists()
    assert not orphan.exists()
