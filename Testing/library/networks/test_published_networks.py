"""The networks of the papers, layer by layer as published. Big ones live on the meta device: no memory, no time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from MCDetect.networks import FCDSCNN, VGG16, AlexNet, InceptionResNetV2, LeNet5, MobileNetV2, ResNet
from MCDetect.networks.inception_resnet_v2 import freeze_trunk
from MCDetect.networks.resnet import freeze_first_hundred_keras_layers
from MCDetect.training.tensors import hold_frozen_normalisation


def on_meta(make: Callable[[], nn.Module]) -> nn.Module:
    with torch.device("meta"):
        return make()


def trained(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def with_statistics(network: nn.Module) -> int:
    """Count as Keras does: moving statistics are parameters, counters of batches are not."""
    statistics = [value for name, value in network.named_buffers() if not name.endswith("num_batches_tracked")]
    return trained(network) + sum(value.numel() for value in statistics)


def signature(network: nn.Module, without: str = "-") -> str:
    entries = sorted((name, list(value.shape)) for name, value in network.state_dict().items())
    text = "\n".join(f"{name} {shape}" for name, shape in entries if not name.startswith(without))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("make", "published"),
    [
        (lambda: ResNet(50, 1000), 25_557_032),
        (lambda: ResNet(34, 1000), 21_797_672),
        (lambda: VGG16(1000), 138_357_544),
        (lambda: AlexNet(1000), 61_100_840),
        (lambda: InceptionResNetV2(1000, hidden=None), 55_843_464),
    ],
)
def test_networks_of_imagenet_have_the_published_number_of_parameters(make: Callable[[], nn.Module], published: int):
    assert trained(on_meta(make)) == published


@pytest.mark.parametrize(("make", "published"), [(LeNet5, 2_233_365), (MobileNetV2, 67_797_505)])
def test_networks_of_luna_lozoya_have_the_published_number_of_parameters(make: type[nn.Module], published: int):
    assert with_statistics(on_meta(make)) == published


@pytest.mark.parametrize(
    ("make", "read_from_the_project"),
    [
        # sha256 over "name [shape]" of the state dictionaries of torchvision 0.29.2 and timm 1.0.31.
        (lambda: ResNet(50, 1000), "2d5b8870b35e1530"),
        (lambda: ResNet(34, 1000), "d6dbfa48843359d6"),
        (lambda: VGG16(1000), "26a44a8d3cab16c6"),
        (lambda: AlexNet(1000), "12a60b133d7b54dc"),
        (lambda: InceptionResNetV2(1000, hidden=None), "f9ddd9eadfba7b6b"),
    ],
)
def test_names_and_shapes_are_those_of_torchvision_and_timm(make: Callable[[], nn.Module], read_from_the_project: str):
    assert signature(on_meta(make)) == read_from_the_project


@pytest.mark.parametrize(
    ("network", "shape", "output"),
    [
        (lambda: ResNet(50), (2, 3, 224, 224), (2, 2)),
        (lambda: ResNet(34), (2, 3, 224, 224), (2, 2)),
        (VGG16, (2, 3, 224, 224), (2, 2)),
        (AlexNet, (2, 3, 224, 224), (2, 2)),
        (InceptionResNetV2, (2, 3, 299, 299), (2, 3)),
        (FCDSCNN, (2, 3, 240, 320), (2, 2)),
        (LeNet5, (2, 1, 144, 144), (2,)),
        (MobileNetV2, (2, 1, 144, 144), (2,)),
    ],
)
def test_published_inputs_give_one_logit_a_class(network: Callable[[], nn.Module], shape: tuple[int, ...], output):
    assert on_meta(network)(torch.zeros(shape, device="meta")).shape == output


def test_the_fc_dscnn_flattens_153600_features_and_separates_its_convolutions():
    separable, plain = (on_meta(lambda s=s: FCDSCNN(separable=s)) for s in (True, False))
    assert separable.classifier[1].weight.shape == plain.classifier[1].weight.shape == (256, 153_600)
    # Keras counts of SeparableConv2D and Conv2D with these filters, then the dense layers and normalisation.
    rest = 153_600 * 256 + 256 + 256 * 2 + 2 + 2 * (32 + 2 * 64 + 3 * 128)
    assert trained(separable) == rest + 155 + 2_400 + 4_736 + 8_896 + 2 * 17_664
    assert trained(plain) == rest + 896 + 18_496 + 36_928 + 73_856 + 2 * 147_584


def test_a_smaller_fc_dscnn_takes_the_shape_it_is_made_for():
    assert FCDSCNN(shape=(16, 24)).eval()(torch.zeros(1, 3, 16, 24)).shape == (1, 2)


def test_a_residual_network_of_another_depth_is_refused():
    with pytest.raises(ValueError, match="not of 18"):
        ResNet(18)


def test_freezing_ends_with_the_hundredth_layer_that_keras_counts():
    network = on_meta(lambda: ResNet(50))
    freeze_first_hundred_keras_layers(network)
    learnt = [name for name, value in network.named_parameters() if value.requires_grad]
    assert learnt[0] == "layer3.1.bn3.weight"
    # 7 layers, then 12 + 10 + 10, 12 + 10 + 10 + 10, 12, and seven of the next ten.
    assert 7 + 32 + 42 + 12 + 7 == 100
    assert not [name for name in learnt if name.startswith(("conv1", "bn1", "layer1", "layer2", "layer3.0"))]
    assert "fc.weight" in learnt


def test_frozen_normalisation_keeps_its_statistics_while_the_rest_learns():
    network = ResNet(50)
    freeze_first_hundred_keras_layers(network)
    network.train()
    hold_frozen_normalisation(network)
    with torch.no_grad():
        network(torch.randn(2, 3, 64, 64))
    assert not torch.count_nonzero(network.get_buffer("layer2.0.bn1.running_mean"))
    assert torch.count_nonzero(network.get_buffer("layer4.0.bn1.running_mean"))


def test_the_trunk_of_inception_resnet_only_extracts_features():
    network = on_meta(InceptionResNetV2)
    freeze_trunk(network)
    assert [name for name, value in network.named_parameters() if value.requires_grad] == [
        "classif.0.weight",
        "classif.0.bias",
        "classif.2.weight",
        "classif.2.bias",
    ]
    assert trained(network.classif) == 1536 * 128 + 128 + 128 * 3 + 3


def gradient_reaches_the_first_layer(network: nn.Module, images: Tensor) -> bool:
    network(images).sum().backward()
    gradient = next(network.parameters()).grad
    return gradient is not None and bool(torch.count_nonzero(gradient))


@pytest.mark.parametrize("make", [LeNet5, lambda: ResNet(34), lambda: FCDSCNN(shape=(144, 144))])
def test_gradients_reach_the_first_layer(make: Callable[[], nn.Module]):
    torch.manual_seed(0)
    network = make()
    channels = next(network.parameters()).shape[1] if isinstance(network, LeNet5) else 3
    assert gradient_reaches_the_first_layer(network, torch.randn(2, channels, 144, 144))
