from __future__ import annotations

import pytest
from pydicom.sr.codedict import codes

from MCDetect.dicom.orientation import MODIFIERS, VIEWS, decide_orientation
from MCDetect.dicom.reading import read_mammogram


@pytest.mark.parametrize(
    ("attributes", "laterality", "warned"),
    [
        ({"ImageLaterality": "L"}, "L", False),
        ({"ImageLaterality": "L", "Laterality": "L"}, "L", False),
        ({"ImageLaterality": "L", "Laterality": "R"}, "L", True),
        ({"ImageLaterality": None, "Laterality": "R"}, "R", False),
        ({"ImageLaterality": "", "Laterality": "R"}, "R", False),
        ({"ImageLaterality": "B"}, "", True),
        ({"ImageLaterality": None}, "", False),
        ({"ImageLaterality": ["L", "R"]}, "", True),
    ],
)
def test_laterality_comes_from_the_image_before_the_series(make_dataset, attributes, laterality, warned):
    mammogram = read_mammogram(make_dataset(**attributes))
    assert mammogram.laterality == laterality
    assert any("Laterality" in warning for warning in mammogram.warnings) is warned


@pytest.mark.parametrize(
    ("coded", "position", "expected", "warned"),
    [
        (("399162004", "SCT"), None, "CC", False),
        (("399368009", "SCT"), "MLO", "MLO", False),
        (("R-10242", "SRT"), None, "CC", False),
        (("R-10226", "SNM3"), None, "MLO", False),
        (("R-10242", "SRT"), "MLO", "CC", True),
        ((None, "SCT"), "MLO", "MLO", False),
        ((None, "SCT"), "CC ", "CC", False),
        ((None, "SCT"), "XCC", "XCCL", False),
        ((None, "SCT"), "AP", "", False),
        (("12345", "SCT"), None, "", False),
        (("12345", "99LOCAL"), "ML", "ML", False),
    ],
)
def test_the_view_comes_from_its_code_before_the_position(make_dataset, coded, position, expected, warned):
    view, scheme = coded
    mammogram = read_mammogram(make_dataset(view=view, scheme=scheme, ViewPosition=position))
    assert mammogram.view == expected
    assert any("ViewPosition" in warning for warning in mammogram.warnings) is warned


@pytest.mark.parametrize(("modifier", "scheme"), [("399163009", "SCT"), ("R-102D6", "SRT"), ("R-102D6", "99SDM")])
def test_view_modifiers_are_named(make_dataset, modifier, scheme):
    view = "399162004" if scheme == "SCT" else "R-10242"
    orientation = decide_orientation(make_dataset(view=view, modifiers=(modifier,), scheme=scheme))
    assert orientation.modifiers == ("magnification",)


@pytest.mark.parametrize(("table", "context_group"), [(VIEWS, "cid4014"), (MODIFIERS, "cid4015")])
def test_every_code_of_the_standards_context_group_is_known(table, context_group):
    group = getattr(codes, context_group)
    assert {getattr(group, name).value for name in group.dir()} == set(table)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"ImageLaterality": None, "view": None}, "which breast and which view"),
        ({"ImageLaterality": None}, "which breast it"),
        ({"view": None, "ViewPosition": "AP"}, "which view it"),
    ],
)
def test_a_header_without_orientation_leaves_it_unknown_and_says_so(make_dataset, changes, told):
    mammogram = read_mammogram(make_dataset(**changes))
    assert "" in (mammogram.laterality, mammogram.view)
    assert any(told in warning for warning in mammogram.warnings)


@pytest.mark.parametrize(
    ("keyword", "value", "told"),
    [
        ("ImageLaterality", "X", "says 'X', which is no side"),
        ("PatientOrientation", ["Q", "Z"], "which are no directions"),
        ("PatientOrientation", "A", "which are no directions"),
        ("PatientOrientation", ["A", "?"], "which are no directions"),
        ("ImageLaterality", "Secret Name of a patient", "says something else"),
    ],
)
def test_a_value_that_makes_no_sense_is_told(make_dataset, keyword, value, told):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pydicom.config.settings._writing_validation_mode", 0)
        dataset = make_dataset(**{keyword: value})
    assert any(told in warning for warning in decide_orientation(dataset).warnings)
    assert not any("Secret" in warning for warning in decide_orientation(dataset).warnings)


@pytest.mark.parametrize(
    ("view", "directions", "contradicts"),
    [
        ("399162004", ["P", "L"], False),
        ("399162004", ["A", "R"], False),
        ("399162004", ["L", "P"], False),
        ("399162004", ["P", "F"], True),
        ("399162004", ["A", "P"], True),
        ("399368009", ["A", "FR"], False),
        ("399368009", ["P", "HL"], False),
        ("399368009", ["A", "R"], True),
        ("399260004", ["A", "F"], False),
    ],
)
def test_an_orientation_of_another_view_is_told(make_dataset, view, directions, contradicts):
    orientation = decide_orientation(make_dataset(view=view, ViewPosition=None, PatientOrientation=directions))
    told = [warning for warning in orientation.warnings if "PatientOrientation" in warning]
    assert len(told) == contradicts
