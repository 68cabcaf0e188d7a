"""Write the default bundle: weights, ``configs/inference.json``, MONAI metadata and licence.

The layout is that of MONAI bundles; ``MCDetect.bundles.store`` reads it. A bundle exists from the first weights on,
with provisional thresholds, so that an unfinished training can be looked at.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.bundles.store import Bundle, seal
from MCDetect.errors import ModelError
from MCDetect.files import write_atomically, write_text_atomically
from MCDetect.inference.cluster_score import FEATURES
from MCDetect.version import __version__

if TYPE_CHECKING:
    from torch import nn

PROVISIONAL_THRESHOLD = 0.0
"""Calcification logit before calibration."""

_LICENCE_NAME = "Apache License, Version 2.0"
_LICENCE_ADDRESS = "https://www.apache.org/licenses/LICENSE-2.0"


def write_weights(folder: Path, calcification_network: nn.Module, patch_network: nn.Module) -> Bundle:
    """Write a bundle with these weights and provisional thresholds.

    Parameters
    ----------
    folder
        The bundle's folder; made if it is not there.
    calcification_network, patch_network
        Trained ``CalcificationUNet`` and ``ShallowCNN``.
    """
    write_state(folder / "models" / "model.pt", calcification_network)
    write_state(folder / "models" / "patch_classifier.pt", patch_network)
    write_settings(folder, provisional_settings())
    _write_json(folder / "configs" / "metadata.json", _metadata())
    write_text_atomically(
        folder / "LICENSE",
        f"The weights and documents of this bundle are licensed under the {_LICENCE_NAME}.\n{_LICENCE_ADDRESS}\n",
    )
    return seal(folder)


def write_settings(folder: Path, settings: dict[str, Any]) -> None:
    """Write ``configs/inference.json``."""
    _write_json(folder / "configs" / "inference.json", settings)


def read_settings(folder: Path) -> dict[str, Any]:
    """Return ``configs/inference.json``."""
    settings: dict[str, Any] = json.loads((folder / "configs" / "inference.json").read_text(encoding="utf-8"))
    return settings


def write_training_record(folder: Path, record: dict[str, Any]) -> None:
    """Write ``docs/training.json``: how long both networks were trained on what, for the model card."""
    _write_json(folder / "docs" / "training.json", record)


def read_training_record(folder: Path) -> dict[str, Any]:
    """Return ``docs/training.json``.

    Raises
    ------
    ModelError
        ``no-training-record`` when the bundle has none, or a damaged one.
    """
    path = folder / "docs" / "training.json"
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            "no-training-record",
            f"{path}, which says how the bundle was trained, is missing or damaged.",
            "Give a bundle that this version of MCDetect has trained.",
        ) from error
    return record


def simulator_of_training(folder: Path) -> str | None:
    """Return the version of the simulator that made what a bundle was trained on, None where it does not say."""
    try:
        return str(read_training_record(folder)["simulator_version"])
    except (ModelError, KeyError):
        return None


def add_to_training_record(folder: Path, **entries: Any) -> None:
    """Change entries of ``docs/training.json``; the others stay, and a bundle without a record gets none."""
    if (folder / "docs" / "training.json").exists():
        write_training_record(folder, {**read_training_record(folder), **entries})


def read_scores(bundle: Bundle, name: str = "scores.json") -> dict[str, Any] | None:
    """Return a file of figures in ``docs/``; None where it is missing, damaged, or of other weights or thresholds."""
    try:
        scores: dict[str, Any] = json.loads((bundle.folder / "docs" / name).read_text(encoding="utf-8"))
        return scores if scores["bundle_sha256"] == bundle.sha256 else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def provisional_settings() -> dict[str, Any]:
    """Return the settings of a bundle that is not calibrated.

    A cluster's score is then that of its third highest logit, which is what makes a cluster.
    """
    return {
        "spacing_mm": 0.07,
        "calcification_network": {"_target_": "MCDetect.networks.CalcificationUNet", "widths": [16, 32, 64, 96]},
        "patch_network": {"_target_": "MCDetect.networks.ShallowCNN"},
        "calcification_threshold": PROVISIONAL_THRESHOLD,
        "calcification_calibration": {"slope": 1.0, "intercept": 0.0},
        "clusters": {"linking_distance_mm": 5.0, "minimum_count": 3, "outline_margin_mm": 1.0},
        "cluster_score": {
            "intercept": -2.0,
            "weights": {name: float(name == "third_highest_logit") for name in FEATURES},
        },
        "operating_points": {"high-sensitivity": 0.2, "balanced": 0.4, "high-specificity": 0.6},
        "default_operating_point": "balanced",
    }


def _metadata() -> dict[str, Any]:
    import monai
    import numpy
    import torch

    return {
        "schema": "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/"
        "meta_schema_20240725.json",
        "version": __version__,
        "changelog": {__version__: "first release"},
        "monai_version": monai.__version__,
        "pytorch_version": str(torch.__version__).split("+", maxsplit=1)[0],
        "numpy_version": numpy.__version__,
        "required_packages_version": {},
        "name": "default",
        "task": "Detection of microcalcifications and their clusters in mammograms",
        "description": "A U-Net for calcification pixels and a shallow CNN for patches of 1 cm, with calibration.",
        "authors": "The MCDetect authors",
        "copyright": "The MCDetect authors",
        "license": _LICENCE_NAME,
        "intended_use": "Research. Not a medical device; not for diagnosis.",
        "data_type": "simulated mammograms",
        "network_data_format": {
            "inputs": {
                "image": {
                    "type": "image",
                    "format": "mammogram at 0.07 mm, normalised by local noise",
                    "num_channels": 1,
                    "spatial_shape": ["16*n", "16*n"],
                    "dtype": "float32",
                    "value_range": [-6, 6],
                    "is_patch_data": False,
                    "channel_def": {"0": "contrast over noise"},
                }
            },
            "outputs": {
                "pred": {
                    "type": "logit",
                    "format": "calcification",
                    "num_channels": 1,
                    "spatial_shape": ["16*n", "16*n"],
                    "dtype": "float32",
                    "value_range": [-30, 30],
                    "is_patch_data": False,
                    "channel_def": {"0": "calcification"},
                }
            },
        },
    }


def write_state(path: Path, network: nn.Module) -> None:
    """Write the weights of a network; equal weights give equal bytes."""
    content = state_bytes(network)
    write_atomically(path, lambda temporary: temporary.write_bytes(content))


def state_bytes(network: nn.Module) -> bytes:
    """Return the content of a file of weights."""
    import torch

    # Contiguous copies: the memory format of training is no part of the model.
    state = {name: value.detach().cpu().contiguous().clone() for name, value in network.state_dict().items()}
    # torch.save writes the name of its file into the file: by way of memory, equal weights give equal bytes.
    content = io.BytesIO()
    torch.save(state, content)
    return content.getvalue()


def _write_json(path: Path, document: dict[str, Any]) -> None:
    write_text_atomically(path, json.dumps(document, indent=2) + "\n")
