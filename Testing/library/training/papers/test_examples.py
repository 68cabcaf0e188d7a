from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from MCDetect.errors import InputError, UsageError
from MCDetect.training.datasets.record import BENIGN, CALCIFICATION, MALIGNANT, ImageRecord, Region
from MCDetect.training.papers.copies import COPIES, INTERPOLATIONS, resized
from MCDetect.training.papers.examples import NOT_AN_EXAMPLE, cut_examples
from MCDetect.training.papers.filters import STEPS, compare_filters
from MCDetect.training.papers.preparation import PreparedExample
from MCDetect.training.papers.recipe import ExampleSettings, SplitSettings
from MCDetect.training.papers.selection import Split, balanced, split_as_papers, split_by_patient

GRID = ExampleSettings("grid", ("normal", "calcification"), rows=20, columns=20)


@pytest.fixture
def record(tmp_path: Path) -> ImageRecord:
    """Return an image of 100 x 80 pixels full of tissue, with one region in the second and third tile."""
    pixels = np.random.default_rng(0).normal(150, 8, (100, 80)).astype(np.uint8)
    pixels[0, 0], pixels[-1, -1] = 0, 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    region = Region(CALCIFICATION, ((2, 25), (2, 45), (9, 45), (9, 25)), MALIGNANT, is_cluster=True)
    return ImageRecord(tmp_path / "a.png", "p", "L", "CC", 0.07, (region,))


def labels(record: ImageRecord, settings: ExampleSettings) -> dict[tuple[int, int], int]:
    return {example.place[:2]: example.label for example in cut_examples(record, settings)}


def test_tiles_cover_the_image_and_those_that_touch_a_region_are_positive(record: ImageRecord):
    found = labels(record, GRID)
    assert set(found) == {(row, column) for row in range(0, 100, 20) for column in range(0, 80, 20)}
    assert {place for place, label in found.items() if label == 1} == {(0, 20), (0, 40)}


def test_tiles_that_touch_too_little_of_a_region_are_no_examples(record: ImageRecord):
    found = labels(record, replace(GRID, minimum_overlap=0.5))
    assert (found[0, 20], found[0, 40]) == (1, NOT_AN_EXAMPLE)


def test_single_calcifications_make_no_cluster(record: ImageRecord):
    single = replace(record, regions=(replace(record.regions[0], is_cluster=False),))
    found = labels(single, replace(GRID, clusters_only=True))
    assert found[0, 20] == NOT_AN_EXAMPLE
    assert 1 not in found.values()


def test_a_patch_in_the_middle_of_a_region_is_cut_besides_the_tiles(record: ImageRecord):
    centred = [example for example in cut_examples(record, replace(GRID, centred=True)) if not example.is_tile]
    assert [example.place for example in centred] == [(0, 25, 20, 20)]
    assert centred[0].label == 1


def test_tiles_are_as_large_as_the_spacing_says(record: ImageRecord):
    examples = cut_examples(replace(record, spacing_mm=0.035), replace(GRID, spacing_mm=0.07))
    assert {example.place[2:] for example in examples} == {(40, 40)}
    assert {example.pixels.shape for example in examples} == {(20, 20)}


def test_what_is_not_annotated_is_never_taken_for_normal(record: ImageRecord):
    assert 0 not in labels(replace(record, is_annotated=False), GRID).values()


