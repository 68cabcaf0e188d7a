"""Files of the manifest become examinations: one of each study."""

from __future__ import annotations

import sqlite3

from MCDetect.cohort.records import examination_name, signature_of


def group_files(database: sqlite3.Connection, study: str | None = None) -> None:
    """Make an examination of the files of each study, or of the files of one.

    One whose files are others than when it was processed is to be processed again.
    """
    chosen, values = ("study <> ''", ()) if study is None else ("study = ?", (study,))
    rows = database.execute(
        f"SELECT study, path, size, modified_ns FROM files WHERE {chosen} ORDER BY study, path", values
    )
    present, files = "", list[tuple[str, int, int]]()
    for row in rows:
        if row["study"] != present:
            _expect(database, present, files)
            present, files = row["study"], []
        files.append((row["path"], row["size"], row["modified_ns"]))
    _expect(database, present, files)


def _expect(database: sqlite3.Connection, study: str, files: list[tuple[str, int, int]]) -> None:
    if study:
        database.execute(
            "INSERT INTO examinations (name, study, state, signature) VALUES (?, ?, 'pending', ?) "
            "ON CONFLICT (name) DO UPDATE SET state = 'pending', attempts = 0, signature = excluded.signature "
            "WHERE signature <> excluded.signature",
            (examination_name(study), study, signature_of(files)),
        )
