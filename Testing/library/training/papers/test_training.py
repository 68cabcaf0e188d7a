"""Whole trainings on simulated examinations: resumed after a kill, repeated, and what they leave."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from MCDetect.bundles.store import Bundle
from MCDetect.errors import InputError, ModelError, UsageError
from MCDetect.training.datasets.pixels import breast_of, read_pixels_of
from MCDetect.training.datasets.record import BENIGN, CALCIFICATION, DatasetIndex, ImageRecord, Region
from MCDetect.training.papers.augmentation import Augmentation
from MCDetect.training.papers.losses import ClassLoss, balancing_weights, probabilities
from MCDetect.training.papers.preparation import Preparation
from MCDetect.training.papers.recipe import PaperRecipe, load_paper_recipe
from MCDetect.training.papers.training import Choices, TrainedPaper, train_paper

WORKER = """
import pickle, sys
from pathlib import Path
from MCDetect.training.papers.training import train_paper
recipe, index = pickle.loads(Path(sys.argv[1]).read_bytes())
train_paper(recipe, index, Path(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def trained(tiny_recipe: PaperRecipe, index: DatasetIndex, tmp_path_factory: pytest.TempPathFactory) -> TrainedPaper:
    result = train_paper(tiny_recipe, index, tmp_path_factory.mktemp("run"))
    assert result is not None
    return result


def test_a_training_that_was_killed_goes_on_to_the_identical_bundle(
    tiny_recipe: PaperRecipe, index: DatasetIndex, tmp_path: Path
):
    import pickle

    recipe = replace(tiny_recipe, stages=(replace(tiny_recipe.stages[0], epochs=25),))
    (tmp_path / "job").write_bytes(pickle.dumps((recipe, index)))
    killed = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path / "job"), str(killed)],
        env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
    )
    checkpoint = killed / "stage-1" / "checkpoint.pt"
    while not checkpoint.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the training ended before it could be killed"
    assert not (killed / "bundle").exists()
    resumed, straight = (train_paper(recipe, index, folder) for folder in (killed, tmp_path / "straight"))
    assert resumed is not None
    assert straight is not None
    assert Bundle("", resumed.bundle).sha256 == Bundle("", straight.bundle).sha256
    assert resumed.predictions == straight.predictions


def test_a_finished_training_is_not_trained_again(trained: TrainedPaper, tiny_recipe: PaperRecipe, index: DatasetIndex):
    before = Bundle("", trained.bundle).sha256
    checkpoint = trained.bundle.parent / "stage-1" / "checkpoint.pt"
    written = checkpoint.stat().st_mtime_ns
    again = train_paper(tiny_recipe, index, trained.bundle.parent)
    assert again is not None
    assert Bundle("", again.bundle).sha256 == before
    assert checkpoint.stat().st_mtime_ns == written


def test_a_folder_of_another_training_is_refused(trained: TrainedPaper, tiny_recipe: PaperRecipe, index: DatasetIndex):
    with pytest.raises(UsageError) as caught:
        train_paper(tiny_recipe, index, trained.bundle.parent, Choices(split="paper"))
    assert caught.value.code == "another-run"
    assert caught.value.message.endswith("or choice: split.")
    changed = replace(tiny_recipe, stages=(replace(tiny_recipe.stages[0], learning_rate=0.5),))
    with pytest.raises(UsageError, match=r"or choice: recipe \(stages\)\."):
        train_paper(changed, index, trained.bundle.parent)


def test_a_folder_in_which_nothing_could_be_trained_is_free_for_another_training(
    tiny_recipe: PaperRecipe, index: DatasetIndex, tmp_path: Path
):
    whole = Region(CALCIFICATION, pathology=BENIGN, is_whole_breast=True)
    unmarked = replace(index, records=tuple(replace(record, regions=(whole,)) for record in index.records))
    with pytest.raises(InputError):
        train_paper(tiny_recipe, unmarked, tmp_path)
    assert train_paper(tiny_recipe, index, tmp_path, Choices(epochs=1)) is not None


def test_the_bundle_loads_and_its_card_says_what_it_was_trained_on(trained: TrainedPaper):
    bundle = Bundle("", trained.bundle)
    network = bundle.load_network("classifier_network", "model.pt", torch.device("cpu"))
    assert type(network).__name__ == "ShallowCNN"
    assert "9 images of 9 patients" in bundle.model_card
    assert "trained from scratch" in bundle.model_card
    assert bundle.metadata["network_data_format"]["inputs"]["image"]["spatial_shape"] == [48, 48]


