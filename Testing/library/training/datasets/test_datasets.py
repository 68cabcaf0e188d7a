"""What is demanded of every data set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from MCDetect.errors import InputError, UsageError
from MCDetect.training.datasets import DATASETS, index_dataset
from MCDetect.training.datasets.pixels import mask_of, masks_of, read_pixels_of
from MCDetect.training.datasets.record import CALCIFICATION, DatasetIndex, age_group
from MCDetect.training.miniatures import LAYOUTS

NAMES = tuple(DATASETS)
MARKED = tuple(name for name in LAYOUTS if name != "cmmd")
PLACED_AS_SIMULATED = tuple(name for name in MARKED if name != "mini-mias")  # that one moves images in their frame


def test_every_data_set_has_a_miniature():
    assert {"simulated", *LAYOUTS} == set(DATASETS)


@pytest.mark.parametrize("name", NAMES)
def test_an_intact_data_set_has_no_problems_and_the_same_checksum_each_time(name: str, originals: dict[str, Path]):
    first, second = (index_dataset(name, originals[name]) for _ in range(2))
    assert first.problems == ()
    assert first == second


@pytest.mark.parametrize("name", NAMES)
def test_the_checksum_tells_a_data_set_that_lost_a_file(name: str, copy_of: Callable[[str], Path]):
    folder = copy_of(name)
    whole = index_dataset(name, folder)
    lost = whole.records[0].image
    lost.unlink()
    rest = index_dataset(name, folder)
    assert rest.checksum != whole.checksum
    assert len(rest.records) == len(whole.records) - 1
    if name not in ("cmmd", "bmcd"):  # these do not say which files there should be
        assert len(rest.problems) == 1
        assert any(part in rest.problems[0] for part in (lost.name[:8], lost.parts[-4]))


@pytest.mark.parametrize("name", NAMES)
def test_indexing_loads_no_pixels(name: str, originals: dict[str, Path], monkeypatch: pytest.MonkeyPatch):
    import pydicom
    from PIL import Image

    def never(*_: object, **__: object) -> None:
        raise AssertionError("pixels were loaded")

    monkeypatch.setattr("MCDetect.training.datasets.pixels.read_pixels_of", never)
    monkeypatch.setattr("MCDetect.dicom.opening._with_pixels", never)
    monkeypatch.setattr(pydicom.Dataset, "pixel_array", property(never))
    monkeypatch.setattr(Image, "open", never)
    assert index_dataset(name, originals[name]).records


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_of_something_else_is_refused_with_what_is_missing(name: str, tmp_path: Path):
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(InputError) as caught:
            index_dataset(name, folder)
        assert caught.value.code == "no-dataset"
        assert str(folder) in caught.value.message


def test_an_unknown_data_set_is_refused_with_those_that_are_known(tmp_path: Path):
    with pytest.raises(UsageError, match="inbreast"):
        index_dataset("inbrest", tmp_path)


@pytest.mark.parametrize("name", PLACED_AS_SIMULATED)
def test_marks_lie_where_the_clusters_were_simulated(name: str, originals: dict[str, Path], simulated: DatasetIndex):
    found = index_dataset(name, originals[name])
    by_pixels = {read_pixels_of(record.image).tobytes(): record for record in simulated.records}
    clusters = 0
    for record in found.records:
        pixels = read_pixels_of(record.image)
        original = by_pixels[pixels.tobytes()]
        assert (record.laterality, record.view) == (original.laterality, original.view)
        masks = [
            mask for region, mask in masks_of(record.calcifications, pixels) if region.is_cluster or name == "bmcd"
        ]
        for region in original.regions:
            if region.is_cluster:
                clusters += 1
                wanted = mask_of(region, (pixels.shape[0], pixels.shape[1]))
                rows, columns = wanted.mask.shape
                assert any(
                    mask.covered(wanted.top, wanted.left, rows, columns) > 0.7 * wanted.mask.sum() for mask in masks
                )
                assert any(mask.mask.sum() <= 1.6 * rows * columns for mask in masks)
    assert clusters == sum(region.is_cluster for record in simulated.records for region in record.regions) > 3


@pytest.mark.parametrize("name", [*MARKED, "cmmd"])
def test_patients_are_told_apart_and_pathologies_kept(name: str, originals: dict[str, Path], simulated: DatasetIndex):
    found = index_dataset(name, originals[name])
    patients = {record.patient for record in found.records}
    assert len(patients) == (3 if name == "cmmd" else 5)  # without a biopsy CMMD has no row of a breast
    for record in found.records:
        assert record.laterality in "LR"
        assert all(region.pathology for region in record.calcifications if region.is_cluster)
    verdicts = {region.pathology for record in found.records for region in record.calcifications}
    assert "malignant" in verdicts


@pytest.mark.parametrize("name", NAMES)
def test_a_table_or_file_in_the_middle_of_nothing_is_refused(name: str, copy_of: Callable[[str], Path]):
    folder = copy_of(name)
    for path in folder.rglob("*"):
        if path.suffix in (".csv", ".xlsx", ".xls", ".ics", ".json") or path.name == "Info.txt":
            path.write_bytes(b"\x00\x01 nothing")
    with pytest.raises(InputError) as caught:
        index_dataset(name, folder)
    assert caught.value.code == "no-dataset"


def test_age_groups_are_those_of_the_paper():
    assert [age_group(age) for age in (30, 31, 45, 46, 60, 61, 75, 80)] == [
        "under 31",
        "31-45",
        "31-45",
        "46-60",
        "46-60",
        "61-75",
        "61-75",
        "over 75",
    ]


def test_a_damaged_truth_file_of_simulated_examinations_leaves_its_patient_out(copy_of: Callable[[str], Path]):
    folder = copy_of("simulated")
    (folder / "p1" / "truth.json").write_text("{}")
    index = index_dataset("simulated", folder)
    assert [record.patient for record in index.records] == ["p0", "p2"]
    assert "truth.json is not a truth file" in index.problems[0]


def test_ages_come_from_the_data_sets_that_have_them(originals: dict[str, Path]):
    for name in ("ddsm", "cmmd", "vindr-mammo", "bmcd"):
        ages = {record.age for record in index_dataset(name, originals[name]).records}
        assert None not in ages, name
        assert len(ages) > 1, name
    assert all(
        region.kind == CALCIFICATION
        for record in index_dataset("ddsm", originals["ddsm"]).records
        for region in record.regions
    )
