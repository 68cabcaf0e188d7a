"""Output folders, models, devices and options that cannot be used."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from pydicom import dcmread
from support.sample_files import bright_pixels, write_mammogram

from MCDetect.command_line import main
from MCDetect.dicom.writing import codes


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 64 KiB; it needs the rights to do so."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.name != "posix" or os.geteuid() != 0 or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("a small file system can only be mounted by root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail when a network is loaded or run."""

    def unexpected(*_arguments, **_options):
        pytest.fail("the networks were loaded before the output folder was tried")

    monkeypatch.setattr("MCDetect.inference.detector.Detector.load", unexpected)


def check_refused(outcome, code: int, *words: str) -> None:
    assert outcome.code == code
    assert outcome.stderr.count("\n") == 1, "one line"
    assert outcome.stderr.startswith("mcdetect: ")
    for word in words:
        assert word in outcome.stderr


def test_a_full_disk_is_told_and_leaves_nothing_half_written(detect, mammogram, small_disk):
    outcome = detect(mammogram, output=small_disk / "results")
    check_refused(outcome, 3, "No space left on device", "free space")
    for name in outcome.files:
        assert not Path(name).name.startswith("."), "a temporary file was left"
        assert name.endswith(".dcm"), "a picture of megabytes cannot be whole"


def test_a_disk_that_fills_up_while_flushing_is_told(detect, mammogram, monkeypatch):
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("MCDetect.files.os.fsync", full)
    outcome = detect(mammogram)
    check_refused(outcome, 3, "No space left on device")
    assert not outcome.output.exists() or outcome.files == []


@pytest.mark.usefixtures("no_network")
def test_a_file_in_the_way_of_the_output_folder_is_told_before_the_networks_run(detect, mammogram, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for output in (tmp_path / "file", tmp_path / "file" / "results"):
        check_refused(detect(mammogram, output=output), 3, str(output), "not a folder")
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.usefixtures("no_network")
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc, where not even root can write")
def test_an_output_folder_that_cannot_be_written_is_told_before_the_networks_run(detect, mammogram):
    check_refused(detect(mammogram, output=Path("/proc/results")), 3, "/proc/results", "--output")


@pytest.mark.parametrize("file_name", ["model.pt", "patch_classifier.pt"])
def test_a_corrupted_weight_file_is_told(detect, mammogram, own_bundle, file_name):
    path = own_bundle / "models" / file_name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    outcome = detect(mammogram, bundle=own_bundle)
    check_refused(outcome, 3, file_name, "--bundle")
    assert not outcome.output.exists()


def test_a_bundle_that_does_not_exist_is_told(detect, mammogram, tmp_path):
    outcome = detect(mammogram, bundle=tmp_path / "no-bundle")
    check_refused(outcome, 3, "no-bundle")
    assert not outcome.output.exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_where_there_is_none_is_told(detect, mammogram):
    outcome = detect(mammogram, options=["--device", "cuda"])
    check_refused(outcome, 3, "CUDA", "--device cpu")
    assert not outcome.output.exists()


def test_an_operating_point_that_does_not_exist_is_wrong_use(detect, mammogram):
    outcome = detect(mammogram, options=["--operating-point", "perfect"])
    check_refused(outcome, 2, "perfect", "balanced")
    assert not outcome.output.exists()


def test_debug_shows_where_a_failure_arose(detect, mammogram, tmp_path):
    from MCDetect.errors import ModelError

    with pytest.raises(ModelError):
        detect(mammogram, bundle=tmp_path / "no-bundle", options=["--debug"])


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--threshold", "1.5"], "1.5 is not between 0 and 1"),
        (["--threshold", "nan"], "nan is not between 0 and 1"),
        (["--threshold", "high"], "'high' is not a number"),
        (["--spacing", "0"], "0 is not a positive number"),
        (["--spacing", "-0.07"], "-0.07 is not a positive number"),
        (["--spacing", "inf"], "inf is not a positive number"),
        (["--formats", "seg,bmp"], "There is no output format 'bmp'"),
        (["--formats", ","], "No output format was given"),
        (["--threshold", "0.5", "--operating-point", "balanced"], "not allowed with"),
        (["--device", "tpu"], "invalid choice"),
        (["--output", ""], "the path is empty"),
    ],
)
def test_wrong_options_are_told_with_their_reason(options, reason, capsys, tmp_path):
    with pytest.raises(SystemExit) as stopped:
        main(["detect", "image.dcm", "--output", str(tmp_path / "results"), *options])
    assert stopped.value.code == 2
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("words", [[], ["detect"], ["detect", "image.dcm"], ["find"]])
def test_incomplete_calls_are_wrong_use(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert "usage: mcdetect" in capsys.readouterr().err


def test_a_fault_in_an_image_is_one_sentence_and_its_place_is_told_with_debug(detect, mammogram, monkeypatch, caplog):
    def broken(*arguments, **options):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("MCDetect.inference.detector.Detector.analyse", broken)
    outcome = detect(mammogram)
    assert outcome.code == 3
    assert "Traceback" not in outcome.stderr
    assert "ZeroDivisionError" in outcome.stderr
    assert not caplog.records
    detect(mammogram, options=("--debug",))
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]


