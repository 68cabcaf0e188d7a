"""Start a network from an ImageNet file that the user has: torchvision's or timm's state dictionary."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING

from MCDetect.errors import ModelError

if TYPE_CHECKING:
    from torch import nn


def load_pretrained(network: nn.Module, path: Path) -> list[str]:
    """Load all layers but the head from a state dictionary, with ``weights_only=True``.

    A first convolution of three channels is summed over them for a network of one channel, which gives what three equal
    channels would give.

    Parameters
    ----------
    network
        Changed in place. Its attribute ``head`` names the layers that are not taken.
    path
        File of ``torch.save(state_dict)``, or of a dictionary with the entry ``state_dict``.

    Returns
    -------
    list of str
        Names of the parameters and buffers that were loaded.

    Raises
    ------
    ModelError
        ``bad-pretrained`` when the file cannot be read, holds more than weights, or is of another network.
    """
    import torch

    head = str(getattr(network, "head", ""))
    advice = "Give the state dictionary of torchvision's (timm's for InceptionResNetV2) network of the same name."
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise ModelError("bad-pretrained", f"{path} cannot be read as a file of weights.", advice) from error
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ModelError("bad-pretrained", f"{path} does not hold a state dictionary.", advice)
    wanted = {name: value for name, value in network.state_dict().items() if not (head and name.startswith(head + "."))}
    loaded = {}
    for name, value in wanted.items():
        if name not in state and name.endswith("num_batches_tracked"):
            continue  # files of before PyTorch 0.4.1 lack this counter
        given = state.get(name)
        if given is not None and given.ndim == 4 and given.shape[1] == 3 and value.shape[1] == 1:
            given = given.sum(dim=1, keepdim=True)
        if given is None or given.shape != value.shape:
            kind = type(network).__name__
            what = "lacks" if given is None else "has another shape of"
            raise ModelError("bad-pretrained", f"{path} does not fit {kind}: it {what} {name}.", advice)
        loaded[name] = given
    network.load_state_dict(loaded, strict=False)
    return sorted(loaded)
