from __future__ import annotations

import pydicom
import pytest
from support.sample_files import CLUSTER, bright_pixels, write_mammogram

from MCDetect.errors import InputError, UsageError
from MCDetect.findings import Refusal
from MCDetect.inference.detector import Detector
from MCDetect.inference.pipeline import detect, detect_each


@pytest.fixture(scope="module")
def detector(bundle_folder):
    return Detector.load(bundle_folder, "cpu")


@pytest.fixture(scope="module")
def examination(tmp_path_factory):
    """Write a folder of two mammograms, the second without findings."""
    folder = tmp_path_factory.mktemp("examination")
    write_mammogram(folder / "1.dcm")
    write_mammogram(folder / "2.dcm", bright_pixels((), seed=3), ImageLaterality="L")
    return folder


def test_a_folder_gives_findings_for_every_view(bundle_folder, examination):
    findings = detect(examination, bundle=bundle_folder, device="cpu", operating_point=0.0)
    assert [(image.laterality, len(image.clusters)) for image in findings.images] == [("R", 1), ("L", 0)]
    assert findings.images[0].clusters[0].count == len(CLUSTER)
    assert findings.refused == ()


def test_a_dataset_in_memory_gives_the_findings_of_its_file(bundle_folder, examination):
    path = examination / "1.dcm"
    from_file = detect(path, bundle=bundle_folder, device="cpu")
    assert detect(pydicom.dcmread(path), bundle=bundle_folder, device="cpu").images == from_file.images


def test_a_bad_input_is_refused_and_the_others_are_done(detector, examination, tmp_path):
    damaged = tmp_path / "damaged.dcm"
    damaged.write_bytes((examination / "1.dcm").read_bytes()[:2000])
    missing = tmp_path / "missing.dcm"
    results = list(detect_each([damaged, examination / "1.dcm", missing, examination / "2.dcm"], detector))
    assert [isinstance(result, Refusal) for result in results] == [True, False, True, False]
    assert (results[0].source, results[2].source) == (str(damaged), str(missing))
    assert results[2].code == "no-such-file"


def test_an_input_that_is_not_there_is_an_error_and_no_negative_result(bundle_folder, tmp_path):
    with pytest.raises(InputError) as caught:
        detect(tmp_path / "missing.dcm", bundle=bundle_folder, device="cpu")
    assert caught.value.code == "no-such-file"


def test_a_file_given_twice_is_read_once(detector, examination):
    results = list(detect_each([examination, examination / "1.dcm"], detector))
    assert len(results) == 2


def test_a_wrong_operating_point_is_told_before_anything_is_read(detector, tmp_path):
    with pytest.raises(UsageError, match="operating point"):
        list(detect_each([tmp_path / "missing.dcm"], detector, operating_point="nonsense"))


def test_progress_counts_every_image_and_ends_complete(detector, examination):
    seen = []
    list(detect_each([examination], detector, progress=seen.append))
    assert {step.total for step in seen} == {2}
    assert seen[-1].done == 2
    overall = [step.done + (0 if step.fraction == 1 else step.fraction) for step in seen]
    assert overall[-1] == max(overall)
    assert seen[0].stage == "reading"


def test_a_fault_in_one_image_does_not_cost_the_others_their_findings(detector, examination, monkeypatch):
    original = Detector.analyse

    def faulty(self, mammogram, *arguments):
        if mammogram.laterality == "R":
            raise ZeroDivisionError("a fault")
        return original(self, mammogram, *arguments)

    monkeypatch.setattr(Detector, "analyse", faulty)
    first, second = detect_each([examination], detector)
    assert first.code == "internal-error"
    assert "ZeroDivisionError" in first.message
    assert second[1].laterality == "L"


def test_no_input_at_all_is_no_negative_result(bundle_folder):
    with pytest.raises(UsageError, match="nothing"):
        detect([], bundle=bundle_folder, device="cpu")


def test_an_image_given_as_two_copies_is_reported_once(bundle_folder, examination, tmp_path):
    copy = tmp_path / "copy.dcm"
    copy.write_bytes((examination / "1.dcm").read_bytes())
    findings = detect([examination / "1.dcm", copy], bundle=bundle_folder, device="cpu", operating_point=0.0)
    assert len(findings.images) == 1
    assert findings.refused == ()


def test_two_images_of_one_identifier_are_not_mixed_up(bundle_folder, examination, tmp_path):
    first = pydicom.dcmread(examination / "1.dcm")
    other = write_mammogram(tmp_path / "other.dcm", bright_pixels((), seed=9), SOPInstanceUID=first.SOPInstanceUID)
    findings = detect([examination / "1.dcm", other], bundle=bundle_folder, device="cpu")
    assert len(findings.images) == 1
    assert [refusal.code for refusal in findings.refused] == ["duplicate-identifier"]


def test_paths_may_come_from_anything_that_can_be_gone_through(bundle_folder, examination):
    for inputs in (examination.glob("*.dcm"), {examination / "1.dcm", examination / "2.dcm"}):
        assert len(detect(inputs, bundle=bundle_folder, device="cpu").images) == 2
    with pytest.raises(UsageError, match="type int is neither a path"):
        detect([examination / "1.dcm", 3], bundle=bundle_folder, device="cpu")
    with pytest.raises(UsageError, match="type int"):
        detect(3, bundle=bundle_folder, device="cpu")
