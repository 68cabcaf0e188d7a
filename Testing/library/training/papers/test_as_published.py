"""Every number of a recipe that its paper gives, section by section."""

from __future__ import annotations

import pytest

from MCDetect.training.optimisation import make_optimizer, rate_factor
from MCDetect.training.papers.building import trainer_settings
from MCDetect.training.papers.copies import COPIES
from MCDetect.training.papers.recipe import load_paper_recipe
from MCDetect.training.papers.singh2022 import FOLDS
from MCDetect.training.papers.texture import FEATURES


def test_rehman_2021():
    recipe = load_paper_recipe("rehman2021")
    (stage,) = recipe.stages
    assert list(recipe.networks) == ["fc-dscnn", "dcnn"]  # Tables 2 and 3
    assert (recipe.examples.columns, recipe.examples.rows, recipe.input.channels) == (320, 240, 3)  # Table 2
    assert recipe.examples.classes == ("benign", "malignant")
    assert recipe.examples.interpolation == "linear"  # section 3.2: INTER_LINEAR
    # Section 3.6: 60/20/20 in five folds; a factor of 0.1 after every 5 of 20 epochs; batches of 32.
    assert (recipe.split.training, recipe.split.validation, recipe.split.test, recipe.split.folds) == (0.6, 0.2, 0.2, 5)
    assert (stage.epochs, stage.batch, stage.optimizer, stage.learning_rate) == (20, 32, "adagrad", 0.001)
    settings = trainer_settings(stage, 10, stage.epochs, recipe.keep)
    rates = [settings.learning_rate * rate_factor(settings, epoch / 20) for epoch in range(20)]
    assert rates == pytest.approx([1e-3] * 5 + [1e-4] * 5 + [1e-5] * 5 + [1e-6] * 5)
    assert (recipe.seed, recipe.class_weights, recipe.loss) == (42, True, "cross-entropy")  # Table 6
    assert set(recipe.copies) == {"identity", "rotation-45", "rotation-90", "rotation-180"}  # 360 is the identity
    assert recipe.augmentation_off == ("ddsm", "cbis-ddsm")  # section 3.2
    kinds = [entry["transform"] for entry in recipe.augmentation]  # section 3.9: rotation, shifts, shears, flips
    assert kinds == ["RandFlip", "RandFlip", "RandAffine"]
    assert {"rotate_range", "shear_range", "translate_range"} <= set(recipe.augmentation[2])
    ddsm = {"sensitivity": 0.97, "specificity": 0.83, "accuracy": 0.87, "f1": 0.83, "precision": 0.85, "auc": 0.86}
    assert recipe.published["fc-dscnn"].items() >= {**ddsm, "false positives an image": 2.35}.items()  # Table 4
    dcnn = {"sensitivity": 0.92, "specificity": 0.80, "accuracy": 0.80, "f1": 0.76, "precision": 0.84, "auc": 0.79}
    assert recipe.published["dcnn"].items() >= {**dcnn, "false positives an image": 2.95}.items()


def test_leong_2022():
    recipe = load_paper_recipe("leong2022")
    head, all_layers = recipe.stages
    assert list(recipe.networks) == ["resnet-50", "resnet-34", "vgg16", "alexnet"]
    assert (recipe.examples.rows, recipe.examples.columns) == (224, 224)
    assert recipe.examples.steps == ("remove-artefacts", "adaptive-median")
    assert recipe.copies == ("identity", "rotation-90", "rotation-180", "rotation-270")
    transforms = [entry["transform"] for entry in recipe.augmentation]  # Table 3
    assert transforms == [
        "RandFlip",
        "RandFlip",
        "RandRotate",
        "RandZoom",
        "RandShiftIntensity",
        "RandScaleIntensity",
    ]
    assert (recipe.split.training, recipe.split.validation, recipe.split.test) == (0.8, 0.0, 0.2)
    assert (head.train, head.schedule, all_layers.train, all_layers.schedule) == (
        "head",
        "one-cycle",
        "all",
        "one-cycle",
    )
    # Table 8, test 24: batches of 64, rates from 2e-6 to 1e-3, 30 epochs; Adam.
    assert (all_layers.batch, all_layers.first_rate, all_layers.learning_rate, all_layers.epochs) == (
        64,
        2e-6,
        1e-3,
        30,
    )
    assert {head.optimizer, all_layers.optimizer} == {"adam"}
    assert set(recipe.also) == {"filters", "learning-rate", "top-losses"}
    accuracies = {name: recipe.published[name]["accuracy"] for name in recipe.networks}  # Tables 5 to 8
    assert accuracies == {"resnet-50": 0.9758, "resnet-34": 0.9735, "vgg16": 0.9697, "alexnet": 0.8306}
    coefficients = {name: recipe.published[name]["mcc"] for name in recipe.networks}  # Table 9
    assert coefficients == {"resnet-50": 0.9983, "resnet-34": 0.8950, "vgg16": 0.9781, "alexnet": 0.7558}
    assert recipe.published["filters"]["adaptive-median"] == {"psnr": 42.3863, "mse": 3.7536}  # Table 4
    assert recipe.published["filters"]["median"] == {"psnr": 37.5911, "mse": 11.3233}
    assert recipe.published["filters"]["mean"] == {"psnr": 36.9511, "mse": 13.1213}


