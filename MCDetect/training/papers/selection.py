"""Which examples are learnt from, chosen by and tested on: balancing, and splits by patient or as the papers split."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

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
    labels: Sequence[int],
    patients: Sequence[str],
    settings: SplitSettings,
    copies: int,
    *,
    seed: int,
    fold: int = 0,
    remark: str = "",
) -> Split:
    """Return a split in which no patient is in two parts; only training examples are multiplied.

    Patients are shuffled within those with and without examples of the highest class, and dealt out so that the number
    of examples of each part follows its share. A part that small shares and few patients leave empty gets one patient
    from training. With folds, no patient is tested in two of them, and each is tested once where the folds make up the
    whole; the test part of a fold is never empty while there are as many patients. A refusal ends with the ``remark``.

    Raises
    ------
    UsageError
        ``no-such-fold``.
    InputError
        ``too-few-patients`` when a part would be empty.
    """
    require_fold(settings, fold)
    members: dict[str, list[int]] = defaultdict(list)
    for position, patient in enumerate(patients):
        members[patient].append(position)
    highest = max(labels)
    strata: dict[bool, list[str]] = {True: [], False: []}
    for patient in sorted(members):
        strata[any(labels[position] == highest for position in members[patient])].append(patient)
    random = np.random.default_rng(seed)
    middles: dict[str, Fraction] = {}
    for stratum in strata.values():
        middles |= _on_a_circle([stratum[int(i)] for i in random.permutation(len(stratum))], members)
    chosen = _deal(middles, members, settings, fold)
    _fill_empty_parts(chosen, patients, ["validation"] * bool(settings.validation) + ["test"] * (settings.folds == 1))
    if not settings.validation:
        chosen["validation"] = list(chosen["test"])
    for part, positions in chosen.items():
        if not positions:
            raise InputError(
                "too-few-patients",
                f"With {len(members)} patients the {part} part of the split is empty.{remark}",
                "Give more of the data set.",
            )
    return Split(
        tuple((position, copy) for position in sorted(chosen["training"]) for copy in range(copies)),
        tuple((position, 0) for position in sorted(chosen["validation"])),
        tuple((position, 0) for position in sorted(chosen["test"])),
    )


def split_as_papers(
    labels: Sequence[int], settings: SplitSettings, copies: int, seed: int, fold: int = 0, *, remark: str = ""
) -> Split:
    """Return a split of the multiplied examples by chance within each class, which lets copies and patients leak.

    That is how the papers describe their splits; the figures come out too high.
    """
    require_fold(settings, fold)
    random = np.random.default_rng(seed)
    parts: dict[str, list[Chosen]] = {part: [] for part in PARTS}
    for label in sorted(set(labels)):
        pool = [(p, copy) for p, found in enumerate(labels) if found == label for copy in range(copies)]
        order = [pool[int(i)] for i in random.permutation(len(pool))]
        turn = round(len(order) * fold / settings.folds)
        first, second = (round(len(order) * share) for share in (settings.test, settings.test + settings.validation))
        if settings.folds * _exact(settings.test) == 1:  # the test ends where that of the next fold starts
            ending = round(len(order) * (fold + 1) / settings.folds) - turn
            first, second = ending, second + ending - first
        order = order[turn:] + order[:turn]
        parts["test"] += order[:first]
        parts["validation"] += order[first:second]
        parts["training"] += order[second:]
    if not settings.validation:
        parts["validation"] = list(parts["test"])
    if not all(parts.values()):
        raise InputError("too-few-examples", f"A part of the split is empty.{remark}", "Give more of the data set.")
    return Split(*(tuple(sorted(parts[part])) for part in PARTS))


def _on_a_circle(order: Sequence[str], members: Mapping[str, list[int]]) -> dict[str, Fraction]:
    """Lay patients along a circle by their numbers of examples; return where the middle of each lies, 0 to 1.

    In fractions, since 0.6 - 0.4 is less than 0.2 as a float: a patient on a cut would be on both sides.
    """
    total = sum(len(members[patient]) for patient in order)
    middles, before = {}, 0
    for patient in order:
        middles[patient] = Fraction(2 * before + len(members[patient]), 2 * total)
        before += len(members[patient])
    return middles


def _deal(
    middles: Mapping[str, Fraction], members: Mapping[str, list[int]], settings: SplitSettings, fold: int
) -> dict[str, list[int]]:
    """Cut the circle where the fold and the shares say."""
    test, validation = _exact(settings.test), _exact(settings.validation)
    fold_of = {
        patient: next((f for f in range(settings.folds) if (middle - Fraction(f, settings.folds)) % 1 < test), None)
        for patient, middle in middles.items()
    }
    if settings.folds > 1:
        _fill_empty_folds(fold_of, members, settings.folds)
    chosen: dict[str, list[int]] = {part: [] for part in PARTS}
    for patient, middle in middles.items():
        place = (middle - Fraction(fold, settings.folds)) % 1
        part = "validation" if test <= place < test + validation else "training"
        chosen["test" if fold_of[patient] == fold else part] += members[patient]
    return chosen


def _exact(share: float) -> Fraction:
    """Return the fraction that a share was written as: a fifth for 0.2."""
    return Fraction(share).limit_denominator(1_000_000)


def _fill_empty_folds(fold_of: dict[str, int | None], members: Mapping[str, list[int]], folds: int) -> None:
    """Give each fold without a test patient one that another can spare, the same whichever fold is asked for.

    That is the one with the fewest examples of those that are never tested or not alone in their fold; with fewer
    patients than folds, one of the last fold that has any.
    """
    for empty in range(folds):
        held = Counter(fold_of.values())
        if held[empty]:
            continue
        spared = [patient for patient, fold in fold_of.items() if fold is None or held[fold] > 1]
        later = [fold for fold in held if fold is not None and fold > empty]
        if not spared and later:
            spared = [patient for patient, fold in fold_of.items() if fold == max(later)]
        if spared:
            fold_of[min(spared, key=lambda patient: (len(members[patient]), patient))] = empty


def _fill_empty_parts(chosen: Mapping[str, list[int]], patients: Sequence[str], parts: Sequence[str]) -> None:
    """Give each empty part the patient with the fewest examples of those in training, and keep one there."""
    for part in parts:
        learnt = Counter(patients[position] for position in chosen["training"])
        if chosen[part] or len(learnt) < 2:
            continue
        moved = min(learnt, key=lambda patient: (learnt[patient], patient))
        chosen[part] += [position for position in chosen["training"] if patients[position] == moved]
        chosen["training"][:] = [position for position in chosen["training"] if patients[position] != moved]


def require_fold(settings: SplitSettings, fold: int) -> None:
    """Refuse a fold that the recipe does not have.

    Raises
    ------
    UsageError
        ``no-such-fold``.
    """
    if not 0 <= fold < settings.folds:
        raise UsageError(
            "no-such-fold", f"The recipe has no fold {fold}.", f"Use a number from 0 to {settings.folds - 1}."
        )
