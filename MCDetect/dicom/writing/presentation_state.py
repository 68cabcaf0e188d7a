"""Grayscale Softcopy Presentation State (GSPS): outlines and marks that a viewer draws on the mammogram.

A presentation state replaces the display settings of the image, so those of the image are repeated in it: without
them a viewer would show the mammogram at its full range of grey values.
"""

from __future__ import annotations

from copy import deepcopy

import highdicom
import numpy as np
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import ExplicitVRBigEndian

from MCDetect.dicom.identifiers import MANUFACTURER
from MCDetect.dicom.writing.common import (
    PRESENTATION_STATE,
    complete,
    detector_spacing,
    instance_uid,
    name_sop_class,
    numbers,
    series_uid,
    stand_in_of_one_frame,
)
from MCDetect.dicom.writing.context import RAW, ReportContext, by_reader, shown
from MCDetect.dicom.writing.geometry import graphic_circle, graphic_outline
from MCDetect.dicom.writing.tracking import tracking_identifier, view_label
from MCDetect.findings import Algorithm, ImageFindings
from MCDetect.score_text import score_text
from MCDetect.version import __version__

# A mark is this much wider than its calcification on either side, so that it does not hide it.
MARK_MARGIN_MM = 0.4

_PIXEL = highdicom.pr.AnnotationUnitsValues.PIXEL
_WINDOW = ("WindowCenter", "WindowWidth", "WindowCenterWidthExplanation", "VOILUTFunction")


def presentation_state(
    image: ImageFindings, source: Dataset, algorithm: Algorithm, context: ReportContext = RAW
) -> Dataset:
    """Return a presentation state with the outline of each cluster, its number and score, and a circle a calcification.

    Parameters
    ----------
    image
        Findings with at least one calcification or cluster that is not rejected; what is rejected is not drawn.
    source
        Header of the mammogram; its modality LUT, VOI LUT or windows and polarity are kept.
    algorithm
        What made the findings.
    context
        Whether they were reviewed.
    """
    image = shown(image)
    clusters = highdicom.pr.GraphicLayer("CLUSTERS", order=1, description="Outlines of clusters of calcifications")
    marks = highdicom.pr.GraphicLayer("CALCIFICATIONS", order=2, description="Single calcifications")
    header = stand_in_of_one_frame(source)
    drawn = []
    if image.clusters:
        drawn.append((clusters, _outlines(image, header, clusters)))
    if image.calcifications:
        drawn.append((marks, _marks(image, header, marks)))
    dataset: Dataset = highdicom.pr.GrayscaleSoftcopyPresentationState(
        referenced_images=[header],
        series_instance_uid=series_uid(PRESENTATION_STATE, algorithm, image.sop_instance_uid, context),
        series_number=PRESENTATION_STATE.series_number,
        sop_instance_uid=instance_uid(PRESENTATION_STATE, algorithm, [image], [image.sop_instance_uid], context),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MANUFACTURER,
        software_versions=__version__,
        device_serial_number=algorithm.bundle_sha256[:16],
        content_label="CALCIFICATIONS",
        content_description="Outlines of clusters and marks of calcifications",
        graphic_annotations=[annotation for _, annotation in drawn],
        graphic_layers=[layer for layer, _ in drawn],
    )
    name_sop_class(dataset, source)
    dataset.Laterality = image.laterality or None  # has to be there for a paired organ, and may be empty
    _keep_display(dataset, source, image.spacing_mm)
    complete(dataset, PRESENTATION_STATE, source, algorithm, view_label(image), context=context)
    return dataset


def _outlines(
    image: ImageFindings, header: Dataset, layer: highdicom.pr.GraphicLayer
) -> highdicom.pr.GraphicAnnotation:
    graphics, texts = [], []
    for cluster in image.clusters:
        outline = graphic_outline(image, cluster)
        tracking = {"tracking_id": tracking_identifier(image, cluster), "tracking_uid": cluster.tracking_uid}
        polyline = highdicom.pr.GraphicTypeValues.POLYLINE
        graphics.append(highdicom.pr.GraphicObject(polyline, outline, _PIXEL, **tracking))
        said = "by a reader" if by_reader(cluster) else f"score {score_text(cluster.score)}"
        number = "" if cluster.count is None else f"{cluster.count} calcifications, "
        text = f"{cluster.id}: {number}{said}"
        anchor = tuple(outline[outline[:, 1].argmin()])  # the topmost vertex
        texts.append(highdicom.pr.TextObject(text, _PIXEL, anchor_point=anchor, **tracking))
    return highdicom.pr.GraphicAnnotation([header], layer, graphic_objects=graphics, text_objects=texts)


