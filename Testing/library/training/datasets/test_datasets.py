"""Data sets in miniature, in the layout in which they are distributed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.miniature_datasets import CBIS, write_cbis_ddsm, write_inbreast, write_simulated

from MCDetect.errors import InputError, UsageError
from MCDetect.training.datasets import DATASETS, index_dataset
from MCDetect.training.datasets.record import BENIGN, CALCIFICATION, MALIGNANT, OTHER, WITHOUT_CALLBACK, age_group

WRITERS: dict[str, Callable[[Path], Path]] = {
    "simulated": lambda folder: write_simulated(folder, 3),
    "inbreast": write_inbreast,
    "cbis-ddsm": write_cbis_ddsm,
}


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: write(tmp_path_factory.mktemp(name)) for name, write in WRITERS.items()}


@pytest.fixture
def copy_of(originals: dict[str, Path], tmp_path: Path) -> Callable[[str], Path]:
    return lambda name: shutil.copytree(originals[name], tmp_path / name)


def test_every_data_set_has_a_miniature_here():
    assert set(WRITERS) == set(DATASETS)


@pytest.mark.parametrize("name", WRITERS)
def test_an_intact_data_set_has_no_problems_and_the_same_checksum_each_time(name: str, originals: dict[str, Path]):
    first, second = (index_dataset(name, originals[name]) for _ in range(2))
    assert first.problems == ()
    assert first == second


@pytest.mark.parametrize("name", WRITERS)
def test_the_checksum_tells_a_data_set_that_lost_a_file(name: str, copy_of: Callable[[str], Path]):
    folder = copy_of(name)
    whole = index_dataset(name, folder)
    lost = whole.records[0].image
    lost.unlink()
    rest = index_dataset(name, folder)
    assert rest.checksum != whole.checksum
    assert len(rest.records) == len(whole.records) - 1
    assert len(rest.problems) == 1
    assert any(part in rest.problems[0] for part in (lost.name[:8], lost.parts[-4]))


@pytest.mark.parametrize("name", WRITERS)
def test_a_folder_of_something_else_is_refused_with_what_is_missing(name: str, tmp_path: Path):
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(InputError) as caught:
            index_dataset(name, folder)
        assert caught.value.code == "no-dataset"
        assert str(folder) in caught.value.message


def test_an_unknown_data_set_is_refused_with_those_that_are_known(tmp_path: Path):
    with pytest.raises(UsageError, match="inbreast"):
        index_dataset("inbrest", tmp_path)


def test_inbreast_gives_patient_side_view_density_and_outlines(originals: dict[str, Path]):
    records = {record.image.name[:8]: record for record in index_dataset("inbreast", originals["inbreast"]).records}
    first, normal, oblique, blank = (records[name] for name in ("20586908", "20586934", "20587148", "50998981"))
    assert (first.patient, first.laterality, first.view) == ("6c613a14b80a8591", "R", "CC")
    assert first.patient == normal.patient != oblique.patient
    assert oblique.view == "MLO"
    assert (first.subgroups["density"], oblique.subgroups["density"]) == ("d", "a")
    assert "density" not in blank.subgroups
    assert [region.kind for region in first.regions] == [CALCIFICATION, CALCIFICATION, OTHER]
    assert [region.is_cluster for region in first.regions] == [True, False, False]
    assert [record.regions[0].pathology for record in (first, oblique, blank)] == [MALIGNANT, BENIGN, MALIGNANT]
    assert normal.regions == ()


def test_inbreast_outlines_lie_where_the_cluster_is(originals: dict[str, Path]):
    from MCDetect.training.datasets.pixels import mask_of, read_pixels_of

    record = index_dataset("inbreast", originals["inbreast"]).records[0]
    pixels = read_pixels_of(record.image)
    mask = mask_of(record.regions[0], (pixels.shape[0], pixels.shape[1]))
    rows, columns = mask.mask.shape
    inside = pixels[mask.top : mask.top + rows, mask.left : mask.left + columns]
    assert inside.min() > 0  # tissue: coordinates that were swapped would lie in the air
    assert record.laterality == "R"
    assert mask.left > pixels.shape[1] // 2  # the wall of the chest of a right breast is on the right


def test_a_broken_outline_of_inbreast_leaves_its_image_out(copy_of: Callable[[str], Path]):
    folder = copy_of("inbreast")
    xml = folder / "AllXML" / "20586908.xml"
    for text in ("no XML", xml.read_text().replace("(", "<", 1)):
        xml.write_text(text)
        index = index_dataset("inbreast", folder)
        assert len(index.records) == 3
        assert index.problems == (f"{xml} is not a list of outlines; its image is left out.",)


def test_strange_names_and_rows_of_inbreast_are_told(copy_of: Callable[[str], Path]):
    folder = copy_of("inbreast")
    images = folder / "AllDICOMs"
    (images / "20586934_6c613a14b80a8591_MG_L_CC_ANON.dcm").rename(
        images / "99999999_6c613a14b80a8591_MG_L_CC_ANON.dcm"
    )
    (images / "copy.dcm").write_bytes(b"")
    problems = " ".join(index_dataset("inbreast", folder).problems)
    assert "99999999_6c613a14b80a8591_MG_L_CC_ANON.dcm has no row in INbreast.csv" in problems
    assert "copy.dcm is not named as INbreast names its images" in problems
    assert "20586934_*.dcm is missing" in problems


def test_a_table_without_its_columns_is_refused(copy_of: Callable[[str], Path]):
    folder = copy_of("inbreast")
    table = folder / "INbreast.csv"
    table.write_text(table.read_text().replace("Bi-Rads", "Grade"))
    with pytest.raises(InputError, match="no column 'bi-rads'"):
        index_dataset("inbreast", folder)


def test_cbis_ddsm_tells_mask_from_crop_in_every_order(originals: dict[str, Path]):
    from MCDetect.training.datasets.pixels import read_pixels_of

    index = index_dataset("cbis-ddsm", originals["cbis-ddsm"])
    by_patient = {record.patient: record for record in index.records}
    for patient, _, _, layout in CBIS:
        (region,) = by_patient[patient].regions
        assert region.mask is not None
        assert read_pixels_of(region.mask).shape == read_pixels_of(by_patient[patient].image).shape
        assert (region.crop is None) == (layout == "mask alone")
        assert region.is_cluster
    pathologies = [by_patient[patient].regions[0].pathology for patient, *_ in CBIS]
    assert pathologies == [MALIGNANT, BENIGN, WITHOUT_CALLBACK, MALIGNANT]
    assert by_patient["P_00038"].groups == {"published part": "test", "density": "c"}


def test_regions_of_cbis_ddsm_that_are_missing_or_unknown_are_told(copy_of: Callable[[str], Path]):
    folder = copy_of("cbis-ddsm")
    shutil.rmtree(folder / "CBIS-DDSM" / "Calc-Training_P_00005_RIGHT_CC_1", ignore_errors=True)
    shutil.rmtree(folder / "CBIS-DDSM" / "Calc-Training_P_00005_LEFT_CC_1")
    table = folder / "calc_case_description_test_set.csv"
    table.write_text(table.read_text().replace("MALIGNANT", "UNPROVEN"))
    first, second = index_dataset("cbis-ddsm", folder).problems
    assert "Calc-Training_P_00005_LEFT_CC_1 has neither mask nor crop" in first
    assert "unknown pathology 'UNPROVEN'" in second


def test_a_damaged_truth_file_of_simulated_examinations_leaves_its_patient_out(copy_of: Callable[[str], Path]):
    folder = copy_of("simulated")
    (folder / "p1" / "truth.json").write_text("{}")
    index = index_dataset("simulated", folder)
    assert [record.patient for record in index.records] == ["p0", "p2"]
    assert "truth.json is not a truth file" in index.problems[0]


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
