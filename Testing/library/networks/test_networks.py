from __future__ import annotations

import pytest
import torch

from MCDetect.networks import CalcificationUNet, ShallowCNN
from MCDetect.networks.folding import fold_batch_normalisation


def count_parameters(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_shallow_cnn_has_the_8301_parameters_of_the_paper_layer_by_layer():
    network = ShallowCNN()
    first, second = (layer for layer in network.features if isinstance(layer, torch.nn.Conv2d))
    assert [count_parameters(layer) for layer in (first, second, network.output)] == [492, 7792, 17]
    assert count_parameters(network) == 8301


def test_the_shallow_cnn_gives_one_logit_a_patch():
    assert ShallowCNN().eval()(torch.zeros(3, 1, 144, 144)).shape == (3,)


def test_the_shallow_cnn_reacts_to_its_strongest_place_only():
    network = ShallowCNN().eval()
    patch = torch.zeros(1, 1, 144, 144)
    patch[0, 0, 60:64, 60:64] = 3.0
    twice = torch.cat((patch[..., 40:90], patch[..., 40:90]), dim=-1)
    with torch.inference_mode():
        assert torch.allclose(network(patch[..., 40:90]), network(twice), atol=1e-5)


def test_the_unet_keeps_the_shape_and_is_compact():
    network = CalcificationUNet().eval()
    with torch.inference_mode():
        assert network(torch.zeros(2, 1, 64, 48)).shape == (2, 1, 64, 48)
    assert count_parameters(network) == 391_668


def test_an_untrained_unet_takes_most_pixels_for_tissue():
    with torch.inference_mode():
        assert torch.sigmoid(CalcificationUNet().eval()(torch.zeros(1, 1, 32, 32))).mean() < 0.05


def test_a_unet_of_another_depth_is_refused():
    with pytest.raises(ValueError, match="4 levels"):
        CalcificationUNet(widths=(8, 16))


def test_folding_batch_normalisation_changes_no_result():
    torch.manual_seed(0)
    network = CalcificationUNet()
    image = torch.randn(2, 1, 64, 64)
    for _ in range(3):
        network(image)  # moves the running statistics away from 0 and 1
    network.eval()
    with torch.inference_mode():
        before = network(image)
        folded = fold_batch_normalisation(network)
        assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())
        assert torch.allclose(folded(image), before, atol=1e-5)


def test_a_network_in_training_mode_cannot_be_folded():
    with pytest.raises(ValueError, match="evaluation mode"):
        fold_batch_normalisation(CalcificationUNet())
