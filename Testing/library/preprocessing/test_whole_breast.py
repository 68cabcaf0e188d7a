"""A view of a part of the breast has no nipple of its own, and its area is not that of the breast."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset

from MCDetect.preprocessing.whole_breast import shows_whole_breast

EXPOSED = np.ones((60, 40), dtype=np.bool_)
BREAST = np.indices(EXPOSED.shape)[1] < 25


def header_of(modifier: tuple[str, str] | None = None, **values: str) -> Dataset:
    header = Dataset()
    for name, value in values.items():
        setattr(header, name, value)
    view = Dataset()
    view.CodeValue, view.CodingSchemeDesignator, view.CodeMeaning = "399162004", "SCT", "cranio-caudal"
    if modifier is not None:
        item = Dataset()
        item.CodeValue, item.CodeMeaning = modifier
        item.CodingSchemeDesignator = "SCT"
        view.ViewModifierCodeSequence = [item]
    header.ViewCodeSequence = [view]
    return header


def test_an_ordinary_view_and_a_picture_show_the_whole_breast() -> None:
    assert shows_whole_breast(header_of(PartialView="NO"), BREAST, EXPOSED)
    assert shows_whole_breast(None, BREAST, EXPOSED)


@pytest.mark.parametrize(
    "header",
    [
        header_of(("399163009", "Magnification")),
        header_of(("399055006", "Spot Compression")),
        header_of(PartialView="YES"),
    ],
    ids=["magnification", "spot compression", "partial view"],
)
def test_views_of_a_part_do_not(header: Dataset) -> None:
    assert not shows_whole_breast(header, BREAST, EXPOSED)


def test_air_that_is_blanked_and_called_padding_is_air_all_the_same() -> None:
    row, column = np.indices((90, 60))
    breast = ((row - 45) / 35) ** 2 + (column / 40) ** 2 < 1
    for whole in (breast, breast[:, ::-1]):
        assert shows_whole_breast(None, whole, whole)
        assert not shows_whole_breast(header_of(("399055006", "Spot Compression")), whole, whole)
    disc = ((row - 45) / 35) ** 2 + ((column - 30) / 25) ** 2 < 1
    assert not shows_whole_breast(None, disc, disc), "the field of a round collimator"


def test_without_air_beside_it_nobody_knows_where_a_breast_ends() -> None:
    padded = EXPOSED.copy()
    padded[:, 30:] = False
    assert not shows_whole_breast(None, EXPOSED, EXPOSED)
    assert not shows_whole_breast(None, padded, padded)
    assert shows_whole_breast(None, BREAST, padded)
