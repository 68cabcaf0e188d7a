from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from MCDetect.errors import InputError
from MCDetect.training.datasets import index_dataset
from MCDetect.training.datasets.sheets import read_table

COLUMNS = ("patient", "grade")


def test_cells_that_a_row_lacks_at_its_end_are_empty(tmp_path: Path):
    (tmp_path / "a.csv").write_text("Patient,Grade,Remark\np,4,none\nq,2\n")
    rows = read_table(tmp_path / "a.csv", COLUMNS, "inbreast")
    assert rows[1] == {"patient": "q", "grade": "2", "remark": ""}


def test_a_text_whose_last_row_was_cut_is_refused_with_its_row(tmp_path: Path):
    (tmp_path / "a.csv").write_text("Patient,Remark,Grade\np,none,4\nq,no")
    with pytest.raises(InputError, match=r"a\.csv has a row that was cut short, number 2 below its header\."):
        read_table(tmp_path / "a.csv", COLUMNS, "inbreast")


def test_a_workbook_may_leave_out_empty_cells(tmp_path: Path):
    book = openpyxl.Workbook()
    for row in (["Patient", "Grade"], ["p", 4], ["q"]):
        book.worksheets[0].append(row)
    book.save(tmp_path / "a.xlsx")
    rows = read_table(tmp_path / "a.xlsx", COLUMNS, "bmcd")
    assert [row["grade"] for row in rows] == ["4", ""]


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("cbis-ddsm", "calc_case_description_train_set.csv"),
        ("inbreast", "INbreast.csv"),
        ("vindr-mammo", "finding_annotations.csv"),
    ],
)
def test_a_table_of_a_data_set_that_was_cut_is_told_in_a_sentence(
    name: str, table: str, copy_of: Callable[[str], Path]
):
    folder = copy_of(name)
    (path,) = folder.rglob(table)
    text = path.read_text()
    last = max(text.rfind(f"\n{line}") for line in text.splitlines() if re.match(r"\w+[,;]", line))
    path.write_text(text[: re.compile("[,;]").search(text, last).end()])
    with pytest.raises(InputError, match="has a row that was cut short"):
        index_dataset(name, folder)
