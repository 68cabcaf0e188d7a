from __future__ import annotations

import json
import os
import shutil
import subprocess
from importlib.util import find_spec

import pyarrow.parquet as pq
import pytest
import torch
from support.cohorts import study_uid, write_cohort, write_examination
from support.sample_files import bright_pixels, write_mammogram

from MCDetect.cohort.batch import Listener
from MCDetect.cohort.lock import FolderLock
from MCDetect.cohort.records import examination_folder, examination_name
from MCDetect.errors import InputError, OutputError, UsageError
from MCDetect.inference.backends.precision import has_bf16


def findings_of(output, number):
    folder = examination_folder(output, examination_name(study_uid(number)))
    return json.loads((folder / "findings.json").read_text())


def test_a_study_spread_over_folders_is_one_examination(batch, tmp_path):
    first, second = write_examination(tmp_path / "source" / "a", 1)
    other = tmp_path / "source" / "deeper" / "b"
    other.mkdir(parents=True)
    second.replace(other / "moved.dcm")
    shutil.copy(first, other / "the same again.dcm")
    report = batch(tmp_path / "source")
    assert (report.state.total, report.state.done) == (1, 1)
    findings = findings_of(tmp_path / "results", 1)
    assert sorted(image["laterality"] for image in findings["images"]) == ["L", "R"]
    assert not report.failures


def test_nothing_of_a_patient_stands_in_names_summary_or_overview(batch, tmp_path):
    write_cohort(tmp_path / "source", 2)
    batch(tmp_path / "source")
    output = tmp_path / "results"
    assert not [path for path in output.rglob("*") if "SECRET" in path.name.upper()]
    for name in ("overview.html", "summary.parquet", "manifest.sqlite"):
        content = (output / name).read_bytes()
        assert b"SECRET" not in content
        assert b"Secret" not in content


@pytest.mark.skipif(
    find_spec("openvino") is None or find_spec("onnx") is None, reason="the extra openvino is not installed"
)
def test_the_workers_compute_with_the_back_end_that_was_asked_for_and_find_the_same(batch, tmp_path):
    source = write_cohort(tmp_path / "source", 1)
    batch(source)
    batch(source, backend="openvino", output=tmp_path / "other")
    expected, found = findings_of(tmp_path / "results", 0), findings_of(tmp_path / "other", 0)
    assert expected["algorithm"]["device"] == "cpu (PyTorch, fp32)"
    assert found["algorithm"]["device"] == "cpu (OpenVINO, fp32)"
    for image, other in zip(expected["images"], found["images"], strict=True):
        assert [c["runs"] for c in other["calcifications"]] == [c["runs"] for c in image["calcifications"]]
        assert [c["member_ids"] for c in other["clusters"]] == [c["member_ids"] for c in image["clusters"]]


@pytest.mark.skipif(not has_bf16(torch.device("cpu")), reason="this processor has no bf16")
def test_results_of_two_precisions_are_never_mixed(batch, tmp_path):
    source = write_cohort(tmp_path / "source", 1)
    batch(source, precision="bf16")
    assert findings_of(tmp_path / "results", 0)["algorithm"]["device"] == "cpu (PyTorch, bf16)"
    with pytest.raises(UsageError, match="another precision: bf16 instead of fp32"):
        batch(source)
    for path in (tmp_path / "results").glob("manifest.sqlite*"):
        path.unlink()
    assert batch(source).state.computed == 1
    assert findings_of(tmp_path / "results", 0)["algorithm"]["device"] == "cpu (PyTorch, fp32)"


def test_what_is_done_is_not_computed_again(batch, tmp_path):
    source = write_cohort(tmp_path / "source", 3)
    assert batch(source).state.computed == 3
    again = batch(source)
    assert (again.state.computed, again.state.done) == (0, 3)
    write_examination(source / "late", 7)
    assert batch(source).state.computed == 1


def test_a_lost_manifest_is_made_again_from_the_results(batch, tmp_path):
    source = write_cohort(tmp_path / "source", 2)
    batch(source)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "results" / "examinations").rglob("*.dcm")}
    for path in (tmp_path / "results").glob("manifest.sqlite*"):
        path.unlink()
    assert batch(source).state.done == 2
    assert times == {path: path.stat().st_mtime_ns for path in times}


