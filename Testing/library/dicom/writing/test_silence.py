"""pydicom's remarks, which quote values of the header, stay off the terminal while another thread reads."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pydicom.dataset import Dataset

from MCDetect.dicom.failures import without_warnings
from MCDetect.dicom.writing import reader_texts
from MCDetect.dicom.writing.damage import damage_told_plainly


@contextmanager
def reader() -> Iterator[Callable[[], None]]:
    """Have a thread that keeps warnings away as one that reads a header does; give what lets it come to its end."""
    is_in, may_leave = threading.Event(), threading.Event()

    def read() -> None:
        with without_warnings():
            is_in.set()
            assert may_leave.wait(10)

    def leave() -> None:
        may_leave.set()
        thread.join()

    thread = threading.Thread(target=read)
    thread.start()
    assert is_in.wait(10)
    yield leave
    leave()


@pytest.mark.filterwarnings("error")
def test_warnings_stay_away_while_objects_are_made_and_come_back_afterwards():
    before = list(warnings.filters)
    with reader() as leave, damage_told_plainly("the view R CC"):
        leave()
        warnings.warn("Invalid value for VR DA: '19510203x'", stacklevel=1)
    assert list(warnings.filters) == before


@pytest.mark.filterwarnings("error")
def test_warnings_stay_away_while_texts_are_encoded_and_come_back_afterwards(monkeypatch):
    before = list(warnings.filters)
    original = reader_texts.encode_string
    source = Dataset()
    source.SpecificCharacterSet = "ISO_IR 100"
    with reader() as leave:

        def encode(*arguments):
            leave()
            return original(*arguments)

        monkeypatch.setattr(reader_texts, "encode_string", encode)
        assert not reader_texts.fits(["Dr. \u0141ukasz"], source), "pydicom warns of what it cannot encode"
    assert list(warnings.filters) == before
