from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import UID

from MCDetect.dicom.identifiers import content_digest, stable_uid
from MCDetect.findings import Algorithm, ImageFindings


@given(st.lists(st.text(), min_size=1))
def test_every_identifier_is_valid_and_the_same_when_asked_again(parts: list[str]) -> None:
    uid = stable_uid(*parts)
    assert UID(uid).is_valid
    assert uid.startswith("2.25.")
    assert uid == stable_uid(*parts)


@given(st.lists(st.text(), min_size=1), st.lists(st.text(), min_size=1))
def test_different_parts_give_different_identifiers(first: list[str], second: list[str]) -> None:
    assert (stable_uid(*first) == stable_uid(*second)) == (first == second)


def test_an_identifier_never_changes_between_versions() -> None:
    assert stable_uid("a", "b") == "2.25.105077000466819268013233175913830041453"


def test_an_identifier_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one part"):
        stable_uid()


def test_the_digest_depends_on_findings_and_model_but_not_on_the_device(
    make_mammogram: Callable[..., Dataset], find: Callable[..., ImageFindings], algorithm: Algorithm
) -> None:
    image = find(make_mammogram())
    digest = content_digest([image], algorithm)
    assert digest == content_digest([image], replace(algorithm, device="cuda:0"))
    assert digest != content_digest([image], replace(algorithm, threshold=0.3751))
    assert digest != content_digest([image, image], algorithm)
    moved = replace(image.calcifications[0], row=image.calcifications[0].row + 0.001)
    assert digest != content_digest([replace(image, calcifications=(moved, *image.calcifications[1:]))], algorithm)
