"""The summary table of a cohort: one row for each image, and one for each examination that has none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.records import examination_folder
from MCDetect.files import write_atomically

_ROWS_AT_ONCE = 20_000


class Failure(NamedTuple):
    """What was not analysed and why; ``examination`` is empty for a file that belongs to none."""

    examination: str
    source: str
    code: str
    message: str
    hint: str


def failures(manifest: Manifest, limit: int = -1) -> list[Failure]:
    """Return what was refused or failed, everything without a ``limit``."""
    rows = manifest.rows(
        "SELECT '' AS examination, path AS source, code, message, hint FROM files WHERE code IS NOT NULL "
        "UNION ALL SELECT examination, source, code, message, hint FROM refusals LIMIT ?",
        (limit,),
    )
    return [Failure(*row) for row in rows]


def count_failures(manifest: Manifest) -> Counter[str]:
    """Return how often each code stands among all that was refused or failed."""
    rows = manifest.rows(
        "SELECT code, sum(number) AS number FROM ("
        "SELECT code, count(*) AS number FROM files WHERE code IS NOT NULL GROUP BY code "
        "UNION ALL SELECT code, count(*) FROM refusals GROUP BY code) GROUP BY code ORDER BY code"
    )
    return Counter({row["code"]: row["number"] for row in rows})


def write_table(path: Path, manifest: Manifest) -> None:
    """Write the table as Parquet, in memory that does not grow with the cohort.

    Raises
    ------
    OutputError
        ``cannot-write``.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, number, whole = pa.string(), pa.float64(), pa.int64()
    schema = pa.schema(
        {
            "examination": text,
            "study_instance_uid": text,
            "state": text,
            "code": text,
            "message": text,
            "folder": text,
            "seconds": number,
            "bytes_read": whole,
            "worker": text,
            "sop_instance_uid": text,
            "laterality": text,
            "view": text,
            "score": number,
            "clusters": whole,
            "calcifications": whole,
            "largest_cluster_mm": number,
            "warnings": whole,
        }
    )

    def write(temporary: Path) -> None:
        with pq.ParquetWriter(temporary, schema) as writer:
            for rows in _rows(manifest):
                writer.write_table(pa.Table.from_pylist(rows, schema=schema))

    write_atomically(path, write)


def _rows(manifest: Manifest) -> Iterator[list[dict[str, Any]]]:
    last = -1
    while True:
        ends = manifest.rows(
            "SELECT max(rowid) AS last FROM (SELECT rowid FROM examinations WHERE rowid > ? ORDER BY rowid LIMIT ?)",
            (last, _ROWS_AT_ONCE),
        )
        if ends[0]["last"] is None:
            return
        rows = manifest.rows(
            "SELECT e.name AS examination, e.study AS study_instance_uid, e.state, e.code, e.message, '' AS folder, "
            "e.seconds, e.bytes_read, e.worker, i.sop_instance_uid, i.laterality, i.view, i.score, i.clusters, "
            "i.calcifications, i.largest_cluster_mm, i.warnings FROM examinations e "
            "LEFT JOIN images i ON i.examination = e.name WHERE e.rowid > ? AND e.rowid <= ? ORDER BY e.rowid, i.rowid",
            (last, ends[0]["last"]),
        )
        last = ends[0]["last"]
        yield [{**row, "folder": examination_folder(Path(), row["examination"]).as_posix()} for row in map(dict, rows)]