def test_singh_2022():
    recipe = load_paper_recipe("singh2022")
    (stage,) = recipe.stages
    network = recipe.networks["inception-resnet-v2"]
    assert (network["hidden"], network["classes"], recipe.freeze) == (128, 3, "trunk")  # section 2.3
    assert (recipe.examples.rows, recipe.examples.columns, recipe.input.channels) == (299, 299, 3)
    assert recipe.examples.classes == ("benign without callback", "benign", "malignant")
    assert recipe.examples.interpolation == "cubic"  # section 2.2
    assert recipe.loss == "kullback-leibler"
    assert (stage.epochs, stage.batch, stage.learning_rate) == (20, 32, 0.0001)  # section 3.1, Table 4
    images = 1547 + 200 + 326  # training, validation, testing
    shares = [recipe.split.training * images, recipe.split.validation * images, recipe.split.test * images]
    assert shares == pytest.approx([1547, 200, 326], abs=2)
    table = {
        "adam": (0.93, 0.95, 0.96),
        "adagrad": (0.93, 0.93, 0.93),
        "adadelta": (0.94, 0.96, 0.97),
        "rmsprop": (0.92, 0.95, 0.95),
    }
    for optimizer, figures in table.items():  # Table 4
        found = recipe.published[f"inception-resnet-v2, {optimizer}"]
        assert (found["accuracy"], found["auc"], found["sensitivity at specificity 0.8"]) == figures
    assert recipe.published["texture"] == {
        "SVM (RBF)": {"accuracy": 0.91, "AUC": 0.90},
        "k-NN": {"accuracy": 0.89, "AUC": 0.88},
    }
    assert (len(FEATURES), FOLDS, recipe.also) == (14, 10, ("texture",))


@pytest.mark.parametrize(
    ("name", "constants"),
    [
        ("adam", {"betas": (0.9, 0.999), "eps": 1e-7}),
        ("adagrad", {"initial_accumulator_value": 0.1, "eps": 1e-7}),
        ("adadelta", {"rho": 0.95, "eps": 1e-7}),
        ("rmsprop", {"alpha": 0.9, "momentum": 0, "eps": 1e-7}),
    ],
)
def test_optimizers_have_the_constants_of_singh_2022(name: str, constants: dict[str, object]):
    import torch

    stage = load_paper_recipe("singh2022").stages[0]
    settings = trainer_settings(stage, 1, 1, None)
    from dataclasses import replace

    made = make_optimizer(replace(settings, optimizer=name), [torch.nn.Parameter(torch.zeros(1))])
    assert made.param_groups[0].items() >= {**constants, "lr": 0.0001, "weight_decay": 0.0}.items()


def test_luna_lozoya_2023():
    recipe = load_paper_recipe("lunalozoya2023")
    (stage,) = recipe.stages
    assert list(recipe.networks) == ["shallow-cnn", "lenet5", "mobilenet-v2"]
    assert recipe.networks["shallow-cnn"]["keep_probability"] == 0.8  # Table 1
    assert (recipe.examples.rows, recipe.examples.columns, recipe.examples.spacing_mm) == (144, 144, 0.07)  # 1 cm
    assert (recipe.input.mean, recipe.input.deviation) == ((0.0,), (1.0,))  # over 255, and nothing else
    assert recipe.examples.balanced
    patches = 15_760  # "The Datasets": 10,088, 2,520 and 3,152
    shares = [recipe.split.training * patches, recipe.split.validation * patches, recipe.split.test * patches]
    assert shares == pytest.approx([10_088, 2_520, 3_152], abs=2)
    assert len(recipe.copies) == 5  # 1,576 became 7,880
    assert set(recipe.copies) <= set(COPIES)
    assert (stage.epochs, stage.batch, stage.optimizer, stage.learning_rate) == (100, 64, "adam", 0.001)
    assert recipe.keep == "accuracy"
    accuracies = {name: recipe.published[name]["accuracy"] for name in recipe.networks}  # Table 3
    assert accuracies == {"shallow-cnn": 0.993, "lenet5": 0.993, "mobilenet-v2": 0.998}


def test_shiri_kahnouei_2022():
    recipe = load_paper_recipe("shirikahnouei2022")
    (stage,) = recipe.stages
    assert (recipe.examples.rows, recipe.examples.columns, recipe.examples.spacing_mm) == (224, 224, None)
    assert (recipe.examples.minimum_overlap, recipe.examples.balanced) == (0.0, True)
    assert recipe.freeze == "first-hundred"
    assert (stage.epochs, stage.batch, stage.optimizer, stage.learning_rate) == (120, 32, "adam", 0.0001)
    tiles = 1072  # 200 test; 5 % of the other 872 validate
    assert recipe.split.test * tiles == pytest.approx(200, abs=1)
    assert recipe.split.validation * tiles == pytest.approx(0.05 * 872, abs=1)
    assert recipe.published["resnet-50"] == {
        "accuracy": 0.967,
        "sensitivity": 0.967,
        "specificity": 0.967,
        "auc": 0.988,
        "age": {"31-45": 0.964, "46-60": 0.966, "61-75": 0.973},  # Table 1
    }
