"""Tables of data sets, whatever program wrote them: CSV, and the spreadsheets of Excel."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from MCDetect.errors import InputError

Rows = list[dict[str, str]]

_WORKBOOKS = frozenset({".xls", ".xlsx"})
_HEADER_WITHIN = 10  # rows: titles stand above the header of some sheets


def read_table(path: Path, columns: Iterable[str], dataset: str, sheet: str | None = None) -> Rows:
    """Return the rows of a table, stripped of blanks and quotes; names of columns in small letters.

    Parameters
    ----------
    path
        ``.csv`` (separated by commas or semicolons), ``.xls`` or ``.xlsx``.
    columns
        Names, in small letters, that the header must hold. The first row that does is the header.
    dataset
        For messages.
    sheet
        Name of the sheet, for workbooks; None for the first.

    Raises
    ------
    InputError
        ``no-dataset`` if it cannot be read, lacks one of ``columns``, or is a text with a row that ends before them.
    """
    try:
        cells = [[_text(cell) for cell in row] for row in _cells(path, sheet)]
    except InputError:
        raise
    except Exception as error:  # the readers of workbooks raise whatever a damaged file provokes
        raise no_dataset(dataset, f"{path} cannot be read as a table") from error
    needed = list(columns)
    headers = [[name.lower() for name in row] for row in cells[:_HEADER_WITHIN]]
    for number, header in enumerate(headers):
        if set(needed) <= set(header):
            return _rows(path, header, cells[number + 1 :], needed, dataset)
    fullest = max(headers, key=lambda header: len(set(needed) & set(header)), default=[])
    lacking = [name for name in needed if name not in fullest]
    raise no_dataset(dataset, f"{path} has no column {lacking[0]!r}")


def _rows(path: Path, header: list[str], cells: list[list[str]], needed: list[str], dataset: str) -> Rows:
    """Return the rows below a header; cells that a row lacks at its end are empty."""
    rows = []
    for number, row in enumerate(cells, start=1):
        if any(row):
            # Workbooks leave out empty cells at the end of a row; a text does so where it was cut.
            if path.suffix.lower() not in _WORKBOOKS and any(name not in header[: len(row)] for name in needed):
                raise no_dataset(dataset, f"{path} has a row that was cut short, number {number} below its header")
            rows.append(dict(zip_longest(header, row[: len(header)], fillvalue="")))
    return rows


def no_dataset(dataset: str, what: str) -> InputError:
    """Return the refusal of a folder that is not the data set."""
    return InputError("no-dataset", f"{what}.", f"Give the folder of the data set {dataset} as it was distributed.")


def _cells(path: Path, sheet: str | None) -> Iterator[Iterable[Any]]:
    kind = path.suffix.lower()
    if kind == ".xlsx":
        yield from _xlsx(path, sheet)
    elif kind == ".xls":
        yield from _xls(path, sheet)
    else:
        text = path.read_text(encoding="utf-8-sig")
        first = text.partition("\n")[0]
        # Cells in quotes hold line breaks in CBIS-DDSM: the whole text is parsed, not its lines.
        yield from csv.reader(text.splitlines(keepends=True), delimiter=";" if first.count(";") > 2 else ",")


def _xlsx(path: Path, sheet: str | None) -> Iterator[Iterable[Any]]:
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        yield from (book[sheet] if sheet else book.worksheets[0]).iter_rows(values_only=True)
    finally:
        book.close()


def _xls(path: Path, sheet: str | None) -> Iterator[Iterable[Any]]:
    import xlrd

    book = xlrd.open_workbook(str(path))
    page = book.sheet_by_name(sheet) if sheet else book.sheet_by_index(0)
    for number in range(page.nrows):
        yield page.row_values(number)


def _text(cell: Any) -> str:
    """Return the text of a cell: whole numbers without the ".0" of spreadsheets, blanks as one."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).strip().strip('"').split())
