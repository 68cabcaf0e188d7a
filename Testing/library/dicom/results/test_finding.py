from __future__ import annotations

import os

import pytest

from MCDetect.dicom.results.finding import find_results


@pytest.mark.skipif(os.name != "posix", reason="elsewhere such a name is not there")
def test_a_name_that_is_too_long_is_returned_so_that_its_refusal_is_told():
    assert find_results(["a" * 300]) == ["a" * 300]