def test_a_fault_elsewhere_is_one_sentence_and_a_traceback_only_with_debug(detect, mammogram, monkeypatch):
    def broken(*arguments, **options):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("MCDetect.results.ResultWriter.finish", broken)
    outcome = detect(mammogram)
    assert outcome.code == 3
    assert "Traceback" not in outcome.stderr
    assert "ZeroDivisionError" in outcome.stderr
    with pytest.raises(ZeroDivisionError):
        detect(mammogram, options=("--debug",))


def test_stopping_keeps_what_is_complete_with_its_reports(detect, tmp_path, monkeypatch):
    from MCDetect.inference.detector import Detector

    files = [write_mammogram(tmp_path / f"{n}.dcm", bright_pixels(seed=n)) for n in (1, 2)]
    original, seen = Detector.analyse, []

    def interrupted(self, *arguments):
        seen.append(arguments)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return original(self, *arguments)

    monkeypatch.setattr(Detector, "analyse", interrupted)
    outcome = detect(*files)
    assert outcome.code == 130
    assert len(outcome.findings["images"]) == 1
    assert [(one["code"], one["source"]) for one in outcome.findings["refused"]] == [("stopped", str(files[1]))]
    assert any("cad-sr" in name for name in outcome.files)


def test_results_that_no_longer_hold_are_replaced(detect, mammogram):
    def report(outcome):
        (path,) = outcome.output.glob("dicom/measurements-sr_*.dcm")
        return dcmread(path).to_json()

    before = report(detect(mammogram, options=("--threshold", "0")))
    assert "SCOORD" in before
    assert codes.NO_CLUSTER not in before
    after = report(detect(mammogram, options=("--threshold", "1")))
    assert codes.NO_CLUSTER in after
    assert after.count("SCOORD") == 1  # the whole image, which was searched


def test_results_about_nothing_are_removed(detect, tmp_path):
    path = write_mammogram(tmp_path / "image.dcm", SOPInstanceUID="2.25.7")
    before = detect(path, options=("--threshold", "0"))
    assert any("seg_" in name for name in before.files)
    write_mammogram(path, bright_pixels(spots=()), SOPInstanceUID="2.25.7")
    after = detect(path, options=("--threshold", "0"))
    assert not any("seg_" in name or "gsps_" in name for name in after.files)
    assert any("cad-sr" in name for name in after.files)


@pytest.mark.parametrize("command", ["batch", "serve"])
def test_maps_of_probabilities_are_refused_where_none_would_be_written(command, capsys, tmp_path):
    source = ["archive"] if command == "batch" else []
    with pytest.raises(SystemExit) as stopped:
        main([command, *source, "--output", str(tmp_path / "results"), "--formats", "seg,probability"])
    assert stopped.value.code == 2
    assert "There is no output format 'probability' here" in capsys.readouterr().err
