"""The same cluster in two views, as detect proposes it; how well pairs agree is tested with the review."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from support.bright_bundle import bundle_folder
from support.faults_of_reports import items_named
from support.four_views import write_examination
from support.sample_files import bright_pixels, mammogram_dataset

import MCDetect
from MCDetect.command_line import main
from MCDetect.dicom.reading import read_mammogram
from MCDetect.dicom.results.reading import read_results
from MCDetect.dicom.writing import codes
from MCDetect.findings import Findings
from MCDetect.inference.making import nipple_of
from MCDetect.preprocessing.breast_mask import breast_mask

__all__ = ["bundle_folder"]


@pytest.mark.parametrize(("side", "along", "is_left"), [("R", "P", True), ("R", "A", False), ("L", "A", False)])
def test_the_nipple_is_where_the_header_says_that_the_front_is(side: str, along: str, is_left: bool) -> None:
    pixels = np.full((600, 500), 20, np.uint16)
    rows, columns = np.mgrid[0:600, 0:500]
    breast = (columns / 300.0) ** 2 + ((rows - 240) / 220.0) ** 2 < 1  # its tip points to the right
    pixels[breast] = 900 + (rows * 7 + columns * 13)[breast] % 60
    values = {"ImageLaterality": side, "PatientOrientation": [along, "L"]}
    mammogram = read_mammogram(mammogram_dataset(pixels[:, ::-1].copy() if is_left else pixels, **values))
    mask = breast_mask(mammogram.pixels, mammogram.spacing.millimetres, mammogram.valid)
    row, column = nipple_of(mammogram, mask) or (np.nan, np.nan)
    assert row == pytest.approx(240, abs=40)
    assert column == pytest.approx(200 if is_left else 299, abs=25)


def test_a_part_of_a_breast_has_no_nipple() -> None:
    mammogram = read_mammogram(mammogram_dataset(bright_pixels()))
    mask = breast_mask(mammogram.pixels, mammogram.spacing.millimetres, mammogram.valid)
    assert nipple_of(mammogram, mask) is not None
    partial = read_mammogram(mammogram_dataset(bright_pixels(), PartialView="YES"))
    assert nipple_of(partial, mask) is None
    assert nipple_of(mammogram, np.ones_like(mask)) is None, "nothing is beside it"


def test_without_a_direction_there_is_no_nipple() -> None:
    mammogram = read_mammogram(mammogram_dataset(bright_pixels(), PatientOrientation=None))
    assert nipple_of(mammogram, np.ones(mammogram.shape, dtype=np.bool_)) is None


def test_detect_proposes_them_and_the_cad_report_joins_them(bundle_folder: Path, tmp_path: Path) -> None:
    folder = write_examination(tmp_path / "examination")
    words = ["detect", str(folder), "--output", str(tmp_path / "results"), "--bundle", str(bundle_folder)]
    assert main([*words, "--device", "cpu", "--formats", "cad-sr,json"]) == 0
    findings = Findings.from_json((tmp_path / "results" / "findings.json").read_text())
    assert MCDetect.detect(folder, bundle=bundle_folder, device="cpu").correspondences == findings.correspondences
    (pair,) = findings.correspondences
    assert not pair.confirmed
    views = {
        cluster.tracking_uid: (image.laterality, image.view) for image in findings.images for cluster in image.clusters
    }
    assert {views[uid] for uid in pair.tracking_uids} == {("L", "CC"), ("L", "MLO")}
    (path,) = (tmp_path / "results" / "dicom").iterdir()
    report = dcmread(path)
    (joined,) = items_named(report, codes.COMPOSITE_FEATURE)
    assert joined.ContentSequence[0].ConceptCodeSequence[0].CodeValue == codes.PRESENTATION_OPTIONAL.value
    told = {frozenset(one.tracking_uids): one.confirmed for one in read_results([path]).correspondences}
    assert told == {frozenset(pair.tracking_uids): False}


def test_a_map_of_probabilities_is_written_when_asked_for_and_only_by_detect(
    bundle_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, results = write_examination(tmp_path / "examination"), tmp_path / "results"
    words = ["detect", str(folder / "LCC.dcm"), "--output", str(results), "--bundle", str(bundle_folder)]
    assert main([*words, "--device", "cpu", "--formats", "probability,json"]) == 0
    (path,) = (results / "dicom").iterdir()
    probability = dcmread(path).pixel_array / 255
    (image,) = json.loads((results / "findings.json").read_text())["images"]
    (cluster,) = image["clusters"]
    for one in (c for c in image["calcifications"] if c["id"] in cluster["member_ids"]):
        row, first, length = one["runs"][len(one["runs"]) // 2]
        assert probability[row, first : first + length].max() > 0.5 > probability.mean()
    again = ["report", str(results / "findings.json"), "--source", str(folder), "--output", str(tmp_path / "again")]
    assert main([*again, "--formats", "probability,json"]) == 0
    assert "Maps of probabilities are written by detect only" in " ".join(capsys.readouterr().err.split())