def test_a_study_that_changed_is_computed_again_and_one_that_was_touched_is_not(batch, tmp_path):
    source = write_cohort(tmp_path / "source", 3)
    batch(source)
    changed = source / "0000" / "image1.dcm"
    write_mammogram(changed, bright_pixels(spots=(), seed=9), StudyInstanceUID=study_uid(0), ImageLaterality="L")
    os.utime(source / "0001" / "image0.dcm")
    before = findings_of(tmp_path / "results", 0)
    report = batch(source)
    assert (report.state.computed, report.state.done) == (1, 3)
    after = findings_of(tmp_path / "results", 0)
    assert after["images"][1]["sop_instance_uid"] != before["images"][1]["sop_instance_uid"]


def test_a_change_that_kept_size_and_time_is_found_by_recheck(batch, tmp_path):
    source = write_cohort(tmp_path / "source", 2, images=1)
    batch(source)
    path = source / "0001" / "image0.dcm"
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[-40_000:-39_000] = bytes(1000)
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert batch(source).state.computed == 0
    assert batch(source, recheck=True).state.computed == 1


def test_what_cannot_be_used_is_listed_with_its_reason_and_the_rest_is_done(batch, tmp_path):
    source = tmp_path / "source"
    good, cut = write_examination(source / "a", 1)
    cut.write_bytes(cut.read_bytes()[:-50_000])
    write_mammogram(source / "lost.dcm", StudyInstanceUID=None)
    write_examination(source / "raw", 2, images=1, PresentationIntentType="FOR PROCESSING")
    (source / "notes.txt").write_text("no image")
    report = batch(source)
    assert {failure.code for failure in report.failures} == {"truncated", "no-study", "for-processing"}
    assert (report.state.done, report.state.failed, report.passed_over) == (1, 1, 1)
    table = pq.read_table(tmp_path / "results" / "summary.parquet").to_pylist()
    assert sorted((row["state"], row["laterality"]) for row in table) == [("done", "R"), ("failed", None)]
    assert "truncated" in (tmp_path / "results" / "overview.html").read_text()
    assert good.exists()


def test_other_settings_are_told_and_nothing_is_mixed(batch, tmp_path):
    source = write_cohort(tmp_path / "source", 1, images=1)
    batch(source)
    for change in ({"operating_point": 0.9}, {"formats": ("json",)}, {"spacing_mm": 0.1}):
        with pytest.raises(UsageError, match="made with another"):
            batch(source, **change)
    other = write_cohort(tmp_path / "other", 1, images=1)
    with pytest.raises(UsageError, match="another source"):
        batch(other)


def test_two_batches_do_not_share_an_output_folder(batch, tmp_path):
    source = write_cohort(tmp_path / "source", 1, images=1)
    (tmp_path / "results").mkdir()
    with FolderLock(tmp_path / "results"), pytest.raises(UsageError, match="at work"):
        batch(source)
    assert batch(source).state.done == 1


def test_a_source_without_mammograms_is_told(batch, tmp_path):
    (tmp_path / "source").mkdir()
    with pytest.raises(InputError, match="holds no mammograms"):
        batch(tmp_path / "source")


class KillsAWorker(Listener):
    """Kills a worker process when the first examination is done."""

    def __init__(self, cluster):
        self.cluster, self.killed = cluster, None
        self.seen: list[str] = []

    def finished(self, examination, outcome):
        self.seen.append(examination.name)
        if self.killed is None:
            self.killed = next(iter(self.cluster.workers.values())).pid
            os.kill(self.killed, 9)


def test_a_worker_killed_in_the_middle_loses_nothing(batch, cluster, tmp_path):
    source = write_cohort(tmp_path / "source", 8, images=1)
    listener = KillsAWorker(cluster)
    report = batch(source, listener)
    assert listener.killed is not None
    assert (report.state.done, report.state.failed) == (8, 0)
    assert len(listener.seen) == len(set(listener.seen)) == 8
    assert not list((tmp_path / "results").glob("examinations/*/.unfinished-*/findings.json"))


@pytest.fixture
def small_disk(tmp_path):
    """Mount a disk of two megabytes; needs root."""
    place = tmp_path / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(words, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_stops_the_batch_and_the_next_start_goes_on(batch, small_disk, tmp_path):
    source = write_cohort(tmp_path / "source", 6)
    formats = ("json", "cad-sr", "png", "seg")
    with pytest.raises(OutputError, match=r"No space left|full"):
        batch(source, output=small_disk, formats=formats)
    subprocess.run(["mount", "-o", "remount,size=60m", str(small_disk)], check=True)
    report = batch(source, output=small_disk, formats=formats)
    assert (report.state.done, report.state.failed) == (6, 0)
