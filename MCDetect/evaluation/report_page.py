"""The HTML page of a report, in one file that needs nothing else."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from MCDetect.evaluation.curves import draw_curves

COMPARED = (
    "accuracy",
    "sensitivity",
    "specificity",
    "precision",
    "F1",
    "MCC",
    "AUC",
    "sensitivity at specificity 0.8",
    "false positives an image",
)
"""Figures in the side-by-side table."""

STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:88em;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.3em .6em;text-align:left}th{background:#f3f3f3}
.table{overflow-x:auto;margin:1em 0}td span{white-space:nowrap}.long{overflow-wrap:anywhere}
.compared td,.compared th{font-size:84%;padding:.3em .45em}.compared td:first-child{min-width:9em}
.compared td span{display:block;font-size:85%}
.pictures{display:flex;flex-wrap:wrap;gap:1em}.curves img{width:21em}
figure{margin:0}figure img{max-width:min(100%,27em);max-height:34em}figcaption{font-size:85%;max-width:30em}
.warning{background:#fff3d6;padding:.7em 1em;border-left:4px solid #d99a00}"""

_LONGEST_WORD = 40  # characters: longer ones are checksums and names of files, which may be broken anywhere
_ASIDE = re.compile(r"\[[^\]]*\]|\(published: [^)]*\)")


