"""``mcdetect detect`` on mammograms that can be used."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pydicom
import pytest
from PIL import Image
from support.sample_files import bright_pixels, write_mammogram

from MCDetect.command_line import main
from MCDetect.findings import Findings


@pytest.fixture
def examination(tmp_path: Path) -> Path:
    """Write a folder with a cluster in one view and nothing in the other."""
    folder = tmp_path / "examination"
    folder.mkdir()
    write_mammogram(folder / "1.dcm")
    write_mammogram(folder / "2.dcm", bright_pixels((), seed=1), ImageLaterality="L", PatientOrientation=["P", "L"])
    return folder


def test_an_examination_gives_everything_that_is_promised(detect, examination, repository):
    outcome = detect(examination)
    assert outcome.code == 0
    kinds = sorted(name.partition("_")[0] for name in outcome.files if name.startswith("dicom/"))
    assert kinds == ["dicom/cad-sr", "dicom/gsps", "dicom/measurements-sr", "dicom/seg"]
    assert {"findings.json", "overlay_R_CC.png", "overlay_L_CC.png"} < set(outcome.files)
    assert len(outcome.files) == 7
    schema = json.loads((repository / "MCDetect" / "findings.schema.json").read_text())
    jsonschema.validate(outcome.findings, schema)
    right, left = Findings.from_json(json.dumps(outcome.findings)).images
    assert (right.laterality, len(right.clusters), right.clusters[0].count) == ("R", 1, 6)
    assert (left.laterality, left.clusters, left.score) == ("L", (), 0.0)


def test_the_table_names_views_counts_sizes_and_scores(detect, examination):
    outcome = detect(examination)
    cluster = outcome.findings["images"][0]["clusters"][0]
    row = next(line.split() for line in outcome.stdout.splitlines() if "R CC" in line)
    assert row == [
        "R",
        "CC",
        "1",
        "6",
        f"{cluster['diameter_mm']:.1f}",
        "mm",
        cluster["distribution"],
        f"{cluster['score']:.2f}",
    ]
    assert ["L", "CC", "none", "0"] in [line.split() for line in outcome.stdout.splitlines()]


def test_every_file_that_was_written_is_listed(detect, examination):
    outcome = detect(examination)
    listed = {line.strip() for line in outcome.stdout.splitlines() if line.startswith("  /")}
    assert listed == {str(outcome.output / name) for name in outcome.files}


def test_the_picture_is_the_whole_view_at_full_size(detect, mammogram):
    outcome = detect(mammogram)
    header = pydicom.dcmread(mammogram)
    picture = Image.open(outcome.output / "overlay_R_CC.png")
    assert picture.width >= header.Columns
    assert picture.height > header.Rows


def test_nothing_but_dicom_objects_names_the_patient(detect, examination):
    outcome = detect(examination)
    told = outcome.stdout + outcome.stderr + " ".join(outcome.files) + json.dumps(outcome.findings)
    assert not [secret for secret in ("Secret", "SECRET", "1960", "20200304") if secret in told]


def test_only_the_formats_that_were_asked_for_are_written(detect, mammogram):
    assert detect(mammogram, options=["--formats", "json, png"]).files == ["findings.json", "overlay_R_CC.png"]


def test_results_of_an_earlier_run_are_replaced_and_other_files_left_alone(detect, mammogram):
    first = detect(mammogram)
    (first.output / "notes.txt").write_text("mine")
    before = set(first.files) - {"notes.txt"}
    (first.output / "overlay_R_CC.png").write_bytes(b"old")
    again = detect(mammogram)
    assert again.code == 0
    assert set(again.files) == before | {"notes.txt"}
    assert (again.output / "notes.txt").read_text() == "mine"
    assert Image.open(again.output / "overlay_R_CC.png").width > 0


def test_two_images_of_the_same_view_get_two_pictures_and_the_numbers_of_these_in_the_table(detect, tmp_path):
    files = [write_mammogram(tmp_path / f"{n}.dcm", bright_pixels(seed=n)) for n in (1, 2)]
    outcome = detect(*files)
    assert [name for name in outcome.files if "overlay" in name] == ["overlay_R_CC.png", "overlay_R_CC_2.png"]
    assert len(outcome.findings["images"]) == 2
    assert [line for line in outcome.stdout.splitlines() if line.strip().startswith("R CC 2")]


def test_an_image_given_twice_is_reported_once(detect, mammogram, tmp_path):
    copy = tmp_path / "copy.dcm"
    copy.write_bytes(mammogram.read_bytes())
    outcome = detect(mammogram, copy)
    assert outcome.code == 0
    assert len(outcome.findings["images"]) == 1
    assert "more than once" in outcome.stderr


def test_a_picture_without_header_gives_findings_and_a_picture_and_says_so_once(detect, tmp_path):
    for number in (1, 2):
        Image.fromarray(bright_pixels(seed=number)).save(tmp_path / f"{number}.png")
    outcome = detect(tmp_path / "1.png", tmp_path / "2.png", options=["--spacing", "0.07"])
    assert outcome.code == 0
    assert outcome.files == ["findings.json", "overlay_image.png", "overlay_image_2.png"]
    assert outcome.stderr.count("get no DICOM results") == 1
    assert [image["spacing_source"] for image in outcome.findings["images"]] == ["given by user"] * 2


def test_the_threshold_decides_which_clusters_are_reported(detect, mammogram):
    score = detect(mammogram).findings["images"][0]["clusters"][0]["score"]
    assert score < 0.999
    outcome = detect(mammogram, options=["--threshold", "0.9999"])
    assert outcome.findings["images"][0]["clusters"] == []
    assert outcome.findings["algorithm"]["operating_point"] == "custom"
    assert outcome.findings["algorithm"]["threshold"] == 0.9999


def test_progress_as_json_is_one_object_a_line_and_nothing_else(detect, examination, tmp_path):
    outcome = detect(examination, tmp_path / "missing.dcm", options=["--progress", "json"])
    events = [line["event"] for line in outcome.lines]
    assert outcome.code == 1
    assert events[-1] == "done"
    assert outcome.lines[-1]["exit_code"] == 1
    assert events.count("image") == 2
    assert [line["code"] for line in outcome.lines if line["event"] == "refused"] == ["no-such-file"]
    written = {line["path"] for line in outcome.lines if line["event"] == "written"}
    assert written == {str(outcome.output / name) for name in outcome.files}
    overall = [line["done"] + line["fraction"] for line in outcome.lines if line["event"] == "progress"]
    assert overall == sorted(overall)
    assert overall[-1] == 2, "two images"


def test_the_command_works_as_a_program_and_without_a_terminal(bundle_folder, mammogram, tmp_path):
    words = ["detect", mammogram, "--bundle", bundle_folder, "--output", tmp_path / "a folder", "--device", "cpu"]
    run = subprocess.run(
        [sys.executable, "-m", "MCDetect", *map(str, words)], capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    assert "R CC" in run.stdout
    assert str(tmp_path / "a folder" / "findings.json") in run.stdout


def test_stopping_with_ctrl_c_ends_without_a_traceback(detect, mammogram, monkeypatch):
    def interrupt(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("MCDetect.inference.detector.Detector.analyse", interrupt)
    outcome = detect(mammogram)
    assert outcome.code == 130
    assert "Traceback" not in outcome.stderr
    assert not outcome.output.exists()


OBVIOUS = ((2117, 573), (2065, 578), (1828, 1007), (1553, 528), (1544, 616), (1631, 664))
"""Places (row, column) in real2_LCC where anyone sees a calcification; the first is the rod."""


@pytest.fixture(scope="module")
def real_findings(shared_data, tmp_path_factory, repository):
    """Detect in the real mammograms with the shipped bundle; findings by the name of the file."""
    findings = {}
    for path in sorted((shared_data / "real_ffdm").glob("*.dcm")):
        output = tmp_path_factory.mktemp(path.stem)
        assert main(["detect", str(path), "--output", str(output), "--device", "cpu", "--progress", "none"]) == 0
        document = json.loads((output / "findings.json").read_text())
        jsonschema.validate(document, json.loads((repository / "MCDetect" / "findings.schema.json").read_text()))
        findings[path.stem] = Findings.from_json((output / "findings.json").read_text()).images[0]
    return findings


@pytest.mark.slow
def test_the_real_cluster_scores_highest_in_its_view_and_at_most_one_other_is_shown(real_findings):
    image = real_findings["real1_RCC"]
    best = image.clusters[0]
    row, column = np.mean([(mark.row, mark.column) for mark in image.members(best)], axis=0)
    assert np.hypot(row - 1376, column - 2358) * 0.07 < 2
    assert best.score == max(cluster.score for cluster in image.clusters)
    assert best.benign_type is None
    assert best.count >= 12, "of about 20"
    assert best.diameter_mm < 8, "they lie within 4 mm"
    assert len(image.clusters) <= 2


@pytest.mark.slow
def test_the_quiet_real_view_has_no_cluster_and_few_marks(real_findings):
    assert real_findings["real1_LCC"].clusters == ()
    assert len(real_findings["real1_LCC"].calcifications) <= 4


@pytest.mark.slow
def test_the_obvious_calcifications_of_a_real_view_are_marked(real_findings):
    image = real_findings["real2_LCC"]
    assert 50 <= len(image.calcifications) <= 110
    marks = np.array([(mark.row, mark.column) for mark in image.calcifications])
    for place in OBVIOUS:
        assert np.hypot(*(marks - place).T).min() * 0.07 < 0.5, place


@pytest.mark.slow
@pytest.mark.parametrize(
    ("view", "place", "millimetres"),
    [("real2_LCC", OBVIOUS[0], (1.5, 2.6)), ("real2_RCC", (1507, 2048), (2.0, 3.3))],
    ids=["rod", "pair"],
)
def test_a_large_benign_calcification_is_marked_once_and_whole_and_apart_from_suspicious_clusters(
    view, place, millimetres, real_findings
):
    image = real_findings[view]
    near = [m for m in image.calcifications if np.hypot(m.row - place[0], m.column - place[1]) * 0.07 < 1.6]
    assert len(near) == 1
    (mark,) = near
    assert np.hypot(mark.row - place[0], mark.column - place[1]) * 0.07 < 0.5
    assert millimetres[0] <= mark.diameter_mm <= millimetres[1]
    assert mark.benign_type is not None
    assert mark.benign_type.is_typically_benign
    suspicious = [cluster for cluster in image.clusters if cluster.benign_type is None]
    assert not any(mark.id in cluster.member_ids for cluster in suspicious)
