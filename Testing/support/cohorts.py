"""Folders of small examinations for tests of many studies."""

from __future__ import annotations

from pathlib import Path

from pydicom.uid import generate_uid
from support.sample_files import bright_pixels, write_mammogram

SIDES = ("R", "L")


def study_uid(number: int) -> str:
    """Return the Study Instance UID of an examination."""
    return generate_uid(entropy_srcs=["cohort", str(number)])


def write_examination(folder: Path, number: int, images: int = 2, **changes: object) -> list[Path]:
    """Write one examination of one or two images, each view another side."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        write_mammogram(
            folder / f"image{index}.dcm",
            bright_pixels(seed=index),
            **{
                "StudyInstanceUID": study_uid(number),
                "ImageLaterality": SIDES[index],
                "SeriesDescription": f"examination {number}",
                **changes,
            },
        )
        for index in range(images)
    ]


def write_cohort(folder: Path, examinations: int, images: int = 2) -> Path:
    """Write a folder tree with a folder for each examination."""
    for number in range(examinations):
        write_examination(folder / f"{number:04d}", number, images)
    return folder
