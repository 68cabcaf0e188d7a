"""Every network of the papers judges patches: one channel in, one logit out, as large as published."""

from __future__ import annotations

import pytest
import torch

from MCDetect.training.detection.published.judge import JudgeOfPatches
from MCDetect.training.detection.published.networks import NETWORKS, TILE, PublishedNetwork
from MCDetect.training.papers import PAPERS
from MCDetect.training.papers.recipe import load_paper_recipe
from MCDetect.training.recipe import load_recipe


class _Mean(torch.nn.Module):
    def forward(self, images):
        self.seen = tuple(images.shape)
        means = images.mean(dim=(1, 2, 3))
        return torch.stack([means, 3 * means], dim=1)


def test_all_networks_of_all_papers_are_there_once():
    """ResNet-50 of Leong et al. is that of Shiri Kahnouei et al."""
    published = {(paper, key) for paper in PAPERS for key in load_paper_recipe(paper).networks}
    assert {(one.paper, one.key) for one in NETWORKS} == published - {("leong2022", "resnet-50")}
    assert len({one.name for one in NETWORKS}) == len(NETWORKS)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda one: one.name)
def test_a_network_takes_patches_of_its_side_and_gives_a_logit_each(network: PublishedNetwork):
    with torch.device("meta"):
        judge = network.build(0).eval()
        assert judge(torch.zeros(2, 1, network.side, network.side)).shape == (2,)


def test_patches_of_1_cm_stay_so_and_others_are_tiles():
    sides = {one.name: one.side for one in NETWORKS}
    assert {name for name, side in sides.items() if side == 144} == {"shallow CNN", "LeNet-5", "MobileNetV2"}
    assert set(sides.values()) == {144, TILE}


@pytest.mark.parametrize("network", NETWORKS, ids=lambda one: one.name)
def test_the_training_is_that_of_the_bundle_but_for_size_and_rate(network: PublishedNetwork):
    ours = load_recipe().patches
    own = network.recipe(ours, 400, "bfloat16")
    assert own.batch == ours.batch
    assert (own.crop.size, own.trainer.steps, own.trainer.precision) == (network.side, 400, "bfloat16")
    assert own.trainer.learning_rate == load_paper_recipe(network.paper).stages[-1].learning_rate
    kept = ("optimizer", "schedule", "weight_decay", "warm_up", "maximum_gradient")
    assert [getattr(own.trainer, name) for name in kept] == [getattr(ours.trainer, name) for name in kept]
    assert own.minutes is None


def test_two_logits_become_their_difference_after_resizing():
    network = _Mean()
    judge = JudgeOfPatches(network, (3, 24, 32))
    patches = torch.full((2, 1, 16, 16), 0.5)
    assert judge(patches) == pytest.approx(torch.tensor([1.0, 1.0]))
    assert network.seen == (2, 3, 24, 32)


def test_the_first_weights_follow_the_seed():
    first, same, other = (NETWORKS[0].build(seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)
