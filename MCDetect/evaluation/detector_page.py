"""The HTML page of detectors on views with truth, in one file that needs nothing else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from MCDetect.evaluation.curves import draw_free_response
from MCDetect.evaluation.report_page import STYLE, html_table, interval_text, picture_row

_PARTS = ("by image", "by examination")
_FEW = 10
_TOLD = 20


def detector_page_of(entries: Sequence[Mapping[str, Any]], pictures: Sequence[Mapping[str, Path]]) -> str:
    """Return the page of the entries of ``report.json``, each with its pictures by their captions."""
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'><title>MCDetect evaluation</title>",
        f"<style>{STYLE}</style></head><body><h1>Evaluation of detectors</h1>",
        "<p>For research use; not a medical device. Intervals are 95 %, bootstrap over examinations. A cluster counts "
        "whether or not it is reported apart as typically benign.</p>",
        _comparison(entries),
    ]
    for one, shown in zip(entries, pictures, strict=True):
        parts += _section(one, shown)
    return "\n".join([*parts, "</body></html>\n"])


def comparison(entries: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the side-by-side table: each model and operating point, by the first criterion."""
    header = ["model", "operating point", "sensitivity", "sensitivity by examination", "false positives a view"]
    rows = []
    for one in entries:
        figures = next(iter(one["clusters"].values()))["all"]
        for name, point in figures["operating points"].items():
            rows.append(
                [one["name"], f"{name} ({point['threshold']:.3f})", *(interval_text(point[key]) for key in header[2:])]
            )
    return header, rows


def _comparison(entries: Sequence[Mapping[str, Any]]) -> str:
    criterion = escape(next(iter(entries[0]["clusters"])))
    return f"<p>A cluster is found: {criterion}.</p>" + html_table(*comparison(entries))


def _section(one: Mapping[str, Any], pictures: Mapping[str, Path]) -> list[str]:
    parts = [f"<h2>{escape(str(one['name']))}</h2>"]
    if one["about"]["examinations"] < _FEW:
        parts.append(
            f"<p class='warning'>Only {one['about']['examinations']} examinations: the intervals say little.</p>"
        )
    parts.append(html_table(["", ""], [[key, str(value)] for key, value in one["about"].items()]))
    for criterion, groups in one["clusters"].items():
        parts.append(f"<h3>Clusters; found: {escape(criterion)}</h3>")
        parts.append(_froc_table(groups))
        parts.append(picture_row({"FROC": draw_free_response(groups["all"])}, "pictures curves", captions=False))
    parts += _by_kind(one["by kind"]) + _calcifications(one["calcifications"])
    shown = {caption: b64encode(path.read_bytes()).decode("ascii") for caption, path in pictures.items()}
    parts.append(picture_row(shown, "pictures"))
    problems = one["problems"]
    if problems:
        parts.append("<h3>What was left out, and what else is to be said</h3><ul>")
        parts += [f"<li>{escape(problem)}</li>" for problem in problems[:_TOLD]]
        parts.append("</ul>" + (f"<p>… and {len(problems) - _TOLD} more.</p>" if len(problems) > _TOLD else ""))
    return parts


def _froc_table(groups: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the figures of all groups of clusters, a group in each column."""
    header = ["clusters", *(f"{name} ({figures['clusters']})" for name, figures in groups.items())]
    columns = [_froc_figures(figures) for figures in groups.values()]
    names = dict.fromkeys(name for column in columns for name in column)
    first = next(iter(groups.values()))
    counted = [f"{part} on {first[part]['false positives counted on']}" for part in _PARTS if first[part] is not None]
    told = f"<p>False positives are counted {', '.join(counted)}.</p>" if counted else ""
    return told + html_table(
        header, [[name, *(interval_text(column.get(name)) for column in columns)] for name in names]
    )


def _froc_figures(figures: Mapping[str, Any]) -> dict[str, Mapping[str, float] | None]:
    found = {}
    for part in _PARTS:
        if figures[part] is not None:
            for rate, value in figures[part]["sensitivity at false positives a view"].items():
                found[f"sensitivity {part} at {rate} false positives a view"] = value
    for name, point in figures["operating points"].items():
        for key in ("sensitivity", "sensitivity by examination", "false positives a view"):
            found[f"{name} (from {point['threshold']:.3f}): {key}"] = point[key]
    return found


def _by_kind(kinds: Mapping[str, Any]) -> list[str]:
    rows = [[kind, str(one["clusters"]), interval_text(one["sensitivity"])] for kind, one in kinds.items()]
    header = ["kind of cluster", "clusters", "sensitivity at the default operating point"]
    return [html_table(header, rows)] if rows else []


def _calcifications(figures: Mapping[str, Any] | None) -> list[str]:
    if figures is None:
        return ["<p>The data set marks no single calcifications.</p>"]
    header = ["operating point", "sensitivity", "false marks a view", "median error of the centre"]
    rows = []
    for name, point in figures["operating points"].items():
        error = point["median error of the centre_mm"]
        values = [interval_text(point[key]) for key in header[1:3]]
        rows.append([name, *values, "not defined" if error is None else f"{error:.3f} mm"])
    return [
        f"<h3>Single calcifications: {figures['calcifications']} to be found</h3>",
        f"<p>False marks are counted on {escape(figures['false marks counted on'])}.</p>",
        html_table(header, rows),
    ]
