"""Every object of whole examinations, judged: all outcomes, sizes, names and geometries.

Every pair of an outcome, a size, a name and a geometry is judged; all combinations are with ``MCDETECT_EVERY_JUDGE=1``.
"""

# ruff: noqa: PLR0917 (fixtures are arguments)
from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pytest
import SimpleITK
from pydicom import dcmread
from pydicom.dataset import Dataset

from MCDetect.dicom.export import FORMATS, write_image_objects, write_study_objects
from MCDetect.dicom.results.reading import read_results
from MCDetect.dicom.writing.context import RAW, ReportContext
from MCDetect.findings import Algorithm, Cluster, Correspondence, Decision, ImageFindings, Review

VIEWS = [("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")]
OUTCOMES = ("findings", "none", "failed", "partial", "reviewed")
SIZES = (1, 2, 4, 8)
NAMES: dict[str, tuple[str | list[str], str]] = {
    "Latin-1": ("ISO_IR 100", "Müller^Zoë"),
    "UTF-8": ("ISO_IR 192", "Wójcik^Małgorzata=山田^太郎"),
    "Japanese": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
}
FRAMES: dict[str, dict[str, str]] = {
    "with frame": {"FrameOfReferenceUID": "2.25.77", "PositionReferenceIndicator": ""},
    "without frame": {},
}
Combination = tuple[str, int, str, str]


def all_combinations() -> list[Combination]:
    """Return every examination there can be: of a single image, a part cannot fail."""
    everything = product(OUTCOMES, SIZES, NAMES, FRAMES)
    return [one for one in everything if one[:2] != ("partial", 1)]


def pairs(combination: Combination) -> set[tuple[tuple[int, Any], tuple[int, Any]]]:
    return set(combinations(enumerate(combination), 2))


def pairwise(everything: Sequence[Combination]) -> list[Combination]:
    """Return few combinations that hold every pair of values; each takes the one with most pairs that are missing."""
    missing = set().union(*map(pairs, everything))
    chosen = []
    while missing:
        best = max(everything, key=lambda one: len(pairs(one) & missing))
        chosen.append(best)
        missing -= pairs(best)
    return chosen


EVERY_JUDGE = os.environ.get("MCDETECT_EVERY_JUDGE") == "1"
CHOSEN = all_combinations() if EVERY_JUDGE else pairwise(all_combinations())


@dataclass
class Written:
    """An examination, what was found in it and the objects about it."""

    headers: list[Dataset]
    images: list[ImageFindings]
    failures: int
    paths: list[Path]

    def of(self, kind: str) -> list[Path]:
        return [path for path in self.paths if path.name.startswith(kind)]


