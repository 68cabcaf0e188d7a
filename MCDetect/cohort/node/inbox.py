"""Images that were received: on the disk before their receipt is acknowledged.

An image is first written under ``incoming/``, flushed, renamed to its place, its folder flushed, and its row committed
to the manifest; only then does the sender hear that it was stored. What is cut short anywhere on this way was never
acknowledged and is sent again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import time
from pathlib import Path

from pydicom import dcmread

from MCDetect.cohort.examination import UNFINISHED, sync_folder
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.records import examination_folder, examination_name, signature_of
from MCDetect.dicom.failures import DICOM_FAILURES, without_warnings
from MCDetect.errors import OutputError

_ABANDONED_S = 3600.0
_DONE_WITH = "state IN ('done', 'failed') AND delivery_due IS NULL AND changed <= ?"


class Inbox:
    """The images of a node.

    Parameters
    ----------
    folder
        The node's folder; images lie in ``inbox/`` below it, what is being received in ``incoming/``.
    manifest
        Where their arrival is written down.
    views
        Number of images that makes an examination complete.
    wait_s
        Seconds after its last image when an examination with fewer is processed all the same.
    """

    def __init__(self, folder: Path, manifest: Manifest, views: int, wait_s: float) -> None:
        self._folder = folder
        self._manifest = manifest
        self._views = views
        self._wait_s = wait_s
        self.incoming = folder / "incoming"
        for place in (self.incoming, folder / "inbox"):
            place.mkdir(exist_ok=True)
        sync_folder(folder)

    def take(self, received: Path, study: str, instance: str) -> bool:
        """Keep a received file for good; return whether it is new.

        The file is moved. The same image sent again changes nothing; another image under the same identifier is kept
        beside the first, and the analysis will tell.

        Raises
        ------
        OutputError
            ``cannot-write`` when it could not be kept; the sender must not be told that it was.
        """
        name = examination_name(study)
        place = self._place(name)
        try:
            digest = hashlib.sha256()
            with received.open("rb+") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
                os.fsync(stream.fileno())
            instance_name = hashlib.sha256(instance.encode()).hexdigest()[:24]
            target = place / f"{instance_name}-{digest.hexdigest()[:12]}.dcm"
            place.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                received.replace(target)
            # Also where another sender has made these names: it may not have brought them to the disk yet.
            for folder in (place, place.parent, place.parent.parent):
                sync_folder(folder)
        except OSError as error:
            raise OutputError(
                "cannot-write",
                f"A received image could not be written to {self._folder}: {error.strerror}.",
                "Free space on the disk.",
            ) from error
        return self._write_down(name, study, target)

    def ripen(self) -> None:
        """Hand on the examinations that are complete, or whose last image came long ago."""
        with self._manifest.transaction() as database:
            database.execute(
                "UPDATE examinations SET state = 'pending', attempts = 0 WHERE state = 'waiting' AND (changed <= ? "
                "OR (SELECT count(*) FROM files WHERE files.study = examinations.study) >= ?)",
                (time.time() - self._wait_s, self._views),
            )

    def sweep(self, keep_s: float, now: float | None = None) -> int:
        """Remove what was abandoned while it was received, and examinations that were done with ``keep_s`` ago.

        Returns
        -------
        int
            How many examinations were removed.
        """
        moment = time.time() if now is None else now
        for path in self.incoming.iterdir():
            with contextlib.suppress(FileNotFoundError):  # it was received, or cut off, in the meantime
                if path.stat().st_mtime < moment - _ABANDONED_S:
                    path.unlink()
        before = (moment - keep_s,)
        removed, failure = 0, None
        for row in self._manifest.rows(f"SELECT name, study FROM examinations WHERE {_DONE_WITH}", before):
            try:
                hidden = self._take_out(row["name"], row["study"], before)
            except (OSError, OutputError) as error:  # a folder that cannot be removed keeps no other from it
                failure = error
                continue
            if hidden is None:
                continue  # an image of it came in the meantime
            for place in hidden:
                shutil.rmtree(place, ignore_errors=True)
            removed += 1
        if failure is not None:
            raise failure
        return removed

    def _take_out(self, name: str, study: str, before: tuple[float]) -> list[Path] | None:
        """Forget an examination and hide its folders, or leave all as it is; None if it is not done with any more."""
        hidden: list[tuple[Path, Path]] = []
        try:
            with self._manifest.transaction() as database:
                gone = database.execute(f"DELETE FROM examinations WHERE name = ? AND {_DONE_WITH}", (name, *before))
                if gone.rowcount == 0:
                    return None
                database.execute("DELETE FROM files WHERE study = ?", (study,))
                for table in ("images", "refusals"):
                    database.execute(f"DELETE FROM {table} WHERE examination = ?", (name,))
                # Hidden before the rows are gone for good, and what is hidden is removed by the next start at the
                # latest: nothing stays of which nobody knows. An image that is sent again begins anew.
                for place in (self._place(name), examination_folder(self._folder, name)):
                    if (new := _hide(place)) is not None:
                        hidden.append((place, new))
        except BaseException:
            for place, new in hidden:
                with contextlib.suppress(OSError):
                    new.replace(place)
            raise
        return [new for _, new in hidden]

    def clear(self) -> None:
        """Remove what was being received, and so not acknowledged, or removed when the node ended."""
        for path in self.incoming.iterdir():
            path.unlink(missing_ok=True)
        for place in (self._folder / "inbox").glob(f"*/{UNFINISHED}*"):
            shutil.rmtree(place, ignore_errors=True)

    def adopt(self) -> int:
        """Write down images of which the manifest knows nothing: the node ended just before, or the manifest was lost.

        Returns
        -------
        int
            How many there were. One that cannot be read now is left for the next start.
        """
        known = {Path(row["path"]).name: row["path"] for row in self._manifest.rows("SELECT path FROM files")}
        adopted = 0
        for path in (self._folder / "inbox").glob("*/[!.]*/*.dcm"):
            if path.name in known:
                if known[path.name] != str(path):  # the folder of the node was moved
                    with self._manifest.transaction() as database:
                        database.execute("UPDATE files SET path = ? WHERE path = ?", (str(path), known[path.name]))
                continue
            try:
                with without_warnings():
                    study = str(dcmread(path, specific_tags=["StudyInstanceUID"]).StudyInstanceUID)
            except DICOM_FAILURES:
                continue
            name = examination_name(study)
            if path.parent == self._place(name):
                adopted += self._write_down(name, study, path)
        return adopted

    def remove_orphans(self) -> None:
        """Remove results of which the manifest knows nothing; not for a manifest that has just been made."""
        known = {row["name"] for row in self._manifest.rows("SELECT name FROM examinations")}
        for folder in (self._folder / "examinations").glob("*/[!.]*"):
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)

    def _place(self, name: str) -> Path:
        return self._folder / "inbox" / name[:2] / name

    def _write_down(self, name: str, study: str, path: Path) -> bool:
        with self._manifest.transaction() as database:
            try:  # in here, where no sweep can remove it any more
                status = path.stat()
            except OSError as error:
                raise OutputError(
                    "cannot-write", "A received image was removed before it was written down.", "Send it again."
                ) from error
            known = database.execute("SELECT 1 FROM files WHERE path = ?", (str(path),)).fetchone()
            if known is not None:
                return False
            database.execute(
                "INSERT INTO files (path, size, modified_ns, study) VALUES (?, ?, ?, ?)",
                (str(path), status.st_size, status.st_mtime_ns, study),
            )
            files = database.execute("SELECT path, size, modified_ns FROM files WHERE study = ?", (study,))
            database.execute(
                "INSERT INTO examinations (name, study, state, signature, changed) VALUES (?, ?, 'waiting', ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET state = 'waiting', signature = excluded.signature, "
                "changed = excluded.changed, attempts = 0",
                (name, study, signature_of(tuple(row) for row in files), time.time()),
            )
        return True


def _hide(folder: Path) -> Path | None:
    """Give a folder a name under which it counts for nothing any more; None if there is none."""
    hidden = folder.with_name(f"{UNFINISHED}{folder.name}-{secrets.token_hex(4)}")
    try:
        folder.replace(hidden)
    except FileNotFoundError:
        return None
    sync_folder(folder.parent)
    return hidden
