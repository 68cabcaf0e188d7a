"""How often the right pair of clusters has the best score: ``python -m MCDetect.training.morphology.correspondence``.

Simulates examinations whose breasts hold several clusters, seen in both views, detects in them and asks for each
cluster that was found in both views whether its best partner in the other view is itself.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from MCDetect.evaluation.hits import Candidate, Truth, centre_inside
from MCDetect.findings import Cluster, Findings, ImageFindings
from MCDetect.inference.correspondence import agreement, propose
from MCDetect.simulation.truth_file import TruthOfView, read_truth

SEEDS = range(700_000, 710_000)
"""Seeds of examinations that nothing else uses."""


@dataclass
class Tally:
    """Clusters found in both views; those whose partner has the best score; pairs proposed, and right ones of them."""

    in_both_views: int = 0
    best_is_right: int = 0
    proposed: int = 0
    proposed_right: int = 0


def count(findings: Findings, truths: dict[str, TruthOfView], tally: Tally) -> None:
    """Add one examination to the tally."""
    which = {
        cluster.tracking_uid: found
        for image in findings.images
        for cluster in image.clusters
        if (found := _breast_cluster(image, cluster, truths[image.sop_instance_uid])) is not None
    }
    for first in findings.images:
        for second in findings.images:
            if first.laterality != second.laterality or {first.view, second.view} != {"CC", "MLO"}:
                continue
            there = {which.get(cluster.tracking_uid) for cluster in second.clusters}
            for mine in first.clusters:
                number = which.get(mine.tracking_uid)
                if number is None or number not in there:
                    continue
                best = max(second.clusters, key=lambda c: agreement((first, mine), (second, c), {}))
                tally.in_both_views += 1
                tally.best_is_right += which.get(best.tracking_uid) == number
    for pair in propose(findings.images):
        one, other = (which.get(uid) for uid in pair.tracking_uids)
        tally.proposed += 1
        tally.proposed_right += one is not None and one == other


def _breast_cluster(image: ImageFindings, cluster: Cluster, truth: TruthOfView) -> int | None:
    """Return the number in the breast of the simulated cluster that a cluster lies on."""
    candidate = Candidate(cluster.outline, cluster.score)
    for simulated in truth.clusters:
        if centre_inside(candidate, Truth(simulated.outline), image.spacing_mm):
            return simulated.breast_cluster
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    from rich.console import Console

    from MCDetect.inference.pipeline import detect
    from MCDetect.simulation.examination import TRUTH_FILE, simulate_examination

    parser = argparse.ArgumentParser(prog="python -m MCDetect.training.morphology.correspondence", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, metavar="DIR", help="folder for the examinations")
    parser.add_argument("--examinations", type=int, default=20, metavar="N")
    parser.add_argument("--clusters", type=int, default=3, metavar="N", help="clusters in each breast")
    parser.add_argument("--backend", default="torch", help="what computes the networks")
    given = parser.parse_args(arguments)
    tally, console = Tally(), Console(highlight=False)
    for seed in SEEDS[: given.examinations]:
        folder, result = given.work / str(seed), given.work / f"{seed}.json"
        if not result.exists():
            simulate_examination(folder, seed=seed, clusters=given.clusters, rows=2560, columns=1792)
            findings = detect(sorted(folder.glob("*.dcm")), backend=given.backend)
            result.write_text(findings.to_json() + "\n", encoding="utf-8")
        count(Findings.from_json(result.read_text(encoding="utf-8")), read_truth(folder / TRUTH_FILE), tally)
        console.print(json.dumps({"examinations": seed - SEEDS[0] + 1, **asdict(tally)}), markup=False, soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
