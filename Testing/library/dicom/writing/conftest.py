"""A small valid mammogram, findings in it, and the programs that judge what is written about it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian
from support.pixelmed import PIXELMED, SAXON, Validator
from support.small_examination import ALGORITHM, identity

from MCDetect.bi_rads import Distribution
from MCDetect.dicom.identifiers import stable_uid
from MCDetect.findings import Algorithm, Calcification, Cluster, ImageFindings, SpacingSource

ROWS, COLUMNS = 420, 330
VIEWS = {"CC": ("399162004", "cranio-caudal"), "MLO": ("399368009", "medio-lateral oblique")}


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return item


@pytest.fixture(scope="session")
def make_mammogram() -> Callable[..., Dataset]:
    """Return a function that makes a DICOM MG image; keyword arguments replace attributes, None removes them."""

    def make(laterality: str = "R", view: str = "CC", number: int = 1, **changes: Any) -> Dataset:
        image = Dataset()
        image.SpecificCharacterSet = "ISO_IR 100"
        image.ImageType = ["DERIVED", "PRIMARY", ""]
        image.SOPClassUID = DigitalMammographyXRayImageStorageForPresentation
        image.SOPInstanceUID = stable_uid("image", laterality, view, str(number))
        image.StudyInstanceUID = stable_uid("study")
        image.SeriesInstanceUID = stable_uid("series", laterality, view, str(number))
        image.StudyDate = image.SeriesDate = image.AcquisitionDate = image.ContentDate = "20240229"
        image.StudyTime = image.SeriesTime = image.AcquisitionTime = image.ContentTime = "101112"
        image.AccessionNumber = "A-17"
        image.Modality, image.PresentationIntentType = "MG", "FOR PRESENTATION"
        image.Manufacturer, image.ManufacturerModelName = "Maker of detectors", "Model 1"
        image.DeviceSerialNumber, image.SoftwareVersions = "12", "3.4"
        image.ReferringPhysicianName, image.StudyDescription = "Referrer^Rita", "Screening"
        image.PatientName, image.PatientID = "Doe^Jane", "P-42"
        image.IssuerOfPatientID = "HOSPITAL"
        image.PatientBirthDate, image.PatientSex, image.PatientAge = "19600101", "F", "064Y"
        image.StudyID, image.SeriesNumber, image.InstanceNumber = "S1", 1, number
        image.PatientOrientation = ["P", "L"] if laterality == "R" else ["A", "R"]
        image.ImageLaterality = laterality
        image.ImagerPixelSpacing = [0.07, 0.07]
        image.DistanceSourceToDetector, image.DistanceSourceToPatient = "650", "625"
        image.EstimatedRadiographicMagnificationFactor = "1.04"
        image.FieldOfViewShape, image.FieldOfViewOrigin = "RECTANGLE", [0.0, 0.0]
        image.FieldOfViewRotation, image.FieldOfViewHorizontalFlip = "0", "NO"
        image.PositionerType, image.PositionerPrimaryAngle = "MAMMOGRAPHIC", "0.0"
        image.DetectorType, image.DetectorID, image.DetectorActiveShape = "DIRECT", "D", "RECTANGLE"
        image.OrganExposed, image.EntranceDoseInmGy, image.OrganDose = "BREAST", "5", "0.015"
        image.BreastImplantPresent, image.PartialView = "NO", "NO"
        image.AnatomicRegionSequence = [_code("76752008", "Breast")]
        view_item = _code(*VIEWS[view])
        view_item.ViewModifierCodeSequence = []
        image.ViewCodeSequence = [view_item]
        image.AcquisitionContextSequence = Sequence([])
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.Rows, image.Columns = ROWS, COLUMNS
        image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 12, 11, 0
        image.PixelIntensityRelationship, image.PixelIntensityRelationshipSign = "LOG", -1
        image.RescaleIntercept, image.RescaleSlope, image.RescaleType = "0", "1", "US"
        image.WindowCenter, image.WindowWidth = ["2000", "1800"], ["3000", "2500"]
        image.WindowCenterWidthExplanation, image.VOILUTFunction = ["NORMAL", "HARDER"], "LINEAR"
        image.PresentationLUTShape, image.BurnedInAnnotation, image.LossyImageCompression = "IDENTITY", "NO", "00"
        for keyword, value in changes.items():
            if value is None:
                delattr(image, keyword)
            else:
                setattr(image, keyword, value)
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        return image

    return make


@pytest.fixture(scope="session")
def with_pixels() -> Callable[[Dataset, Path], Path]:
    """Return a function that stores a mammogram with black pixels."""

    def store(image: Dataset, path: Path) -> Path:
        image.PixelData = np.zeros((image.Rows, image.Columns), np.uint16).tobytes()
        image.save_as(path, enforce_file_format=True)
        return path

    return store


@pytest.fixture(scope="session")
def find() -> Callable[..., ImageFindings]:
    """Return a function that makes findings in a mammogram: clusters of calcifications and isolated ones."""

    def make(header: Dataset, clusters: int = 2, isolated: int = 3, seed: int = 0) -> ImageFindings:
        generator = np.random.default_rng(seed)
        calcifications: list[Calcification] = []
        groups = []

        def add(row: float, column: float) -> int:
            height, width = generator.integers(1, 5, size=2)
            first = int(np.clip(row, 0, header.Rows - height))
            left = int(np.clip(column, 0, header.Columns - width - 1))
            # A step to the side in the last row: no rectangle, so that a transposed mask is another mask.
            runs = [(first + line, left + (line == height - 1), int(width)) for line in range(height)]
            calcifications.append(
                Calcification(
                    id=len(calcifications) + 1,
                    row=first + (height - 1) / 2,
                    column=left + (width - 1) / 2,
                    area_mm2=float(height * width) * 0.0049,
                    diameter_mm=float(max(height, width)) * 0.07,
                    score=float(generator.uniform(0.3, 0.99)),
                    runs=tuple(runs),
                )
            )
            return len(calcifications)

        for number in range(clusters):
            middle = (80 + 110 * (number % 3), 60 + 90 * (number // 3))
            offsets = generator.uniform(-20, 20, size=(4 + number, 2))
            members = tuple(add(middle[0] + down, middle[1] + right) for down, right in offsets)
            top, left = float(middle[0] - 27.25), float(middle[1] - 30.5)
            outline = (
                (top, left),
                (top, left + 60),
                (top + 31.5, left + 66.25),
                (top + 60, left + 60),
                (top + 58, left),
            )
            score = float(generator.uniform(0.5, 0.99))
            groups.append((members, outline, score))
        for _ in range(isolated):
            add(float(generator.uniform(360, header.Rows)), float(generator.uniform(0, header.Columns)))
        return ImageFindings(
            **identity(header),
            spacing_mm=(0.0673, 0.0673),
            spacing_source=SpacingSource.MAGNIFICATION_CORRECTED,
            score=max((score for _, _, score in groups), default=0.0),
            breast_area_mm2=400.25,
            nipple=(header.Rows / 2, 12.5),
            calcifications=tuple(calcifications),
            clusters=tuple(
                Cluster(
                    id=number,
                    member_ids=members,
                    outline=outline,
                    area_mm2=17.234,
                    diameter_mm=4.321,
                    density_per_cm2=len(members) / 0.17234,
                    score=score,
                    distribution=list(Distribution)[number % 5],
                    tracking_uid=stable_uid("cluster", str(header.SOPInstanceUID), str(number)),
                )
                for number, (members, outline, score) in enumerate(groups, start=1)
            ),
        )

    return make


@pytest.fixture(scope="session")
def algorithm() -> Algorithm:
    return ALGORITHM


@pytest.fixture(scope="session")
def run_tool() -> Callable[..., str]:
    """Return a function that runs a program and returns all it printed; skips where it is absent, except in CI."""

    def run(*command: str | Path) -> str:
        beside_python = Path(sysconfig.get_path("scripts")) / str(command[0])
        program = str(beside_python) if beside_python.exists() else shutil.which(str(command[0]))
        if program is None:
            missing(str(command[0]))
        done = subprocess.run([str(program), *map(str, command[1:])], capture_output=True, check=False, timeout=1800)
        return (done.stdout + done.stderr).decode("utf-8", "replace")

    return run


def missing(tool: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{tool} is not installed")
    pytest.skip(f"{tool} is not installed")


@pytest.fixture(scope="session")
def faults_by_dciodvfy(run_tool: Callable[..., str]) -> Callable[[Path], list[str]]:
    """Return a function that gives the errors of dicom3tools' dciodvfy (its exit code says nothing)."""

    def faults(path: Path) -> list[str]:
        printed = run_tool("dciodvfy", path)
        assert printed.strip(), "dciodvfy printed nothing at all"
        return [line for line in printed.splitlines() if line.startswith("Error")]

    return faults


