"""CMMD, VinDr-Mammo and BMCD."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from MCDetect.errors import InputError
from MCDetect.training.datasets import index_dataset
from MCDetect.training.datasets.pixels import breast_of, mask_of, masks_of, read_pixels_of
from MCDetect.training.datasets.record import BENIGN, MALIGNANT, OTHER, DatasetIndex, Region
from MCDetect.training.papers.examples import cut_examples
from MCDetect.training.papers.recipe import load_paper_recipe


def test_the_whole_breast_is_the_region_of_cmmd_and_no_tile_is_an_example(originals: dict[str, Path]):
    found = index_dataset("cmmd", originals["cmmd"])
    assert {r.pathology for record in found.records for r in record.calcifications} == {BENIGN, MALIGNANT}
    record = found.records[0]
    regions = load_paper_recipe("rehman2021").examples
    (example,) = cut_examples(record, regions)
    breast = breast_of(read_pixels_of(record.image))
    assert example.place == (breast.top, breast.left, *breast.mask.shape)
    assert {one.label for one in cut_examples(record, load_paper_recipe("lunalozoya2023").examples)} <= {-1}


def test_breasts_of_cmmd_are_matched_by_the_header(copy_of: Callable[[str], Path]):
    import pydicom

    folder = copy_of("cmmd")
    image = index_dataset("cmmd", folder).records[0].image
    header = pydicom.dcmread(image)
    del header.ImageLaterality
    header.save_as(image)
    broken = sorted(folder.rglob("*.dcm"))[-1]
    broken.write_bytes(b"nothing")
    problems = " ".join(index_dataset("cmmd", folder).problems)
    assert f"{image} does not say which breast it shows" in problems
    assert str(broken) in problems


def test_patients_of_cmmd_with_the_same_pixels_are_one_patient(copy_of: Callable[[str], Path]):
    folder = copy_of("cmmd")
    first, second, *_ = sorted({record.patient for record in index_dataset("cmmd", folder).records})
    table = folder / "CMMD_clinicaldata_revision.csv"
    table.write_text(
        "ID1,LeftRight,Age,number,abnormality,classification,subtype\n"
        "D1-0202,R,40,2,calcification,Benign,\nD1-0202,L,40,2,calcification,Benign,\n"
        "D2-0284,R,50,2,calcification,Malignant,\nD2-0284,L,50,2,calcification,Malignant,\n"
    )
    (folder / "CMMD_clinicaldata_revision.xlsx").unlink()
    (folder / "CMMD" / first).rename(folder / "CMMD" / "D1-0202")
    (folder / "CMMD" / second).rename(folder / "CMMD" / "D2-0284")
    found = index_dataset("cmmd", folder)
    assert {record.patient for record in found.records} == {"D1-0202"}
    assert {record.age for record in found.records} == {40.0, 50.0}


def test_the_table_of_cmmd_may_have_been_saved_as_csv(copy_of: Callable[[str], Path]):
    import openpyxl

    folder = copy_of("cmmd")
    whole = index_dataset("cmmd", folder)
    book = folder / "CMMD_clinicaldata_revision.xlsx"
    rows = openpyxl.load_workbook(book).worksheets[0].iter_rows(values_only=True)
    text = "\n".join(";".join("" if cell is None else str(cell) for cell in row) for row in rows)
    book.with_suffix(".csv").write_text(text)
    book.unlink()
    assert index_dataset("cmmd", folder).records == whole.records


def test_normal_tissue_of_vindr_mammo_comes_from_bi_rads_1_alone(originals: dict[str, Path]):
    found = index_dataset("vindr-mammo", originals["vindr-mammo"])
    assert {record.is_annotated for record in found.records if record.calcifications} == {False}
    assert {record.is_annotated for record in found.records if not record.calcifications} == {True}
    assert {record.spacing_mm for record in found.records} == {0.07}
    assert {record.groups["published part"] for record in found.records} == {"training", "test"}


def test_boxes_of_vindr_mammo_are_clipped_and_categories_read(copy_of: Callable[[str], Path]):
    folder = copy_of("vindr-mammo")
    (folder / "metadata.csv").unlink()  # helps, and is not needed
    table = folder / "finding_annotations.csv"
    lines = table.read_text().splitlines()
    place = next(number for number, line in enumerate(lines) if "Suspicious" in line)
    start, _ = lines[place].split(",['Suspicious")
    lines[place : place + 1] = [
        f"{start},\"['Mass', 'Suspicious Calcification']\",BI-RADS 4,-5.5,10,30,40,training",
        f"{start},['Mass'],BI-RADS 3,1,1,9,9,training",
    ]
    table.write_text("\n".join(lines) + "\n")
    name = start.split(",")[2]
    found = {record.image.stem: record for record in index_dataset("vindr-mammo", folder).records}[name]
    first, second = found.regions
    assert (first.pathology, second.kind, second.pathology) == (MALIGNANT, OTHER, "")
    assert (mask_of(first, (512, 400)).top, mask_of(first, (512, 400)).left) == (10, 0)
    assert found.age is None
    assert found.spacing_mm == 0.07  # from its header
    lines[place] = f"{start},[Mass,BI-RADS 4,1,2,30,40,training"
    table.write_text("\n".join(lines) + "\n")
    assert f"{name}.dicom that cannot be read" in index_dataset("vindr-mammo", folder).problems[0]


def test_columns_of_vindr_mammo_that_help_may_be_missing(copy_of: Callable[[str], Path]):
    folder = copy_of("vindr-mammo")
    whole = index_dataset("vindr-mammo", folder)
    for name, lost in (
        ("finding_annotations.csv", {"breast_density", "split", "series_id", "height", "width"}),
        ("metadata.csv", {"Patient's Age", "Imager Pixel Spacing"}),
    ):
        leave_out(folder / name, lost)
    found = index_dataset("vindr-mammo", folder)
    assert [record.regions for record in found.records] == [record.regions for record in whole.records]
    assert {record.spacing_mm for record in found.records} == {0.07}
    assert {record.age for record in found.records} == {None}
    assert found.problems == ()
    leave_out(folder / "metadata.csv", {"SOP Instance UID"})
    found = index_dataset("vindr-mammo", folder)
    assert len(found.records) == len(whole.records)
    assert "metadata.csv names none of the images" in found.problems[0]
    leave_out(folder / "finding_annotations.csv", {"ymax"})
    with pytest.raises(InputError, match="has no column 'ymax'"):
        index_dataset("vindr-mammo", folder)


def test_attributes_of_vindr_mammo_are_found_however_their_columns_are_written(copy_of: Callable[[str], Path]):
    folder = copy_of("vindr-mammo")
    whole = index_dataset("vindr-mammo", folder)
    table = folder / "metadata.csv"
    header, *rows = table.read_text().splitlines()
    for old, new in (("SOP Instance UID", "image_id"), ("Patient's Age", "PatientAge")):
        assert old in header
        header = header.replace(old, new)
    table.write_text("\n".join([header.replace("Imager Pixel Spacing", "imager_pixel_spacing"), *rows]) + "\n")
    found = index_dataset("vindr-mammo", folder)
    assert found.records == whole.records
    assert found.problems == ()


def leave_out(table: Path, columns: set[str]) -> None:
    rows = list(csv.DictReader(table.open(newline="")))
    kept = [name for name in rows[0] if name not in columns]
    with table.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, kept, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def test_columns_of_bmcd_that_help_may_be_missing(copy_of: Callable[[str], Path]):
    import openpyxl

    folder = copy_of("bmcd")
    whole = index_dataset("bmcd", folder)
    assert None not in {record.age for record in whole.records}
    assert {len(record.groups) for record in whole.records} == {2}
    book = openpyxl.load_workbook(folder / "Description.xlsx")
    for sheet in book.worksheets:
        for column in (6, 4, 3, 2):  # biopsy, density, age, breast
            sheet.delete_cols(column)
    book.save(folder / "Description.xlsx")
    found = index_dataset("bmcd", folder)
    assert [record.regions for record in found.records] == [record.regions for record in whole.records]
    assert {record.age for record in found.records} == {None}
    assert found.problems == ()


def test_red_marks_of_bmcd_are_found_in_pictures_of_another_size(copy_of: Callable[[str], Path]):
    folder = copy_of("bmcd")
    record = next(
        one
        for one in index_dataset("bmcd", folder).records
        if masks_of(one.calcifications, read_pixels_of(one.image)) and one.calcifications[0].is_cluster
    )
    pixels = read_pixels_of(record.image)
    region = record.calcifications[0]
    whole = mask_of(region, (pixels.shape[0], pixels.shape[1]))
    assert region.mask is not None
    with Image.open(region.mask) as picture:
        half = picture.resize((picture.width // 2, picture.height // 2))
    half.save(region.mask, quality=95)
    smaller = mask_of(region, (pixels.shape[0], pixels.shape[1]))
    assert abs(smaller.top - whole.top) <= 3
    assert abs(smaller.left - whole.left) <= 3
    assert smaller.mask.sum() == pytest.approx(whole.mask.sum(), rel=0.15)


def test_views_of_bmcd_without_a_mark_are_normal_and_missing_marks_are_told(
    copy_of: Callable[[str], Path], simulated: DatasetIndex
):
    folder = copy_of("bmcd")
    found = index_dataset("bmcd", folder)
    empty = [record for record in found.records if not masks_of(record.calcifications, read_pixels_of(record.image))]
    assert len(empty) == sum(not any(r.is_cluster for r in record.regions) for record in simulated.records)
    tiles = load_paper_recipe("lunalozoya2023").examples
    labels = {one.label for record in empty for one in cut_examples(record, tiles)}
    assert labels == {0}
    lost = next(folder.rglob("*_GT.jpg"))
    lost.unlink()
    (problem,) = index_dataset("bmcd", folder).problems
    assert f"{lost.parent}/{lost.name[: -len('_GT.jpg')]}." in problem
    assert "no picture of its marks beside it; it is left out" in problem


def marked(folder: Path) -> tuple[Path, npt.NDArray[np.bool_], tuple[int, int]]:
    """Return an image of BMCD with marks, their pixels, and the shape of the image."""
    for record in index_dataset("bmcd", folder).records:
        pixels = read_pixels_of(record.image)
        for _, placed in masks_of(record.calcifications, pixels):
            return record.image, placed.mask, (pixels.shape[0], pixels.shape[1])
    raise AssertionError("nothing is marked")


@pytest.mark.parametrize("name", ["{}_GT.JPG", "{}_gt.png", "{} annotated.bmp", "{}-GroundTruth.tif"])
def test_marks_of_bmcd_are_found_whatever_their_picture_is_called(name: str, copy_of: Callable[[str], Path]):
    folder = copy_of("bmcd")
    image, wanted, shape = marked(folder)
    before = image.with_name(f"{image.stem}_GT.jpg")
    after = image.with_name(name.format(image.stem))
    with Image.open(before) as picture:
        picture.load()
    before.unlink()
    picture.save(after)
    found = {record.image: record for record in index_dataset("bmcd", folder).records}[image]
    assert found.calcifications[0].mask == after
    assert mask_of(found.calcifications[0], shape).mask.sum() == pytest.approx(wanted.sum(), rel=0.1)


def test_a_converted_image_of_bmcd_is_not_taken_for_its_marks(copy_of: Callable[[str], Path]):
    folder = copy_of("bmcd")
    image, _, shape = marked(folder)
    Image.new("L", (shape[1], shape[0])).save(image.with_suffix(".png"))
    assert index_dataset("bmcd", folder).problems == ()
    image.with_name(f"{image.stem}_GT.jpg").unlink()
    found = index_dataset("bmcd", folder)
    assert image not in {record.image for record in found.records}
    assert f"{image} has no picture of its marks beside it" in found.problems[0]


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (255, 255, 0), (0, 0, 255), None])
def test_marks_of_bmcd_are_found_in_any_colour_and_in_black_and_white(
    colour: tuple[int, int, int] | None, copy_of: Callable[[str], Path]
):
    folder = copy_of("bmcd")
    image, wanted, shape = marked(folder)
    picture = image.with_name(f"{image.stem}_GT.jpg")
    region = {record.image: record for record in index_dataset("bmcd", folder).records}[image].calcifications[0]
    placed = mask_of(region, shape)
    grey = np.clip(read_pixels_of(image) / 20, 0, 190).astype(np.uint8)
    drawn = np.stack([grey] * 3, axis=-1) if colour else np.zeros((*shape, 3), dtype=np.uint8)
    rows, columns = wanted.shape
    drawn[placed.top : placed.top + rows, placed.left : placed.left + columns][wanted] = colour or (255, 255, 255)
    Image.fromarray(drawn).save(picture, quality=95)
    again = mask_of(region, shape)
    assert again.mask.sum() == pytest.approx(wanted.sum(), rel=0.1)
    assert abs(again.top - placed.top) <= 1


def test_folders_of_bmcd_are_found_in_other_letters_and_deeper(copy_of: Callable[[str], Path]):
    folder = copy_of("bmcd")
    whole = index_dataset("bmcd", folder)
    (folder / "Dataset" / "Normal_cases").rename(folder / "Dataset" / "normal_cases")
    (folder / "Dataset").rename(folder / "Dataset_v3")
    found = index_dataset("bmcd", folder)
    assert len(found.records) == len(whole.records)
    assert found.problems == ()


def test_a_picture_of_marks_of_another_form_is_told(copy_of: Callable[[str], Path]):
    image, _, shape = marked(copy_of("bmcd"))
    picture = image.with_name(f"{image.stem}_GT.jpg")
    Image.new("RGB", (shape[0], shape[1]), (255, 0, 0)).save(picture)
    with pytest.raises(InputError, match="another shape than its image"):
        mask_of(Region("calcification", mask=picture), shape)


def test_endings_in_capital_letters_are_images_too(originals: dict[str, Path]):
    found = index_dataset("bmcd", originals["bmcd"])
    assert {record.image.suffix for record in found.records} == {".dcm", ".DCM"}
    assert {record.groups["round"] for record in found.records} == {"recent", "prior"}


def test_a_damaged_picture_of_marks_is_told(copy_of: Callable[[str], Path]):
    folder = copy_of("bmcd")
    record = index_dataset("bmcd", folder).records[0]
    region = record.calcifications[0]
    assert region.mask is not None
    region.mask.write_bytes(region.mask.read_bytes()[:40])
    with pytest.raises(InputError, match="damaged picture"):
        mask_of(region, np.shape(read_pixels_of(record.image)))
