"""Content items of structured reports (PS3.3, section C.17.3), for the reports that highdicom does not make."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from MCDetect.dicom.writing.macros import code_item, reference

# Relationship types (table C.17.3.2)
CONTAINS = "CONTAINS"
HAS_ACQUISITION_CONTEXT = "HAS ACQ CONTEXT"
HAS_CONCEPT_MODIFIER = "HAS CONCEPT MOD"
HAS_OBSERVATION_CONTEXT = "HAS OBS CONTEXT"
HAS_PROPERTIES = "HAS PROPERTIES"
INFERRED_FROM = "INFERRED FROM"
SELECTED_FROM = "SELECTED FROM"


def add(parent: Dataset, *children: Dataset) -> Dataset:
    """Append ``children`` to the content of ``parent`` and return ``parent``."""
    if children and "ContentSequence" not in parent:
        parent.ContentSequence = []
    for child in children:
        parent.ContentSequence.append(child)
    return parent


def container(relationship: str, name: Code) -> Dataset:
    """Return a CONTAINER with separate content."""
    item = _item(relationship, "CONTAINER", name)
    item.ContinuityOfContent = "SEPARATE"
    return item


def code(relationship: str, name: Code, value: Code | Dataset) -> Dataset:
    """Return a CODE; ``value`` is a code or an item of a code sequence, which is copied."""
    item = _item(relationship, "CODE", name)
    item.ConceptCodeSequence = [deepcopy(value) if isinstance(value, Dataset) else code_item(value)]
    return item


def text(relationship: str, name: Code, value: str) -> Dataset:
    """Return a TEXT."""
    item = _item(relationship, "TEXT", name)
    item.TextValue = value
    return item


def uid(relationship: str, name: Code, value: str) -> Dataset:
    """Return a UIDREF."""
    item = _item(relationship, "UIDREF", name)
    item.UID = value
    return item


def date(relationship: str, name: Code, value: Any) -> Dataset:
    """Return a DATE."""
    item = _item(relationship, "DATE", name)
    item.Date = value
    return item


def time(relationship: str, name: Code, value: Any) -> Dataset:
    """Return a TIME."""
    item = _item(relationship, "TIME", name)
    item.Time = value
    return item


def number(relationship: str, name: Code, value: float, unit: Code, digits: int = 0) -> Dataset:
    """Return a NUM: its text is rounded to ``digits`` decimals, and the exact value is beside it if that differs."""
    measured = Dataset()
    measured.NumericValue = f"{value:.{digits}f}"
    if float(measured.NumericValue) != value:
        measured.FloatingPointValue = float(value)
    measured.MeasurementUnitsCodeSequence = [code_item(unit)]
    item = _item(relationship, "NUM", name)
    item.MeasuredValueSequence = [measured]
    return item


def image(relationship: str, source: Dataset) -> Dataset:
    """Return an IMAGE that refers to ``source``."""
    item = _item(relationship, "IMAGE", None)
    item.ReferencedSOPSequence = [reference(source)]
    return item


def coordinates(relationship: str, name: Code, graphic_type: str, points: npt.NDArray[Any]) -> Dataset:
    """Return a SCOORD; ``points`` is (points, 2), each (column, row) in DICOM coordinates."""
    item = _item(relationship, "SCOORD", name)
    item.GraphicType = graphic_type
    item.GraphicData = [float(value) for value in points.ravel()]
    return item


def by_reference(relationship: str, position: Sequence[int]) -> Dataset:
    """Return a relationship to the item at ``position``: one-based indices from the root, which is 1, downwards."""
    item = Dataset()
    item.RelationshipType = relationship
    item.ReferencedContentItemIdentifier = list(position)
    return item


def _item(relationship: str, value_type: str, name: Code | None) -> Dataset:
    item = Dataset()
    item.RelationshipType = relationship
    item.ValueType = value_type
    if name is not None:
        item.ConceptNameCodeSequence = [code_item(name)]
    return item
