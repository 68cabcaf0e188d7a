"""Find, verify and load the trained models.

A bundle is a folder in the layout of MONAI bundles. One bundle is one whole detector: both networks, the calibration
and the operating points. Its identity is a SHA-256 over everything that decides a result (``configs/inference.json``,
``configs/morphology.json`` if there is one, and ``models/*.pt``), and every output carries it. Bundles may come from
strangers: weights are loaded with ``weights_only=True`` and the networks are built from a fixed table, so a bundle
holds data and never code.
"""

from __future__ import annotations

import hashlib
import json
import pickle
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.errors import ModelError
from MCDetect.findings import Algorithm

if TYPE_CHECKING:
    import torch
    from torch import nn

DEFAULT_BUNDLE = "default"

_HOME = Path(__file__).parent
_NETWORK_PREFIX = "MCDetect.networks."


@dataclass(frozen=True)
class Bundle:
    """A bundle on disk; nothing but its small JSON files is read until a network is asked for."""

    name: str
    folder: Path

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """``configs/metadata.json``: MONAI's bundle metadata, with checksums of the weight files."""
        return self._read_json("metadata.json")

    @cached_property
    def settings(self) -> dict[str, Any]:
        """``configs/inference.json``: networks, spacing, thresholds, calibration and operating points."""
        return self._read_json("inference.json")

    @cached_property
    def sha256(self) -> str:
        """Identity of the bundle, 64 hexadecimal digits."""
        digest = hashlib.sha256()
        for path in self._deciding_files():
            digest.update(path.relative_to(self.folder).as_posix().encode())
            digest.update(hashlib.sha256(self._read_bytes(path)).digest())
        return digest.hexdigest()

    @property
    def operating_points(self) -> dict[str, float]:
        """Thresholds on the cluster score by name."""
        points: dict[str, float] = self.settings["operating_points"]
        return points

    @property
    def model_card(self) -> str:
        """The model card (Markdown)."""
        return self._read_bytes(self.folder / "docs" / "README.md").decode("utf-8")

    def load_network(self, setting: str, file_name: str, device: torch.device) -> nn.Module:
        """Return a trained network in evaluation mode.

        Parameters
        ----------
        setting
            Its entry in ``inference.json``, e.g. ``"calcification_network"``.
        file_name
            Its state dictionary in ``models/``.
        device
            Where to put it.

        Raises
        ------
        ModelError
            ``damaged-bundle`` when the file is missing, changed, unreadable or made for another network.
        """
        import torch

        path = self.folder / "models" / file_name
        content = self._read_bytes(path)
        expected = self.metadata.get("checksums", {}).get(f"models/{file_name}")
        if expected != hashlib.sha256(content).hexdigest():
            raise self._damaged(f"{path} is not the file that the bundle was made with (its checksum differs)")
        network = self._build(setting)
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            network.load_state_dict(state)
        except (pickle.UnpicklingError, RuntimeError, KeyError, TypeError, EOFError, ValueError) as error:
            raise self._damaged(f"{path} does not hold the weights of {type(network).__name__}") from error
        return network.to(device).eval()

    def _build(self, setting: str) -> nn.Module:
        from MCDetect import networks

        definition = dict(self.settings.get(setting, {}))
        name = str(definition.pop("_target_", "")).removeprefix(_NETWORK_PREFIX)
        if name not in networks.__all__:
            raise self._damaged(f"{self.folder} asks for the unknown network {name!r}")
        try:
            network: nn.Module = getattr(networks, name)(**definition)
        except (TypeError, ValueError) as error:
            raise self._damaged(f"{self.folder} describes {name} wrongly") from error
        return network

    def _deciding_files(self) -> list[Path]:
        configs = [self.folder / "configs" / name for name in ("inference.json", "morphology.json")]
        return [configs[0], *filter(Path.exists, configs[1:]), *sorted((self.folder / "models").glob("*.pt"))]

    def _read_json(self, file_name: str) -> dict[str, Any]:
        path = self.folder / "configs" / file_name
        try:
            document = json.loads(self._read_bytes(path))
        except ValueError as error:
            raise self._damaged(f"{path} is not JSON") from error
        if not isinstance(document, dict):
            raise self._damaged(f"{path} is not a JSON object")
        return document

    def _read_bytes(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise self._damaged(f"{path} cannot be read ({error.strerror})") from error

    @staticmethod
    def _damaged(what: str) -> ModelError:
        return ModelError("damaged-bundle", f"{what}.", "Install MCDetect again, or name another model with --bundle.")


def find_bundle(name_or_path: str | Path = DEFAULT_BUNDLE) -> Bundle:
    """Return the bundle of that name, or in that folder.

    Raises
    ------
    ModelError
        ``no-such-bundle`` if there is neither.
    """
    shipped = {bundle.name: bundle for bundle in shipped_bundles()}
    if str(name_or_path) in shipped:
        return shipped[str(name_or_path)]
    folder = Path(name_or_path)
    if (folder / "configs" / "inference.json").is_file():
        return Bundle(folder.resolve().name, folder)
    raise ModelError(
        "no-such-bundle",
        f"There is no model bundle {str(name_or_path)!r}.",
        f"Use one of {', '.join(sorted(shipped)) or '(none are installed)'}, or the path of a bundle's folder.",
    )


def shipped_bundles() -> list[Bundle]:
    """Return the bundles that come with the package, by name."""
    return [
        Bundle(path.parent.parent.name, path.parent.parent) for path in sorted(_HOME.glob("*/configs/inference.json"))
    ]


def operating_points_of(algorithm: Algorithm) -> dict[str, float]:
    """Return the operating points of the shipped bundle that made findings; none when another model made them."""
    for bundle in shipped_bundles():
        if bundle.name == algorithm.bundle and bundle.sha256 == algorithm.bundle_sha256:
            return bundle.operating_points
    return {}


def seal(folder: Path) -> Bundle:
    """Write the checksums of the weight files into ``configs/metadata.json``; the last step of making a bundle."""
    from MCDetect.files import write_text_atomically

    path = folder / "configs" / "metadata.json"
    metadata = json.loads(path.read_text(encoding="utf-8"))
    metadata["checksums"] = {
        f"models/{weights.name}": hashlib.sha256(weights.read_bytes()).hexdigest()
        for weights in sorted((folder / "models").glob("*.pt"))
    }
    write_text_atomically(path, json.dumps(metadata, indent=2) + "\n")
    return Bundle(folder.name, folder)
