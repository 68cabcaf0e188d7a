"""A Mammography CAD report as devices of about 2005 wrote it, made without any of MCDetect's writers.

SNOMED RT codes, spacing in micrometres, coordinates that hold their image by value, marks as ellipses, a circle and
points, two algorithms of which the first looks for masses, Implicit VR, no tracking, no template identifiers of today.
"""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ImplicitVRLittleEndian, MammographyCADSRStorage

FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.2.1"
IMAGES = ("1.2.3.4.1", "1.2.3.4.2")
CLUSTER, CALCIFICATION, MASS = ("F-01775", "cluster"), ("F-01776", "calcification"), ("F-01796", "density")


def code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def content(relationship: str, value_type: str, name: str = "", *children: Dataset, **values: Any) -> Dataset:
    """Return a content item; ``name`` is a value of the DICOM scheme."""
    item = Dataset()
    if relationship:
        item.RelationshipType = relationship
    item.ValueType = value_type
    if name:
        item.ConceptNameCodeSequence = [code(name, "DCM", "concept " + name)]
    for keyword, value in values.items():
        setattr(item, keyword, value)
    if children:
        item.ContentSequence = list(children)
    return item


def coded(relationship: str, name: str, value: Dataset, *children: Dataset) -> Dataset:
    return content(relationship, "CODE", name, *children, ConceptCodeSequence=[value])


def measured(relationship: str, name: str, value: str, unit: str) -> Dataset:
    number = Dataset()
    number.NumericValue, number.MeasurementUnitsCodeSequence = value, [code(unit, "UCUM", unit)]
    return content(relationship, "NUM", name, MeasuredValueSequence=[number])


def image(relationship: str, number: int, *children: Dataset) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = FOR_PROCESSING, IMAGES[number]
    return content(relationship, "IMAGE", "", *children, ReferencedSOPSequence=[reference])


def marks(number: int, name: str, kind: str, *data: float) -> Dataset:
    selected = image("SELECTED FROM", number)
    return content("HAS PROPERTIES", "SCOORD", name, selected, GraphicType=kind, GraphicData=list(data))


def algorithm(name: str) -> list[Dataset]:
    return [
        content("HAS PROPERTIES", "TEXT", "111001", TextValue=name),
        content("HAS PROPERTIES", "TEXT", "111003", TextValue="2.1"),
    ]


def finding(kind: tuple[str, str], relationship: str, device: str, *children: Dataset) -> Dataset:
    intent = coded("HAS CONCEPT MOD", "111056", code("111150", "DCM", "Presentation Required"))
    return coded(relationship, "111059", code(kind[0], "SRT", kind[1]), intent, *algorithm(device), *children)


def entry(number: int, view: str) -> Dataset:
    return image(
        "CONTAINS",
        number,
        coded("HAS ACQ CONTEXT", "111027", code("T-04030", "SNM3", "Left breast")),
        coded("HAS ACQ CONTEXT", "111031", code(view, "SNM3", "view")),
        measured("HAS ACQ CONTEXT", "111026", "50", "um"),
        measured("HAS ACQ CONTEXT", "111066", "50", "um"),
    )


def older_cad_report() -> Dataset:
    """Return a report with a mass, two clusters (an ellipse with three calcifications, a circle) and a pair."""
    calcifications = [
        finding(CALCIFICATION, "INFERRED FROM", "Calcs", marks(0, "111010", "POINT", column + 0.5, row + 0.5))
        for row, column in ((100, 200), (104, 206), (110, 203))
    ]
    first = finding(
        CLUSTER,
        "CONTAINS",
        "Calcs",
        marks(0, "111010", "POINT", 203.5, 105.5),
        marks(0, "111041", "ELLIPSE", 183.5, 105.5, 223.5, 105.5, 203.5, 95.5, 203.5, 115.5),
        measured("HAS PROPERTIES", "111012", "85", "%"),
        measured("HAS PROPERTIES", "111038", "3", "1"),
        *calcifications,
    )
    second = finding(
        CLUSTER,
        "CONTAINS",
        "Calcs",
        marks(1, "111010", "POINT", 300.5, 400.5),
        marks(1, "111041", "CIRCLE", 300.5, 400.5, 310.5, 400.5),
        measured("HAS PROPERTIES", "111012", "40", "%"),
    )
    mass = finding(MASS, "CONTAINS", "Masses", marks(0, "111010", "POINT", 500.5, 500.5))
    for one in (first, second):
        one.RelationshipType = "INFERRED FROM"
    pair = coded(
        "CONTAINS",
        "111015",
        code("F-01775", "SRT", "cluster"),
        coded("HAS CONCEPT MOD", "111056", code("111150", "DCM", "Presentation Required")),
        coded("HAS PROPERTIES", "111016", code("111153", "DCM", "Target content items are related spatially")),
        content("HAS PROPERTIES", "NUM", "111011", MeasuredValueSequence=_percent("70")),
        first,
        second,
    )
    impression = content("INFERRED FROM", "CONTAINER", "111034", mass, pair, ContinuityOfContent="SEPARATE")
    performed = [
        coded("CONTAINS", "111022", code(kind, "SRT", "kind"), *algorithm(name), image("HAS PROPERTIES", 0))
        for name, kind in (("Masses", MASS[0]), ("Calcs", CLUSTER[0]))
    ]
    detections = content("INFERRED FROM", "CONTAINER", "111063", *performed, ContinuityOfContent="SEPARATE")
    report = content(
        "",
        "CONTAINER",
        "111036",
        content(
            "CONTAINS",
            "CONTAINER",
            "111028",
            entry(0, "R-10242"),
            entry(1, "R-10226"),
            ContinuityOfContent="SEPARATE",
        ),
        coded("CONTAINS", "111017", code("111242", "DCM", "All algorithms succeeded; with findings"), impression),
        coded("CONTAINS", "111064", code("111222", "DCM", "Succeeded"), detections),
        coded("CONTAINS", "111065", code("111225", "DCM", "Not Attempted")),
        ContinuityOfContent="SEPARATE",
    )
    report.file_meta = FileMetaDataset()
    report.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    report.SOPClassUID, report.SOPInstanceUID = MammographyCADSRStorage, "1.2.3.4.9"
    report.StudyInstanceUID, report.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.8"
    report.Modality, report.Manufacturer = "SR", "Maker of devices"
    report.PatientName, report.PatientID = "Secret^Name", "SECRET-1"
    report.CompletionFlag, report.VerificationFlag = "COMPLETE", "UNVERIFIED"
    report.CurrentRequestedProcedureEvidenceSequence = [_evidence()]
    return report


def _percent(value: str) -> list[Dataset]:
    number = Dataset()
    number.NumericValue, number.MeasurementUnitsCodeSequence = value, [code("%", "UCUM", "Percent")]
    return [number]


def _evidence() -> Dataset:
    series, study = Dataset(), Dataset()
    series.SeriesInstanceUID = "1.2.3.4.7"
    series.ReferencedSOPSequence = [image("CONTAINS", number).ReferencedSOPSequence[0] for number in range(2)]
    study.StudyInstanceUID, study.ReferencedSeriesSequence = "1.2.3.4", [series]
    return study
