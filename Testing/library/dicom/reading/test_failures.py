from __future__ import annotations

import struct
import threading
import warnings

import pytest
from pydicom.errors import BytesLengthException, InvalidDicomError

from MCDetect.dicom.failures import reporting, without_warnings
from MCDetect.errors import InputError


@pytest.mark.parametrize(
    "failure",
    [
        ValueError("Secret^Person"),
        KeyError("x"),
        EOFError(),
        NotImplementedError(),
        UnicodeDecodeError("ascii", b"x", 0, 1, "y"),
        BytesLengthException(),
        InvalidDicomError(),
        RecursionError(),
        OSError(5, "Input/output error"),
        ZeroDivisionError(),
        struct.error(),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_a_failure_of_pydicom_becomes_the_sentence_and_keeps_its_cause(failure):
    with pytest.raises(InputError) as caught, reporting("a-code", "A sentence.", "A hint."):
        raise failure
    assert (caught.value.code, str(caught.value)) == ("a-code", "A sentence. A hint.")
    assert caught.value.__cause__ is failure


def test_a_refusal_and_an_interruption_pass_unchanged():
    for passing in (InputError("other", "Another sentence."), KeyboardInterrupt()):
        with pytest.raises(type(passing)) as caught, reporting("a-code", "A sentence."):
            raise passing
        assert caught.value is passing


def test_the_warning_filters_are_restored_when_threads_overlap():
    before = list(warnings.filters)
    first_is_in, second_is_in, first_is_out = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with without_warnings():
            first_is_in.set()
            assert second_is_in.wait(10)
        first_is_out.set()

    def second() -> None:
        assert first_is_in.wait(10)
        with without_warnings():
            second_is_in.set()
            assert first_is_out.wait(10)

    threads = [threading.Thread(target=target) for target in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert first_is_out.is_set()
    assert list(warnings.filters) == before
