"""What a training notes beside its networks: what was asked, where each example went, what it was trained on."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.errors import UsageError
from MCDetect.files import write_text_atomically
from MCDetect.training.datasets.record import DatasetIndex
from MCDetect.training.papers.preparation import PreparedExample
from MCDetect.training.papers.recipe import PaperRecipe
from MCDetect.training.papers.selection import PARTS, Split
from MCDetect.training.trainer import Trainer, last_validation

if TYPE_CHECKING:
    from MCDetect.training.papers.training import Choices


def asked_of(recipe: PaperRecipe, index: DatasetIndex, choices: Choices, network: str) -> dict[str, Any]:
    """Return what decides the result of a training, as ``run.json`` has it."""
    asked = {
        "recipe": asdict(recipe),
        "network": network,
        "split": choices.split,
        "fold": choices.fold,
        "dataset": index.name,
        "dataset_checksum": index.checksum,
        "pretrained": choices.pretrained is not None and digest_of(choices.pretrained),
    }
    plain: dict[str, Any] = json.loads(json.dumps(asked))
    return plain


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, of which no more than a part is in memory."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def require_same_run(path: Path, asked: Mapping[str, Any]) -> None:
    """Refuse to go on in a folder in which something else was trained.

    Raises
    ------
    UsageError
        ``another-run``, with what differs.
    """
    if not path.is_file():
        return
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        if before.get("pretrained") is True and asked.get("pretrained"):
            before["pretrained"] = asked["pretrained"]  # an earlier version did not write down which file it was
        different = [name for name in asked if name != "recipe" and before.get(name) != asked[name]]
        entries = before["recipe"]
        different += [f"recipe ({name})" for name, value in asked["recipe"].items() if entries.get(name) != value]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        different = ["a damaged run.json"]
    if different:
        raise UsageError(
            "another-run",
            f"{path.parent} holds a training with another recipe, data set or choice: {', '.join(different)}.",
            "Give another --output folder, or what was given before.",
        )


def write_examples(
    path: Path, index: DatasetIndex, recipe: PaperRecipe, chosen: list[PreparedExample], split: Split
) -> None:
    """Write the table of examples: part, copy, class, image, patient and place of each (``examples.csv``)."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(
        ["part", "copy", "class", "image", "patient", "laterality", "view", "top", "left", "rows", "columns"]
    )
    for part in PARTS:
        for place, copy in getattr(split, part):
            example = chosen[place]
            record = index.records[example.record]
            label = recipe.examples.classes[example.label]
            row = [part, recipe.copies[copy], label, index.image_names[example.record], record.patient]
            writer.writerow([*row, record.laterality, record.view, *example.place])
    write_text_atomically(path, stream.getvalue())


def record_of(
    recipe: PaperRecipe,
    index: DatasetIndex,
    choices: Choices,
    *,
    network: str,
    split: Split,
    trainers: list[Trainer],
) -> dict[str, Any]:
    """Return what the bundle's card and the report say of a training."""
    return {
        "recipe": recipe.name,
        "recipe_sha256": hashlib.sha256(json.dumps(asdict(recipe), sort_keys=True).encode()).hexdigest(),
        "network": network,
        "optimizer": recipe.stages[-1].optimizer,
        "pretrained": choices.pretrained is not None,
        "pretrained_sha256": None if choices.pretrained is None else digest_of(choices.pretrained),
        "dataset": index.name,
        "dataset_checksum": index.checksum,
        "images": len(index.records),
        "patients": len({record.patient for record in index.records}),
        "split": choices.split,
        "fold": choices.fold,
        "seed": recipe.seed,
        "examples": {part: len(getattr(split, part)) for part in PARTS},
        "stages": [
            {
                "steps": trainer.step,
                "minutes": round(trainer.seconds / 60, 2),
                "kept_step": trainer.kept_step,
                **last_validation(trainer.folder / "log.csv"),
            }
            for trainer in trainers
        ],
    }
