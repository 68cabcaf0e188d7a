"""The result writer: image by image, study by study, each failure on its own."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import (
    BreastProjectionXRayImageStorageForPresentation,
    DigitalXRayImageStorageForPresentation,
    SecondaryCaptureImageStorage,
)
from support.sample_files import bright_pixels, mammogram_dataset, synthesised, write_mammogram

from MCDetect.dicom.mammogram import Mammogram
from MCDetect.dicom.reading import read_mammogram
from MCDetect.errors import InputError, OutputError, UsageError
from MCDetect.findings import Algorithm, Findings, ImageFindings, Refusal
from MCDetect.outputs import FORMATS, check_formats, check_output_folder
from MCDetect.results import ResultWriter

ALGORITHM = Algorithm("MCDetect", "0.1.0", "default", "1a2b3c4d" * 8, "balanced", 0.42, "cpu")


def analysed(mammogram: Mammogram) -> ImageFindings:
    """Return findings without findings for a mammogram."""
    header = mammogram.header
    rows, columns = mammogram.shape
    return ImageFindings(
        sop_instance_uid=str(header.SOPInstanceUID) if header else f"2.25.{abs(hash(mammogram.source))}",
        sop_class_uid=str(header.SOPClassUID) if header else "",
        series_instance_uid=str(header.SeriesInstanceUID) if header else "2.25.1",
        study_instance_uid=str(header.StudyInstanceUID) if header else "2.25.2",
        laterality=mammogram.laterality,
        view=mammogram.view,
        rows=rows,
        columns=columns,
        spacing_mm=mammogram.spacing.millimetres,
        spacing_source=mammogram.spacing.source,
        score=0.0,
        breast_area_mm2=500.0,
    )


def read(seed: int, spacing_mm: float | None = None, **changes) -> Mammogram:
    return read_mammogram(mammogram_dataset(bright_pixels(seed=seed), **changes), spacing_mm)


def test_each_study_gets_a_report_of_its_own(tmp_path):
    writer = ResultWriter(tmp_path, ALGORITHM, ["cad-sr"])
    for seed, study in ((1, "1.2.3"), (2, "1.2.4"), (3, "1.2.3")):
        mammogram = read(seed, StudyInstanceUID=study)
        writer.add(mammogram, analysed(mammogram))
    files = writer.finish()
    assert sorted(pydicom.dcmread(file).StudyInstanceUID for file in files) == ["1.2.3", "1.2.4"]


def test_the_pixels_of_an_image_are_not_kept(tmp_path):
    writer = ResultWriter(tmp_path, ALGORITHM, FORMATS)
    mammogram = read(1)
    kept = weakref.ref(mammogram)
    writer.add(mammogram, analysed(mammogram))
    del mammogram
    gc.collect()
    assert kept() is None
    assert "PixelData" not in writer._headers[writer.images[0].sop_instance_uid]


def test_a_study_of_which_nothing_could_be_read_is_reported_as_failed(tmp_path):
    bad = write_mammogram(tmp_path / "bad.dcm", ImagerPixelSpacing=None)
    writer = ResultWriter(tmp_path / "results", ALGORITHM, ["cad-sr", "json"])
    writer.refuse(Refusal(str(bad), "no-spacing", "bad.dcm has no spacing.", ""))
    report, document = writer.finish()
    assert "111245" in str(pydicom.dcmread(report)), "no algorithm succeeded (PS3.16, CID 6047)"
    assert document.name == "findings.json"


@pytest.mark.parametrize("source", ["missing.dcm", "list.txt", "."])
def test_refusing_what_is_no_mammogram_writes_no_report(tmp_path, source):
    (tmp_path / "list.txt").write_text("shopping")
    writer = ResultWriter(tmp_path / "results", ALGORITHM, ["cad-sr"])
    writer.refuse(Refusal(str(tmp_path / source), "not-dicom", "It is not DICOM.", ""))
    assert writer.finish() == []


def test_a_raw_image_beside_its_presentation_is_no_failure_of_the_study(tmp_path):
    raw = write_mammogram(tmp_path / "raw.dcm", SOPClassUID="1.2.840.10008.5.1.4.1.1.1.2.1")
    writer = ResultWriter(tmp_path / "results", ALGORITHM, ["cad-sr"])
    mammogram = read(1)
    writer.add(mammogram, analysed(mammogram))
    writer.refuse(Refusal(str(raw), "for-processing", "raw.dcm is For Processing.", ""))
    (report,) = writer.finish()
    assert "111241" in str(pydicom.dcmread(report)), "all algorithms succeeded, without findings (PS3.16, CID 6047)"


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        (synthesised(), "truncated"),
        ({"SOPClassUID": BreastProjectionXRayImageStorageForPresentation}, "truncated"),
        ({"SOPClassUID": DigitalXRayImageStorageForPresentation}, "truncated"),
        ({"SOPClassUID": SecondaryCaptureImageStorage}, "truncated"),
        ({"NumberOfFrames": 2}, "multi-frame"),
    ],
)
@pytest.mark.parametrize(("readable", "summary"), [(3, "111243"), (0, "111245")])
def test_a_view_of_any_class_that_is_read_and_could_not_be_analysed_failed(
    tmp_path, attributes, code, readable, summary
):
    writer = ResultWriter(tmp_path / "results", ALGORITHM, ["cad-sr"])
    for seed in range(readable):
        mammogram = read(seed, 0.1, **{**attributes, "NumberOfFrames": None})
        writer.add(mammogram, analysed(mammogram))
    for seed in range(readable, 4):
        bad = write_mammogram(tmp_path / f"{seed}.dcm", bright_pixels(seed=seed), **{**attributes, "Columns": 9999})
        with pytest.raises(InputError) as caught:
            read_mammogram(bad, 0.1)
        assert caught.value.code == code
        writer.refuse(Refusal(str(bad), code, caught.value.message, ""))
    report = pydicom.dcmread(writer.finish()[0])
    assert f"'{summary}'" in str(report), "some or no algorithms succeeded (PS3.16, CID 6047)"
    assert str(report).count("Right breast") + str(report).count("Left breast") == 4, "each view is in the library"


@pytest.mark.parametrize("code", ["no-spacing", "colour-image"])
def test_a_secondary_capture_that_may_be_any_picture_did_not_fail(tmp_path, code):
    page = write_mammogram(tmp_path / "page.dcm", SOPClassUID=SecondaryCaptureImageStorage, ImagerPixelSpacing=None)
    writer = ResultWriter(tmp_path / "results", ALGORITHM, ["cad-sr"])
    writer.refuse(Refusal(str(page), code, "It is a picture.", ""))
    assert writer.finish() == []


def test_an_object_that_cannot_be_made_does_not_stop_the_others(tmp_path, monkeypatch):
    def fail(*_arguments):
        raise OutputError("invalid-object", "The segmentation failed its check.")

    monkeypatch.setattr("MCDetect.dicom.export.write_image_objects", fail)
    writer = ResultWriter(tmp_path, ALGORITHM, ["seg", "cad-sr", "json", "png"])
    mammogram = read(1)
    writer.add(mammogram, analysed(mammogram))
    assert [problem.code for problem in writer.problems] == ["invalid-object"]
    assert [path.name.partition("_")[0] for path in writer.finish()] == ["overlay", "cad-sr", "findings.json"]


def test_a_disk_that_cannot_be_written_stops_everything(tmp_path, monkeypatch):
    def fail(*_arguments):
        raise OutputError("cannot-write", "The disk is full.")

    monkeypatch.setattr("MCDetect.dicom.export.write_image_objects", fail)
    mammogram = read(1)
    with pytest.raises(OutputError, match="full"):
        ResultWriter(tmp_path, ALGORITHM).add(mammogram, analysed(mammogram))


def test_an_earlier_result_that_cannot_be_removed_is_told_with_its_path(tmp_path, monkeypatch):
    def fail(_path, missing_ok=False):
        raise PermissionError(13, "Permission denied")

    mammogram = read(1)
    monkeypatch.setattr(Path, "unlink", fail)  # as of a file that another program has open on Windows
    with pytest.raises(OutputError, match=r"seg_.*could not be removed: Permission denied") as caught:
        ResultWriter(tmp_path, ALGORITHM, ["seg"]).add(mammogram, analysed(mammogram))
    assert caught.value.code == "cannot-write"


def test_no_report_says_that_an_image_was_searched_whose_results_could_not_be_written(tmp_path, monkeypatch):
    def fail(*_arguments):
        raise MemoryError

    bad = read_mammogram(write_mammogram(tmp_path / "bad.dcm", bright_pixels(seed=1)))
    writer = ResultWriter(tmp_path / "results", ALGORITHM, ["png", "cad-sr"])
    monkeypatch.setattr(ResultWriter, "_write_pictures", fail)
    with pytest.raises(MemoryError):
        writer.add(bad, analysed(bad))
    assert writer.finish() == []
    writer.refuse(Refusal(bad.source, "internal-error", "bad.dcm could not be drawn.", ""))
    (report,) = writer.finish()
    assert "111245" in str(pydicom.dcmread(report)), "no algorithm succeeded (PS3.16, CID 6047)"


def test_results_of_an_earlier_run_in_other_formats_are_told_of(tmp_path):
    mammogram = read(1)
    first = ResultWriter(tmp_path, ALGORITHM, ["cad-sr", "json"])
    first.add(mammogram, analysed(mammogram))
    first.finish()
    assert not first.notes
    second = ResultWriter(tmp_path, ALGORITHM, ["json"])
    second.add(mammogram, analysed(mammogram))
    second.finish()
    (note,) = second.notes
    assert "earlier run" in note
    assert "cad-sr" in note
    assert "findings.json" not in note


@pytest.mark.parametrize("view", ["../../etc", "a/b", "C:\\x", "CC\n"])
def test_nothing_in_a_header_becomes_part_of_a_path(tmp_path, view):
    writer = ResultWriter(tmp_path, ALGORITHM, ["png"])
    mammogram = replace(read(1), view=view)
    (path,) = writer.add(mammogram, analysed(mammogram))
    assert path.parent == tmp_path
    assert path.name.isascii()
    assert not set(path.name) & set("/\\:\n ")


def test_findings_on_disk_are_the_findings_in_memory(tmp_path):
    writer = ResultWriter(tmp_path, ALGORITHM, ["json"])
    mammogram = read(1)
    writer.add(mammogram, analysed(mammogram))
    writer.finish()
    assert Findings.from_json((tmp_path / "findings.json").read_text()) == writer.findings


@given(st.lists(st.sampled_from([*FORMATS, "bmp", "SEG", ""]), max_size=8))
@settings(max_examples=60)
def test_formats_are_those_that_exist(names):
    if names and set(names) <= set(FORMATS):
        assert check_formats(names) == set(names)
    else:
        with pytest.raises(UsageError, match="format"):
            check_formats(names)


def test_trying_an_output_folder_makes_it_and_leaves_it_empty(tmp_path):
    check_output_folder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_file_is_no_output_folder(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="not a folder"):
        check_output_folder(tmp_path / "file")


def test_another_image_with_a_used_identifier_is_refused_and_not_called_a_repeat(tmp_path):
    writer = ResultWriter(tmp_path, ALGORITHM, ["json"])
    for seed in (1, 1, 2):
        mammogram = read(seed, SOPInstanceUID="1.2.3.4")
        writer.add(mammogram, analysed(mammogram))
    assert len(writer.images) == 1
    assert [refusal.code for refusal in writer.refused] == ["duplicate-identifier"]
    assert len(writer.notes) == 1


def test_an_image_without_a_study_identifier_does_not_cost_the_others_their_results(tmp_path):
    writer = ResultWriter(tmp_path, ALGORITHM, FORMATS)
    whole, nameless = read(1), read(2, StudyInstanceUID=None)
    writer.add(whole, analysed(whole))
    writer.add(nameless, replace(analysed(whole), sop_instance_uid=str(nameless.header.SOPInstanceUID)))
    assert "findings.json" in [path.name for path in writer.finish()]
    assert len(writer.images) == 2
    assert len(writer.problems) == 1


def test_reports_of_several_views_name_each_device_that_one_was_analysed_on(tmp_path):
    gpu, cpu = "cuda (H200, PyTorch, bf16)", "cpu (PyTorch, fp32)"
    writer = ResultWriter(tmp_path, ALGORITHM, ["json"])
    for seed, device in enumerate((cpu, gpu)):
        writer.algorithm = replace(ALGORITHM, device=device)
        mammogram = read(seed)
        writer.add(mammogram, analysed(mammogram))
    writer.finish()
    written = Findings.from_json((tmp_path / "findings.json").read_text())
    assert written.algorithm == writer.algorithm == replace(ALGORITHM, device=f"{cpu} and {gpu}")
