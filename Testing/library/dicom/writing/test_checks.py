"""Faults are planted in good objects; each has to be caught, and the good object has to pass."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from support.planted_faults import FAULTS

from MCDetect.dicom.export import FORMATS, write_image_objects, write_study_objects
from MCDetect.dicom.writing.checks import check_common, check_presentation_state, check_segmentation
from MCDetect.dicom.writing.context import ReportContext
from MCDetect.dicom.writing.report_checks import check_cad_report, check_measurement_report
from MCDetect.errors import OutputError
from MCDetect.findings import Algorithm, ImageFindings


@dataclass
class Written:
    """What was written about two images with findings and one whose analysis failed."""

    images: list[ImageFindings]
    sources: dict[str, Dataset]
    refused: dict[str, Dataset]
    algorithm: Algorithm
    context: ReportContext
    objects: dict[str, Dataset]

    def check(self, kind: str, written: Dataset) -> None:
        image = self.images[0]
        if kind == "seg":
            check_segmentation(written, image, self.sources[image.sop_instance_uid])
        elif kind == "gsps":
            check_presentation_state(written, image, self.sources[image.sop_instance_uid])
        elif kind == "cad-sr":
            check_cad_report(written, self.images, self.sources, self.refused, self.algorithm, self.context)
        else:
            check_measurement_report(written, self.images, self.sources, self.context)


@pytest.fixture(scope="module")
def written(make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path_factory: Any) -> Written:
    folder: Path = tmp_path_factory.mktemp("written")
    headers = [make_mammogram("R", "CC"), make_mammogram("L", "MLO")]
    failed = make_mammogram("L", "CC")
    images = [find(header, clusters=2, isolated=1, seed=seed) for seed, header in enumerate(headers)]
    sources = {str(header.SOPInstanceUID): header for header in headers}
    refused = {str(failed.SOPInstanceUID): failed}
    # Some of the clusters reach the stricter point and others do not.
    context = ReportContext(operating_points={"strict": 0.75, "balanced": algorithm.threshold, "sensitive": 0.1})
    assert {c.score >= 0.75 for image in images for c in image.clusters} == {True, False}
    paths = write_image_objects(images[0], headers[0], algorithm, folder, FORMATS, context)
    paths += write_study_objects(images, sources, algorithm, refused, folder, FORMATS, context)
    return Written(
        images, sources, refused, algorithm, context, {path.name.split("_")[0]: dcmread(path) for path in paths}
    )


@pytest.mark.parametrize("kind", FAULTS)
def test_a_good_object_passes(written: Written, kind: str) -> None:
    written.check(kind, written.objects[kind])


PLANTED = [pytest.param(kind, plant, id=f"{kind} {plant.__name__}") for kind in FAULTS for plant in FAULTS[kind]]


@pytest.mark.parametrize(("kind", "plant"), PLANTED)
def test_a_planted_fault_is_caught(written: Written, kind: str, plant: Callable[[Dataset], None]) -> None:
    faulty = deepcopy(written.objects[kind])
    faulty.file_meta = deepcopy(written.objects[kind].file_meta)
    plant(faulty)
    with pytest.raises(OutputError) as caught:
        written.check(kind, faulty)
    assert caught.value.code == "invalid-object"
    assert caught.value.hint
    for private in ("Doe", "P-42", "P-43", "1960"):
        assert private not in str(caught.value)


@pytest.mark.parametrize("keyword", ["SeriesInstanceUID", "SOPInstanceUID"])
def test_an_object_in_the_series_or_under_the_identifier_of_the_image_is_caught(written: Written, keyword: str) -> None:
    source = written.sources[written.images[0].sop_instance_uid]
    faulty = deepcopy(written.objects["seg"])
    faulty.file_meta = written.objects["seg"].file_meta
    setattr(faulty, keyword, source[keyword].value)
    with pytest.raises(OutputError, match=f"{keyword} is not an identifier of its own"):
        check_common(faulty, source)


def test_an_empty_and_an_absent_value_are_the_same(written: Written) -> None:
    source = deepcopy(written.sources[written.images[0].sop_instance_uid])
    dataset = deepcopy(written.objects["seg"])
    dataset.file_meta = written.objects["seg"].file_meta
    del source.AccessionNumber
    dataset.AccessionNumber = ""
    check_common(dataset, source)


def test_the_check_does_not_trust_the_masks_of_the_writer(written: Written) -> None:
    image = written.images[0]
    first = image.calcifications[0]
    moved = replace(first, runs=tuple((row, column + 1, length) for row, column, length in first.runs))
    other = replace(image, calcifications=(moved, *image.calcifications[1:]))
    with pytest.raises(OutputError, match="pixels of segment 1"):
        check_segmentation(written.objects["seg"], other, written.sources[image.sop_instance_uid])
    assert np.any(written.objects["seg"].pixel_array)


def test_a_region_half_a_pixel_beside_its_outline_is_caught(written: Written) -> None:
    image = written.images[0]
    outline = tuple((row + 0.6, column + 0.6) for row, column in image.clusters[0].outline)
    moved = replace(image, clusters=(replace(image.clusters[0], outline=outline), *image.clusters[1:]))
    with pytest.raises(OutputError, match="pixels of segment 2"):
        check_segmentation(written.objects["seg"], moved, written.sources[image.sop_instance_uid])
