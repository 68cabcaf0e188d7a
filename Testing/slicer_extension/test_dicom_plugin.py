"""What Slicer's DICOM browser is offered, and what loading it does."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest
import slicer
from pydicom.uid import (
    BreastProjectionXRayImageStorageForPresentation,
    BreastTomosynthesisImageStorage,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)
from support.sample_files import synthesised, write_mammogram
from support.waiting_for_slicer import lines_in_scene, opened, until


@pytest.fixture
def plugin(application):
    """Return an instance of the plugin that the module has registered."""
    from SlicerMCDetect import SlicerMCDetect

    SlicerMCDetect(SimpleNamespace())
    return slicer.modules.dicomPlugins["MCDetectDICOMPlugin"]()


@pytest.fixture
def results(mammogram, tmp_path):
    """Write all DICOM results of the mammogram, and return their files by kind."""
    return results_of(mammogram, tmp_path)


def results_of(mammogram, tmp_path):
    from SlicerMCDetectLib.self_test import findings_of

    from MCDetect.dicom.reading import read_mammogram
    from MCDetect.results import ResultWriter

    findings = findings_of(mammogram, (512, 400), places=((250, 310), (245, 322), (262, 305), (258, 330)))
    writer = ResultWriter(tmp_path / "results", findings.algorithm, {"seg", "cad-sr", "measurements-sr"})
    writer.add(read_mammogram(mammogram), findings.images[0])
    files = writer.finish()
    assert not writer.problems
    return {path.name.partition("_")[0]: path for path in files}


def test_a_mammogram_is_offered_above_all_other_readers(plugin, mammogram):
    ((loadable),) = plugin.examineForImport([[slicer.dicomDatabase.add(mammogram)]])
    assert loadable.confidence > 0.95
    assert loadable.selected
    assert loadable.files == [mammogram]
    assert loadable.name == "R CC"
    # Slicer shows names and tips in its browser and log.
    assert "Secret" not in loadable.name + loadable.tooltip + loadable.warning


def test_a_loaded_mammogram_has_the_pixels_and_the_window_of_its_file(plugin, mammogram):
    (loadable,) = plugin.examineForImport([[slicer.dicomDatabase.add(mammogram)]])
    assert plugin.load(loadable)
    (node,) = plugin.in_hierarchy
    dataset = pydicom.dcmread(mammogram)
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(node)[0], dataset.pixel_array)
    assert node.GetAttribute("DICOM.instanceUIDs") == dataset.SOPInstanceUID
    assert not node.GetDisplayNode().GetAutoWindowLevel()


def loaded(plugin, path):
    (loadable,) = plugin.examineForImport([[slicer.dicomDatabase.add(path)]])
    assert plugin.load(loadable)
    return plugin.in_hierarchy[-1]


def test_the_window_of_the_header_is_used(plugin, tmp_path):
    node = loaded(plugin, write_mammogram(tmp_path / "1.dcm", WindowCenter=1800, WindowWidth=900))
    display = node.GetDisplayNode()
    assert (display.GetWindow(), display.GetLevel()) == (pytest.approx(900, abs=1), pytest.approx(1800, abs=1))


def test_a_mammogram_that_is_stored_inverted_is_shown_bright_on_dark(plugin, tmp_path):
    path = write_mammogram(tmp_path / "1.dcm")
    bright = pydicom.dcmread(path).pixel_array
    dark = write_mammogram(
        tmp_path / "2.dcm", (4095 - bright).astype(np.uint16), PhotometricInterpretation="MONOCHROME1",
        PresentationLUTShape="INVERSE",
    )  # fmt: skip
    one, other = loaded(plugin, path), loaded(plugin, dark)
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(one), slicer.util.arrayFromVolume(other))


def test_what_was_loaded_last_is_shown_in_slicers_own_views(application, plugin, mammogram):
    application.views.add("Red", (200, 200))
    node = loaded(plugin, mammogram)
    composite = application.applicationLogic().GetSliceLogic(application.views.node("Red")).GetSliceCompositeNode()
    assert composite.GetBackgroundVolumeID() == node.GetID()


def test_mammograms_of_the_scene_are_opened_when_the_module_is(application, plugin, mammogram, request):
    (loadable,) = plugin.examineForImport([[slicer.dicomDatabase.add(mammogram)]])
    plugin.load(loadable)
    module = request.getfixturevalue("module")
    until(application, lambda: module.seat.session is not None)
    assert len(module.seat.session.examination.views) == 1


@pytest.mark.parametrize(("kind", "count"), [("cad-sr", 4), ("seg", 4), ("measurements-sr", 0)])
def test_results_are_offered_and_drawn_over_their_mammogram(  # noqa: PLR0917 -- fixtures
    application, module, plugin, mammogram, results, kind, count
):
    slicer.dicomDatabase.add(mammogram)
    (loadable,) = plugin.examineForImport([[slicer.dicomDatabase.add(results[kind])]])
    assert loadable.confidence > 0.95
    assert loadable.referencedInstanceUIDs == [pydicom.dcmread(mammogram).SOPInstanceUID]
    assert plugin.load(loadable), application.told
    until(application, lambda: bool(lines_in_scene()))
    ((_key, cluster),) = module.seat.session.shown_findings()
    assert cluster.count == 4
    assert len(cluster.member_ids) == count  # a measurement report has the number and no single calcification
    assert application.selected == "SlicerMCDetect"
    assert application.told == []


MAMMOGRAMS_OF_OTHER_CLASSES = {
    "synthesised": synthesised(),
    "projection": {"SOPClassUID": BreastProjectionXRayImageStorageForPresentation},
    "digital X-ray": {"SOPClassUID": DigitalXRayImageStorageForPresentation},
    "secondary capture": {"SOPClassUID": SecondaryCaptureImageStorage, "PixelSpacing": [0.07, 0.07]},
}


@pytest.mark.parametrize("name", MAMMOGRAMS_OF_OTHER_CLASSES)
@pytest.mark.parametrize("kind", ["cad-sr", "seg", "measurements-sr"])
def test_mammograms_of_every_class_that_is_read_are_offered_and_so_are_results_about_them(  # noqa: PLR0917
    application, module, plugin, tmp_path, name, kind
):
    image = write_mammogram(tmp_path / "image.dcm", **MAMMOGRAMS_OF_OTHER_CLASSES[name])
    (loadable,) = plugin.examineForImport([[slicer.dicomDatabase.add(image)]])
    assert loadable.name == ("L CC" if name == "synthesised" else "R CC")
    result = results_of(str(image), tmp_path)[kind]
    (loadable,) = plugin.examineForImport([[slicer.dicomDatabase.add(result)]])
    assert loadable.referencedInstanceUIDs == [pydicom.dcmread(image).SOPInstanceUID]
    assert plugin.load(loadable), application.told
    until(application, lambda: bool(lines_in_scene()))
    assert application.told == []


def test_slices_of_a_tomosynthesis_that_a_report_refers_to_are_not_opened(  # noqa: PLR0917
    application, module, plugin, tmp_path, mammogram, results
):
    slices = write_mammogram(tmp_path / "slices.dcm", SOPClassUID=BreastTomosynthesisImageStorage, NumberOfFrames=9)
    for path in (mammogram, slices):
        slicer.dicomDatabase.add(path)
    report = pydicom.dcmread(results["cad-sr"])
    (series,) = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    reference = copy.deepcopy(series.ReferencedSOPSequence[0])
    reference.ReferencedSOPClassUID = BreastTomosynthesisImageStorage
    reference.ReferencedSOPInstanceUID = pydicom.dcmread(slices).SOPInstanceUID
    series.ReferencedSOPSequence.append(reference)
    report.save_as(results["cad-sr"])
    (loadable,) = plugin.examineForImport([[slicer.dicomDatabase.add(results["cad-sr"])]])
    assert plugin.load(loadable)
    until(application, lambda: bool(lines_in_scene()))
    assert [str(view.path) for view in module.seat.session.examination.views] == [str(mammogram)]
    assert module.seat.session.examination.refused == ()
    assert application.told == []


def test_a_cad_report_of_another_maker_is_drawn_too(application, module, plugin, mammogram, results):
    report = pydicom.dcmread(results["cad-sr"])
    report.Manufacturer = "Other Maker"
    report.save_as(results["cad-sr"])
    slicer.dicomDatabase.add(mammogram)
    (loadable,) = plugin.examineForImport([[slicer.dicomDatabase.add(results["cad-sr"])]])
    assert loadable.confidence > 0.95
    assert plugin.load(loadable)
    until(application, lambda: bool(lines_in_scene()))
    assert len(module.seat.session.shown_findings()) == 1
    assert application.told == []


@pytest.mark.parametrize("kind", ["seg", "measurements-sr"])
def test_segmentations_and_reports_of_other_makers_are_left_to_slicers_own_readers(plugin, results, kind):
    other = pydicom.dcmread(results[kind])
    other.Manufacturer = "Other Maker"
    other.save_as(results[kind])
    assert plugin.examineForImport([[slicer.dicomDatabase.add(results[kind])]]) == []


def test_results_whose_mammograms_are_not_there_are_told_in_one_sentence(application, module, plugin, results):
    (loadable,) = plugin.examineForImport([[slicer.dicomDatabase.add(results["cad-sr"])]])
    assert not plugin.load(loadable)
    ((text, details),) = application.told
    assert "not in the DICOM database" in text
    assert details == ""


def test_a_file_that_vanished_is_told_in_one_sentence(application, plugin, mammogram, tmp_path):
    (loadable,) = plugin.examineForImport([[slicer.dicomDatabase.add(mammogram)]])
    (tmp_path / "R_CC.dcm").unlink()
    assert not plugin.load(loadable)
    ((text, _details),) = application.told
    assert "R_CC.dcm" in text


def test_other_objects_are_left_to_slicers_own_readers(plugin, tmp_path, mammogram):
    others = [
        write_mammogram(tmp_path / "ct.dcm", SOPClassUID=CTImageStorage, Modality="CT"),
        write_mammogram(tmp_path / "tomosynthesis.dcm", SOPClassUID=BreastTomosynthesisImageStorage),
        write_mammogram(tmp_path / "segmentation of something.dcm", SOPClassUID=SegmentationStorage, Modality="SEG"),
        write_mammogram(tmp_path / "raw.dcm", PresentationIntentType="FOR PROCESSING"),
    ]
    damaged = tmp_path / "damaged.dcm"
    slicer.dicomDatabase.headers[str(damaged)] = pydicom.dcmread(mammogram, stop_before_pixels=True)
    damaged.write_bytes(b"no DICOM")
    files = [slicer.dicomDatabase.add(path) for path in others]
    assert plugin.examineForImport([files, [str(damaged)], []]) == []


def test_an_examination_that_is_open_stays_when_a_result_of_it_is_loaded_twice(
    application, module, plugin, mammogram, results
):
    slicer.dicomDatabase.add(mammogram)
    opened(application, module, mammogram)
    for _ in range(2):
        (loadable,) = plugin.examineForImport([[slicer.dicomDatabase.add(results["cad-sr"])]])
        before = module.seat.session
        assert plugin.load(loadable)
        until(application, lambda before=before: module.seat.session not in (None, before))
    assert len(module.seat.session.shown_findings()) == 1
    assert application.told == []
