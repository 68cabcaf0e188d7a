"""The finished classifier as a MONAI bundle with its model card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.bundles.store import Bundle, seal
from MCDetect.files import write_text_atomically
from MCDetect.training.default_bundle import write_state
from MCDetect.training.papers.recipe import PaperRecipe
from MCDetect.version import __version__

if TYPE_CHECKING:
    from torch import nn

WEIGHTS = "model.pt"

_CARD = """# {recipe} on {dataset}

Classifies {task} of mammograms as {classes}. **For research use; not a medical device.**

- Network: {network} ({target}), {parameters:,} parameters; {start}.
- Recipe: `{recipe}`, see `configs/recipe.json` and docs/papers.md of MCDetect.
- Data: {dataset}, {images} images of {patients} patients, checksum `{checksum}`.
- Split `{split}`, fold {fold}, seed {seed}: {training} training, {validation} validation and {test} test examples.
{stages}
{leak}
## What it must not be used for
Diagnosis, screening, triage, or any decision about a patient. It judges {task}, not mammograms, and only such as its
data set holds.
"""
_LEAK = """
**The split is the paper's: copies of one example and images of one patient are in several parts, so all figures of this
bundle are too high.**
"""


def write_paper_bundle(
    folder: Path, network: nn.Module, recipe: PaperRecipe, definition: Mapping[str, Any], record: Mapping[str, Any]
) -> Bundle:
    """Write the bundle: ``models/model.pt``, ``configs/{metadata,inference,recipe}.json`` and the card.

    Parameters
    ----------
    folder
        Of the bundle; made if it is not there.
    network, recipe, definition
        What was trained, how, and how it is built.
    record
        What it was trained on, for the card.
    """
    write_state(folder / "models" / WEIGHTS, network)
    target = str(definition["_target_"]).rpartition(".")[2]
    settings = {
        "classifier_network": {**definition, "_target_": f"MCDetect.networks.{target}"},
        "classes": list(recipe.examples.classes),
        "input": asdict(recipe.input),
        "examples": asdict(recipe.examples),
        "operating_points": {},
    }
    _write_json(folder / "configs" / "inference.json", settings)
    _write_json(folder / "configs" / "recipe.json", asdict(recipe))
    _write_json(folder / "configs" / "metadata.json", _metadata(recipe))
    _write_json(folder / "docs" / "training.json", record)
    write_text_atomically(folder / "docs" / "README.md", _card(network, target, recipe, record))
    return seal(folder)


def _card(network: nn.Module, target: str, recipe: PaperRecipe, record: Mapping[str, Any]) -> str:
    stages = "\n".join(
        f"- Stage {number}: {stage['steps']} steps in {stage['minutes']} minutes, the network of step "
        f"{stage['kept_step']} kept; last validation: loss {stage['validation_loss']:.4f}, "
        f"accuracy {stage['validation_accuracy']:.3f}."
        for number, stage in enumerate(record["stages"], start=1)
    )
    return _CARD.format(
        recipe=recipe.name,
        task="regions" if recipe.examples.task == "regions" else "patches",
        classes=", ".join(recipe.examples.classes),
        network=record["network"],
        target=target,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        start="started from a file of ImageNet weights" if record["pretrained"] else "trained from scratch",
        checksum=record["dataset_checksum"],
        stages=stages,
        leak=_LEAK if record["split"] == "paper" else "",
        **{name: record[name] for name in ("dataset", "images", "patients", "split", "fold", "seed")},
        **record["examples"],
    )


def _metadata(recipe: PaperRecipe) -> dict[str, Any]:
    import monai
    import numpy
    import torch

    shape = [recipe.examples.rows, recipe.examples.columns]
    return {
        "schema": "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/"
        "meta_schema_20240725.json",
        "version": __version__,
        "changelog": {__version__: "trained"},
        "monai_version": monai.__version__,
        "pytorch_version": str(torch.__version__).split("+", maxsplit=1)[0],
        "numpy_version": numpy.__version__,
        "required_packages_version": {},
        "name": recipe.name,
        "task": f"Classification of mammogram {recipe.examples.task} as {', '.join(recipe.examples.classes)}",
        "description": f"The recipe {recipe.name} of MCDetect.",
        "authors": "The user of MCDetect",
        "copyright": "The user of MCDetect",
        "intended_use": "Research. Not a medical device; not for diagnosis.",
        "network_data_format": {
            "inputs": {
                "image": {
                    "type": "image",
                    "format": "8-bit grey values over 255, less mean over deviation",
                    "num_channels": recipe.input.channels,
                    "spatial_shape": shape,
                    "dtype": "float32",
                    "value_range": [],
                    "is_patch_data": True,
                    "channel_def": {str(channel): "grey" for channel in range(recipe.input.channels)},
                }
            },
            "outputs": {
                "pred": {
                    "type": "logit",
                    "format": "classes",
                    "num_channels": len(recipe.examples.classes),
                    "spatial_shape": [],
                    "dtype": "float32",
                    "value_range": [],
                    "is_patch_data": True,
                    "channel_def": {str(number): name for number, name in enumerate(recipe.examples.classes)},
                }
            },
        },
    }


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    write_text_atomically(path, json.dumps(document, indent=2) + "\n")