@pytest.fixture
def write(make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path) -> Callable[..., Written]:
    """Return a function that writes all objects about an examination."""

    def write(outcome: str, views: int, name: str, frame: str) -> Written:
        character_set, patient = NAMES[name]
        headers = [
            make_mammogram(
                *VIEWS[number % 4],
                number + 1,
                SpecificCharacterSet=character_set,
                PatientName=patient,
                **FRAMES[frame],
            )
            for number in range(views)
        ]
        failures = {"failed": views, "partial": (views + 1) // 3}.get(outcome, 0)
        analysed, failed = headers[: views - failures], headers[views - failures :]
        clusters = 0 if outcome == "none" else 2
        images = [find(header, clusters, clusters, seed=seed) for seed, header in enumerate(analysed)]
        context = RAW
        if outcome == "reviewed":
            images[0] = replace(images[0], clusters=decided(images[0].clusters))
            context = ReportContext(Review("山田^太郎", "2026-11-21T14:00:00+09:00", complete=True), same(images))
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
        return Written(headers, images, failures, paths)

    return write


def decided(clusters: Sequence[Cluster]) -> tuple[Cluster, ...]:
    return tuple(
        replace(cluster, decision=decision, comment="größer 山田")
        for cluster, decision in zip(clusters, (Decision.ACCEPTED, Decision.REJECTED), strict=True)
    )


def same(images: Sequence[ImageFindings]) -> tuple[Correspondence, ...]:
    """Join the first clusters of both views of the right breast, where there are both."""
    if len(images) < 3:
        return ()
    uids = (images[0].clusters[0].tracking_uid, images[2].clusters[0].tracking_uid)
    return (Correspondence(uids, 0.5, confirmed=True),)


def test_the_chosen_examinations_hold_every_pair_of_values() -> None:
    chosen = pairwise(all_combinations())
    assert set().union(*map(pairs, chosen)) == set().union(*map(pairs, all_combinations()))
    assert len(chosen) < 25


@pytest.mark.parametrize(("outcome", "views", "name", "frame"), CHOSEN)
def test_every_object_passes_and_comes_back(
    write: Callable[..., Written],
    with_pixels: Any,
    faults_by_dciodvfy: Any,
    faults_by_dsrdump: Any,
    faults_by_pixelmed: Any,
    run_tool: Any,
    tmp_path: Path,
    outcome: str,
    views: int,
    name: str,
    frame: str,
) -> None:
    written = write(outcome, views, name, frame)
    drawn = len(written.images) if outcome != "none" else 0
    kinds = {kind: len(written.of(kind)) for kind in ("seg", "gsps", "cad-sr", "measurements-sr")}
    assert kinds == {"seg": drawn, "gsps": drawn, "cad-sr": 1, "measurements-sr": bool(written.images)}
    for path in written.paths:
        assert faults_by_dciodvfy(path) == []
        assert str(dcmread(path).PatientName) == NAMES[name][1]
    for path in (*written.of("cad-sr"), *written.of("measurements-sr")):
        assert faults_by_dsrdump(path) == []
        assert faults_by_pixelmed(path) == []
    for path in written.of("seg"):
        check_by_dcmqi(path, run_tool, tmp_path / "dcmqi")
    for path in written.of("measurements-sr"):
        check_measurements(path, run_tool, tmp_path / "read.json")
    for path in written.of("gsps"):
        # dcmpschk takes the bytes of UTF-8 for a wrong name.
        state = dcmread(path)
        state.PatientName = "Doe^Jane"
        state.save_as(tmp_path / "state.dcm")
        assert "Test passed" in run_tool("dcmpschk", tmp_path / "state.dcm")
    originals = [with_pixels(header, tmp_path / f"{number}.dcm") for number, header in enumerate(written.headers)]
    complaints = run_tool("dcentvfy", *written.paths, *originals).splitlines()
    # A text in another character set than the name of the patient is written in UTF-8: the same name in other bytes.
    assert [line for line in complaints if "AccessionNumber" not in line and "PatientName" not in line] == []
    identities = [(item.SeriesInstanceUID, item.SOPInstanceUID) for item in map(dcmread, written.paths)]
    assert len({uid for pair in identities for uid in pair}) == 2 * len(written.paths)
    read = read_results([path for path in written.paths if "gsps" not in path.name], originals)
    assert {image.sop_instance_uid for image in read.images} == {image.sop_instance_uid for image in written.images}
    assert len(read.refused) == written.failures
    for image in read.images:
        wanted = next(one for one in written.images if one.sop_instance_uid == image.sop_instance_uid)
        assert [c.decision for c in image.clusters] == [c.decision for c in wanted.clusters]
        assert [c.comment for c in image.clusters] == [c.comment for c in wanted.clusters]


def check_by_dcmqi(path: Path, run_tool: Any, folder: Path) -> None:
    """Compare what Slicer's reader sees with the stored pixels, segment by segment."""
    folder.mkdir(exist_ok=True)
    run_tool("segimage2itkimage", "--inputDICOM", path, "--outputDirectory", folder, "--outputType", "nii")
    frames = dcmread(path).pixel_array
    for number, frame in enumerate(frames.reshape(-1, *frames.shape[-2:]), start=1):
        file = folder / f"{number}.nii.gz"
        voxels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(file)))
        assert np.array_equal(voxels[0] > 0, frame > 0)
        file.unlink()


def check_measurements(path: Path, run_tool: Any, said: Path) -> None:
    """Compare what dcmqi's reader and highdicom's read of a measurement report."""
    run_tool("tid1500reader", "--inputDICOM", path, "--outputMetadata", said)
    seen = [
        (group["TrackingUniqueIdentifier"], len(group["measurementItems"]))
        for group in json.loads(said.read_text(encoding="utf-8"))["Measurements"]
    ]
    content = highdicom.sr.srread(path).content
    groups = [*content.get_planar_roi_measurement_groups(), *content.get_image_measurement_groups()]
    assert sorted(seen) == sorted((str(group.tracking_uid), len(group.get_measurements())) for group in groups)
    assert seen


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
