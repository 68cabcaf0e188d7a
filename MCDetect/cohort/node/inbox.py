"""Images that were received: on the disk before their receipt is acknowledged.

An image is first written under ``incoming/``, flushed, renamed to its place, its folder flushed, and its row committed
to the manifest; only then does the sender hear that it was stored. What is cut short anywhere on this way was never
acknowledged and is sent again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path

from MCDetect.cohort.examination import sync_folder
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.records import examination_folder, examination_name, signature_of
from MCDetect.errors import OutputError

_ABANDONED_S = 3600.0


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
            if not place.is_dir():
                place.mkdir(parents=True, exist_ok=True)
                sync_folder(place.parent)
                sync_folder(place.parent.parent)
            if not target.exists():
                received.replace(target)
                sync_folder(place)
            status = target.stat()
        except OSError as error:
            raise OutputError(
                "cannot-write",
                f"A received image could not be written to {self._folder}: {error.strerror}.",
                "Free space on the disk.",
            ) from error
        return self._write_down(name, study, (str(target), status.st_size, status.st_mtime_ns))

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
            if path.stat().st_mtime < moment - _ABANDONED_S:
                path.unlink(missing_ok=True)
        names = self._manifest.rows(
            "SELECT name, study FROM examinations WHERE state IN ('done', 'failed') AND delivery_due IS NULL "
            "AND changed <= ?",
            (moment - keep_s,),
        )
        for row in names:
            # The rows go first: an image that is sent again in the meantime begins anew.
            with self._manifest.transaction() as database:
                database.execute("DELETE FROM files WHERE study = ?", (row["study"],))
                for table in ("images", "refusals"):
                    database.execute(f"DELETE FROM {table} WHERE examination = ?", (row["name"],))
                database.execute("DELETE FROM examinations WHERE name = ?", (row["name"],))
                shutil.rmtree(self._place(row["name"]), ignore_errors=True)
            shutil.rmtree(examination_folder(self._folder, row["name"]), ignore_errors=True)
        return len(names)

    def clear_incoming(self) -> None:
        """Remove what was being received when the node ended: it was not acknowledged."""
        for path in self.incoming.iterdir():
            path.unlink(missing_ok=True)

    def _place(self, name: str) -> Path:
        return self._folder / "inbox" / name[:2] / name

    def _write_down(self, name: str, study: str, file: tuple[str, int, int]) -> bool:
        with self._manifest.transaction() as database:
            known = database.execute("SELECT 1 FROM files WHERE path = ?", (file[0],)).fetchone()
            if known is not None:
                return False
            database.execute("INSERT INTO files (path, size, modified_ns, study) VALUES (?, ?, ?, ?)", (*file, study))
            files = database.execute("SELECT path, size, modified_ns FROM files WHERE study = ?", (study,))
            database.execute(
                "INSERT INTO examinations (name, study, state, signature, changed) VALUES (?, ?, 'waiting', ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET state = 'waiting', signature = excluded.signature, "
                "changed = excluded.changed, attempts = 0",
                (name, study, signature_of(tuple(row) for row in files), time.time()),
            )
        return True
