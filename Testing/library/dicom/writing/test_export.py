# ruff: noqa: PLR0917 (fixtures are arguments)
from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from MCDetect.dicom import export
from MCDetect.dicom.export import FORMATS, write_image_objects, write_study_objects
from MCDetect.errors import OutputError
from MCDetect.findings import Algorithm


def test_the_formats_are_the_four_of_the_command_line() -> None:
    assert sorted(FORMATS) == ["cad-sr", "gsps", "measurements-sr", "seg"]


def test_file_names_say_kind_side_and_view_and_nothing_about_the_patient(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram("L", "MLO")
    image = find(header)
    paths = write_image_objects(image, header, algorithm, tmp_path, FORMATS)
    paths += write_study_objects([image], {image.sop_instance_uid: header}, algorithm, {}, tmp_path, FORMATS)
    patterns = ("seg_L_MLO", "gsps_L_MLO", "cad-sr", "measurements-sr")
    for path, pattern in zip(paths, patterns, strict=True):
        assert re.fullmatch(rf"{pattern}_[0-9a-f]{{8}}\.dcm", path.name)
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_two_images_of_the_same_view_do_not_overwrite_each_other(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    headers = [make_mammogram(number=number) for number in (1, 2)]
    paths = [
        path for header in headers for path in write_image_objects(find(header), header, algorithm, tmp_path, FORMATS)
    ]
    assert len(set(paths)) == len(list(tmp_path.iterdir())) == 4


def test_a_view_from_a_hostile_header_cannot_leave_the_folder(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram()
    image = replace(find(header), view="../../x y")
    (path, _) = write_image_objects(image, header, algorithm, tmp_path / "out", FORMATS)
    assert path.parent == tmp_path / "out"
    assert path.name.startswith("seg_R_xy_")


def test_only_the_formats_asked_for_are_written(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram()
    image = find(header)
    sources = {image.sop_instance_uid: header}
    for kind in FORMATS:
        paths = write_image_objects(image, header, algorithm, tmp_path / kind, frozenset({kind}))
        paths += write_study_objects([image], sources, algorithm, {}, tmp_path / kind, frozenset({kind}))
        assert [path.name.split("_")[0] for path in paths] == [kind]
    assert write_image_objects(image, header, algorithm, tmp_path / "none", frozenset()) == []
    assert not (tmp_path / "none").exists()


def test_the_same_findings_give_the_same_identifiers_and_other_findings_others(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram()

    def identifiers(image: Any, by: Algorithm) -> list[tuple[str, str]]:
        paths = write_image_objects(image, header, by, tmp_path, FORMATS)
        paths += write_study_objects([image], {image.sop_instance_uid: header}, by, {}, tmp_path, FORMATS)
        return [(str(dcmread(path).SOPInstanceUID), str(dcmread(path).SeriesInstanceUID)) for path in paths]

    first = identifiers(find(header), algorithm)
    assert identifiers(find(header), replace(algorithm, device="cuda:0")) == first
    changed = identifiers(find(header, seed=1), algorithm)
    assert not {uid for uid, _ in changed} & {uid for uid, _ in first}
    assert [series for _, series in changed] == [series for _, series in first]
    other_model = identifiers(find(header), replace(algorithm, bundle_sha256="ab" * 32))
    assert not {uid for pair in other_model for uid in pair} & {uid for pair in first for uid in pair}
    assert len({uid for pair in first for uid in pair}) == 8


def test_only_the_times_differ_when_the_same_findings_are_written_again(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram()
    image = find(header)
    for folder in ("first", "second"):
        write_image_objects(image, header, algorithm, tmp_path / folder, FORMATS)
        sources = {image.sop_instance_uid: header}
        write_study_objects([image], sources, algorithm, {}, tmp_path / folder, FORMATS)
    for path in sorted((tmp_path / "first").iterdir()):
        pair = [dcmread(path), dcmread(tmp_path / "second" / path.name)]
        for dataset in pair:
            for prefix in ("InstanceCreation", "Content", "PresentationCreation"):
                for keyword in (f"{prefix}Date", f"{prefix}Time"):
                    if keyword in dataset:
                        delattr(dataset, keyword)
        assert pair[0] == pair[1]


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"])
@pytest.mark.parametrize("value", ["", "not-a-uid", None])
def test_a_header_that_nothing_can_refer_to_is_refused_in_one_sentence(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path, keyword: str, value: str | None
) -> None:
    header = make_mammogram()
    image = find(header)
    if value is None:
        delattr(header, keyword)
    else:
        header.add_new(keyword, "LO", value)  # a UI would be refused by pydicom already
    for write in (
        lambda: write_image_objects(image, header, algorithm, tmp_path, FORMATS),
        lambda: write_study_objects([image], {image.sop_instance_uid: header}, algorithm, {}, tmp_path, FORMATS),
        lambda: write_study_objects([], {}, algorithm, {"1.2": header}, tmp_path, FORMATS),
    ):
        with pytest.raises(OutputError) as caught:
            write()
        assert caught.value.code == "incomplete-source"
        assert caught.value.message == (
            f"DICOM results of the view R CC cannot be written because its header has no valid {keyword}."
        )
    assert list(tmp_path.iterdir()) == []


def test_a_header_that_nothing_can_refer_to_is_named_by_its_class_where_its_view_is_unknown(
    make_mammogram: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram(SeriesInstanceUID=None, ImageLaterality=None, ViewCodeSequence=None)
    header.add_new("ViewCodeSequence", "LO", "damaged")
    with pytest.raises(OutputError) as caught:
        write_study_objects([], {}, algorithm, {"1.2": header}, tmp_path, FORMATS)
    assert "an unknown view (Digital Mammography X-Ray Image Storage - For Presentation)" in caught.value.message
    assert header.PatientID not in str(caught.value)


def test_findings_of_another_image_are_refused(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    image = find(make_mammogram("L"))
    for header in (make_mammogram("R"), make_mammogram("L", Rows=421), make_mammogram("L", StudyInstanceUID="1.2.3")):
        with pytest.raises(OutputError, match="belong to another image"):
            write_image_objects(image, header, algorithm, tmp_path, FORMATS)
        with pytest.raises(OutputError, match="belong to another image"):
            write_study_objects([image], {image.sop_instance_uid: header}, algorithm, {}, tmp_path, FORMATS)


@pytest.mark.parametrize("change", [{"StudyInstanceUID": "1.2.3"}, {"PatientID": "P-43"}])
def test_a_report_about_two_studies_or_patients_is_refused(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path, change: dict[str, str]
) -> None:
    headers = [make_mammogram("L"), make_mammogram("R", **change)]
    images = [find(header) for header in headers]
    sources = {str(header.SOPInstanceUID): header for header in headers}
    with pytest.raises(OutputError) as caught:
        write_study_objects(images, sources, algorithm, {}, tmp_path, FORMATS)
    assert caught.value.code == "mixed-studies"
    assert "P-4" not in str(caught.value)


def test_an_image_given_twice_is_reported_once_and_other_headers_do_not_matter(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    other, header = make_mammogram("L", StudyInstanceUID="1.2.3", PatientID="P-43"), make_mammogram("R")
    image = find(header)
    sources = {str(one.SOPInstanceUID): one for one in (other, header)}
    refused = {"the same": header}
    paths = write_study_objects([image, image], sources, algorithm, refused, tmp_path, FORMATS)
    for path in paths:
        report = dcmread(path)
        (series,) = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
        assert [item.ReferencedSOPInstanceUID for item in series.ReferencedSOPSequence] == [header.SOPInstanceUID]
        assert report.PatientID == "P-42"
    assert len(paths) == 2


def test_nothing_is_written_about_nothing(algorithm: Algorithm, tmp_path: Path) -> None:
    assert write_study_objects([], {}, algorithm, {}, tmp_path, FORMATS) == []


def test_calcifications_outside_of_the_image_are_refused(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram()
    image = find(header)
    outside = replace(image.calcifications[0], runs=((500, 3, 2),))
    image = replace(image, calcifications=(outside, *image.calcifications[1:]))
    with pytest.raises(OutputError) as caught:
        write_image_objects(image, header, algorithm, tmp_path, FORMATS)
    assert caught.value.code == "invalid-findings"
    assert list(tmp_path.iterdir()) == []


def test_an_object_that_fails_its_check_does_not_get_its_name(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = make_mammogram()
    original = export.segmentation

    def faulty(*arguments: Any) -> Any:
        dataset = original(*arguments)
        dataset.PixelData = bytes(len(dataset.PixelData))
        return dataset

    monkeypatch.setattr(export, "segmentation", faulty)
    with pytest.raises(OutputError) as caught:
        write_image_objects(find(header), header, algorithm, tmp_path, frozenset({"seg"}))
    assert caught.value.code == "invalid-object"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram()
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError) as caught:
        write_image_objects(find(header), header, algorithm, tmp_path / "file", FORMATS)
    assert caught.value.code == "cannot-write"


def test_a_full_disk_leaves_nothing_behind(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    resource = pytest.importorskip("resource", reason="files cannot be limited here")
    header = make_mammogram()
    image = find(header)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(OutputError) as caught:
            write_image_objects(image, header, algorithm, tmp_path, FORMATS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.code == "cannot-write"
    assert list(tmp_path.iterdir()) == []
    causes: list[BaseException] = []
    cause = caught.value.__cause__
    while cause is not None:
        assert cause not in causes, "the causes go in a circle"
        causes.append(cause)
        cause = cause.__cause__


def test_reports_name_a_lower_precision_and_have_identifiers_of_their_own(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram("R", "CC")
    image, sources = find(header, 1, 0), {str(header.SOPInstanceUID): header}

    def reports(device: str) -> list[Any]:
        made = replace(algorithm, device=device)
        paths = write_study_objects([image], sources, made, {}, tmp_path, frozenset({"cad-sr", "measurements-sr"}))
        return [dcmread(path) for path in paths]

    full, lower, other = reports("cpu"), reports("cpu (OpenVINO, bf16)"), reports("cuda")
    assert [one.SOPInstanceUID for one in full] == [one.SOPInstanceUID for one in other]
    for one, other_one in zip(full, lower, strict=True):
        assert one.SOPInstanceUID != other_one.SOPInstanceUID
        assert "Precision: bf16" not in str(one)
        assert "Precision: bf16" in str(other_one)
