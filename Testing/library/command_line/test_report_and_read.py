"""``mcdetect report`` and ``mcdetect read``: findings to objects again, and objects to findings."""

# ruff: noqa: PLR0917 (fixtures are arguments)
from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from pydicom import dcmread
from support.alike import alike
from support.sample_files import write_mammogram

from MCDetect.command_line import main
from MCDetect.findings import Decision, Findings, Review

REVIEW = Review("Reader^Rita", "2026-11-21T14:00:00+00:00", complete=True)


@pytest.fixture
def detected(detect, mammogram) -> Path:
    """Return the output folder of a detection in a mammogram with one cluster."""
    outcome = detect(mammogram)
    assert outcome.code == 0
    return outcome.output


def findings_of(folder: Path) -> Findings:
    return Findings.from_json((folder / "findings.json").read_text())


def edited(folder: Path, findings: Findings) -> Path:
    path = folder / "findings.json"
    path.write_text(findings.to_json())
    return path


def test_unchanged_findings_give_the_same_objects_again(detected, mammogram, tmp_path, capsys):
    again = tmp_path / "again"
    assert main(["report", str(detected / "findings.json"), "--source", str(mammogram), "--output", str(again)]) == 0
    assert capsys.readouterr().err == ""
    names = sorted(path.name for path in detected.rglob("*") if path.is_file())
    assert names == sorted(path.name for path in again.rglob("*") if path.is_file())
    assert len(names) == 6
    assert findings_of(again) == findings_of(detected)
    for path in (detected / "dicom").iterdir():
        assert dcmread(path).SOPInstanceUID == dcmread(again / "dicom" / path.name).SOPInstanceUID
    picture = next(detected.glob("*.png")).name
    assert (detected / picture).read_bytes() == (again / picture).read_bytes()


def test_the_objects_alone_give_the_findings_back(detected, tmp_path):
    path = tmp_path / "read.json"
    assert main(["read", str(detected / "dicom"), "--output", str(path)]) == 0
    wanted = findings_of(detected)
    images = tuple(replace(image, source="") for image in wanted.images)
    alike(asdict(Findings.from_json(path.read_text())), asdict(replace(wanted, images=images)), coordinates=3e-4)


def test_a_rejected_cluster_disappears_and_the_old_reports_are_named(detected, mammogram, tmp_path, capsys):
    findings = findings_of(detected)
    (image,) = findings.images
    rejected = replace(image, clusters=tuple(replace(c, decision=Decision.REJECTED) for c in image.clusters))
    path = edited(detected, replace(findings, images=(rejected,), review=REVIEW))
    again = tmp_path / "again"
    assert main(["report", str(path), "--source", str(mammogram), "--output", str(again)]) == 0
    assert capsys.readouterr().err == ""
    for old in detected.glob("dicom/*-sr_*.dcm"):
        report = dcmread(again / "dicom" / old.name)
        (series,) = report.PredecessorDocumentsSequence[0].ReferencedSeriesSequence
        assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == dcmread(old).SOPInstanceUID
    isolated = len(rejected.isolated_calcifications)
    assert len(list(again.glob("dicom/seg_*.dcm"))) == (1 if isolated else 0)


def test_a_predecessor_that_is_not_at_hand_is_told(detected, mammogram, tmp_path, capsys):
    review = replace(REVIEW, predecessor_uids=("2.25.12345",))
    path = edited(detected, replace(findings_of(detected), review=review))
    assert main(["report", str(path), "--source", str(mammogram), "--output", str(tmp_path / "again")]) == 0
    assert "1 of the reports that are replaced are not at hand" in capsys.readouterr().err


def test_results_are_read_back_into_findings(detected, mammogram, tmp_path, capsys):
    results = [str(path) for path in (detected / "dicom").iterdir() if "gsps" not in path.name]
    output = tmp_path / "read.json"
    assert main(["read", *results, "--source", str(mammogram), "--output", str(output)]) == 0
    read, original = Findings.from_json(output.read_text()), findings_of(detected)
    assert {c.runs for c in read.images[0].calcifications} == {c.runs for c in original.images[0].calcifications}
    assert [c.tracking_uid for c in read.images[0].clusters] == [c.tracking_uid for c in original.images[0].clusters]
    assert read.images[0].spacing_source == original.images[0].spacing_source
    # What was read can be reported again.
    again = tmp_path / "again"
    assert main(["report", str(output), "--source", str(mammogram), "--output", str(again)]) == 0
    assert len(list((again / "dicom").iterdir())) == 4


