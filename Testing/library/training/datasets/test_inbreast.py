from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from MCDetect.errors import InputError
from MCDetect.training.datasets import index_dataset
from MCDetect.training.datasets.inbreast import read_outlines
from MCDetect.training.datasets.pixels import read_pixels_of
from MCDetect.training.datasets.record import BENIGN, CALCIFICATION, MALIGNANT, OTHER


def affected(folder: Path) -> Path:
    return sorted((folder / "AllXML").iterdir())[0]


def test_side_view_density_and_pathology_by_bi_rads_are_read(originals: dict[str, Path]):
    records = index_dataset("inbreast", originals["inbreast"]).records
    by_patient: dict[str, list] = {}
    for record in records:
        by_patient.setdefault(record.patient, []).append(record)
    pairs = list(by_patient.values())
    assert [len(pair) for pair in pairs] == [2] * 5
    assert [pair[0].subgroups["density"] for pair in pairs] == ["a", "b", "c", "d", "a"]
    verdicts = [{region.pathology for record in pair for region in record.calcifications} for pair in pairs]
    assert verdicts == [set(), {MALIGNANT}, {BENIGN}, set(), {BENIGN}]
    assert all(record.spacing_mm == 0.07 for record in records)


def test_outlines_lie_in_tissue(originals: dict[str, Path]):
    for record in index_dataset("inbreast", originals["inbreast"]).records:
        pixels = read_pixels_of(record.image)
        for region in record.calcifications:
            for row, column in region.outline:
                assert pixels[int(row), int(column)] > 0  # swapped coordinates would lie in the air


def test_names_of_outlines_decide_what_they_are(copy_of: Callable[[str], Path]):
    xml = affected(copy_of("inbreast"))
    for word, kind, is_cluster in (
        ("Calcifications", CALCIFICATION, False),
        ("Calcification ", CALCIFICATION, False),
        ("Cluster", CALCIFICATION, True),
        ("Spiculated Region", OTHER, False),
        ("Espiculated Region", OTHER, False),
        ("Assymetry", OTHER, False),
        ("Unnamed", CALCIFICATION, False),
        ("Point 3", CALCIFICATION, False),
        ("", CALCIFICATION, False),
    ):
        written = xml.with_name(f"{word or 'none'}.xml")
        written.write_text(xml.read_text().replace("<string>Cluster</string>", f"<string>{word}</string>"))
        (first, *_), unnamed = read_outlines(written, BENIGN)
        assert (first.kind, first.is_cluster) == (kind, is_cluster)
        assert unnamed == (word in ("Unnamed", "Point 3", ""))


def test_marks_whose_name_says_nothing_are_calcifications_and_told(copy_of: Callable[[str], Path]):
    folder = copy_of("inbreast")
    xml = affected(folder)
    xml.write_text(xml.read_text().replace("<string>Cluster</string>", "<string>Unnamed</string>"))
    count = xml.read_text().count("Unnamed")
    assert count
    found = index_dataset("inbreast", folder)
    (record,) = [one for one in found.records if one.image.name.startswith(xml.stem)]
    assert len(record.calcifications) == count
    assert not any(region.is_cluster for region in record.calcifications)
    assert found.problems == (f"{xml} does not say what {count} of its marks are; they count as calcifications.",)


@pytest.mark.parametrize(("stated", "expected"), [([0.085, 0.085], 0.085), (None, 0.07)])
def test_the_spacing_of_inbreast_is_that_of_the_header(
    stated: list[float] | None, expected: float, copy_of: Callable[[str], Path]
):
    import pydicom

    folder = copy_of("inbreast")
    image = sorted((folder / "AllDICOMs").iterdir())[0]
    header = pydicom.dcmread(image)
    if stated is None:
        del header.ImagerPixelSpacing
    else:
        header.ImagerPixelSpacing = stated
    header.save_as(image)
    found = {record.image: record for record in index_dataset("inbreast", folder).records}[image]
    assert found.spacing_mm == expected


def test_an_image_of_inbreast_that_is_no_dicom_file_is_told_before_training(copy_of: Callable[[str], Path]):
    folder = copy_of("inbreast")
    image = sorted((folder / "AllDICOMs").iterdir())[0]
    image.write_bytes(b"nothing")
    found = index_dataset("inbreast", folder)
    assert image not in {record.image for record in found.records}
    assert str(image) in found.problems[0]


def test_a_broken_outline_leaves_its_image_out(copy_of: Callable[[str], Path]):
    folder = copy_of("inbreast")
    whole = len(index_dataset("inbreast", folder).records)
    xml = affected(folder)
    for text in ("no XML", re.sub(r"(Point_px</key>\s*<array>\s*<string>)\(", r"\1", xml.read_text())):
        xml.write_text(text)
        index = index_dataset("inbreast", folder)
        assert len(index.records) == whole - 1
        assert index.problems == (f"{xml} is not a list of outlines; its image is left out.",)


def test_strange_names_and_rows_are_told(copy_of: Callable[[str], Path]):
    folder = copy_of("inbreast")
    images = sorted((folder / "AllDICOMs").iterdir())
    images[0].rename(images[0].with_name("99999999" + images[0].name[8:]))
    (images[0].parent / "copy.dcm").write_bytes(b"")
    problems = " ".join(index_dataset("inbreast", folder).problems)
    assert f"99999999{images[0].name[8:]} has no row in INbreast.csv" in problems
    assert "copy.dcm is not named as INbreast names its images" in problems
    assert f"{images[0].name[:8]}_*.dcm is missing" in problems


def test_a_table_without_its_columns_is_refused(copy_of: Callable[[str], Path]):
    folder = copy_of("inbreast")
    table = folder / "INbreast.csv"
    table.write_text(table.read_text().replace("Bi-Rads", "Grade"))
    with pytest.raises(InputError, match="no column 'bi-rads'"):
        index_dataset("inbreast", folder)


def test_the_spreadsheet_does_as_well_as_the_csv_file(copy_of: Callable[[str], Path], originals: dict[str, Path]):
    # Written by Excel 97: numbers are floating, two rows at the end name no file.
    xlwt = pytest.importorskip("xlwt")
    folder = copy_of("inbreast")
    table = folder / "INbreast.csv"
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet1")
    rows = [line.split(";") for line in table.read_text().splitlines()]
    for number, row in enumerate([*rows, ["", "", "", "", "", "", "total"], [""]]):
        for column, cell in enumerate(row):
            sheet.write(number, column, float(cell) if cell.isdigit() else cell)
    book.save(str(folder / "INbreast.xls"))
    table.unlink()
    found = index_dataset("inbreast", folder).records
    expected = index_dataset("inbreast", originals["inbreast"]).records
    assert [(r.patient, r.regions, r.groups) for r in found] == [(r.patient, r.regions, r.groups) for r in expected]
