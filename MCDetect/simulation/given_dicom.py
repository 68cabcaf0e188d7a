"""A given DICOM mammogram with simulated calcifications, as a new object of nobody, and its truth file."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels.utils import pixel_array
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.valuerep import DS

from MCDetect.dicom.identifiers import stable_uid
from MCDetect.dicom.mammogram import Mammogram
from MCDetect.dicom.opening import open_dataset
from MCDetect.dicom.pixels import is_inverted
from MCDetect.dicom.reading import read_mammogram
from MCDetect.errors import InputError
from MCDetect.files import remove_file, write_atomically, write_text_atomically
from MCDetect.preprocessing.breast_mask import breast_area_mm2, breast_mask
from MCDetect.simulation.examination import TRUTH_FILE
from MCDetect.simulation.given_lesions import inject_lesions
from MCDetect.simulation.given_view import InjectedView
from MCDetect.simulation.truth_file import TruthOfView, truth_as_json

INJECTED_FILE = "injected.dcm"

_IMAGE_GROUPS = (0x0018, 0x0028)
_NUMBERS_AND_CODES = ("CS", "DS", "FD", "FL", "IS", "SS", "US")  # never names, dates, serial numbers or free text
_OF_ANOTHER_SPACING = (  # how it was measured, and by how much the beam magnified
    "EstimatedRadiographicMagnificationFactor",
    "PixelSpacingCalibrationType",
    "PixelSpacingCalibrationDescription",
)
_KEPT = (
    "SOPClassUID",
    "Modality",
    "PresentationIntentType",
    "ImageLaterality",
    "PatientOrientation",
    "ViewCodeSequence",
    "AnatomicRegionSequence",
    "BreastImplantPresent",
    "PartialView",
)


def inject_into_file(
    source: Path, output: Path, *, seed: int = 0, clusters: int = 2, spacing_mm: float | None = None
) -> list[Path]:
    """Write a mammogram with simulated calcifications, and the truth about them.

    The new image has the picture's own attributes only, and belongs to a patient who does not exist: simulated lesions
    must never come into a person's record. The picture itself is not changed otherwise, so it is no anonymised copy if
    something is burned into it.

    Parameters
    ----------
    source
        DICOM mammogram.
    output
        Folder; ``injected.dcm`` and ``truth.json`` in it are replaced.
    seed
        Another seed puts in other calcifications.
    clusters
        Number of clusters; see :func:`MCDetect.simulation.given_lesions.inject_lesions`.
    spacing_mm
        See :func:`MCDetect.dicom.reading.read_mammogram`; the new image states it.

    Returns
    -------
    list of Path
        The image and the truth file.

    Raises
    ------
    InputError
        ``cannot-inject`` for a picture without header, with a table of grey values, which cannot be inverted, or with
        the channels of a colour image, and all codes of :func:`MCDetect.dicom.reading.read_mammogram`.
    """
    mammogram = read_mammogram(source, spacing_mm)
    header = mammogram.header
    if header is None or header.get("ModalityLUTSequence"):
        raise InputError(
            "cannot-inject",
            f"{source} is no DICOM mammogram with plain grey values.",
            "Give a For Presentation mammogram without a modality LUT.",
        )
    if header.SamplesPerPixel != 1:
        raise InputError(
            "cannot-inject",
            f"{source} stores its grey values as the channels of a colour image.",
            "Give a For Presentation mammogram of one channel.",
        )
    injected = inject_lesions(mammogram, seed, clusters)
    dataset = _new_object(open_dataset(source), header, injected, seed)
    if spacing_mm is not None:
        _state_spacing(dataset, spacing_mm)
    image, truth = output / INJECTED_FILE, output / TRUTH_FILE
    remove_file(truth)  # that of another image must not stand beside this one, should the command be stopped here
    write_atomically(image, partial(dataset.save_as, enforce_file_format=True))
    write_text_atomically(truth, truth_as_json([_truth(mammogram, injected, dataset)], seed))
    return [image, truth]


def _new_object(original: Dataset, header: Dataset, injected: InjectedView, seed: int) -> Dataset:
    stored = pixel_array(original)
    slope = float(header.get("RescaleSlope") or 1)
    sign = -1.0 if is_inverted(header) else 1.0
    bits = int(header.BitsStored)
    lowest, highest = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if header.PixelRepresentation else (0, 2**bits - 1)
    change = np.rint(sign * injected.contrast / slope).astype(np.int64)
    pixels = np.where(change != 0, np.clip(stored.astype(np.int64) + change, lowest, highest), stored)
    dataset = Dataset()
    for element in header:
        is_of_image = element.tag.group in _IMAGE_GROUPS and element.VR in _NUMBERS_AND_CODES
        if is_of_image or element.keyword in _KEPT:
            dataset.add(element)
    dataset.PixelData = pixels.astype(stored.dtype.newbyteorder("<")).tobytes()
    dataset["PixelData"].VR = "OW" if stored.dtype.itemsize > 1 else "OB"
    dataset.file_meta = type(original.file_meta)()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    # What was added, and not how: another generator, or other settings, must not give two images one identifier.
    added = hashlib.sha256(change.tobytes()).hexdigest()
    parts = ("injected calcifications", str(header.SOPInstanceUID), str(seed), added)
    dataset.SOPInstanceUID = stable_uid(*parts)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = stable_uid(*parts, "study"), stable_uid(*parts, "series")
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID = f"Simulated^Injected {seed}", f"SIMULATED-INJECTED-{seed}"
    for keyword in ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID", "AccessionNumber"):
        setattr(dataset, keyword, "")
    dataset.ReferringPhysicianName = dataset.Manufacturer = ""
    dataset.SeriesNumber = dataset.InstanceNumber = 1
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.DerivationDescription = "Simulated calcifications were added"
    dataset.ImageComments = "Simulated calcifications were added: not a picture of a patient's disease."
    return dataset


def _state_spacing(dataset: Dataset, spacing_mm: float) -> None:
    """Make the spacing that the user gave the only one of the image: who reads it again gives none."""
    for keyword in _OF_ANOTHER_SPACING:
        if keyword in dataset:
            delattr(dataset, keyword)
    film = ["NominalScannedPixelSpacing"] if "NominalScannedPixelSpacing" in dataset else []
    for keyword in ("ImagerPixelSpacing", "PixelSpacing", *film):
        setattr(dataset, keyword, [DS(spacing_mm, auto_format=True)] * 2)


def _truth(mammogram: Mammogram, injected: InjectedView, dataset: Dataset) -> TruthOfView:
    spacing = mammogram.spacing.millimetres
    area = breast_area_mm2(breast_mask(mammogram.pixels, spacing, mammogram.valid), spacing)
    return TruthOfView(
        file=INJECTED_FILE,
        sop_instance_uid=str(dataset.SOPInstanceUID),
        laterality=mammogram.laterality,
        view=mammogram.view,
        rows=mammogram.shape[0],
        columns=mammogram.shape[1],
        spacing_mm=spacing[0],
        density="",
        compressed_mm=None,
        breast_area_mm2=area,
        calcifications=injected.calcifications,
        clusters=injected.clusters,
    )