def _marks(image: ImageFindings, header: Dataset, layer: highdicom.pr.GraphicLayer) -> highdicom.pr.GraphicAnnotation:
    circle = highdicom.pr.GraphicTypeValues.CIRCLE
    graphics = [
        highdicom.pr.GraphicObject(circle, graphic_circle(image, calcification, MARK_MARGIN_MM), _PIXEL)
        for calcification in image.calcifications
    ]
    return highdicom.pr.GraphicAnnotation([header], layer, graphic_objects=graphics)


def _keep_display(dataset: Dataset, source: Dataset, spacing_mm: tuple[float, float]) -> None:
    """Copy modality LUT, VOI LUT and polarity, and the aspect ratio of pixels that are not square."""
    if source.get("ModalityLUTSequence"):
        dataset.ModalityLUTSequence = [_little_endian(table, source) for table in source.ModalityLUTSequence]
    elif numbers(source, "RescaleIntercept") and numbers(source, "RescaleSlope"):
        for keyword in ("RescaleIntercept", "RescaleSlope", "RescaleType"):
            if source.get(keyword) is not None:
                dataset[keyword] = deepcopy(source[keyword])
        if not dataset.get("RescaleType"):
            dataset.RescaleType = "US"  # required here, not in the image
    voi_lut = _first_voi_lut(source)
    if voi_lut is not None:
        dataset.SoftcopyVOILUTSequence = [voi_lut]
    inverted = source.get("PhotometricInterpretation") == "MONOCHROME1"
    dataset.PresentationLUTShape = "INVERSE" if inverted else "IDENTITY"
    spacing = detector_spacing(source) or spacing_mm
    if spacing[0] != spacing[1]:
        area = dataset.DisplayedAreaSelectionSequence[0]
        del area.PresentationPixelAspectRatio
        area.PresentationPixelSpacing = list(spacing)


def _first_voi_lut(source: Dataset) -> Dataset | None:
    """Return the lookup table or window that the image is shown with first; a presentation state takes only one."""
    item = Dataset()
    tables = source.get("VOILUTSequence")
    if tables:
        item.VOILUTSequence = [_with_16_bits(_little_endian(tables[0], source))]
        return item
    if not (numbers(source, "WindowCenter") and numbers(source, "WindowWidth")):
        return None
    for keyword in _WINDOW:
        value = source.get(keyword)
        if value not in (None, ""):
            setattr(item, keyword, value[0] if isinstance(value, MultiValue) else value)
    return item


def _little_endian(table: Dataset, source: Dataset) -> Dataset:
    """Return a copy of a lookup table whose words are little endian: pydicom keeps them as they are in the file."""
    copied = deepcopy(table)
    syntax = getattr(source, "file_meta", Dataset()).get("TransferSyntaxUID")
    if syntax == ExplicitVRBigEndian and isinstance(table.get("LUTData"), bytes):
        copied["LUTData"].value = np.frombuffer(table.LUTData, ">u2").astype("<u2").tobytes()
    return copied


def _with_16_bits(table: Dataset) -> Dataset:
    """Return a lookup table whose entries have 8 or 16 bits: mammograms may have others, presentation states not."""
    converted = deepcopy(table)
    entries, first, bits = (int(value) for value in table.LUTDescriptor)
    if bits not in (8, 16):
        data = table.LUTData
        values = np.frombuffer(data, "<u2") if isinstance(data, bytes) else np.asarray(data)
        stretched = np.rint(values * (65535 / (2**bits - 1))).astype("<u2")
        converted["LUTDescriptor"] = DataElement("LUTDescriptor", table["LUTDescriptor"].VR, [entries, first, 16])
        converted["LUTData"] = DataElement("LUTData", "OW", stretched.tobytes())
    return converted
