"""Draw the pictures of docs/performance.md from the JSON of ``make bench``, and keep the figures in one short file.

Writes ``figures.json``, ``stages.png`` and ``growth.png`` into FOLDER.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

COLOURS = ["#8c8c8c", "#c9a227", "#3b6ea5", "#5a9e6f", "#a54d3b", "#70548c"]
DOTS_PER_INCH = 100
SYNTAXES = {
    "ExplicitVRLittleEndian": "uncompressed",
    "JPEGLSLossless": "JPEG-LS",
    "JPEG2000Lossless": "JPEG 2000",
}


def figures(paths: list[Path]) -> list[dict]:
    """Return group, name, least seconds by the clock and what else was noted of each benchmark, and of which run it is.

    Of one that stands in several files the last counts, so that some may be measured again.
    """
    found: dict[tuple[str, str], dict] = {}
    for path in paths:
        document = json.loads(path.read_text(encoding="utf-8"))
        run = {
            "date": document["datetime"][:10],
            "commit": document["commit_info"]["id"][:12],
            "bundle": document["machine_info"].get("bundle", "not noted"),
        }
        for entry in document["benchmarks"]:
            kept = {key: entry[key] for key in ("group", "name", "extra_info")}
            figures = {**kept, "least_seconds": entry["stats"]["min"], "rounds": entry["stats"]["rounds"]}
            found[entry["group"], entry["name"]] = {**figures, **run}
    return list(found.values())


def reading_and_writing(benchmarks: list[dict]) -> dict[str, float]:
    """Return the processor seconds of one view of each way it may be stored and each format that may be written."""
    seconds = {}
    for entry in benchmarks:
        which, noted = entry["name"].partition("[")[2].rstrip("]"), entry["extra_info"]
        if entry["name"].startswith("test_reading["):
            seconds[f"reading {SYNTAXES[which]}"] = noted["processor_seconds"]
        elif entry["name"].startswith("test_writing["):
            seconds[f"writing {which}"] = noted["seconds"]["processor"] / noted["views"]
    return seconds


def draw_stages(benchmarks: list[dict], path: Path) -> None:
    """Draw where the processor time of one view goes, a bar for each back end; below, what reading and writing take."""
    bars = {
        entry["name"].partition("[")[2].rstrip("]"): entry["extra_info"]["stages_cpu_seconds"]
        for entry in benchmarks
        if "stages_cpu_seconds" in entry["extra_info"]
    }
    others = reading_and_writing(benchmarks)
    rows = [len(bars), max(1, len(others))]
    figure, (axes, below) = plt.subplots(
        2, figsize=(8, 1.6 + 0.28 * sum(rows)), sharex=True, height_ratios=rows, layout="constrained"
    )
    for row, stages in enumerate(bars.values()):
        left = 0.0
        for colour, (name, seconds) in zip(COLOURS, stages.items(), strict=True):
            axes.barh(row, seconds, left=left, color=colour, label=name if row == 0 else None)
            left += seconds
        axes.text(left, row, f" {left:.2f} s", va="center")
    for row, seconds in enumerate(others.values()):
        below.barh(row, seconds, color=COLOURS[0])
        below.text(seconds, row, f" {seconds:.2f} s", va="center")
    for part, names in ((axes, bars), (below, others)):
        part.set_yticks(range(len(names)), list(names))
        part.invert_yaxis()
        part.margins(x=0.1)
        part.spines[["top", "right"]].set_visible(False)
    below.set_xlabel("processor seconds of one view of 3328 x 2560 pixels")
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(path, dpi=DOTS_PER_INCH)


def draw_growth(benchmarks: list[dict], path: Path) -> None:
    """Draw the processor seconds of a view over its number of pixels, with the line through the origin that fits."""
    points = [
        (entry["extra_info"]["pixels"] / 1e6, entry["extra_info"]["processor_seconds"])
        for entry in benchmarks
        if "pixels" in entry["extra_info"]
    ]
    megapixels, seconds = np.array(sorted(points)).T
    slope = float(megapixels @ seconds / (megapixels @ megapixels))
    figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
    axes.plot(megapixels, slope * megapixels, "-", color=COLOURS[0], label=f"{slope:.3f} s a megapixel")
    axes.plot(megapixels, seconds, "o", color=COLOURS[2], label="measured")
    axes.set_xlabel("megapixels")
    axes.set_ylabel("processor seconds")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=DOTS_PER_INCH)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("results", type=Path, nargs="+", metavar="RESULTS.json")
    given = parser.parse_args()
    results, folder = figures(given.results), given.folder  # read first: what cannot be read leaves no folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "figures.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    draw_stages(results, folder / "stages.png")
    draw_growth(results, folder / "growth.png")
