"""All recipes, end to end, on simulated data: ``python -m MCDetect.training.papers.compare --output DIR --scale 0.02``.

Simulates examinations, trains every recipe (and what it is compared with) on them, writes the report and the tables
into ``docs/papers.md`` where that file has a place for them. A run that was stopped goes on where it ended. The scale
multiplies the published numbers of epochs; 1 trains as published and needs a GPU.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from MCDetect.errors import MCDetectError
from MCDetect.evaluation.report import comparison, write_report
from MCDetect.files import write_text_atomically
from MCDetect.training.datasets import index_dataset
from MCDetect.training.datasets.record import DatasetIndex
from MCDetect.training.papers import leong2022, singh2022
from MCDetect.training.papers.preparation import Preparation
from MCDetect.training.papers.recipe import load_paper_recipe
from MCDetect.training.papers.runs import read_run
from MCDetect.training.papers.training import Choices, train_paper

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
SIZE = (1024, 832)
"""Rows and columns of the simulated views: a quarter of a detector, so that the breast is small."""

_FIRST_SEED = 7000


@dataclass(frozen=True)
class Entry:
    """A training: recipe, network and split."""

    recipe: str
    network: str | None = None
    split: str = "patient"

    @property
    def folder(self) -> str:
        """Name of its output folder."""
        return "-".join(part for part in (self.recipe, self.network or "own", self.split))


QUICK = (
    Entry("lunalozoya2023"),
    Entry("lunalozoya2023", split="paper"),
    Entry("lunalozoya2023", "lenet5"),
    Entry("rehman2021"),
    Entry("rehman2021", split="paper"),
    Entry("rehman2021", "dcnn"),
    Entry("singh2022"),
    Entry("leong2022", "resnet-34"),
    Entry("leong2022", "alexnet"),
    Entry("shirikahnouei2022"),
)
"""What two processors train in minutes."""

FULL = (
    *QUICK,
    Entry("lunalozoya2023", "mobilenet-v2"),
    Entry("leong2022"),
    Entry("leong2022", "vgg16"),
    Entry("leong2022", split="paper"),
    Entry("singh2022", split="paper"),
    Entry("shirikahnouei2022", split="paper"),
)
"""All networks."""


def simulate(folder: Path, patients: int, tell: Callable[[str], None]) -> DatasetIndex:
    """Write the examinations that are not there yet, of two views each, every third normal; return their index."""
    from MCDetect.simulation.examination import TRUTH_FILE, simulate_examination

    for number in range(patients):
        examination = folder / f"patient-{number:03d}"
        if not (examination / TRUTH_FILE).is_file():
            tell(f"simulating patient {number + 1} of {patients}")
            seed, clusters = _FIRST_SEED + number, 0 if number % 3 == 0 else 2
            simulate_examination(examination, views=2, seed=seed, clusters=clusters, rows=SIZE[0], columns=SIZE[1])
    return index_dataset("simulated", folder)


def compare(
    output: Path, entries: Sequence[Entry], patients: int, *, scale: float, device: str, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Run everything and return what was measured."""
    index = simulate(output / "examinations", patients, tell)
    runs = []
    for entry in entries:
        recipe = load_paper_recipe(entry.recipe)

        def report(text: str, _progress: float, entry: Entry = entry) -> None:
            tell(f"{entry.folder}: {text}")

        choices = Choices(network=entry.network, split=entry.split, epochs=_epochs(entry, scale), device=device)
        train_paper(recipe, index, output / entry.folder, choices, report)
        runs.append(read_run(output / entry.folder))
    tell("scoring")
    document, _ = write_report(output / "report", runs, repeats=500)
    scores: list[dict[str, Any]] = json.loads(document.read_text(encoding="utf-8"))["runs"]
    return {
        "patients": patients,
        "images": len(index.records),
        "scale": scale,
        "scores": scores,
        "texture": _texture(index, output / "texture-cache"),
        "filters": _filters(index, output / "filter-cache"),
    }


def tables(measured: dict[str, Any]) -> str:
    """Return the tables as Markdown."""
    header, rows = comparison(measured["scores"])
    lines = [
        f"Measured on {measured['images']} simulated images of {measured['patients']} simulated patients, "
        f"{SIZE[0]} x {SIZE[1]} pixels, with {measured['scale']:g} of the published epochs (at least one), "
        "from scratch. Pathology is a stand-in by morphology. Intervals are 95 %, bootstrap over patients.",
        "",
        *_markdown(header, rows),
        "",
        "Texture features (14, Haralick) of the regions of `singh2022`, cross-validated by patient:",
        "",
        *_markdown(
            ["classifier", "accuracy", "AUC, mean of classes"],
            [[name, f"{one['accuracy']:.3f}", f"{one['AUC']:.3f}"] for name, one in measured["texture"].items()],
        ),
        "",
        "Filters on the regions of `leong2022`, against the unfiltered region (published: adaptive median 42.39 dB and "
        "3.75, median 37.59 and 11.32, mean 36.95 and 13.12):",
        "",
        *_markdown(
            ["filter", "PSNR in dB", "MSE"],
            [[name, f"{one['psnr']:.2f}", f"{one['mse']:.2f}"] for name, one in measured["filters"].items()],
        ),
    ]
    return "\n".join(lines)


def put_into(page: Path, text: str) -> bool:
    """Replace what stands between the marks of a page; tell whether it has such a place."""
    content = page.read_text(encoding="utf-8") if page.is_file() else ""
    if BEGIN not in content or END not in content:
        return False
    before, after = content.split(BEGIN, 1)[0], content.split(END, 1)[1]
    write_text_atomically(page, f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
    return True


def _texture(index: DatasetIndex, cache: Path) -> dict[str, dict[str, float]]:
    prepared = Preparation(index, load_paper_recipe("singh2022").examples, cache)
    patients = [index.records[example.record].patient for example in prepared.examples]
    labels = [example.label for example in prepared.examples]
    return singh2022.compare_texture_classifiers(prepared.pixels(prepared.examples), labels, patients)


def _filters(index: DatasetIndex, cache: Path) -> dict[str, dict[str, float]]:
    from dataclasses import replace

    settings = replace(load_paper_recipe("leong2022").examples, steps=())
    prepared = Preparation(index, settings, cache)
    return leong2022.compare_filters_on(list(prepared.pixels(prepared.examples)))


def _epochs(entry: Entry, scale: float) -> int:
    return max(1, round(scale * max(stage.epochs for stage in load_paper_recipe(entry.recipe).stages)))


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    from rich.console import Console

    parser = argparse.ArgumentParser(prog="python -m MCDetect.training.papers.compare", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder of all work")
    parser.add_argument("--scale", type=float, default=0.02, help="share of the published epochs (default 0.02)")
    parser.add_argument("--patients", type=int, default=24, help="simulated patients (default 24)")
    parser.add_argument("--all", action="store_true", help="every network, not only those that two processors manage")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"), help="where to train")
    parser.add_argument("--page", type=Path, default=Path("docs/papers.md"), help="page with a place for the tables")
    given = parser.parse_args(arguments)
    console = Console(stderr=True, highlight=False)
    try:
        with console.status("") as status:
            entries = FULL if given.all else QUICK
            measured = compare(
                given.output, entries, given.patients, scale=given.scale, device=given.device, tell=status.update
            )
        write_text_atomically(given.output / "measured.json", json.dumps(measured, indent=2) + "\n")
        put_into(given.page, tables(measured))
    except MCDetectError as error:
        console.print(str(error), style="red", markup=False)
        return 3
    console.print(f"The report is in {given.output / 'report'}.", markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
