"""The overview of a cohort: one HTML page that needs nothing else, with counts, a plot and what failed.

The database counts; the page and the memory it takes do not grow with the cohort.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.records import examination_folder
from MCDetect.cohort.summary import Failure, count_failures, failures
from MCDetect.files import write_text_atomically
from MCDetect.findings import Algorithm, Refusal
from MCDetect.score_text import MEANING, score_text, threshold_text

_MOST_LISTED = 200
_BINS = 20

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>MCDetect: overview of a batch</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a }}
table {{ border-collapse: collapse; margin: 1rem 0 }}
th, td {{ text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ccc; overflow-wrap: anywhere }}
th {{ white-space: nowrap; vertical-align: bottom }} td {{ vertical-align: top }}
.number {{ text-align: right; font-variant-numeric: tabular-nums; padding-left: 2rem }}
figure {{ margin: 1rem 0 }} svg {{ width: 100%; height: auto }}
</style></head><body>
<h1>Overview of a batch</h1>
<p>For research use only; not for diagnosis. {algorithm}</p>
<h2>Examinations</h2>{counts}
<h2>Scores and times</h2><figure>{plot}<figcaption>Left: the highest cluster score of each view; views without a cluster
at or above the threshold count as 0. Right: seconds of a worker for each examination.</figcaption></figure>
<h2>Highest scores</h2><p>{meaning}</p>{highest}
<h2>Not analysed</h2>{reasons}{failed}
</body></html>
"""


def write_overview(path: Path, manifest: Manifest, algorithm: Algorithm, problems: tuple[Refusal, ...] = ()) -> None:
    """Write the page.

    Parameters
    ----------
    path
        The file, in the output folder: it links to the results.
    manifest
        Of the cohort.
    algorithm
        What made the findings.
    problems
        Of the search of the source.

    Raises
    ------
    OutputError
        ``cannot-write``.
    """
    listed = [Failure("", p.source, p.code, p.message, p.hint) for p in problems]
    reasons = Counter(problem.code for problem in problems) + count_failures(manifest)
    listed += failures(manifest, max(0, _MOST_LISTED - len(listed)))
    page = _PAGE.format(
        algorithm=escape(
            f"MCDetect {algorithm.version}, bundle {algorithm.bundle} ({algorithm.bundle_sha256[:12]}), operating "
            f"point {algorithm.operating_point} ({threshold_text(algorithm.threshold)}), {algorithm.device}."
        ),
        meaning=escape(MEANING),
        counts=_counts(manifest),
        plot=_plot(manifest, algorithm.threshold),
        highest=_highest(manifest),
        reasons=_reasons(reasons),
        failed=_failed(listed[:_MOST_LISTED], reasons.total()),
    )
    write_text_atomically(path, page)


def _counts(manifest: Manifest) -> str:
    totals = manifest.rows(
        "SELECT (SELECT count(*) FROM examinations) AS examinations, "
        "(SELECT count(*) FROM examinations WHERE state = 'done') AS done, "
        "(SELECT count(*) FROM examinations WHERE state = 'failed') AS failed, "
        "(SELECT count(*) FROM images) AS images, "
        "(SELECT count(*) FROM images WHERE clusters > 0) AS marked, "
        "(SELECT count(DISTINCT examination) FROM images WHERE clusters > 0) AS marked_examinations, "
        "(SELECT total(seconds) FROM examinations) AS seconds, "
        "(SELECT total(bytes_read) FROM examinations) AS bytes"
    )[0]
    rows = (
        ("Examinations found", totals["examinations"]),
        ("Examinations analysed", totals["done"]),
        ("Examinations in which nothing could be analysed", totals["failed"]),
        ("Views analysed", totals["images"]),
        ("Views with at least one cluster", totals["marked"]),
        ("Examinations with at least one cluster", totals["marked_examinations"]),
        ("Hours of workers", f"{totals['seconds'] / 3600:.2f}"),
        ("Gigabytes read", f"{totals['bytes'] / 1e9:.2f}"),
    )
    cells = "".join(f'<tr><td>{name}</td><td class="number">{value}</td></tr>' for name, value in rows)
    return f"<table>{cells}</table>"


