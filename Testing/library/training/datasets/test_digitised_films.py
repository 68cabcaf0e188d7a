"""CBIS-DDSM, DDSM and mini-MIAS."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from MCDetect.errors import InputError
from MCDetect.training.datasets import index_dataset
from MCDetect.training.datasets.ddsm import STEPS, read_overlay
from MCDetect.training.datasets.pixels import mask_of, read_pixels_of
from MCDetect.training.datasets.record import BENIGN, MALIGNANT, OTHER, WITHOUT_CALLBACK
from MCDetect.training.miniatures.lossless_jpeg import encode
from MCDetect.training.miniatures.views import write_dicom
from MCDetect.training.papers.examples import cut_examples
from MCDetect.training.papers.recipe import load_paper_recipe

ALL = {BENIGN, MALIGNANT, WITHOUT_CALLBACK}


def test_cbis_ddsm_tells_mask_from_crop_in_every_arrangement(originals: dict[str, Path]):
    found = index_dataset("cbis-ddsm", originals["cbis-ddsm"])
    crops = 0
    for record in found.records:
        for region in record.regions:
            assert region.mask is not None
            assert read_pixels_of(region.mask).shape == read_pixels_of(record.image).shape
            crops += region.crop is not None
    regions = sum(len(record.regions) for record in found.records)
    assert 0 < crops < regions  # each fourth region has a mask alone
    assert {r.pathology for record in found.records for r in record.calcifications} == ALL
    assert {record.groups["published part"] for record in found.records} == {"training", "test"}


def test_masses_of_cbis_ddsm_are_no_calcifications_and_are_not_needed(copy_of: Callable[[str], Path]):
    folder = copy_of("cbis-ddsm")
    whole = index_dataset("cbis-ddsm", folder)
    masses = [record for record in whole.records if not record.calcifications]
    assert masses
    assert {region.kind for record in masses for region in record.regions} == {OTHER}
    for table in folder.glob("mass_*.csv"):
        table.unlink()
    assert len(index_dataset("cbis-ddsm", folder).records) == len(whole.records) - len(masses)


def test_masses_join_the_film_of_their_calcifications(copy_of: Callable[[str], Path]):
    folder = copy_of("cbis-ddsm")
    table = folder / "calc_case_description_train_set.csv"
    line = re.search(r"^P_.*?\"\n", table.read_text(), re.DOTALL | re.MULTILINE)
    assert line is not None
    mass = folder / "mass_case_description_train_set.csv"
    mass.write_text(mass.read_text() + line[0])
    whole = index_dataset("cbis-ddsm", folder)
    joined = [record for record in whole.records if {region.kind for region in record.regions} > {OTHER}]
    assert len(joined) == 1
    assert whole.problems == ()


def test_regions_of_cbis_ddsm_that_are_missing_or_unknown_are_told(copy_of: Callable[[str], Path]):
    folder = copy_of("cbis-ddsm")
    lost = sorted(folder.glob("CBIS-DDSM/Calc-Training_*_1"))[0]
    shutil.rmtree(lost)
    table = folder / "calc_case_description_test_set.csv"
    table.write_text(table.read_text().replace("BENIGN_WITHOUT_CALLBACK", "UNPROVEN"))
    first, *others = index_dataset("cbis-ddsm", folder).problems
    assert f"{lost.name} has neither mask nor crop" in first
    assert others
    assert all("unknown pathology 'UNPROVEN'" in problem for problem in others)


def alone(folder: Path, name: str) -> tuple[Path, Path]:
    """Leave one file of a region of CBIS-DDSM, the mask or the crop, and return its folder and that file."""
    import pydicom

    for record in index_dataset("cbis-ddsm", folder).records:
        for region in record.calcifications:
            if region.crop is not None and region.mask is not None:
                kept, lost = (region.mask, region.crop) if name == "mask" else (region.crop, region.mask)
                lost.unlink()
                assert pydicom.dcmread(kept).Rows
                return kept.parents[2], kept
    raise AssertionError("no region has both")


def test_a_file_of_cbis_ddsm_alone_is_told_by_its_size(copy_of: Callable[[str], Path]):
    folder = copy_of("cbis-ddsm")
    _, kept = alone(folder, "mask")
    found = index_dataset("cbis-ddsm", folder)
    assert any(r.mask == kept and r.crop is None for record in found.records for r in record.calcifications)
    assert found.problems == ()


def test_a_crop_of_cbis_ddsm_alone_is_an_example_and_its_film_gives_no_normal_tissue(copy_of: Callable[[str], Path]):
    folder = copy_of("cbis-ddsm")
    case, kept = alone(folder, "crop")
    found = index_dataset("cbis-ddsm", folder)
    (record,) = [one for one in found.records if any(r.crop == kept for r in one.calcifications)]
    assert not record.is_annotated
    assert found.problems == (f"{case} has no mask as large as its mammogram; the region is not placed in it.",)
    assert cut_examples(record, load_paper_recipe("leong2022").examples)
    labels = {one.label for one in cut_examples(record, load_paper_recipe("shirikahnouei2022").examples)}
    assert 0 not in labels


def test_a_film_with_a_region_that_is_lost_gives_no_normal_tissue(copy_of: Callable[[str], Path]):
    folder = copy_of("cbis-ddsm")
    lost = sorted(folder.glob("CBIS-DDSM/Calc-Training_*_1"))[0]
    shutil.rmtree(lost)
    found = index_dataset("cbis-ddsm", folder)
    (record,) = [one for one in found.records if one.image.parents[2].name == lost.name[:-2]]
    assert not record.is_annotated


def test_a_mask_of_cbis_ddsm_a_little_smaller_than_its_film_is_fitted_to_it(copy_of: Callable[[str], Path]):
    folder = copy_of("cbis-ddsm")
    record = next(one for one in index_dataset("cbis-ddsm", folder).records if one.calcifications)
    region = record.calcifications[0]
    assert region.mask is not None
    shape = np.shape(read_pixels_of(record.image))
    whole = mask_of(region, (shape[0], shape[1]))
    mask = read_pixels_of(region.mask).astype(np.uint8)
    write_dicom(region.mask, mask[: shape[0] - 6, : shape[1] - 4].copy(), None)
    again = index_dataset("cbis-ddsm", folder)
    assert again.problems == ()
    fitted = mask_of(region, (shape[0], shape[1]))
    assert abs(fitted.top - whole.top) <= 6
    assert fitted.mask.sum() == pytest.approx(whole.mask.sum(), rel=0.1)
    write_dicom(region.mask, mask.T.copy(), None)
    with pytest.raises(InputError, match="another shape than its image"):
        mask_of(region, (shape[0], shape[1]))


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_lossless_jpeg_comes_back_as_it_was(bits: int):
    from libjpeg.utils import decode

    pixels = np.random.default_rng(bits).integers(0, 1 << bits, (37, 53)).astype(np.uint16)
    pixels[0, :3] = (0, (1 << bits) - 1, 1 << (bits - 1))
    assert (decode(encode(pixels)) == pixels).all()


def test_ddsm_has_all_pathologies_and_the_digitiser_by_examination(originals: dict[str, Path]):
    found = index_dataset("ddsm", originals["ddsm"])
    assert {region.pathology for record in found.records for region in record.calcifications} == ALL
    assert {record.groups["digitiser"] for record in found.records} == {"LUMISYS LASER"}
    assert {record.spacing_mm for record in found.records} == {0.07}
    assert {part.name for part in (originals["ddsm"] / "cases").iterdir()} == {
        "normals",
        "benigns",
        "benign_without_callbacks",
        "cancers",
    }


def test_the_size_of_an_image_of_ddsm_is_that_of_its_ics_file(copy_of: Callable[[str], Path]):
    folder = copy_of("ddsm")
    record = index_dataset("ddsm", folder).records[0]
    right = read_pixels_of(record.image)
    record.image.write_bytes(encode(right.astype(np.uint16).reshape(right.shape[1], right.shape[0])))
    assert (read_pixels_of(record.image) == right).all()  # the header had its size turned
    record.image.write_bytes(encode(right[:-1].astype(np.uint16)))
    with pytest.raises(InputError, match="another size"):
        read_pixels_of(record.image)
    record.image.write_bytes(record.image.read_bytes()[:100])
    with pytest.raises(InputError, match=r"damaged lossless JPEG|another size"):
        read_pixels_of(record.image)


def test_a_chain_goes_around_its_region(tmp_path: Path):
    overlay = tmp_path / "A_1_1.LEFT_CC.OVERLAY"
    square = "2 " * 3 + "4 " * 3 + "6 " * 3 + "0 " * 3
    overlay.write_text(
        "TOTAL_ABNORMALITIES 2\nABNORMALITY 1\nLESION_TYPE CALCIFICATION TYPE PLEOMORPHIC DISTRIBUTION CLUSTERED\n"
        "LESION_TYPE MASS SHAPE ARCHITECTURAL_DISTORTION MARGINS N/A\nASSESSMENT 4\nSUBTLETY 5\nPATHOLOGY MALIGNANT\n"
        f"TOTAL_OUTLINES 2\nBOUNDARY\n10 20 {square}#\n\tCORE\n11 21 2 4 6 0 #\n"
        "ABNORMALITY 2\nLESION_TYPE MASS SHAPE OVAL MARGINS SPICULATED\nASSESSMENT 4\nSUBTLETY 5\nPATHOLOGY BENIGN\n"
        f"TOTAL_OUTLINES 1\nBOUNDARY\n1 2 {square}#\n"
    )
    first, second = read_overlay(overlay)
    assert (first.pathology, first.is_cluster, second.kind) == (MALIGNANT, True, OTHER)
    assert first.outline[0] == first.outline[-1] == (20.0, 10.0)  # x comes first
    placed = mask_of(first, (60, 60))
    assert (placed.top, placed.left, placed.mask.shape) == (20, 10, (4, 4))
    assert placed.mask.all()
    assert len(STEPS) == 8
    assert sum(down for down, _ in STEPS) == sum(right for _, right in STEPS) == 0


def test_broken_overlays_and_missing_images_of_ddsm_are_told(copy_of: Callable[[str], Path]):
    folder = copy_of("ddsm")
    first, second = sorted(folder.rglob("*.OVERLAY"))[:2]
    text = first.read_text()
    for broken in ("nothing", text.replace("TOTAL_ABNORMALITIES 1", "TOTAL_ABNORMALITIES 3"), text.replace("#", "9 #")):
        first.write_text(broken)
        assert f"{first} is not an overlay of DDSM" in index_dataset("ddsm", folder).problems[0]
    second.unlink()
    assert any(f"{second} is missing" in problem for problem in index_dataset("ddsm", folder).problems)


def test_coordinates_of_mini_mias_begin_at_the_bottom_left(originals: dict[str, Path]):
    found = index_dataset("mini-mias", originals["mini-mias"])
    for record in found.records:
        assert record.view == ""
        number = int(record.image.stem[3:])
        assert record.laterality == ("L" if number % 2 == 0 else "R")
        pixels = read_pixels_of(record.image)
        for region in record.calcifications:
            middle = np.mean(region.outline, axis=0)
            assert pixels[int(middle[0]), int(middle[1])] > 0  # tissue: from the top it would lie in the air at times
    assert {record.groups["tissue"] for record in found.records} == {"fatty", "fatty-glandular", "dense-glandular"}


def test_films_of_mini_mias_without_a_place_are_not_taken_for_normal(copy_of: Callable[[str], Path]):
    folder = copy_of("mini-mias")
    table = folder / "Info.txt"
    text = re.sub(r"^(mdb\d+ [FGD] CALC [BM]) .*$", r"\1 *NOTE 3*", table.read_text(), count=1, flags=re.MULTILINE)
    table.write_text(text + "mdb999 ?\n")
    found = index_dataset("mini-mias", folder)
    (spread,) = [record for record in found.records if not record.is_annotated]
    assert spread.regions == ()
    assert "is not of the form of the others" in found.problems[0]


def test_one_film_of_mini_mias_may_have_several_findings(copy_of: Callable[[str], Path]):
    folder = copy_of("mini-mias")
    table = folder / "Info.txt"
    line = next(line for line in table.read_text().splitlines() if "CALC" in line)
    table.write_text(table.read_text() + line + "\n" + line.replace("CALC", "CIRC") + "\n")
    found = {record.image.stem: record for record in index_dataset("mini-mias", folder).records}[line[:6]]
    assert len(found.calcifications) == 2
    assert len(found.regions) == 3
