"""Every object of whole examinations, judged: all outcomes, sizes, names and geometries.

The slow judges (PixelMed, dcmqi) look at some of them elsewhere, and at all of them with ``MCDETECT_EVERY_JUDGE=1``.
"""

# ruff: noqa: PLR0917 (fixtures are arguments)
from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pytest
import SimpleITK
from pydicom import dcmread

from MCDetect.dicom.export import FORMATS, write_image_objects, write_study_objects
from MCDetect.dicom.results.reading import read_results
from MCDetect.dicom.writing.context import RAW, ReportContext
from MCDetect.findings import Algorithm, Correspondence, Decision, Review

VIEWS = [("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")]
LATIN, UTF_8, JAPANESE = "ISO_IR 100", "ISO_IR 192", ["", "ISO 2022 IR 87"]
FRAME = {"FrameOfReferenceUID": "2.25.77", "PositionReferenceIndicator": ""}

# outcome, views, how many of them failed, character set, name, attributes of the frame of reference
EXAMINATIONS = [
    ("findings", 1, 0, LATIN, "Müller^Zoë", {}),
    ("findings", 8, 0, UTF_8, "Wójcik^Małgorzata", FRAME),
    ("none", 2, 0, JAPANESE, "Yamada^Tarou=山田^太郎=やまだ^たろう", FRAME),
    ("none", 8, 0, LATIN, "Müller^Zoë", {}),
    ("failed", 1, 1, UTF_8, "Wójcik^Małgorzata", FRAME),
    ("failed", 4, 4, JAPANESE, "Yamada^Tarou=山田^太郎=やまだ^たろう", {}),
    ("partial", 2, 1, LATIN, "Müller^Zoë", FRAME),
    ("partial", 8, 3, UTF_8, "Yamada^Tarou=山田^太郎=やまだ^たろう", {}),
    ("reviewed", 4, 0, JAPANESE, "Yamada^Tarou=山田^太郎=やまだ^たろう", FRAME),
    ("reviewed", 8, 2, LATIN, "Müller^Zoë", {}),
    ("reviewed", 1, 0, UTF_8, "Wójcik^Małgorzata", {}),
]


EVERY_JUDGE = os.environ.get("MCDETECT_EVERY_JUDGE") == "1"


def check_by_dcmqi(path: Path, run_tool: Any, folder: Path) -> None:
    """Compare what Slicer's reader sees with the stored pixels, segment by segment."""
    folder.mkdir(exist_ok=True)
    run_tool("segimage2itkimage", "--inputDICOM", path, "--outputDirectory", folder, "--outputType", "nii")
    frames = dcmread(path).pixel_array
    for number, frame in enumerate(frames.reshape(-1, *frames.shape[-2:]), start=1):
        voxels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(folder / f"{number}.nii.gz")))
        assert np.array_equal(voxels[0] > 0, frame > 0)


@pytest.mark.parametrize(("outcome", "views", "failures", "character_set", "name", "frame"), EXAMINATIONS)
def test_every_object_passes_and_comes_back(
    make_mammogram: Any,
    find: Any,
    with_pixels: Any,
    algorithm: Algorithm,
    faults_by_dciodvfy: Any,
    faults_by_dsrdump: Any,
    faults_by_pixelmed: Any,
    run_tool: Any,
    tmp_path: Path,
    outcome: str,
    views: int,
    failures: int,
    character_set: Any,
    name: str,
    frame: dict[str, str],
) -> None:
    headers = [
        make_mammogram(*VIEWS[number % 4], number + 1, SpecificCharacterSet=character_set, PatientName=name, **frame)
        for number in range(views)
    ]
    analysed, failed = headers[: views - failures], headers[views - failures :]
    clusters = 0 if outcome == "none" else 2
    images = [find(header, clusters, clusters, seed=seed) for seed, header in enumerate(analysed)]
    context = RAW
    if outcome == "reviewed":
        decided = [
            replace(cluster, decision=decision, comment="größer 山田")
            for cluster, decision in zip(images[0].clusters, (Decision.ACCEPTED, Decision.REJECTED), strict=True)
        ]
        images[0] = replace(images[0], clusters=tuple(decided))
        pairs = [(images[0], images[2])] if len(images) > 2 else []
        same = tuple(
            Correspondence((a.clusters[0].tracking_uid, b.clusters[0].tracking_uid), 0.5, confirmed=True)
            for a, b in pairs
        )
        context = ReportContext(Review("山田^太郎", "2026-11-21T14:00:00+09:00", complete=True), same)
    context = replace(context, operating_points={"strict": 0.8, "balanced": algorithm.threshold})
    sources = {str(header.SOPInstanceUID): header for header in analysed}
    refused = {str(header.SOPInstanceUID): header for header in failed}
    folder = tmp_path / "out"
    paths = [
        path
        for image in images
        for path in write_image_objects(image, sources[image.sop_instance_uid], algorithm, folder, FORMATS, context)
    ]
    paths += write_study_objects(images, sources, algorithm, refused, folder, FORMATS, context)
    assert len(paths) == (1 if clusters == 0 or not images else 2 * len(images) + 2)
    for path in paths:
        assert faults_by_dciodvfy(path) == []
        assert str(dcmread(path).PatientName) == name
        if "-sr" in path.name:
            assert faults_by_dsrdump(path) == []
        if EVERY_JUDGE and "-sr" in path.name:
            assert faults_by_pixelmed(path) == []
        if EVERY_JUDGE and path.name.startswith("seg"):
            check_by_dcmqi(path, run_tool, tmp_path / "dcmqi")
        if "measurements-sr" in path.name:
            assert highdicom.sr.srread(path).content is not None
        if path.name.startswith("gsps"):
            # dcmpschk takes the bytes of UTF-8 for a wrong name.
            state = dcmread(path)
            state.PatientName = "Doe^Jane"
            state.save_as(tmp_path / "state.dcm")
            assert "Test passed" in run_tool("dcmpschk", tmp_path / "state.dcm")
    originals = [with_pixels(header, tmp_path / f"{number}.dcm") for number, header in enumerate(headers)]
    complaints = run_tool("dcentvfy", *paths, *originals).splitlines()
    # A text in another character set than the name of the patient is written in UTF-8: the same name in other bytes.
    assert [line for line in complaints if "AccessionNumber" not in line and "PatientName" not in line] == []
    identities = [(item.SeriesInstanceUID, item.SOPInstanceUID) for item in map(dcmread, paths)]
    assert len({uid for pair in identities for uid in pair}) == 2 * len(paths)
    read = read_results([path for path in paths if "gsps" not in path.name], originals)
    assert {image.sop_instance_uid for image in read.images} == set(sources)
    assert len(read.refused) == failures
    for image in read.images:
        wanted = next(one for one in images if one.sop_instance_uid == image.sop_instance_uid)
        assert [c.decision for c in image.clusters] == [c.decision for c in wanted.clusters]
        assert [c.comment for c in image.clusters] == [c.comment for c in wanted.clusters]


def test_two_objects_that_share_a_series_are_found_by_dcentvfy(
    make_mammogram: Any, find: Any, algorithm: Algorithm, run_tool: Any, tmp_path: Path
) -> None:
    header = make_mammogram()
    image = find(header)
    paths = write_image_objects(image, header, algorithm, tmp_path, FORMATS)
    seg, state = map(dcmread, paths)
    state.SeriesInstanceUID = seg.SeriesInstanceUID
    state.save_as(paths[1])
    assert "Modality" in run_tool("dcentvfy", *paths)
