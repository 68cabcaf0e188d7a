"""Build a recipe's network, freeze what never learns, and choose what a stage trains at which rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from MCDetect.errors import UsageError
from MCDetect.training.papers.recipe import PaperRecipe, StageSettings
from MCDetect.training.trainer_settings import TrainerSettings

if TYPE_CHECKING:
    from torch import nn

_PREFIX = "MCDetect.networks."
_ONLY_HERE = ("epochs", "batch", "train", "first_rate")


def network_definition(recipe: PaperRecipe, name: str | None) -> tuple[str, Mapping[str, Any]]:
    """Return name and definition of a recipe's network; the paper's own when ``name`` is None.

    Raises
    ------
    UsageError
        ``no-such-network``.
    """
    chosen = next(iter(recipe.networks)) if name is None else name
    if chosen not in recipe.networks:
        raise UsageError(
            "no-such-network",
            f"The recipe {recipe.name} has no network {chosen!r}.",
            f"Use one of {', '.join(recipe.networks)}.",
        )
    return chosen, recipe.networks[chosen]


def build_network(definition: Mapping[str, Any]) -> nn.Module:
    """Return the network of a definition, from the fixed table of :mod:`MCDetect.networks`.

    Raises
    ------
    UsageError
        ``bad-recipe`` when the table has no such network, or it does not take these arguments.
    """
    from MCDetect import networks

    arguments = dict(definition)
    name = str(arguments.pop("_target_", "")).removeprefix(_PREFIX)
    if name not in networks.__all__:
        raise UsageError("bad-recipe", f"There is no network {name!r}.", f"Use one of {', '.join(networks.__all__)}.")
    try:
        network: nn.Module = getattr(networks, name)(**arguments)
    except (TypeError, ValueError) as error:
        raise UsageError("bad-recipe", f"{name} cannot be built: {error}.", "Correct its arguments.") from error
    return network


def require_fit(definition: Mapping[str, Any], recipe: PaperRecipe) -> None:
    """Refuse a network that does not take the recipe's examples, or has outputs for other classes.

    Raises
    ------
    UsageError
        ``bad-recipe``.
    """
    import torch

    classes, shape = len(recipe.examples.classes), (recipe.examples.rows, recipe.examples.columns)
    with torch.device("meta"):
        network = build_network(definition).eval()
        try:
            output = tuple(network(torch.zeros(2, recipe.input.channels, *shape)).shape)
        except (RuntimeError, ValueError):
            output = ()
    if output != (2, classes) and not (output == (2,) and classes == 2):
        raise UsageError(
            "bad-recipe",
            f"{type(network).__name__} does not take examples of {shape[0]} x {shape[1]} pixels with "
            f"{recipe.input.channels} channels, or does not tell {classes} classes apart.",
            "Correct the recipe's examples or input, or choose another --network (the first one is taken without it).",
        )


def parameter_groups(network: nn.Module, recipe: PaperRecipe, stage: StageSettings) -> list[dict[str, Any]]:
    """Set what learns in this stage, and return the groups of it with their scales of the learning rate.

    With ``first_rate`` the modules at the top of the network are taken in their order, and their rates rise
    geometrically from the first to the last one, as fastai's ``slice(first, last)`` does with groups of layers.

    Raises
    ------
    UsageError
        ``bad-recipe`` when the network has no head, or no layers to freeze.
    """
    network.requires_grad_(True)
    _freeze(network, recipe.freeze)
    if stage.train == "head":
        head = str(getattr(network, "head", ""))
        if not head:
            raise UsageError("bad-recipe", f"{type(network).__name__} has no head to train alone.", "Train all of it.")
        network.requires_grad_(False)
        network.get_submodule(head).requires_grad_(True)
    layers = [
        [parameter for parameter in module.parameters(recurse=False) if parameter.requires_grad]
        for module in network.modules()
    ]
    learnt = [parameters for parameters in layers if parameters]
    if not learnt:
        raise UsageError("bad-recipe", "The recipe freezes the whole network.", "Let something learn.")
    if stage.first_rate is None:
        return [{"params": [parameter for layer in learnt for parameter in layer]}]
    ratio = stage.first_rate / stage.learning_rate
    last = max(1, len(learnt) - 1)
    return [{"params": layer, "scale": ratio ** (1 - number / last)} for number, layer in enumerate(learnt)]


def trainer_settings(stage: StageSettings, steps_an_epoch: int, epochs: int, keep: str | None) -> TrainerSettings:
    """Return what the trainer needs for a stage: epochs become steps, and every epoch is validated and saved."""
    values = {name: value for name, value in asdict(stage).items() if name not in _ONLY_HERE}
    return TrainerSettings(
        steps=steps_an_epoch * epochs,
        average_decay=None,
        maximum_gradient=None,
        checkpoint_every=steps_an_epoch,
        validate_every=steps_an_epoch,
        best=keep,
        **values,
    )


def _freeze(network: nn.Module, what: str | None) -> None:
    from MCDetect.networks.inception_resnet_v2 import InceptionResNetV2, freeze_trunk
    from MCDetect.networks.resnet import ResNet, freeze_first_hundred_keras_layers

    if what == "trunk" and isinstance(network, InceptionResNetV2):
        freeze_trunk(network)
    elif what == "first-hundred" and isinstance(network, ResNet):
        freeze_first_hundred_keras_layers(network)
    elif what is not None:
        raise UsageError("bad-recipe", f"{type(network).__name__} cannot be frozen as {what!r}.", "Leave out freeze.")
