"""Miniatures of data sets in the layout in which they are distributed, filled with simulated views."""

from __future__ import annotations

import plistlib
from functools import cache
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from MCDetect.simulation.examination import simulate_examination
from MCDetect.simulation.view import SimulatedView, simulate_view

ROWS, COLUMNS = 512, 400


@cache
def view(seed: int, clusters: int) -> SimulatedView:
    return simulate_view(seed, laterality="L", rows=ROWS, columns=COLUMNS, clusters=clusters)


def write_simulated(folder: Path, patients: int) -> Path:
    """Write examinations of one view; every third patient is normal."""
    for number in range(patients):
        clusters = 0 if number % 3 == 0 else 1
        simulate_examination(folder / f"p{number}", views=1, seed=number, rows=ROWS, columns=COLUMNS, clusters=clusters)
    return folder


def write_dicom(path: Path, pixels: np.ndarray, bits: int = 16) -> None:
    """Write a secondary capture, which is what CBIS-DDSM's and INbreast's files look like to a reader of pixels."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
    dataset.Modality, dataset.PatientID = "MG", path.parts[-4] if len(path.parts) > 3 else "x"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.set_pixel_data(np.ascontiguousarray(pixels), "MONOCHROME2", bits)
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)


def outline_of(simulated: SimulatedView) -> list[tuple[float, float]]:
    """Return the outline (row, column) of the first cluster."""
    return [(float(row), float(column)) for row, column in simulated.clusters[0].outline]


# Number of the image, code of the patient, side, view as INbreast names it, density, BI-RADS, clusters.
INBREAST = (
    ("20586908", "6c613a14b80a8591", "R", "CC", "4", "5", 1),
    ("20586934", "6c613a14b80a8591", "L", "CC", "4", "1", 0),
    ("20587148", "fe7d005dcbbfb46d", "R", "ML", "1", "2", 1),
    ("50998981", "45c7f44839fd9e68", "L", "ML", "", "4a", 1),
)


def write_inbreast(folder: Path) -> Path:
    """Write "INbreast Release 1.0": DICOM, property lists of OsiriX, the table separated by semicolons."""
    root = folder / "INbreast Release 1.0"
    lines = ["Patient ID;Patient age;Laterality;View;Acquisition date;File Name;ACR;Bi-Rads"]
    for seed, (number, patient, side, projection, density, grade, clusters) in enumerate(INBREAST):
        simulated = view(seed, clusters)
        pixels = simulated.pixels if side == "L" else simulated.pixels[:, ::-1]
        write_dicom(root / "AllDICOMs" / f"{number}_{patient}_MG_{side}_{projection}_ANON.dcm", pixels)
        table_view = "CC" if projection == "CC" else "MLO"
        lines.append(f"removed;removed;{side};{table_view};201001;{number};{density or '     '};{grade}")
        if clusters:
            outline = outline_of(simulated)
            shown = [(row, column if side == "L" else COLUMNS - 1 - column) for row, column in outline]
            rois = [roi("Cluster", shown), roi("Calcification", shown[:1]), roi("Mass", shown)]
            _write_plist(root / "AllXML" / f"{number}.xml", rois)
    (root / "INbreast.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def roi(name: str, outline: list[tuple[float, float]]) -> dict[str, object]:
    points = [f"({column:.6f}, {row:.6f})" for row, column in outline]
    return {
        "Area": 0.1,
        "Center": points[0],
        "IndexInImage": 0,
        "Max": 1.0,
        "Mean": 1.0,
        "Min": 1.0,
        "Name": name,
        "NumberOfPoints": len(points),
        "Point_mm": [f"({point.strip('()')}, 0.000000)" for point in points],
        "Point_px": points,
        "Total": 1.0,
        "Type": 15,
    }


def _write_plist(path: Path, rois: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"Images": [{"ImageIndex": 0, "NumberOfROIs": len(rois), "ROIs": rois}]}
    path.write_bytes(plistlib.dumps(document))


CBIS_HEADER = (
    "patient_id,breast density,left or right breast,image view,abnormality id,abnormality type,calc type,"
    "calc distribution,assessment,pathology,subtlety,image file path,cropped image file path,ROI mask file path"
)
# Case, part of the table, pathology, layout of crop and mask on the disk.
CBIS = (
    ("P_00005", "Training", "MALIGNANT", "mask first"),
    ("P_00007", "Training", "BENIGN", "crop first"),
    ("P_00008", "Training", "BENIGN_WITHOUT_CALLBACK", "two series"),
    ("P_00038", "Test", "MALIGNANT", "mask alone"),
)


def write_cbis_ddsm(folder: Path) -> Path:
    """Write CBIS-DDSM's calcifications as the NBIA Data Retriever does, with its oddities."""
    tables: dict[str, list[str]] = {"Training": [CBIS_HEADER], "Test": [CBIS_HEADER]}
    for seed, (patient, part, pathology, layout) in enumerate(CBIS):
        simulated = view(seed + 10, 1)
        case = f"Calc-{part}_{patient}_LEFT_CC"
        images = folder / "CBIS-DDSM"
        full = images / case / "08-07-2016-DDSM-23157" / "1.000000-full mammogram images-38548"
        write_dicom(full / "1-1.dcm", simulated.pixels)
        mask = np.zeros(simulated.pixels.shape, dtype=np.uint8)
        points = np.array(outline_of(simulated)).astype(int)
        box = np.s_[points[:, 0].min() : points[:, 0].max() + 1, points[:, 1].min() : points[:, 1].max() + 1]
        mask[box] = 255
        crop = simulated.pixels[box]
        both = images / f"{case}_1" / "08-30-2017-DDSM-NA-09081" / "1.000000-ROI mask images-94682"
        files = [(both / "1-1.dcm", mask), (both / "1-2.dcm", crop)]
        if layout == "crop first":
            files = [(both / "1-1.dcm", crop), (both / "1-2.dcm", mask)]
        elif layout == "two series":
            files[1] = (both.parents[1] / "10-04-2016-DDSM-1" / "1.000000-cropped images-26184" / "1-1.dcm", crop)
        elif layout == "mask alone":
            files = files[:1]
        for path, pixels in files:
            write_dicom(path, pixels, 8 if pixels.dtype == np.uint8 else 16)
        uids = "1.3.6.1.4.1.9590.100.1.2.1/1.3.6.1.4.1.9590.100.1.2.2"
        paths = f'{case}/{uids}/000000.dcm,{case}_1/{uids}/000001.dcm,"{case}_1/{uids}/000000.dcm\n"'
        tables[part].append(f"{patient},3,LEFT,CC,1,calcification,AMORPHOUS,CLUSTERED,4,{pathology},3,{paths}")
    for part, name in (("Training", "train"), ("Test", "test")):
        (folder / f"calc_case_description_{name}_set.csv").write_text("\n".join(tables[part]) + "\n")
    return folder
