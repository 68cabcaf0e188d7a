"""Slicer goes on answering while its DICOM browser loads: nothing of ours holds up its thread for 100 ms."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest
import slicer
from support.review_examples import ALGORITHM, many_findings
from support.sample_files import write_compressed, write_mammogram
from support.slicer_application import LayoutManager
from support.undisturbed import undisturbed
from support.waiting_for_slicer import until

from MCDetect.findings import Findings
from MCDetect.review.examination import open_examination
from MCDetect.review.exporting import export

pytestmark = undisturbed

_LONGEST_WORK = 0.1
_LONGEST_PAUSE = 0.15
"""As in the tests of the window."""


@pytest.fixture
def plugin(application):
    """Return an instance of the plugin that the module has registered."""
    from SlicerMCDetect import SlicerMCDetect

    SlicerMCDetect(SimpleNamespace())
    return slicer.modules.dicomPlugins["MCDetectDICOMPlugin"]()


@pytest.fixture
def watchdog(application, monkeypatch):
    """Return a function that begins to look how long Slicer's thread was not free.

    The views of a layout are made by Slicer; those of the stand-in take 80 ms each.
    """
    from support.watchdog import Watchdog

    begun = []

    def begin():
        application.processEvents()
        begun.append(Watchdog(monkeypatch, (LayoutManager, "setLayout")))
        return begun[-1]

    yield begin
    for one in begun:
        one.stop()


def test_slicer_answers_while_a_compressed_mammogram_is_decoded(application, plugin, watchdog, tmp_path):
    file = slicer.dicomDatabase.add(write_compressed(tmp_path / "1.dcm"))
    looking = watchdog()
    (loadable,) = plugin.examineForImport([[file]])
    begin = time.perf_counter()
    assert plugin.load(loadable), application.told
    taken = time.perf_counter() - begin
    application.processEvents()
    looking.stop()
    # It is there when the call has returned, which is what Slicer's browser asks for.
    (node,) = plugin.in_hierarchy
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(node)[0], pydicom.dcmread(file).pixel_array)
    assert taken > 2 * _LONGEST_PAUSE, "decoding was too quick for this test to show anything"
    assert looking.work < _LONGEST_WORK
    assert looking.pause < _LONGEST_PAUSE
    assert any("R CC" in text for text in application.status)


def test_slicer_answers_while_many_findings_are_read(application, module, plugin, watchdog, tmp_path):
    image = write_mammogram(tmp_path / "1.dcm")
    examination = open_examination([image])
    findings = Findings(ALGORITHM, (many_findings(examination.views[0]),))
    exported = export(findings, examination, tmp_path / "results", ("seg", "cad-sr", "measurements-sr"))
    assert exported.problems == ()
    slicer.dicomDatabase.add(image)
    files = [slicer.dicomDatabase.add(file) for file in exported.dicom_files]
    looking = watchdog()
    (loadable,) = plugin.examineForImport([files])
    assert plugin.load(loadable), application.told
    until(application, lambda: module.seat.session is not None and len(module.seat.session.shown_findings()) == 24)
    looking.stop()
    assert looking.work < _LONGEST_WORK
