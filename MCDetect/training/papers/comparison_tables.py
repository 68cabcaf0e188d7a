"""The tables of a comparison as Markdown, and the page they are put into."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from MCDetect.evaluation.report_page import comparison, extra_table
from MCDetect.files import write_text_atomically

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
REAL_PATCHES = "### Real patches"
KEPT_TABLE = "*Kept from an earlier run: the last one was given no real patches.*"
SIZE = (1024, 832)
"""Rows and columns of the simulated views: a quarter of a detector, so that the breast is small."""

_TITLES = {
    "texture": "Fourteen texture features (Haralick) of the regions of `singh2022`, cross-validated by patient:",
    "filters": "Filters on the regions of `leong2022`, against the unfiltered region:",
}


def _sha(measured: dict[str, Any]) -> str:
    return f" (SHA-256 {measured['bundle'][:12]})" if "bundle" in measured else ""


def tables(measured: dict[str, Any]) -> str:
    """Return the tables as Markdown."""
    lines = [
        f"Measured on {measured['images']} simulated images of {measured['patients']} simulated patients, "
        f"{SIZE[0]} x {SIZE[1]} pixels, laid out as each data set, with {measured['scale']:g} of the published epochs "
        f"(at least one), from scratch, on a {'processor' if measured['device'] == 'cpu' else 'GPU'}; "
        f"{_time(measured)}. Pathology is a stand-in by morphology. "
        "Intervals are 95 %, bootstrap over patients. In brackets what the papers give, on other data. "
        f"Rows of `default` are the networks of the bundle that is shipped{_sha(measured)}, not trained here.",
        "",
        *_markdown(*comparison(measured["report"])),
    ]
    for name, title in _TITLES.items():
        shown = next((one["extras"][name] for one in measured["report"] if name in one["extras"]), None)
        if shown is not None:
            lines += ["", title, "", *_markdown(*extra_table(shown))]
    if measured["real-patches"]:
        first = measured["real-patches"][0]
        lines += [
            "",
            REAL_PATCHES,
            "",
            f"The classifiers of patches above on {first['examples']} real patches of {first['patients']} cases, from "
            "digitised film, never trained on. All were trained on simulated views; the name is that of their layout:",
            "",
            *_markdown(*comparison(measured["real-patches"])),
        ]
    return "\n".join(lines)


def _time(measured: dict[str, Any]) -> str:
    return (
        f"{measured['minutes']:g} minutes by the clock, {measured['processor minutes']:g} of processor time "
        "(after an interruption: of the last part)"
    )


def put_into(page: Path, text: str) -> bool:
    """Replace what stands between the marks of a page; tell whether it has such a place.

    A table of real patches is not lost to a run without them: it is kept, and said to be of an earlier run.
    """
    content = page.read_text(encoding="utf-8") if page.is_file() else ""
    if BEGIN not in content or END not in content:
        return False
    before, rest = content.split(BEGIN, 1)
    old, after = rest.split(END, 1)
    if REAL_PATCHES in old and REAL_PATCHES not in text:
        table = old.split(REAL_PATCHES, 1)[1].replace(KEPT_TABLE, "").strip()
        text = f"{text}\n\n{REAL_PATCHES}\n\n{KEPT_TABLE}\n\n{table}"
    write_text_atomically(page, f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
    return True


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]
