from __future__ import annotations

from pathlib import Path

import pytest
import torch

from MCDetect.errors import ModelError
from MCDetect.networks import FCDSCNN, MobileNetV2, ResNet
from MCDetect.networks.pretrained import load_pretrained


@pytest.fixture(scope="module")
def imagenet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(5)
    path = tmp_path_factory.mktemp("weights") / "resnet34.pth"
    torch.save(ResNet(34, classes=1000).state_dict(), path)
    return path


def test_a_file_of_imagenet_weights_fills_all_but_the_last_layer(imagenet_file: Path):
    network = ResNet(34, classes=2)
    head = network.fc.weight.clone()
    loaded = load_pretrained(network, imagenet_file)
    given = torch.load(imagenet_file, weights_only=True)
    assert set(loaded) == {name for name in given if not name.startswith("fc.")}
    assert torch.equal(network.state_dict()["layer4.2.conv2.weight"], given["layer4.2.conv2.weight"])
    assert torch.equal(network.fc.weight, head)


def test_three_channels_are_summed_for_a_network_of_one(tmp_path: Path):
    network = MobileNetV2.__new__(MobileNetV2)
    torch.nn.Module.__init__(network)
    network.features = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3))
    colour = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3))
    torch.save({f"features.{name}": value for name, value in colour.state_dict().items()}, tmp_path / "w.pth")
    load_pretrained(network, tmp_path / "w.pth")
    grey = torch.randn(1, 1, 8, 8)
    assert torch.allclose(network.features(grey), colour(grey.expand(1, 3, 8, 8)), atol=1e-6)


def test_weights_inside_a_checkpoint_are_found(tmp_path: Path):
    network = FCDSCNN(shape=(8, 8))
    torch.save({"state_dict": network.state_dict()}, tmp_path / "w.pth")
    assert load_pretrained(FCDSCNN(shape=(8, 8)), tmp_path / "w.pth")


def refusal(network: torch.nn.Module, path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        load_pretrained(network, path)
    assert caught.value.code == "bad-pretrained"
    return caught.value.message


def test_weights_of_another_network_are_refused_by_the_first_name_that_does_not_fit(imagenet_file: Path):
    assert "it lacks layer1.0.downsample.0.weight" in refusal(ResNet(50), imagenet_file)


def test_weights_of_another_shape_are_refused(tmp_path: Path):
    torch.save(torch.nn.Sequential(torch.nn.Linear(2, 3)).state_dict(), tmp_path / "w.pth")
    assert "another shape of 0.weight" in refusal(torch.nn.Sequential(torch.nn.Linear(2, 4)), tmp_path / "w.pth")


def test_a_file_that_is_missing_or_no_file_of_weights_is_refused(tmp_path: Path):
    (tmp_path / "text.pth").write_text("no weights")
    for name in ("missing.pth", "text.pth"):
        assert name in refusal(ResNet(34), tmp_path / name)


def test_a_file_that_would_run_code_is_refused(tmp_path: Path):
    torch.save({"conv1.weight": Path("x")}, tmp_path / "code.pth")
    assert "cannot be read" in refusal(ResNet(34), tmp_path / "code.pth")


def test_a_file_without_a_state_dictionary_is_refused(tmp_path: Path):
    torch.save([1, 2], tmp_path / "list.pth")
    assert "does not hold a state dictionary" in refusal(ResNet(34), tmp_path / "list.pth")