def test_a_mark_in_the_air_is_no_example_and_its_image_gives_no_normal_tissue(tmp_path: Path):
    pixels = np.full((400, 320), 5, dtype=np.uint8)
    pixels[:, :160] = np.random.default_rng(0).normal(150, 8, (400, 160)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")

    def record_with(left: int) -> ImageRecord:
        outline = ((200, left), (200, left + 10), (210, left + 10), (210, left))
        region = Region(CALCIFICATION, outline, MALIGNANT, is_cluster=True)
        return ImageRecord(tmp_path / "a.png", "p", "L", "CC", 0.2, (region,))

    regions = ExampleSettings("regions", (BENIGN, MALIGNANT), rows=20, columns=20)
    grid = ExampleSettings("grid", ("normal", "calcification"), rows=40, columns=40)
    assert len(cut_examples(record_with(80), regions)) == 1
    assert cut_examples(record_with(280), regions) == []
    assert set(labels(record_with(80), grid).values()) == {0, 1}
    assert set(labels(record_with(280), grid).values()) == {NOT_AN_EXAMPLE}


def test_regions_are_cut_by_their_box_and_stretched(record: ImageRecord):
    settings = ExampleSettings("regions", (BENIGN, MALIGNANT), rows=16, columns=24)
    (example,) = cut_examples(record, settings)
    assert example.place == (2, 25, 8, 21)
    assert example.pixels.shape == (16, 24)
    assert example.label == 1
    assert 140 < example.pixels.mean() < 160  # grey values are stretched over the whole image, not the region
    assert np.ptp(example.pixels) < 100


def test_regions_without_a_class_are_left_out_and_merged_ones_are_not(record: ImageRecord):
    settings = ExampleSettings("regions", (BENIGN, "other"), rows=16, columns=16)
    assert cut_examples(record, settings) == []
    assert cut_examples(record, replace(settings, merged={MALIGNANT: BENIGN}))[0].label == 0


def test_a_region_outside_of_its_image_is_told(record: ImageRecord):
    outside = replace(record, regions=(replace(record.regions[0], outline=((200, 200), (210, 200), (210, 210))),))
    with pytest.raises(InputError, match="marks nothing inside"):
        cut_examples(outside, GRID)


def test_a_damaged_picture_is_told(record: ImageRecord):
    record.image.write_bytes(record.image.read_bytes()[:60])
    with pytest.raises(InputError, match="damaged picture"):
        cut_examples(record, GRID)


def test_copies_keep_size_and_content():
    image = np.arange(12 * 12, dtype=np.uint8).reshape(12, 12)
    for name, copy in COPIES.items():
        made = copy(image)
        assert made.shape == image.shape, name
        if name != "rotation-45":
            assert sorted(made.ravel()) == sorted(image.ravel()), name
    different = {COPIES[name](image).tobytes() for name in COPIES}
    assert len(different) == len(COPIES)
    assert COPIES["rotation-45"](np.ones((12, 16), dtype=np.uint8))[0, 0] == 0


def test_resizing_reaches_the_size_asked_for():
    for interpolation in INTERPOLATIONS:
        assert resized(np.zeros((5, 9), dtype=np.uint8), 3, 4, interpolation).shape == (3, 4)


@pytest.mark.parametrize(
    ("image", "rows", "columns", "expected"),
    [
        ([[0, 100]], 1, 4, [[0, 25, 75, 100]]),  # the edge is repeated
        ([[0, 100, 200, 50]], 1, 2, [[50, 125]]),
        ([[0, 60, 120, 180, 240, 200]], 1, 2, [[60, 240]]),  # the others are passed over
        ([[10], [20], [30]], 6, 1, [[10], [12], [18], [22], [28], [30]]),
    ],
)
def test_linear_interpolation_is_that_of_opencv(
    image: list[list[int]], rows: int, columns: int, expected: list[list[int]]
):
    assert np.abs(resized(np.array(image, np.uint8), rows, columns, "linear") - np.array(expected)).max() <= 1


def test_a_region_is_brought_to_its_size_before_its_steps(record: ImageRecord, monkeypatch: pytest.MonkeyPatch):
    seen: list[tuple[int, ...]] = []
    monkeypatch.setitem(STEPS, "median", lambda image: (seen.append(image.shape), image)[1])
    settings = ExampleSettings("regions", (BENIGN, MALIGNANT), rows=30, columns=40, steps=("median",))
    assert len(cut_examples(record, settings)) == 1
    assert seen == [(30, 40)]


def test_the_adaptive_median_takes_out_salt_and_pepper_and_leaves_the_rest():
    clean = np.tile(np.linspace(80, 160, 32).astype(np.uint8), (32, 1))
    noisy = clean.copy()
    noisy[5, 5], noisy[20, 9] = 255, 0
    filtered = STEPS["adaptive-median"](noisy)
    assert abs(int(filtered[5, 5]) - int(clean[5, 5])) < 6
    assert abs(int(filtered[20, 9]) - int(clean[20, 9])) < 6
    assert (filtered != noisy).sum() < 0.2 * noisy.size


def test_what_changes_least_has_the_highest_ratio_to_noise():
    figures = compare_filters(np.random.default_rng(0).integers(0, 255, (40, 40)).astype(np.uint8))
    order = sorted(figures, key=lambda name: figures[name]["mse"])
    assert order == sorted(figures, key=lambda name: -figures[name]["psnr"])
    assert compare_filters(np.zeros((8, 8), dtype=np.uint8))["mean"] == {"mse": 0.0, "psnr": 100.0}


def test_artefacts_outside_of_the_breast_are_removed():
    image = np.zeros((400, 300), dtype=np.uint8)
    image[50:350, :180] = np.random.default_rng(0).integers(90, 160, (300, 180))
    image[20:40, 220:280] = 255
    cleaned = STEPS["remove-artefacts"](image)
    assert cleaned[20:40, 220:280].max() == 0
    assert np.array_equal(cleaned[150:250, 20:140], image[150:250, 20:140])


SHARES = SplitSettings(0.6, 0.2, 0.2, folds=5)
PATIENTS = [f"p{number % 20}" for number in range(100)]
LABELS = [int(number % 20 < 8) for number in range(100)]


def split(**changes: int) -> object:
    return split_by_patient(LABELS, PATIENTS, SHARES, **{"copies": 3, "seed": 1, **changes})


def test_no_patient_is_in_two_parts_and_only_training_examples_are_multiplied():
    found = split()
    patients = [{PATIENTS[place] for place, _ in part} for part in (found.training, found.validation, found.test)]
    assert not patients[0] & patients[1] | patients[0] & patients[2] | patients[1] & patients[2]
    assert len(set().union(*patients)) == 20
    assert {copy for _, copy in found.training} == {0, 1, 2}
    assert {copy for _, copy in (*found.validation, *found.test)} == {0}
    assert [len(part) for part in patients] == [12, 4, 4]


def test_folds_test_every_patient_once():
    tested = [place for fold in range(5) for place, _ in split(fold=fold).test]
    assert sorted(tested) == list(range(100))
    with pytest.raises(UsageError):
        split(fold=5)


def test_another_seed_is_another_split_and_the_same_seed_the_same():
    assert split() == split()
    assert split() != split(seed=2)


def test_too_few_patients_for_all_parts_are_refused():
    with pytest.raises(InputError, match="With 1 patients"):
        split_by_patient([0, 1], ["p", "p"], SHARES, 1, seed=0)
    with pytest.raises(InputError, match=r"is empty\. 3 of 5 images gave no example\."):
        split_by_patient([0, 1], ["p", "p"], SHARES, 1, seed=0, remark=" 3 of 5 images gave no example.")


def test_the_split_of_the_papers_lets_copies_of_one_example_into_several_parts():
    found = split_as_papers(LABELS, SHARES, 4, 0)
    parts = [{place for place, _ in part} for part in (found.training, found.test)]
    assert parts[0] & parts[1]
    assert len(found.training) + len(found.validation) + len(found.test) == 400
    assert len(found.test) == 80


@pytest.mark.parametrize(
    "found",
    [
        split_by_patient(LABELS, PATIENTS, SplitSettings(0.8, 0.0, 0.2), 2, seed=1),
        split_as_papers(LABELS, SplitSettings(0.8, 0.0, 0.2), 2, 1),
    ],
)
def test_without_a_validation_part_the_test_part_is_looked_at(found: Split):
    assert found.validation == found.test
    assert found.test
    assert not set(found.training) & set(found.test)


def test_balancing_keeps_as_many_of_each_class_as_of_the_rarest():
    make: Callable[[int, int], PreparedExample] = lambda n, label: PreparedExample(n, 0, label, (0, 0, 1, 1), True)  # noqa: E731
    kept = balanced([make(number, int(number < 7)) for number in range(40)], seed=0)
    assert [sum(example.label == label for example in kept) for label in (0, 1)] == [7, 7]


@given(st.data())
def test_no_patient_is_tested_in_two_folds(data: st.DataObject):
    count = data.draw(st.integers(5, 60))
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=count, max_size=count))
    highest = data.draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
    patients = [f"p{number}" for number, size in enumerate(sizes) for _ in range(size)]
    labels = [label for label, size in zip(highest, sizes, strict=True) for _ in range(size)]
    tested: list[int] = []
    for fold in range(5):
        found = split_by_patient(labels, patients, SHARES, 1, seed=3, fold=fold)
        parts = [{patients[place] for place, _ in part} for part in (found.training, found.validation, found.test)]
        assert all(parts)
        assert sum(map(len, parts)) == count
        tested += [place for place, _ in found.test]
    assert sorted(tested) == list(range(len(patients)))


def test_fewer_patients_than_folds_are_tested_in_the_first_folds():
    patients = ["a", "b", "c"]
    tested = [split_by_patient([0, 0, 1], patients, SHARES, 1, seed=0, fold=fold).test for fold in range(3)]
    assert sorted(place for part in tested for place, _ in part) == [0, 1, 2]
    with pytest.raises(InputError, match="With 3 patients the test part"):
        split_by_patient([0, 0, 1], patients, SHARES, 1, seed=0, fold=3)


@pytest.mark.parametrize("count", [12, 13, 17])
def test_folds_of_the_split_of_the_papers_test_every_example_once(count: int):
    tested = [place for fold in range(5) for place in split_as_papers([0] * count, SHARES, 1, 0, fold).test]
    assert sorted(place for place, _ in tested) == list(range(count))
