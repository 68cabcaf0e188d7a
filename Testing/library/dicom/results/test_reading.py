"""Results that do not fit together or are damaged are refused in one sentence."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from support.reading_of_anything import outcome
from support.small_examination import small_mammogram

from MCDetect.dicom.results.reading import kind_of_result, read_results
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.content_tree import content_tree
from MCDetect.errors import InputError, UsageError

RESULTS = ("seg", "cad-sr", "measurements-sr")


def test_the_kinds_of_results_are_told(objects: dict[str, bytes]) -> None:
    kinds = {name: kind_of_result(dcmread(BytesIO(content))) for name, content in objects.items()}
    assert kinds == {"mammogram": None, "seg": "seg", "cad-sr": "cad-sr", "measurements-sr": "measurements-sr"}


def test_nothing_is_no_result() -> None:
    with pytest.raises(UsageError, match="nothing to read"):
        read_results([])


def test_results_of_two_models_are_not_mixed(objects: dict[str, bytes]) -> None:
    datasets = [dcmread(BytesIO(objects[kind])) for kind in ("cad-sr", "measurements-sr")]
    for item in content_tree(datasets[0]).values():
        if "c0ffee" in str(item.get("TextValue", "")):
            item.TextValue = item.TextValue.replace("c0ffee", "decade")
    with pytest.raises(UsageError, match="different models"):
        read_results(datasets)


def test_results_of_one_model_on_two_devices_are_read_together(objects: dict[str, bytes]) -> None:
    datasets = [dcmread(BytesIO(objects[kind])) for kind in ("cad-sr", "measurements-sr")]
    for item in content_tree(datasets[1]).values():
        if str(item.get("TextValue", "")).startswith("Device: "):
            item.TextValue = "Device: cuda"
    assert read_results(datasets).algorithm.device in ("cpu", "cuda")


def test_a_finding_outside_of_its_image_is_refused(objects: dict[str, bytes]) -> None:
    report = dcmread(BytesIO(objects["cad-sr"]))
    for item in content_tree(report).values():
        if item.get("GraphicType") == "POINT":
            item.GraphicData = [900.0, 900.0]
    with pytest.raises(InputError, match="outside its image") as caught:
        read_results([report], [small_mammogram(0)])
    assert caught.value.code == "damaged-result"


def test_without_a_spacing_the_mammogram_is_asked_for(objects: dict[str, bytes]) -> None:
    report = dcmread(BytesIO(objects["cad-sr"]))
    for item in content_tree(report).values():
        if "ContentSequence" in item:
            names = (codes.VERTICAL_PIXEL_SPACING.value, codes.HORIZONTAL_PIXEL_SPACING.value)
            item.ContentSequence = [
                child
                for child in item.ContentSequence
                if "ConceptNameCodeSequence" not in child or child.ConceptNameCodeSequence[0].CodeValue not in names
            ]
    with pytest.raises(InputError, match="how many millimetres") as caught:
        read_results([report])
    assert "--source" in caught.value.hint
    assert read_results([report], [small_mammogram(0), small_mammogram(1)]).images[0].spacing_mm == (0.07, 0.07)


@pytest.mark.parametrize("kind", RESULTS)
def test_a_result_cut_at_any_place_is_refused(objects: dict[str, bytes], kind: str, tmp_path: Path) -> None:
    path = tmp_path / "cut.dcm"
    results = set()
    for offset in np.linspace(1, len(objects[kind]) - 1, 40).astype(int):
        path.write_bytes(objects[kind][:offset])
        results.add(outcome(path))
    assert "truncated" in results
    assert results <= {"truncated", "not-dicom", "not-a-result", "damaged-result", "no-spacing", "read"}
