"""Which examples are learnt from, chosen by and tested on: balancing, and splits by patient or as the papers split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from MCDetect.errors import InputError, UsageError
from MCDetect.training.papers.preparation import PreparedExample
from MCDetect.training.papers.recipe import SplitSettings

PARTS = ("training", "validation", "test")
SPLITS = ("patient", "paper")

Chosen = tuple[int, int]
"""Number of an example, and of the copy of it."""


@dataclass(frozen=True)
class Split:
    """Examples (and copies of them) of each part, by name of the part."""

    training: tuple[Chosen, ...]
    validation: tuple[Chosen, ...]
    test: tuple[Chosen, ...]


def balanced(examples: Sequence[PreparedExample], seed: int) -> list[PreparedExample]:
    """Return as many examples of each class as of the rarest, drawn by chance, in their old order."""
    by_label: dict[int, list[int]] = defaultdict(list)
    for position, example in enumerate(examples):
        by_label[example.label].append(position)
    least = min(len(positions) for positions in by_label.values())
    random = np.random.default_rng(seed)
    kept = [int(p) for label in sorted(by_label) for p in random.permutation(by_label[label])[:least]]
    return [examples[position] for position in sorted(kept)]


def split_by_patient(
    labels: Sequence[int], patients: Sequence[str], settings: SplitSettings, copies: int, *, seed: int, fold: int = 0
) -> Split:
    """Return a split in which no patient is in two parts; only training examples are multiplied.

    Patients are shuffled within those with and without examples of the highest class, and dealt out so that the number
    of examples of each part follows its share. With folds, the shuffled patients are turned by ``fold / folds`` first.

    Raises
    ------
    UsageError
        ``no-such-fold``.
    InputError
        ``too-few-patients`` when a part would be empty.
    """
    _check_fold(settings, fold)
    members: dict[str, list[int]] = defaultdict(list)
    for position, patient in enumerate(patients):
        members[patient].append(position)
    highest = max(labels)
    strata: dict[bool, list[str]] = {True: [], False: []}
    for patient in sorted(members):
        strata[any(labels[position] == highest for position in members[patient])].append(patient)
    random = np.random.default_rng(seed)
    chosen: dict[str, list[int]] = {part: [] for part in PARTS}
    for stratum in strata.values():
        order = [stratum[int(i)] for i in random.permutation(len(stratum))]
        turn = round(len(order) * fold / settings.folds)
        _deal(order[turn:] + order[:turn], members, settings, chosen)
    for part, positions in chosen.items():
        if not positions:
            raise InputError(
                "too-few-patients",
                f"With {len(members)} patients the {part} part of the split is empty.",
                "Give more of the data set.",
            )
    return Split(
        tuple((position, copy) for position in sorted(chosen["training"]) for copy in range(copies)),
        tuple((position, 0) for position in sorted(chosen["validation"])),
        tuple((position, 0) for position in sorted(chosen["test"])),
    )


def split_as_papers(labels: Sequence[int], settings: SplitSettings, copies: int, seed: int, fold: int = 0) -> Split:
    """Return a split of the multiplied examples by chance within each class, which lets copies and patients leak.

    That is how the papers describe their splits; the figures come out too high.
    """
    _check_fold(settings, fold)
    random = np.random.default_rng(seed)
    parts: dict[str, list[Chosen]] = {part: [] for part in PARTS}
    for label in sorted(set(labels)):
        pool = [(p, copy) for p, found in enumerate(labels) if found == label for copy in range(copies)]
        order = [pool[int(i)] for i in random.permutation(len(pool))]
        turn = round(len(order) * fold / settings.folds)
        order = order[turn:] + order[:turn]
        first, second = (round(len(order) * share) for share in (settings.test, settings.test + settings.validation))
        parts["test"] += order[:first]
        parts["validation"] += order[first:second]
        parts["training"] += order[second:]
    if not all(parts.values()):
        raise InputError("too-few-examples", "A part of the split is empty.", "Give more of the data set.")
    return Split(*(tuple(sorted(parts[part])) for part in PARTS))


def _deal(
    order: Sequence[str], members: dict[str, list[int]], settings: SplitSettings, chosen: dict[str, list[int]]
) -> None:
    """Give each patient to the part that is farthest behind its share."""
    shares = {"test": settings.test, "validation": settings.validation, "training": settings.training}
    dealt = dict.fromkeys(shares, 0)
    total = 0
    for patient in order:
        total += len(members[patient])
        # The test part comes first, so that turning the patients turns the test through all of them.
        part = max((name for name in shares if shares[name] > 0), key=lambda name: shares[name] * total - dealt[name])
        dealt[part] += len(members[patient])
        chosen[part] += members[patient]


def _check_fold(settings: SplitSettings, fold: int) -> None:
    if not 0 <= fold < settings.folds:
        raise UsageError(
            "no-such-fold", f"The recipe has no fold {fold}.", f"Use a number from 0 to {settings.folds - 1}."
        )
