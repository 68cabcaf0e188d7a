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
