from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from MCDetect.networks import CalcificationUNet, ShallowCNN
from MCDetect.training import default_making
from MCDetect.training.default import batches_from, main, train_network, training_record
from MCDetect.training.default_bundle import state_bytes
from MCDetect.training.default_data import CropDataset, CropSettings
from MCDetect.training.losses import CalcificationLoss, PatchLoss
from MCDetect.training.recipe import NetworkRecipe
from MCDetect.training.trainer import Trainer, TrainerSettings

TINY = NetworkRecipe(
    batch=2, minutes=None, crop=CropSettings(size=64), trainer=TrainerSettings(steps=3, validate_every=2)
)


def test_batches_start_at_any_step_as_if_all_before_had_been_drawn(background: Path):
    batches = batches_from(CropDataset([background], 8, 1, CropSettings(size=64)), 2, 0)
    whole = list(batches(0))
    assert len(whole) == 4
    later = next(batches(2))
    assert torch.equal(later[0], whole[2][0])
    assert torch.equal(later[1], whole[2][1])


@pytest.mark.parametrize(
    ("network", "loss"), [(CalcificationUNet, CalcificationLoss), (ShallowCNN, PatchLoss)], ids=["pixels", "patches"]
)
def test_both_networks_train_and_leave_a_record(background: Path, tmp_path: Path, network: type, loss: type):
    trainer = train_network(network(), loss(), TINY, ([background], [background]), tmp_path, seed=1, workers=0)
    record = training_record(trainer, TINY)
    assert (record["steps"], record["examples"]) == (3, 6)
    assert record["validation_loss"] > 0
    assert not trainer.averaged_network.training


THREADS_OF_AN_EXAMPLE = """
import sys
from pathlib import Path

import torch
from threadpoolctl import threadpool_info

from MCDetect.training.default import batches_from
from MCDetect.training.default_data import CropDataset, CropSettings


class Pools(CropDataset):
    def __getitem__(self, index):
        image, labels, *_ = super().__getitem__(index)
        return image, labels, max(pool["num_threads"] for pool in threadpool_info()), torch.get_num_threads()


batches = batches_from(Pools([Path(sys.argv[1])], 2, 1, CropSettings(size=64)), 2, 1)(0)
print([told.tolist() for told in next(batches)[2:]])
"""


def test_processes_that_make_examples_leave_the_other_cores_alone(background: Path):
    # In a process of its own: one that other tests have filled (with windows, say) must not be forked.
    words = [sys.executable, "-c", THREADS_OF_AN_EXAMPLE, str(background)]
    many = {**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    done = subprocess.run(words, check=True, capture_output=True, text=True, env=many)
    assert done.stdout.split("\n")[0] == "[[1, 1], [1, 1]]"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this computer has no CUDA device")
@pytest.mark.parametrize(
    ("network", "loss"), [(CalcificationUNet, CalcificationLoss), (ShallowCNN, PatchLoss)], ids=["pixels", "patches"]
)
def test_both_networks_train_on_a_gpu_and_go_on_there(background: Path, tmp_path: Path, network: type, loss: type):
    parts = ([background], [background])
    for steps in (2, 4):
        recipe = replace(TINY, trainer=replace(TINY.trainer, steps=steps))
        trainer = train_network(network(), loss(), recipe, parts, tmp_path, seed=1, workers=1, device="cuda")
        assert trainer.step == steps
        assert next(trainer.averaged_network.parameters()).is_cuda
    assert state_bytes(trainer.averaged_network) == state_bytes(trainer.averaged_network.cpu())


def test_a_gpu_that_is_not_there_is_told_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["--output", str(tmp_path / "run"), "--device", "cuda"]) == 3
    assert "A CUDA device was asked for" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "run").exists()


def test_the_card_gets_the_command_without_paths_of_this_computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made: list[dict] = []
    monkeypatch.setattr(default_making, "make_bundle", lambda output, recipe, **how: made.append(how) or output)
    (tmp_path / "mine.yaml").write_text("base: default.yaml\nbackgrounds: 3\n")
    words = ["--output", str(tmp_path), "--recipe", str(tmp_path / "mine.yaml"), "--steps", "8", "--device", "cpu"]
    assert main([*words, "--workers", "3"]) == 0
    assert made[0]["command"] == "python -m MCDetect.training.default --recipe mine.yaml --device cpu --steps 8"
    assert (made[0]["device"], made[0]["workers"], made[0]["recipe_name"]) == ("cpu", 3, "mine.yaml")


def test_a_folder_of_patches_that_is_not_there_is_told_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["--output", str(tmp_path / "run"), "--patches", str(tmp_path / "none")]) == 2
    assert "is not a folder" in " ".join(capsys.readouterr().err.split())


def test_an_interrupted_training_of_the_network_ends_as_if_it_had_not_been(background: Path, tmp_path: Path):
    batches = batches_from(CropDataset([background], 8, 1, CropSettings(size=64)), 2, 0)

    def trainer(folder: str) -> Trainer:
        torch.manual_seed(0)
        return Trainer(CalcificationUNet(), CalcificationLoss(), replace(TINY.trainer, steps=4), tmp_path / folder)

    straight = trainer("straight")
    straight.train(batches)
    trainer("resumed").train(batches, until_step=2)
    resumed = trainer("resumed")
    resumed.train(batches)
    for name, value in straight.averaged_network.state_dict().items():
        assert torch.equal(value, resumed.averaged_network.state_dict()[name]), name


def test_a_bad_recipe_is_told_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--output", str(tmp_path), "--recipe", str(tmp_path / "none.yaml")]) == 2
    assert "is not a recipe" in " ".join(capsys.readouterr().err.split())


def test_loading_batches_leaves_the_chance_of_dropout_alone(background: Path):
    def drawn(first_step: int) -> float:
        torch.manual_seed(3)
        next(batches_from(CropDataset([background], 8, 1, CropSettings(size=64)), 2, 0)(first_step))
        return float(torch.rand(()))

    torch.manual_seed(3)
    assert drawn(0) == drawn(2) == float(torch.manual_seed(3) and torch.rand(()))


def test_a_patch_network_whose_training_was_stopped_ends_the_same(background: Path, tmp_path: Path):
    def trained(folder: Path, *stops: int | None) -> bytes:
        for stop in stops:
            examples = CropDataset([background], 4 * TINY.batch, 1, TINY.crop)
            trainer = Trainer(ShallowCNN(), PatchLoss(), replace(TINY.trainer, steps=4), folder, seed=1)
            trainer.train(batches_from(examples, TINY.batch, 0), until_step=stop)
        return state_bytes(trainer.network)

    torch.manual_seed(5)
    straight = trained(tmp_path / "straight", None)
    torch.manual_seed(5)
    assert trained(tmp_path / "stopped", 2, None) == straight
