"""Compressed pixels are decoded in a process of their own, with the same result and the same words."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless
from support.sample_files import write_compressed, write_mammogram

from MCDetect.dicom.reading import read_mammogram
from MCDetect.errors import InputError
from MCDetect.review import child
from MCDetect.review.decoding_process import read_in_process
from MCDetect.review.examination import open_examination

SMALL = (300, 240)


def assert_same(one, other):
    np.testing.assert_array_equal(one.pixels, other.pixels)
    np.testing.assert_array_equal(one.valid, other.valid)
    assert one.pixels.dtype == other.pixels.dtype
    assert (one.spacing, one.laterality, one.view, one.source) == (
        other.spacing, other.laterality, other.view, other.source,
    )  # fmt: skip
    assert one.warnings == other.warnings
    assert one.header == other.header


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless])
def test_a_compressed_mammogram_is_the_same_as_one_that_is_read_here(tmp_path, syntax, monkeypatch):
    path = write_compressed(tmp_path / "1.dcm", syntax, SMALL)
    here = read_mammogram(path)
    started = []
    start = child.start
    monkeypatch.setattr(child, "start", lambda *given: started.append(given) or start(*given))
    assert_same(read_in_process(path), here)
    assert started == [("MCDetect.review.decoding_process", None)]


def test_an_uncompressed_mammogram_needs_no_process(tmp_path):
    path = write_mammogram(tmp_path / "1.dcm")
    assert_same(read_in_process(path, python="/no/such/python"), read_mammogram(path))


def test_a_damaged_file_is_refused_in_the_same_words(tmp_path, monkeypatch):
    path = write_compressed(tmp_path / "damaged.dcm", shape=SMALL)
    start, size_of_image, rest = path.read_bytes().partition(b"\xff\x4f\xff\x51")  # start of codestream (JPEG 2000)
    path.write_bytes(start + size_of_image + bytes(60) + rest[60:])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as here:
        read_mammogram("damaged.dcm")
    with pytest.raises(InputError) as there:
        read_in_process(path.relative_to(tmp_path))
    assert (there.value.code, there.value.message, there.value.hint) == (
        here.value.code, here.value.message, here.value.hint,
    )  # fmt: skip


@pytest.mark.parametrize("python", ["/no/such/python", "dies"])
def test_a_process_that_dies_is_told_in_one_sentence(tmp_path, python):
    path = write_compressed(tmp_path / "1.dcm", shape=SMALL)
    if python == "dies":
        python = tmp_path / "python"
        python.write_text("#!/bin/sh\necho '{\"shape\": [300, 240]}'\nkill -9 $$\n")
        python.chmod(0o755)
    with pytest.raises(InputError) as caught:
        read_in_process(path, python=str(python))
    assert caught.value.code == "decoder-died"


def test_the_views_of_an_examination_are_read_with_what_the_viewer_says(tmp_path):
    path = write_mammogram(tmp_path / "1.dcm")
    examination = open_examination([path])
    asked = []
    examination.read_with(lambda file, spacing_mm: asked.append((file, spacing_mm)) or read_mammogram(file, spacing_mm))
    (view,) = examination.views
    assert view.mammogram() is view.mammogram()
    assert asked == [(path, None)]
