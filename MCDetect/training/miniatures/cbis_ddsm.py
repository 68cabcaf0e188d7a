"""A miniature of CBIS-DDSM with its oddities: swapped and missing crops, masks in one series or two, paths of UIDs."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import numpy as np
import numpy.typing as npt

from MCDetect.files import write_text_atomically
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.training.datasets.record import BENIGN, MALIGNANT, WITHOUT_CALLBACK, DatasetIndex, ImageRecord
from MCDetect.training.miniatures.views import box_of, clusters_of, patients_of, pixels_of, write_dicom

CALCIFICATIONS = (
    "patient_id,breast density,left or right breast,image view,abnormality id,abnormality type,calc type,"
    "calc distribution,assessment,pathology,subtlety,image file path,cropped image file path,ROI mask file path"
)
MASSES = (
    "patient_id,breast_density,left or right breast,image view,abnormality id,abnormality type,mass shape,"
    "mass margins,assessment,pathology,subtlety,image file path,cropped image file path,ROI mask file path"
)
ARRANGEMENTS = ("mask first", "crop first", "two series", "mask alone")
"""How crop and mask of a region lie on the disk; they take turns."""

_PATHOLOGY = {BENIGN: "BENIGN", WITHOUT_CALLBACK: "BENIGN_WITHOUT_CALLBACK", MALIGNANT: "MALIGNANT"}
_DENSITY = {"a": "1", "b": "2", "c": "3", "d": "4"}
_EVERY_TEST = 5  # patient of each so many belongs to the published test part
_UIDS = "1.3.6.1.4.1.9590.100.1.2.1/1.3.6.1.4.1.9590.100.1.2.2"

Box = tuple[int, int, int, int]


def write(folder: Path, index: DatasetIndex) -> Path:
    """Write the folders of the NBIA Data Retriever beside the tables; normal views stand in for those with a mass."""
    lines = {
        (kind, part): [header]
        for kind, header in (("calc", CALCIFICATIONS), ("mass", MASSES))
        for part in ("train", "test")
    }
    turns = count()
    for number, records in enumerate(patients_of(index).values(), start=1):
        part = "test" if number % _EVERY_TEST == 0 else "train"
        patient = f"P_{number:05d}"
        density = _DENSITY.get(records[0].groups.get("density", ""), "0")
        for record in records:
            clusters = clusters_of(record)
            kind = "calc" if clusters else "mass"
            pixels = pixels_of(record)
            side = "LEFT" if record.laterality == "L" else "RIGHT"
            name = f"{kind.title()}-{'Training' if part == 'train' else 'Test'}_{patient}_{side}_{record.view}"
            case = folder / "CBIS-DDSM" / name
            write_dicom(
                case / "08-07-2016-DDSM-23157" / f"1.000000-full mammogram images-{38000 + number}" / "1-1.dcm",
                pixels,
                None,
            )
            shape = (pixels.shape[0], pixels.shape[1])
            boxes = [box_of(region, shape) for region in clusters] or [_middle_of_breast(pixels, record)]
            words = [_PATHOLOGY[region.pathology] for region in clusters] or ["BENIGN"]
            for region, (box, word) in enumerate(zip(boxes, words, strict=True), start=1):
                _write_region(case.with_name(f"{name}_{region}"), pixels, box, ARRANGEMENTS[next(turns) % 4])
                what = "calcification,AMORPHOUS,CLUSTERED" if clusters else "mass,OVAL,CIRCUMSCRIBED"
                crop, mask = (f"{name}_{region}/{_UIDS}/{file}.dcm" for file in ("000001", "000000"))
                paths = f'{name}/{_UIDS}/000000.dcm,{crop},"{mask}\n"'
                lines[kind, part].append(f"{patient},{density},{side},{record.view},{region},{what},4,{word},3,{paths}")
    for (kind, part), table in lines.items():
        write_text_atomically(folder / f"{kind}_case_description_{part}_set.csv", "\n".join(table) + "\n")
    return folder


def _write_region(case: Path, pixels: npt.NDArray[np.uint16], box: Box, arrangement: str) -> None:
    top, left, bottom, right = box
    mask = np.zeros(pixels.shape, dtype=np.uint8)
    mask[top:bottom, left:right] = 255
    crop = pixels[top:bottom, left:right]
    series = case / "08-30-2017-DDSM-NA-09081" / "1.000000-ROI mask images-94682"
    other = case / "10-04-2016-DDSM-1" / "1.000000-cropped images-26184"
    write_dicom(series / ("1-2.dcm" if arrangement == "crop first" else "1-1.dcm"), mask, None)
    if arrangement != "mask alone":
        names = {"mask first": series / "1-2.dcm", "crop first": series / "1-1.dcm", "two series": other / "1-1.dcm"}
        write_dicom(names[arrangement], crop, None)


def _middle_of_breast(pixels: npt.NDArray[np.uint16], record: ImageRecord) -> Box:
    spacing = record.spacing_mm or 0.07
    rows, columns = np.nonzero(breast_mask(pixels.astype(np.float32), (spacing, spacing)))
    middle, side = (int(rows.mean()), int(columns.mean())), max(8, pixels.shape[0] // 20)
    return middle[0] - side, max(0, middle[1] - side), middle[0] + side, middle[1] + side