def test_the_list_of_examples_has_no_patient_in_two_parts(trained: TrainedPaper):
    with (trained.bundle.parent / "examples.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    parts = {part: {row["patient"] for row in rows if row["part"] == part} for part in ("training", "test")}
    assert not parts["training"] & parts["test"]
    assert {row["copy"] for row in rows if row["part"] == "training"} == {"identity", "rotation-90"}


def test_a_recipe_leaves_out_copies_on_the_data_sets_that_its_paper_names(
    tiny_recipe: PaperRecipe, index: DatasetIndex, tmp_path: Path
):
    recipe = replace(tiny_recipe, augmentation_off=(index.name,))
    assert train_paper(recipe, index, tmp_path, Choices(epochs=1)) is not None
    with (tmp_path / "examples.csv").open() as stream:
        assert {row["copy"] for row in csv.DictReader(stream)} == {"identity"}
    asked = json.loads((tmp_path / "run.json").read_text())["recipe"]
    assert (asked["copies"], asked["augmentation"]) == (["identity"], [])


def test_a_refused_split_says_how_many_images_gave_no_example(
    tiny_recipe: PaperRecipe, index: DatasetIndex, tmp_path: Path
):
    with_clusters = [record for record in index.records if record.calcifications][:1]
    unmarked = [replace(record, regions=(), is_annotated=False) for record in index.records[1:3]]
    few = replace(index, records=(*with_clusters, *unmarked))
    with pytest.raises(InputError, match=r"With 1 patients .* is empty\. 2 of 3 images gave no example\."):
        train_paper(tiny_recipe, few, tmp_path)


def test_whole_images_of_the_test_part_are_judged(trained: TrainedPaper):
    images = json.loads((trained.bundle.parent / "marks.json").read_text())
    assert {image["examination"] for image in images} == {one.patient for one in trained.predictions}
    assert sum(len(image["candidates"]) for image in images) >= 5
    assert list((trained.bundle.parent / "marked").glob("*.png"))


def test_the_split_of_the_papers_is_said_to_flatter(tiny_recipe: PaperRecipe, index: DatasetIndex, tmp_path: Path):
    result = train_paper(tiny_recipe, index, tmp_path, Choices(split="paper", epochs=1))
    assert result is not None
    assert "too high" in Bundle("", result.bundle).model_card


def test_a_network_starts_from_a_file_of_weights(tiny_recipe: PaperRecipe, index: DatasetIndex, tmp_path: Path):
    from MCDetect.networks import ShallowCNN

    start = ShallowCNN().state_dict()
    torch.save(start, tmp_path / "weights.pth")
    still = replace(tiny_recipe, stages=(replace(tiny_recipe.stages[0], learning_rate=0.0, epochs=1),))
    result = train_paper(still, index, tmp_path / "run", Choices(pretrained=tmp_path / "weights.pth"))
    assert result is not None
    kept = torch.load(result.bundle / "models" / "model.pt", weights_only=True)
    assert all(torch.equal(value, kept[name]) for name, value in start.items())
    torch.save({name: value + 1 for name, value in start.items()}, tmp_path / "weights.pth")
    with pytest.raises(UsageError, match="or choice: pretrained"):
        train_paper(still, index, tmp_path / "run", Choices(pretrained=tmp_path / "weights.pth"))


def test_what_cannot_be_trained_is_told_before_the_images_are_prepared(
    tiny_recipe: PaperRecipe, index: DatasetIndex, tmp_path: Path
):
    torch.save({"nothing.that.fits": torch.zeros(1)}, tmp_path / "other.pth")
    for name in ("missing.pth", "other.pth"):
        with pytest.raises(ModelError):
            train_paper(tiny_recipe, index, tmp_path / "run", Choices(pretrained=tmp_path / name))
    with pytest.raises(UsageError, match="has no fold 1"):
        train_paper(tiny_recipe, index, tmp_path / "run", Choices(fold=1))
    assert not (tmp_path / "run").exists()


def test_images_that_are_damaged_are_left_out_and_told(tiny_recipe: PaperRecipe, index: DatasetIndex, tmp_path: Path):
    damaged = tmp_path / "damaged.dcm"
    damaged.write_bytes(b"\0" * 200)
    records = (*index.records, replace(index.records[0], image=damaged))
    prepared = Preparation(replace(index, records=records), tiny_recipe.examples, tmp_path / "cache")
    assert len(prepared.problems) == 1
    assert "damaged.dcm is left out" in prepared.problems[0]


def test_examples_come_from_the_cache_the_second_time(tiny_recipe: PaperRecipe, index: DatasetIndex, tmp_path: Path):
    first = Preparation(index, tiny_recipe.examples, tmp_path)
    stamps = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.pt")}
    assert len(stamps) == len(index.records)
    second = Preparation(index, tiny_recipe.examples, tmp_path)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.pt")} == stamps
    assert first.examples == second.examples
    assert (first.pixels(first.examples) == second.pixels(second.examples)).all()
    Preparation(index, replace(tiny_recipe.examples, rows=40, columns=40), tmp_path)
    assert len(list(tmp_path.glob("*.pt"))) == 2 * len(stamps)


def test_a_preparation_that_was_stopped_goes_on_and_a_damaged_cache_is_mended(
    tiny_recipe: PaperRecipe, index: DatasetIndex, tmp_path: Path
):
    def stop(done: int, _total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Preparation(index, tiny_recipe.examples, tmp_path, stop)
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.pt")}
    assert len(stamps) == 3
    whole = Preparation(index, tiny_recipe.examples, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    damaged = next(iter(stamps))
    damaged.write_bytes(damaged.read_bytes()[:300])
    again = Preparation(index, tiny_recipe.examples, tmp_path)
    assert again.examples == whole.examples
    assert again.problems == []
    damaged.write_bytes(b"")
    assert (again.pixels(again.examples) == whole.pixels(whole.examples)).all()


def test_a_data_set_without_one_of_the_classes_is_refused(
    tiny_recipe: PaperRecipe, index: DatasetIndex, tmp_path: Path
):
    def with_one(record: ImageRecord) -> ImageRecord:
        breast = breast_of(read_pixels_of(record.image))
        row, column = np.argwhere(breast.mask)[breast.mask.sum() // 2]
        place = (float(breast.top + row), float(breast.left + column))
        return replace(record, regions=(Region(CALCIFICATION, (place,)),))

    normal = [with_one(record) for record in index.records if not record.calcifications]
    with pytest.raises(InputError, match="no example of the class 'cluster'"):
        Preparation(replace(index, records=tuple(normal)), tiny_recipe.examples, tmp_path)


def test_a_data_set_without_marks_is_refused_by_recipes_of_patches(
    tiny_recipe: PaperRecipe, index: DatasetIndex, tmp_path: Path
):
    whole = Region(CALCIFICATION, pathology=BENIGN, is_whole_breast=True)
    unmarked = replace(index, records=tuple(replace(record, regions=(whole,)) for record in index.records))
    with pytest.raises(InputError, match="marks no calcifications in its images"):
        Preparation(unmarked, tiny_recipe.examples, tmp_path)


def test_augmentation_depends_on_its_seed_alone():
    augmentation = Augmentation(load_paper_recipe("leong2022").augmentation)
    image = torch.rand(1, 24, 24)
    first, other = augmentation(image, (1, 2, 3)), augmentation(image, (1, 2, 4))
    assert torch.equal(first, augmentation(image, (1, 2, 3)))
    assert not torch.equal(first, other)
    assert first.shape == image.shape
    assert 0 <= float(first.min()) <= float(first.max()) <= 1


def test_both_losses_have_the_same_value_and_weights_count():
    logits, labels = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 0, 1])
    entropy, divergence = (ClassLoss(name)(logits, (None, labels))[0] for name in ("cross-entropy", "kullback-leibler"))
    assert torch.allclose(entropy, divergence, atol=1e-6)
    assert balancing_weights(labels.tolist(), 3) == pytest.approx([6 / 9, 6 / 6, 6 / 3])
    weighted = ClassLoss("cross-entropy", [0.0, 0.0, 1.0])(logits, (None, labels))[0]
    assert torch.allclose(weighted, -logits.log_softmax(1)[2, 2] / 6, atol=1e-6)


def test_one_output_is_the_probability_of_the_second_class():
    logits = torch.tensor([-1.0, 2.0])
    assert torch.allclose(probabilities(logits).sum(dim=1), torch.ones(2))
    assert torch.allclose(probabilities(logits)[:, 1], torch.sigmoid(logits))
    assert ClassLoss()(logits, (None, torch.tensor([0, 1])))[1] == {"accuracy": 1.0}
