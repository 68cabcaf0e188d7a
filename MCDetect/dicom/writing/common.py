"""What every object has: whose it is, what made it, which series it is in, and its identifiers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timezone

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.sr.codedict import codes
from pydicom.uid import UID, DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian

from MCDetect.dicom.failures import DICOM_FAILURES
from MCDetect.dicom.identifiers import MANUFACTURER, content_digest, stable_uid
from MCDetect.dicom.orientation import Orientation, decide_orientation
from MCDetect.dicom.writing.algorithm_texts import operating_point_text
from MCDetect.dicom.writing.context import RAW, ReportContext
from MCDetect.dicom.writing.macros import code_item
from MCDetect.dicom.writing.patient import PATIENT_AND_STUDY, TYPE_2
from MCDetect.dicom.writing.reader_texts import UTF_8, fits, texts_of
from MCDetect.dicom.writing.tracking import view_label
from MCDetect.errors import OutputError
from MCDetect.findings import Algorithm, ImageFindings
from MCDetect.version import __version__

_EQUIPMENT = (
    "Manufacturer",
    "ManufacturerModelName",
    "DeviceSerialNumber",
    "SoftwareVersions",
    "InstitutionName",
    "StationName",
)
_REVIEWED = 10
_IDENTITY = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")


@dataclass(frozen=True)
class Kind:
    """A kind of object: ``name`` is also its format name and the beginning of its file name.

    Reviewed objects are in series of their own, with a number 10 higher and "reviewed" in the description.
    """

    name: str
    series_number: int
    description: str


SEGMENTATION = Kind("seg", 9101, "MCDetect segmentation")
PRESENTATION_STATE = Kind("gsps", 9102, "MCDetect marks")
CAD_REPORT = Kind("cad-sr", 9103, "MCDetect CAD report")
MEASUREMENT_REPORT = Kind("measurements-sr", 9104, "MCDetect measurements")
SECONDARY_CAPTURE = Kind("sc", 9105, "MCDetect picture")
PROBABILITY_MAP = Kind("probability", 9106, "MCDetect probabilities")


def check_identity(source: Dataset) -> None:
    """Refuse a header that other objects cannot refer to.

    Raises
    ------
    OutputError
        ``incomplete-source`` when one of the identifiers is missing or malformed.
    """
    for keyword in _IDENTITY:
        value = source.get(keyword)
        if not value or not UID(str(value)).is_valid:
            raise OutputError(
                "incomplete-source",
                f"DICOM results of {name_of(source)} cannot be written because its header has no valid {keyword}.",
                "Ask the sender for a complete image, or leave the DICOM formats out with --formats json,png.",
            )


def name_of(source: Dataset) -> str:
    """Return what tells a mammogram from the others of an examination, and nothing of the patient."""
    try:
        orientation = decide_orientation(source)
    except DICOM_FAILURES:  # the header of a mammogram that was refused may be damaged
        orientation = Orientation("", "")
    label = " ".join(part for part in (orientation.laterality, orientation.view) if part)
    if label:
        return f"the view {label}"
    sop_class = UID(str(source.get("SOPClassUID") or ""))
    return "an unknown view" + (f" ({sop_class.name})" if sop_class.name != sop_class else "")


def check_source(image: ImageFindings, source: Dataset) -> None:
    """Refuse findings that do not belong to ``source``.

    Raises
    ------
    OutputError
        ``incomplete-source`` as in :func:`check_identity`; ``wrong-source`` when the findings name another image.
    """
    check_identity(source)
    named = (image.study_instance_uid, image.series_instance_uid, image.sop_instance_uid, image.sop_class_uid)
    size = (source.get("Rows"), source.get("Columns"))
    if named != tuple(str(source[keyword].value) for keyword in _IDENTITY) or size != (image.rows, image.columns):
        raise OutputError(
            "wrong-source",
            f"The findings of the view {view_label(image)} belong to another image than the mammogram that was given.",
            "Give the mammogram that they were made of, and leave the identifiers in findings.json as they are.",
        )


def series_uid(kind: Kind, algorithm: Algorithm, scope: str, context: ReportContext = RAW) -> str:
    """Return the Series Instance UID of the objects of a ``kind`` that belong together.

    ``scope`` is the study for reports. It is the image for SEG and GSPS: a series has one frame of reference and one
    side (PS3.3, sections A.1.2.3 and C.7.3.1), which two mammograms do not share.
    """
    reviewed = () if context.review is None else ("reviewed",)
    return stable_uid(scope, algorithm.bundle_sha256, operating_point_text(algorithm), kind.name, "series", *reviewed)


def instance_uid(
    kind: Kind,
    algorithm: Algorithm,
    images: Iterable[ImageFindings],
    source_uids: Sequence[str],
    context: ReportContext = RAW,
) -> str:
    """Return the SOP Instance UID: the same for the same findings in the same images, another for anything else."""
    digest = content_digest(images, algorithm, context.digest_parts())
    return stable_uid(*sorted(source_uids), algorithm.bundle_sha256, operating_point_text(algorithm), kind.name, digest)


def stand_in(source: Dataset) -> Dataset:
    """Return the few attributes of ``source`` that highdicom needs, all of them valid.

    highdicom asks for type 2 attributes and refuses values such as an unknown sex. It is given empty ones;
    :func:`complete` puts the real ones in afterwards.
    """
    header = Dataset()
    for keyword in (*_IDENTITY, "Rows", "Columns"):
        header[keyword] = deepcopy(source[keyword])
    for keyword in TYPE_2:
        setattr(header, keyword, None)
    header.Modality = "MG"
    header.SamplesPerPixel = 1
    return header


def stand_in_of_one_frame(source: Dataset) -> Dataset:
    """Return :func:`stand_in` as an image without frames; :func:`name_sop_class` afterwards names the true SOP class.

    Of an image with frames, be it one, highdicom wants functional groups with a geometry, which a projection lacks.
    """
    header = stand_in(source)
    header.SOPClassUID = DigitalMammographyXRayImageStorageForPresentation
    return header


def name_sop_class(dataset: Dataset, source: Dataset) -> None:
    """Give all references of ``dataset`` to the source the SOP class that the source has."""

    def name(item: Dataset, element: DataElement) -> None:
        if element.keyword == "ReferencedSOPClassUID" and item.ReferencedSOPInstanceUID == source.SOPInstanceUID:
            element.value = source.SOPClassUID

    dataset.walk(name)


def complete(
    dataset: Dataset,
    kind: Kind,
    source: Dataset,
    algorithm: Algorithm,
    label: str = "",
    *,
    context: ReportContext = RAW,
    images: Sequence[ImageFindings] = (),
) -> None:
    """Give ``dataset`` the patient and study of ``source``, our series and equipment, and the time of writing.

    Parameters
    ----------
    dataset
        An object with its SOP class, its SOP and series instance UID and its content.
    kind
        Decides number and description of the series.
    source
        Header of the mammogram, or of one of them.
    algorithm
        What made the findings.
    label
        Side and view for the description of the series; empty for objects of a whole study.
    context
        Whether the findings were reviewed.
    images
        The findings whose texts by a reader are in the object. Where the character set of the mammogram lacks a
        character of them, the object is written in UTF-8.
    """
    for keyword in PATIENT_AND_STUDY:
        if keyword in source:
            dataset[keyword] = deepcopy(source[keyword])
        elif keyword in TYPE_2:
            setattr(dataset, keyword, None)
        elif keyword in dataset:
            delattr(dataset, keyword)
    if not fits(texts_of(images, context.review), source):
        dataset.SpecificCharacterSet = UTF_8
    elif source.get("SpecificCharacterSet"):
        dataset["SpecificCharacterSet"] = deepcopy(source["SpecificCharacterSet"])
    is_reviewed = context.review is not None
    dataset.SeriesNumber = kind.series_number + (_REVIEWED if is_reviewed else 0)
    state = "reviewed" if is_reviewed else ""
    dataset.SeriesDescription = " ".join(part for part in (label, kind.description, state, "(research use)") if part)
    dataset.InstanceNumber = 1
    dataset.Manufacturer = MANUFACTURER
    dataset.ManufacturerModelName = MANUFACTURER
    # Two installations of the same version may hold different models: the model tells the devices apart.
    dataset.DeviceSerialNumber = algorithm.bundle_sha256[:16]
    dataset.SoftwareVersions = __version__
    dataset.ContributingEquipmentSequence = _contributing_equipment(source, algorithm)
    now = _now(source)
    for prefix in ("InstanceCreation", "Content", "PresentationCreation"):
        if prefix == "InstanceCreation" or f"{prefix}Date" in dataset:
            setattr(dataset, f"{prefix}Date", now.strftime("%Y%m%d"))
            setattr(dataset, f"{prefix}Time", now.strftime("%H%M%S"))
    dataset.file_meta = _file_meta(dataset)


def numbers(source: Dataset, keyword: str) -> tuple[float, ...]:
    """Return the numbers of an element of the header; empty when it is absent or not made of finite numbers."""
    value = source.get(keyword)
    values = value if isinstance(value, MultiValue) else () if value is None else (value,)
    try:
        found = tuple(float(one) for one in values)
    except (TypeError, ValueError):
        return ()
    return found if all(math.isfinite(one) for one in found) else ()


def detector_spacing(source: Dataset) -> tuple[float, float] | None:
    """Return the imager pixel spacing (between rows, between columns) in mm, or None without a usable one."""
    spacing = numbers(source, "ImagerPixelSpacing")
    return (spacing[0], spacing[1]) if len(spacing) == 2 and min(spacing) > 0 else None


def _contributing_equipment(source: Dataset, algorithm: Algorithm) -> list[Dataset]:
    items = []
    if source.get("Manufacturer"):  # type 1 in the item, often empty in the image
        acquisition = Dataset()
        acquisition.PurposeOfReferenceCodeSequence = [code_item(codes.DCM.AcquisitionEquipment)]
        for keyword in _EQUIPMENT:
            if source.get(keyword):
                acquisition[keyword] = deepcopy(source[keyword])
        items.append(acquisition)
    processing = Dataset()
    processing.PurposeOfReferenceCodeSequence = [code_item(codes.DCM.ProcessingEquipment)]
    processing.Manufacturer = MANUFACTURER
    processing.ManufacturerModelName = MANUFACTURER
    processing.SoftwareVersions = algorithm.version
    processing.ContributionDescription = f"Detection of calcifications with model {algorithm.bundle}"
    items.append(processing)
    return items


def _now(source: Dataset) -> datetime:
    """Return the time of writing in the time zone that ``source`` declares for all its times, else in local time."""
    offset = str(source.get("TimezoneOffsetFromUTC") or "")
    try:
        return datetime.now(datetime.strptime(offset, "%z").tzinfo)
    except ValueError:
        return datetime.now(timezone.utc).astimezone()


def _file_meta(dataset: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(stable_uid("MCDetect implementation"))
    meta.ImplementationVersionName = f"MCDETECT_{__version__}"[:16]
    return meta