def comparison(scores: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the side-by-side table; the published figures stand behind ours in brackets."""
    header = ["recipe, network", "data set", "split", "test examples", *COMPARED]
    rows = []
    for one in scores:
        about = one["about"]
        published = {str(key).lower(): value for key, value in one["published on other data"].items()}
        row = [str(one["name"]), str(about.get("dataset", "")), str(about.get("split", "")), str(one["examples"])]
        for name in COMPARED:
            ours = interval_text(one["figures"].get(name))
            theirs = published.get(name.lower())
            row.append(ours if theirs is None else f"{ours} (published: {theirs})")
        rows.append(row)
    return header, rows


def interval_text(figure: Mapping[str, float] | None) -> str:
    """Return "estimate [low-high]", or that there is none: a class is missing, or nothing was called positive."""
    if figure is None:
        return "not defined"
    return f"{figure['estimate']:.3f} [{figure['low']:.3f}-{figure['high']:.3f}]"


def page_of(scores: Sequence[Mapping[str, Any]], pictures: Sequence[Mapping[str, Path]]) -> str:
    """Return the page of the entries of ``report.json``, each with its pictures by their captions."""
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'><title>MCDetect evaluation</title>",
        f"<style>{STYLE}</style></head><body><h1>Evaluation</h1>",
        "<p>For research use; not a medical device. Intervals are 95 %, bootstrap over patients. Published figures "
        "were measured on other data, often with patients in several parts of the split: they are no reference.</p>",
        _comparison(scores),
    ]
    for number, (one, shown) in enumerate(zip(scores, pictures, strict=True)):
        parts += _section(one, number, shown)
    return "\n".join([*parts, "</body></html>\n"])


def _comparison(scores: Sequence[Mapping[str, Any]]) -> str:
    """Return the side-by-side table, whose rows lead to their sections."""
    header, rows = comparison(scores)
    table = html_table(header, rows).replace("class='table'", "class='table compared'")
    for number, row in enumerate(rows):
        name = escape(row[0])
        table = table.replace(f"<tr><td>{name}</td>", f"<tr><td><a href='#run-{number}'>{name}</a></td>", 1)
    return table


def _section(one: Mapping[str, Any], number: int, pictures: Mapping[str, Path]) -> list[str]:
    parts = [f"<h2 id='run-{number}'>{escape(str(one['name']))}</h2>"]
    if one["about"].get("split") == "paper":
        parts.append(
            "<p class='warning'>Split as the paper splits: copies of one example and images of one patient are in "
            "several parts. These figures are too high.</p>"
        )
    parts.append(html_table(["", ""], [[key, str(value)] for key, value in _about(one)]))
    names = dict.fromkeys((*COMPARED, *one["figures"]))
    rows = [[name, interval_text(one["figures"].get(name))] for name in names]
    parts.append(html_table(["figure", "estimate [95 % interval]"], rows))
    parts.append(picture_row(draw_curves(one), "pictures curves", captions=False))
    published = one["published on other data"]
    for kind, groups in one["subgroups"].items():
        theirs = published.get(kind, {})
        parts.append(
            html_table(
                [kind, "examples", "accuracy [95 % interval]", "published on other data"],
                [
                    [value, str(group["examples"]), interval_text(group["accuracy"]), str(theirs.get(value, ""))]
                    for value, group in groups.items()
                ],
            )
        )
    for name, extra in one["extras"].items():
        parts.append(f"<h3>{escape(name.replace('-', ' '))}</h3>")
        parts.append(html_table(*extra_table(extra)))
    losses = [
        [loss["image"], loss["decided"], loss["true"], f"{loss['loss']:.2f}", f"{loss['probability']:.3f}"]
        for loss in one["top losses"]
    ]
    parts.append("<h3>Top losses</h3>")
    parts.append(html_table(["image", "decided", "true", "loss", "probability of the truth"], losses))
    shown = {caption: b64encode(path.read_bytes()).decode("ascii") for caption, path in pictures.items()}
    parts.append(picture_row(shown, "pictures"))
    return parts


def picture_row(pictures: Mapping[str, str], kind: str, *, captions: bool = True) -> str:
    """Return pictures, each a PNG in base 64 by its caption, side by side as far as they fit."""
    each = [
        f"<figure><img alt='{escape(name)}' src='data:image/png;base64,{picture}'>"
        f"<figcaption>{escape(name) if captions else ''}</figcaption></figure>"
        for name, picture in pictures.items()
    ]
    return f"<div class='{kind}'>{''.join(each)}</div>"


def extra_table(extra: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of figures beside the published ones: by row and name, or by name alone."""
    measured, published = extra["measured"], extra["published"]
    if not all(isinstance(row, Mapping) for row in measured.values()):
        return ["figure", "measured"], [[name, _number(value)] for name, value in measured.items()]
    names = list(dict.fromkeys(name for row in measured.values() for name in row))
    rows = []
    for key, row in measured.items():
        cells = []
        for name in names:
            theirs = published.get(key, {}).get(name)
            cells.append(_number(row[name]) + ("" if theirs is None else f" (published: {theirs})"))
        rows.append([key, *cells])
    return ["", *names], rows


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _about(one: Mapping[str, Any]) -> list[tuple[str, Any]]:
    point = one["slope 1 operating point"]
    lines = [(str(key), value) for key, value in one["about"].items() if not isinstance(value, dict | list)]
    lines += [("test examples", one["examples"]), ("test patients", one["patients"])]
    if point is not None:
        lines.append(
            (
                "operating point by the slope-1 line (chosen on these examples)",
                f"threshold {point['threshold']:.3f}, sensitivity {point['sensitivity']:.3f}, "
                f"specificity {point['specificity']:.3f}",
            )
        )
    if one["froc"] is not None:
        rates = one["froc"]["sensitivity at false positives an image"]
        lines.append(
            ("sensitivity at false positives an image", ", ".join(f"{k}: {value:.3f}" for k, value in rates.items()))
        )
    return lines


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; a header of empty cells is left out."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    head = f"<tr>{head}</tr>" if any(header) else ""
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f"<div class='table'><table>{head}{body}</table></div>"


def _cell(text: str) -> str:
    """Return a cell; intervals and published figures are not broken."""
    start = "<td class='long'>" if any(len(word) > _LONGEST_WORD for word in text.split()) else "<td>"
    return start + _ASIDE.sub(lambda found: f"<span>{found[0]}</span>", escape(text)) + "</td>"