def _plot(manifest: Manifest, threshold: float) -> str:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    longest = manifest.rows("SELECT coalesce(max(seconds), 0) AS most FROM examinations")[0]["most"]
    scores = _histogram(manifest, "score", "images", 1.0)
    seconds = _histogram(manifest, "seconds", "examinations", longest)
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw(left, "scores", scores, 1.0)
    left.axvline(threshold, color="#b03a2e", linestyle="--", label=f"threshold {threshold_text(threshold)}")
    left.legend()
    left.set(xlabel="highest cluster score of a view", ylabel="views", xlim=(0, 1))
    _draw(right, "seconds", seconds, longest)
    right.set(xlabel="seconds of an examination", ylabel="examinations")
    for axes in (left, right):
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.spines[["top", "right"]].set_visible(False)
    stream = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "mcdetect"}):
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()[stream.getvalue().index("<svg") :]


def _histogram(manifest: Manifest, column: str, table: str, most: float) -> list[int]:
    """Return how many values from 0 to ``most`` are in each of equal bins, those of seconds without 0 (not timed)."""
    counts = [0] * _BINS
    if most > 0:
        timed = "WHERE seconds > 0" if column == "seconds" else ""
        rows = manifest.rows(
            f"SELECT min(CAST({column} / ? * {_BINS} AS INTEGER), {_BINS - 1}) AS bin, count(*) AS number "
            f"FROM {table} {timed} GROUP BY bin",
            (most,),
        )
        for row in rows:
            counts[row["bin"]] = row["number"]
    return counts


def _draw(axes: Any, name: str, counts: Sequence[int], most: float) -> None:
    width = (most or 1.0) / _BINS
    bars = axes.bar([index * width for index in range(_BINS)], counts, width, align="edge", color="#3b6ea5")
    for index, bar in enumerate(bars):
        bar.set_gid(f"{name}-{index}")


def _highest(manifest: Manifest) -> str:
    rows = manifest.rows(
        "SELECT examination, laterality, view, score, clusters, largest_cluster_mm FROM images WHERE clusters > 0 "
        "ORDER BY score DESC, examination LIMIT ?",
        (_MOST_LISTED,),
    )
    if not rows:
        return "<p>No view has a cluster at or above the threshold.</p>"
    cells = "".join(
        f'<tr><td><a href="{examination_folder(Path(), row["examination"]).as_posix()}/">{row["examination"]}</a></td>'
        f"<td>{escape(' '.join(filter(None, (row['laterality'], row['view']))) or 'not known')}</td>"
        f'<td class="number">{escape(score_text(row["score"]))}</td><td class="number">{row["clusters"]}</td>'
        f'<td class="number">{row["largest_cluster_mm"]:.1f} mm</td></tr>'
        for row in rows
    )
    heads = "<th>Examination</th><th>View</th>" + "".join(
        f'<th class="number">{head}</th>' for head in ("Score", "Clusters", "Largest cluster")
    )
    return f"<p>At most {_MOST_LISTED} views; all are in summary.parquet.</p><table><tr>{heads}</tr>{cells}</table>"


def _reasons(counts: Counter[str]) -> str:
    if not counts:
        return "<p>Everything that was found was analysed.</p>"
    cells = "".join(
        f'<tr><td>{escape(code)}</td><td class="number">{number}</td></tr>' for code, number in counts.most_common()
    )
    heads = '<th>Reason</th><th class="number">Files or examinations</th>'
    return f"<table><tr>{heads}</tr>{cells}</table>"


def _failed(listed: Sequence[Failure], number: int) -> str:
    cells = "".join(
        f"<tr><td>{escape(failure.examination) or 'none: a file'}</td>"
        f"<td>{escape(f'{failure.message} {failure.hint}')}</td></tr>"
        for failure in listed
    )
    more = number - len(listed)
    rest = f"<p>and {more} more, in manifest.sqlite.</p>" if more > 0 else ""
    return f"<table><tr><th>Examination</th><th>What happened</th></tr>{cells}</table>{rest}" if listed else ""
