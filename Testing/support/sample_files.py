"""Small DICOM mammograms on disk for tests of the whole path."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    BreastTomosynthesisImageStorage,
    DigitalMammographyXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    generate_uid,
)
from support.bright_bundle import make_mammogram

CLUSTER = ((240, 300), (250, 310), (245, 322), (262, 305), (258, 330), (270, 318))
"""Places of bright spots that the bundle of ``support.bright_bundle`` takes for calcifications of one cluster."""

STUDY = generate_uid(entropy_srcs=["study"])


def bright_pixels(spots: tuple[tuple[int, int], ...] = CLUSTER, seed: int = 0) -> npt.NDArray[np.uint16]:
    """Return the grey values of a small view with bright spots."""
    pixels = make_mammogram(spots, seed=seed).pixels
    return np.clip(pixels + 100 * (pixels != 0), 0, 4095).astype(np.uint16)


def mammogram_dataset(pixels: npt.NDArray[np.uint16], **changes: Any) -> Dataset:
    """Return a mammogram for presentation; ``changes`` are attributes to set, or to leave out where None."""
    uid = generate_uid(entropy_srcs=[hashlib.sha256(pixels.tobytes()).hexdigest(), repr(changes)])
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    attributes = {
        "SOPClassUID": DigitalMammographyXRayImageStorageForPresentation,
        "SOPInstanceUID": uid,
        "StudyInstanceUID": STUDY,
        "SeriesInstanceUID": generate_uid(entropy_srcs=[uid, "series"]),
        "Modality": "MG",
        "PresentationIntentType": "FOR PRESENTATION",
        "ImageType": ["ORIGINAL", "PRIMARY", ""],
        "PatientName": "Secret^Name",
        "PatientID": "SECRET-ID",
        "PatientBirthDate": "19600102",
        "PatientSex": "F",
        "StudyDate": "20200304",
        "StudyTime": "101112",
        "ContentDate": "20200304",
        "ContentTime": "101112",
        "AccessionNumber": "SECRET-7",
        "StudyID": "1",
        "SeriesNumber": 1,
        "InstanceNumber": 1,
        "ReferringPhysicianName": "",
        "Manufacturer": "Test",
        "BodyPartExamined": "BREAST",
        "ImageLaterality": "R",
        "ViewPosition": "CC",
        "PatientOrientation": ["A", "R"],
        "ImagerPixelSpacing": [0.07, 0.07],
        "BurnedInAnnotation": "NO",
        "PixelIntensityRelationship": "LOG",
        "PixelIntensityRelationshipSign": -1,
        "PresentationLUTShape": "IDENTITY",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": pixels.shape[0],
        "Columns": pixels.shape[1],
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "WindowCenter": 700,
        "WindowWidth": 1400,
        "RescaleIntercept": 0,
        "RescaleSlope": 1,
        "RescaleType": "US",
        "LossyImageCompression": "00",
    }
    for keyword, value in {**attributes, **changes}.items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset.PixelData = pixels.astype("<u2").tobytes()
    view = Dataset()
    view.CodeValue, view.CodingSchemeDesignator, view.CodeMeaning = "399162004", "SCT", "cranio-caudal"
    view.ViewModifierCodeSequence = []
    dataset.ViewCodeSequence = [view]
    return dataset


def synthesised(**changes: Any) -> dict[str, Any]:
    """Return the attributes in which a synthesised image, a tomosynthesis of one frame, differs from a mammogram."""
    shared = Dataset()
    for sequence, values in (
        ("FrameAnatomySequence", {"FrameLaterality": "L"}),
        ("PixelMeasuresSequence", {"PixelSpacing": [0.1, 0.1]}),
        ("PixelValueTransformationSequence", {"RescaleIntercept": "0", "RescaleSlope": "2", "RescaleType": "US"}),
        ("FrameVOILUTSequence", {"WindowCenter": "4000", "WindowWidth": "6000"}),
    ):
        item = Dataset()
        for keyword, value in values.items():
            setattr(item, keyword, value)
        setattr(shared, sequence, [item])
    moved = ("ImageLaterality", "ImagerPixelSpacing", "PixelSpacing", "WindowCenter", "WindowWidth")
    rescale = ("RescaleIntercept", "RescaleSlope", "RescaleType")
    return {
        "SOPClassUID": BreastTomosynthesisImageStorage,
        "ImageType": ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "GENERATED_2D"],
        "NumberOfFrames": 1,
        "SharedFunctionalGroupsSequence": [shared],
        **dict.fromkeys((*moved, *rescale)),
        **changes,
    }


def write_mammogram(path: Path, pixels: npt.NDArray[np.uint16] | None = None, **changes: Any) -> Path:
    """Write a mammogram with a cluster of bright spots, or with the given pixels."""
    mammogram_dataset(bright_pixels() if pixels is None else pixels, **changes).save_as(path, enforce_file_format=True)
    return path


def write_compressed(path: Path, syntax: UID = JPEG2000Lossless, shape: tuple[int, int] = (2560, 2048)) -> Path:
    """Write a mammogram of noise, compressed; of this size it takes most decoders about a second."""
    pixels = np.random.default_rng(1).integers(1000, 1128, shape, dtype=np.uint16)
    dataset = mammogram_dataset(pixels)
    dataset.compress(syntax, generate_instance_uid=False)
    dataset.save_as(path, enforce_file_format=True)
    return path