def test_a_failed_image_is_told_to_have_failed_again(detect, mammogram, tmp_path):
    (tmp_path / "in").mkdir()
    damaged = write_mammogram(tmp_path / "in" / "damaged.dcm", SOPInstanceUID="1.2.3.4.5")
    damaged.write_bytes(damaged.read_bytes()[:-1000])
    shutil.copy(mammogram, tmp_path / "in" / "good.dcm")
    outcome = detect(tmp_path / "in")
    assert outcome.code == 1
    moved = tmp_path / "moved"
    shutil.move(tmp_path / "in", moved)
    again = tmp_path / "again"
    words = ["report", str(outcome.output / "findings.json"), "--source", *map(str, moved.iterdir())]
    assert main([*words, "--output", str(again)]) == 0
    names = {path.name for path in (again / "dicom").glob("cad-sr_*")}
    assert names == {path.name for path in (outcome.output / "dicom").glob("cad-sr_*")}
    for name in names:
        old, new = (dcmread(folder / "dicom" / name) for folder in (outcome.output, again))
        assert old.SOPInstanceUID == new.SOPInstanceUID


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: "{", "does not hold findings"),
        (lambda text: text.replace('"schema_version": "1.4"', '"schema_version": "9"'), "does not hold findings"),
        (lambda text: "[]", "does not hold findings"),
        (lambda text: text.replace('"member_ids": [', '"member_ids": [ 999,'), "Cluster 1 of the view"),
    ],
)
def test_findings_that_were_edited_wrongly_are_refused_in_one_sentence(
    detected, mammogram, tmp_path, capsys, change, told
):
    path = detected / "findings.json"
    path.write_text(change(path.read_text()))
    again = tmp_path / "again"
    assert main(["report", str(path), "--source", str(mammogram), "--output", str(again)]) == 3
    assert told in capsys.readouterr().err
    assert not again.exists()


def test_a_missing_source_is_told(detected, tmp_path, capsys):
    other = write_mammogram(tmp_path / "other.dcm", SOPInstanceUID="1.2.3.4.9")
    words = ["report", str(detected / "findings.json"), "--source", str(other), "--output", str(tmp_path / "again")]
    assert main(words) == 3
    assert "None of the mammograms of the findings is among the sources" in capsys.readouterr().err


def test_what_is_no_result_is_not_read(mammogram, detected, tmp_path, capsys):
    assert main(["read", str(mammogram)]) == 3
    assert "is neither a segmentation nor a report" in capsys.readouterr().err
    assert main(["read", str(tmp_path / "absent.dcm")]) == 3
    assert "does not exist" in capsys.readouterr().err
    cut = tmp_path / "cut.dcm"
    whole = next(detected.glob("dicom/cad-sr_*.dcm")).read_bytes()
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    assert main(["read", str(cut)]) == 3
    assert "cut short or damaged" in capsys.readouterr().err


def test_findings_of_a_report_without_its_image_say_what_is_guessed(detected, capsys, tmp_path):
    (cad,) = detected.glob("dicom/cad-sr_*.dcm")
    output = tmp_path / "read.json"
    assert main(["read", str(cad), "--output", str(output)]) == 0
    assert "the size is the least that holds it" in capsys.readouterr().err
    assert json.loads(output.read_text())["images"][0]["rows"] > 0


def test_a_secondary_capture_is_written_when_asked_for(detect, mammogram):
    outcome = detect(mammogram, options=["--formats", "json,sc"])
    assert outcome.code == 0
    (path,) = outcome.output.glob("dicom/*.dcm")
    written = dcmread(path)
    assert written.pixel_array.shape[2] == 3
    assert written.Rows > dcmread(mammogram).Rows
    assert not list(outcome.output.glob("*.png"))


def test_a_folder_is_read_without_what_holds_no_findings(detected, mammogram, tmp_path, capsys):
    shutil.copy(mammogram, detected / "dicom" / "mammogram.dcm")
    (detected / "dicom" / "notes.txt").write_text("no DICOM")
    assert list((detected / "dicom").glob("gsps_*.dcm"))
    output = tmp_path / "read.json"
    assert main(["read", str(detected / "dicom"), "--source", str(mammogram), "--output", str(output)]) == 0
    assert capsys.readouterr().err == ""
    (image,) = Findings.from_json(output.read_text()).images
    (wanted,) = findings_of(detected).images
    assert [(c.tracking_uid, c.count) for c in image.clusters] == [(c.tracking_uid, c.count) for c in wanted.clusters]


def test_a_folder_without_results_is_told(mammogram, tmp_path, capsys):
    shutil.copy(mammogram, tmp_path / "mammogram.dcm")
    assert main(["read", str(tmp_path)]) == 3
    assert "holds neither segmentations nor reports" in capsys.readouterr().err


def test_a_result_that_was_cut_is_not_passed_over(detected, capsys):
    (report,) = (detected / "dicom").glob("cad-sr_*.dcm")
    report.write_bytes(report.read_bytes()[:2000])
    assert main(["read", str(detected / "dicom")]) == 3
    assert "cut short" in capsys.readouterr().err


def test_findings_of_views_that_are_not_at_hand_stay_when_they_are_reported_into_their_own_folder(
    detected, mammogram, tmp_path, capsys
):
    """What a reader said of the other views must not be lost with the file that is replaced."""
    here = findings_of(detected)
    elsewhere = replace(here.images[0], sop_instance_uid="1.2.3", view="MLO", clusters=(), calcifications=())
    both = replace(here, images=(*here.images, elsewhere), review=REVIEW)
    file = edited(detected, both)
    assert main(["report", str(file), "--source", str(mammogram), "--output", str(detected), "--formats", "json"]) == 1
    assert "MLO is not among the sources; its findings stay in findings.json" in capsys.readouterr().err
    assert set(findings_of(detected).images) == set(both.images)
