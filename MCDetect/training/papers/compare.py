"""All recipes, end to end, on simulated data: ``python -m MCDetect.training.papers.compare --output DIR --scale 0.02``.

Simulates examinations, writes them in the layouts of the public data sets, trains every recipe on the layout of its own
data set, judges the shipped bundle of the recipe ``default`` on patches of the same test part without training it,
writes the report and puts the tables into ``docs/papers.md``. A run that was stopped goes on where it ended.
The scale multiplies the published numbers of epochs; 1 trains as published and needs a GPU.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from MCDetect.errors import MCDetectError
from MCDetect.evaluation.report import write_report
from MCDetect.files import write_text_atomically
from MCDetect.training.datasets import index_dataset
from MCDetect.training.datasets.record import DatasetIndex
from MCDetect.training.miniatures import LAYOUTS, write_miniature
from MCDetect.training.papers.comparison_tables import SIZE, put_into, tables
from MCDetect.training.papers.real_patches import score_real_patches
from MCDetect.training.papers.recipe import load_paper_recipe
from MCDetect.training.papers.runs import read_run
from MCDetect.training.papers.shipped import score_shipped_on_real_patches, score_shipped_on_test_part
from MCDetect.training.papers.training import Choices, train_paper

OWN_DATA = {
    "rehman2021": "ddsm",
    "leong2022": "cbis-ddsm",
    "singh2022": "cbis-ddsm",
    "lunalozoya2023": "inbreast",
    "shirikahnouei2022": "vindr-mammo",
}
"""Data set of each paper; that of Shiri Kahnouei et al. is not public: VinDr-Mammo has digital views and ages too."""

SHIPPED_BESIDE = "lunalozoya2023"
"""Recipe of patches on whose test part the shipped bundle is judged too."""

_FIRST_SEED = 7000
_REPEATS = 500

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Entry:
    """A training: recipe, network, split, optimizer, and the data set in whose layout the examinations lie.

    What the recipe shows besides (``also``) is left out of a ``plain`` one: it takes longer than a short training.
    """

    recipe: str
    network: str | None = None
    split: str = "patient"
    optimizer: str | None = None
    dataset: str | None = None
    plain: bool = False

    @property
    def folder(self) -> str:
        """Name of its output folder."""
        return "-".join(part for part in (self.recipe, self.network, self.optimizer, self.dataset, self.split) if part)


QUICK = (
    Entry("lunalozoya2023"),
    Entry("lunalozoya2023", split="paper"),
    Entry("lunalozoya2023", "lenet5"),
    Entry("lunalozoya2023", "mobilenet-v2"),
    Entry("lunalozoya2023", dataset="bmcd"),
    Entry("lunalozoya2023", dataset="mini-mias"),
    Entry("shirikahnouei2022"),
    Entry("shirikahnouei2022", split="paper"),
    Entry("rehman2021"),
    Entry("rehman2021", split="paper"),
    Entry("rehman2021", "dcnn"),
    Entry("rehman2021", dataset="cmmd"),
    Entry("leong2022", "alexnet"),
    Entry("leong2022", "alexnet", split="paper", plain=True),
    Entry("leong2022", "resnet-50", plain=True),
    Entry("leong2022", "resnet-34", plain=True),
    Entry("leong2022", "vgg16", plain=True),
    Entry("singh2022"),
    Entry("singh2022", split="paper", plain=True),
    Entry("singh2022", optimizer="adagrad", plain=True),
    Entry("singh2022", optimizer="adadelta", plain=True),
    Entry("singh2022", optimizer="rmsprop", plain=True),
)
"""What two processors train in minutes: every recipe with both splits, every network, every layout."""

FULL = (
    *QUICK,
    *(Entry("leong2022", network, split="paper") for network in ("resnet-50", "resnet-34", "vgg16")),
    *(Entry("lunalozoya2023", network, split="paper") for network in ("lenet5", "mobilenet-v2")),
    Entry("rehman2021", "dcnn", split="paper"),
)
"""Every network with both splits."""


def simulate(folder: Path, patients: int, tell: Tell) -> DatasetIndex:
    """Write the examinations that are not there yet, of two views each, every third normal; return their index."""
    from MCDetect.simulation.examination import TRUTH_FILE, simulate_examination

    for number in range(patients):
        examination = folder / f"patient-{number:03d}"
        if not (examination / TRUTH_FILE).is_file():
            tell(f"simulating patient {number + 1} of {patients}")
            seed, clusters = _FIRST_SEED + number, 0 if number % 3 == 0 else 2
            simulate_examination(examination, views=2, seed=seed, clusters=clusters, rows=SIZE[0], columns=SIZE[1])
    return index_dataset("simulated", folder)


def lay_out(folder: Path, index: DatasetIndex, tell: Tell) -> dict[str, DatasetIndex]:
    """Write the examinations in every layout, if that was not done yet, and return the index of each."""
    found = {"simulated": index}
    for name in LAYOUTS:
        done = folder / f"{name}.json"
        if not done.is_file() or json.loads(done.read_text(encoding="utf-8"))["of"] != index.checksum:
            tell(f"writing the layout of {name}")
            written = write_miniature(name, folder / name, index)
            document = {"of": index.checksum, "folder": written.relative_to(folder).as_posix()}
            write_text_atomically(done, json.dumps(document) + "\n")
        place = json.loads(done.read_text(encoding="utf-8"))["folder"]
        found[name] = index_dataset(name, folder / place)
    return found


def compare(
    output: Path,
    entries: Sequence[Entry],
    patients: int,
    *,
    scale: float,
    device: str,
    tell: Tell,
    patches: Path | None = None,
) -> dict[str, Any]:
    """Run everything and return what was measured."""
    from MCDetect.inference.detector import Detector

    start = time.monotonic()
    index = simulate(output / "examinations", patients, tell)
    indices = lay_out(output / "layouts", index, tell)
    runs, real = [], []
    for entry in entries:
        recipe = load_paper_recipe(entry.recipe)
        if entry.plain:
            recipe = replace(recipe, also=())

        def report(text: str, _progress: float, entry: Entry = entry) -> None:
            tell(f"{entry.folder}: {text}")

        choices = Choices(
            network=entry.network,
            split=entry.split,
            optimizer=entry.optimizer,
            scale=scale,
            device=device,
        )
        train_paper(recipe, indices[entry.dataset or OWN_DATA[entry.recipe]], output / entry.folder, choices, report)
        runs.append(read_run(output / entry.folder))
        gc.collect()  # networks and optimisers are held in circles, and the next ones are as large
        scored = score_real_patches(output / entry.folder, patches) if patches is not None else None
        if scored is not None:
            real.append(scored)
    tell("judging the shipped bundle")
    detector = Detector.load(device="cpu")
    patches_of = load_paper_recipe(SHIPPED_BESIDE)
    dataset = OWN_DATA[SHIPPED_BESIDE]
    runs += score_shipped_on_test_part(detector, patches_of, indices[dataset], output / "shipped" / "cache")
    if patches is not None:
        real += score_shipped_on_real_patches(detector, patches)
    tell("scoring")
    measured: dict[str, Any] = {"patients": patients, "images": len(index.records), "scale": scale, "device": device}
    measured["bundle"] = detector.bundle.sha256
    for name, judged in (("report", runs), ("real-patches", real)):
        scores: list[dict[str, Any]] = []
        if judged:
            document, _ = write_report(output / name, judged, repeats=_REPEATS)
            scores = json.loads(document.read_text(encoding="utf-8"))["runs"]
        measured[name] = scores
    minutes, processor = (round(seconds / 60, 1) for seconds in (time.monotonic() - start, time.process_time()))
    return {**measured, "minutes": minutes, "processor minutes": processor}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    from rich.console import Console

    parser = argparse.ArgumentParser(prog="python -m MCDetect.training.papers.compare", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder of all work")
    parser.add_argument("--scale", type=float, default=0.02, help="share of the published epochs (default 0.02)")
    parser.add_argument("--patients", type=int, default=16, help="simulated patients (default 16)")
    parser.add_argument(
        "--all",
        action="store_true",
        help="every network with both splits, not only with the one that two processors manage",
    )
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"), help="where to train")
    parser.add_argument(
        "--patches", type=Path, help="folder of real patches, 0/*.pgm normal and 1/*.pgm with a cluster"
    )
    parser.add_argument("--page", type=Path, default=Path("docs/papers.md"), help="page with a place for the tables")
    given = parser.parse_args(arguments)
    console = Console(stderr=True, highlight=False)
    if given.patches is None:
        console.print(
            f"No --patches: {given.page} keeps its table of real patches, as of an earlier run.", markup=False
        )
    try:
        with console.status("") as status:
            measured = compare(
                given.output,
                FULL if given.all else QUICK,
                given.patients,
                scale=given.scale,
                device=given.device,
                tell=status.update,
                patches=given.patches,
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