@pytest.fixture(scope="session")
def pixelmed() -> Iterator[Validator]:
    """Give PixelMed's DicomSRValidator, the judge of report templates, in a process that is kept."""
    if not PIXELMED.exists() or not SAXON.exists() or shutil.which("java") is None:
        missing("PixelMed or Saxon-HE")
    validator = Validator()
    yield validator
    validator.close()


@pytest.fixture(scope="session")
def faults_by_pixelmed(pixelmed: Validator) -> Callable[[Path], list[str]]:
    """Return a function that gives the errors that PixelMed's DicomSRValidator finds in a report."""

    def faults(path: Path) -> list[str]:
        printed = pixelmed.text(path)
        assert "Root Template Validation Complete" in printed, printed
        return [line for line in printed.splitlines() if "illegal" in line or line.startswith("Error")]

    return faults


@pytest.fixture(scope="session")
def faults_by_dsrdump(run_tool: Callable[..., str]) -> Callable[[Path], list[str]]:
    """Return a function that gives the errors of DCMTK's dsrdump, which has to understand the report at all."""

    def faults(path: Path) -> list[str]:
        printed = run_tool("dsrdump", path)
        assert "SR Document" in printed, printed
        return [line for line in printed.splitlines() if line.startswith(("E:", "F:"))]

    return faults
