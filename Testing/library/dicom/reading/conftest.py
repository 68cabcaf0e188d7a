"""A small synthetic mammogram in DICOM whose attributes every test changes as it needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DigitalMammographyXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    generate_uid,
)

ROWS, COLUMNS = 96, 80

PATIENT = {"PatientName": "Secret^Person", "PatientID": "SECRET-ID", "PatientBirthDate": "19510203"}

MakeDataset = Callable[..., Dataset]


def _code(value: str, scheme: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, "a code"
    return item


def _view(value: str, modifiers: tuple[str, ...], scheme: str) -> list[Dataset]:
    item = _code(value, scheme)
    item.ViewModifierCodeSequence = [_code(modifier, scheme) for modifier in modifiers]
    return [item]


def _stored_values(bits: int = 12, signed: bool = False) -> np.ndarray:
    """Return a breast-like gradient with noise that uses the whole range of the bits."""
    row, column = np.mgrid[0:ROWS, 0:COLUMNS]
    unit = np.clip(1 - np.hypot(row - ROWS / 2, column) / ROWS, 0, 1)
    noise = np.random.default_rng(7).uniform(0, 0.02, unit.shape)
    values = np.rint((unit + noise) / (unit + noise).max() * (2**bits - 1)).astype(np.int64)
    values[0, 0], values[0, 1] = 0, 2**bits - 1
    if signed:
        values -= 2 ** (bits - 1)
    kind = ("int" if signed else "uint") + ("8" if bits <= 8 else "16")
    return values.astype(kind)


def _build(
    pixels: np.ndarray | None = None,
    bits: int = 12,
    view: str | None = "399162004",
    modifiers: tuple[str, ...] = (),
    scheme: str = "SCT",
    **attributes: Any,
) -> Dataset:
    """Return a mammogram; an attribute given as None is left out. ``view`` and ``modifiers`` are codes."""
    pixels = _stored_values(bits) if pixels is None else pixels
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    values: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "ImageType": ["DERIVED", "PRIMARY", ""],
        "SOPClassUID": DigitalMammographyXRayImageStorageForPresentation,
        "SOPInstanceUID": generate_uid(entropy_srcs=["reading tests"]),
        "StudyInstanceUID": generate_uid(entropy_srcs=["study"]),
        "SeriesInstanceUID": generate_uid(entropy_srcs=["series"]),
        "Modality": "MG",
        "PresentationIntentType": "FOR PRESENTATION",
        "Manufacturer": "Example",
        "ManufacturerModelName": "Model 1",
        **PATIENT,
        "ImageLaterality": "R",
        "ImagerPixelSpacing": [0.07, 0.07],
        "ViewCodeSequence": _view(view, modifiers, scheme) if view else None,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": pixels.shape[0],
        "Columns": pixels.shape[1],
        "BitsAllocated": 8 * pixels.dtype.itemsize,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
        **attributes,
    }
    for keyword, value in values.items():
        if value is not None:
            setattr(dataset, keyword, value)
    if "PixelData" not in attributes:
        data = pixels.tobytes()
        dataset.PixelData = data + b"\0" * (len(data) % 2)
        dataset["PixelData"].VR = "OW" if pixels.dtype.itemsize == 2 else "OB"
    return dataset


@pytest.fixture(scope="session")
def make_dataset() -> MakeDataset:
    """Return the function that builds a mammogram in memory."""
    return _build


@pytest.fixture(scope="session")
def stored_values() -> Callable[..., np.ndarray]:
    """Return the function that makes the stored values of the synthetic mammogram."""
    return _stored_values


@pytest.fixture
def make_file(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a synthetic mammogram below the test's folder and returns its path."""

    def make(name: str = "image.dcm", dataset: Dataset | None = None, **attributes: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (_build(**attributes) if dataset is None else dataset).save_as(path, enforce_file_format=True)
        return path

    return make


@pytest.fixture(scope="session")
def debian_tool() -> Callable[[str, str], str]:
    """Return a function that finds a tool; a test skips where it is absent, but fails in continuous integration."""

    def find(name: str, package: str) -> str:
        found = shutil.which(name)
        if found is None:
            reason = f"{name} (Debian package {package}) is not installed"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        return found

    return find
