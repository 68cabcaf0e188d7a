"""A miniature of VinDr-Mammo: DICOM by study and three tables."""

from __future__ import annotations

from pathlib import Path

from MCDetect.files import write_text_atomically
from MCDetect.training.datasets.record import MALIGNANT, DatasetIndex
from MCDetect.training.miniatures.views import (
    age_of,
    box_of,
    clusters_of,
    code,
    csv_lines,
    is_malignant,
    patients_of,
    pixels_of,
    write_dicom,
)

FINDINGS = (
    "study_id,series_id,image_id,laterality,view_position,height,width,breast_birads,breast_density,"
    "finding_categories,finding_birads,xmin,ymin,xmax,ymax,split"
)
BREASTS = "study_id,series_id,image_id,laterality,view_position,height,width,breast_birads,breast_density,split"
METADATA = "SOP Instance UID,Patient's Age,Imager Pixel Spacing,Photometric Interpretation,Rows,Columns"

_EVERY_TEST = 5


def write(folder: Path, index: DatasetIndex) -> Path:
    """Write ``images/<study>/<image>.dicom`` and the tables."""
    findings: list[dict[str, object]] = []
    breasts: list[dict[str, object]] = []
    headers: list[dict[str, object]] = []
    for number, (patient, records) in enumerate(patients_of(index).items(), start=1):
        study = code(f"study {patient}", 32)
        for record in records:
            name = code(f"image {patient} {record.laterality} {record.view}", 32)
            pixels = pixels_of(record)
            write_dicom(folder / "images" / study / f"{name}.dicom", pixels, record)
            clusters = clusters_of(record)
            breast: dict[str, object] = {
                "study_id": study,
                "series_id": code(f"series {patient}", 32),
                "image_id": name,
                "laterality": record.laterality,
                "view_position": record.view,
                "height": pixels.shape[0],
                "width": pixels.shape[1],
                "breast_birads": f"BI-RADS {5 if is_malignant(record) else 3 if clusters else 1}",
                "breast_density": f"DENSITY {record.groups.get('density', 'b').upper()}",
                "split": "test" if number % _EVERY_TEST == 0 else "training",
            }
            breasts.append(breast)
            headers.append(
                {
                    "SOP Instance UID": name,
                    "Patient's Age": f"{age_of(number):03d}Y",
                    "Imager Pixel Spacing": f"[{record.spacing_mm}, {record.spacing_mm}]",
                    "Photometric Interpretation": "MONOCHROME2",
                    "Rows": pixels.shape[0],
                    "Columns": pixels.shape[1],
                }
            )
            for region in clusters:
                top, left, bottom, right = box_of(region, (pixels.shape[0], pixels.shape[1]))
                grade = f"BI-RADS {5 if region.pathology == MALIGNANT else 3}"
                box = {"xmin": left, "ymin": top, "xmax": right, "ymax": bottom}
                categories = "['Suspicious Calcification']"
                findings.append({**breast, "finding_categories": categories, "finding_birads": grade, **box})
            if not clusters:
                findings.append({**breast, "finding_categories": "['No Finding']"})
    write_text_atomically(folder / "finding_annotations.csv", csv_lines(FINDINGS, findings))
    write_text_atomically(folder / "breast-level_annotations.csv", csv_lines(BREASTS, breasts))
    write_text_atomically(folder / "metadata.csv", csv_lines(METADATA, headers))
    return folder
