"""A miniature of INbreast: DICOM, property lists of OsiriX, the table separated by semicolons."""

from __future__ import annotations

import plistlib
from pathlib import Path

from MCDetect.files import write_atomically, write_text_atomically
from MCDetect.training.datasets.record import DatasetIndex, Region
from MCDetect.training.miniatures.views import clusters_of, code, is_malignant, patients_of, pixels_of, write_dicom

HEADER = "Patient ID;Patient age;Laterality;View;Acquisition date;File Name;ACR;Bi-Rads"

_FIRST = 20586908
_DENSITY = {"a": "1", "b": "2", "c": "3", "d": "4"}


def write(folder: Path, index: DatasetIndex) -> Path:
    """Write "INbreast Release 1.0"."""
    root = folder / "INbreast Release 1.0"
    lines = [HEADER]
    number = _FIRST
    for patient, records in patients_of(index).items():
        for record in records:
            view = "CC" if record.view == "CC" else "ML"
            name = f"{number}_{code(patient, 16)}_MG_{record.laterality}_{view}_ANON.dcm"
            write_dicom(root / "AllDICOMs" / name, pixels_of(record), record)
            grade = "5" if is_malignant(record) else "2" if clusters_of(record) else "1"
            density = _DENSITY.get(record.groups.get("density", ""), "     ")
            lines.append(f"removed;removed;{record.laterality};{record.view};201001;{number};{density};{grade}")
            if record.regions:
                _write_outlines(root / "AllXML" / f"{number}.xml", record.regions)
            number += 26
    (root / "AllXML").mkdir(parents=True, exist_ok=True)
    write_text_atomically(root / "INbreast.csv", "\n".join(lines) + "\n")
    return root


def _write_outlines(path: Path, regions: tuple[Region, ...]) -> None:
    rois: list[dict[str, object]] = []
    for region in regions:
        points = [f"({column:.6f}, {row:.6f})" for row, column in region.outline]
        rois.append(
            {
                "Area": 0.1,
                "Center": "(0.000000, 0.000000, 0.000000)",
                "Dev": 1.0,
                "IndexInImage": len(rois),
                "Max": 1.0,
                "Mean": 1.0,
                "Min": 1.0,
                "Name": "Cluster" if region.is_cluster else "Calcification",
                "NumberOfPoints": len(points),
                "Point_mm": ["(0.000000, 0.000000, 0.000000)"] * len(points),
                "Point_px": points,
                "Total": 1.0,
                "Type": 15 if region.is_cluster else 19,
            }
        )
    document = {"Images": [{"ImageIndex": 0, "NumberOfROIs": len(rois), "ROIs": rois}]}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda temporary: temporary.write_bytes(plistlib.dumps(document)))
