"""Errors a user may see."""

from __future__ import annotations

import pickle

import pytest

from MCDetect import errors

CHILDREN = [errors.InputError, errors.UsageError, errors.OutputError, errors.ModelError, errors.DeviceError]


@pytest.mark.parametrize("kind", [errors.MCDetectError, *CHILDREN])
def test_an_error_survives_the_way_back_from_another_process(kind):
    error = pickle.loads(pickle.dumps(kind("not-dicom", "a.txt is not DICOM.", "Give a DICOM file.")))
    assert type(error) is kind
    assert (error.code, error.message, error.hint) == ("not-dicom", "a.txt is not DICOM.", "Give a DICOM file.")


def test_an_error_reads_as_message_and_hint():
    assert str(errors.InputError("not-dicom", "a.txt is not DICOM.", "Give a DICOM file.")) == (
        "a.txt is not DICOM. Give a DICOM file."
    )
    assert str(errors.InputError("not-dicom", "a.txt is not DICOM.")) == "a.txt is not DICOM."


@pytest.mark.parametrize("kind", CHILDREN)
def test_every_error_is_caught_as_one_of_this_library(kind):
    with pytest.raises(errors.MCDetectError):
        raise kind("code", "Message.")


def test_where_an_error_arose_is_told_without_its_text_and_that_of_its_causes():
    def fail():
        raise RuntimeError("SECRET^TWO") from KeyError("SECRET^ONE")

    with pytest.raises(RuntimeError) as caught:
        fail()
    *frames, kind = errors.where_it_arose(caught.value).splitlines()
    assert kind == "RuntimeError"
    assert [frame.rpartition(", line ")[0] for frame in frames] == [__file__] * 2
