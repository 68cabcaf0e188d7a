from __future__ import annotations

import numpy as np
import pydicom
import pytest

from MCDetect.command_line import main
from MCDetect.dicom.mammogram import Mammogram, Spacing
from MCDetect.dicom.reading import read_mammogram
from MCDetect.findings import SpacingSource
from MCDetect.runs import mask_of_runs
from MCDetect.simulation.dicom_view import Examination, dataset_of_view
from MCDetect.simulation.given_dicom import inject_into_file
from MCDetect.simulation.given_view import InjectedView, inject_into
from MCDetect.simulation.truth_file import read_truth


@pytest.fixture(scope="module")
def mammogram(normal_view) -> Mammogram:
    return Mammogram(
        pixels=normal_view.pixels.astype(np.float32),
        valid=np.ones(normal_view.pixels.shape, dtype=bool),
        spacing=Spacing(0.07, 0.07, SpacingSource.AT_DETECTOR),
        laterality="L",
        view="CC",
        source="simulated",
    )


@pytest.fixture(scope="module")
def injected(mammogram) -> InjectedView:
    return inject_into(mammogram, 3, clusters=1)


def test_the_same_seed_puts_in_the_same(mammogram, injected):
    again = inject_into(mammogram, 3, clusters=1)
    assert again.calcifications == injected.calcifications
    assert np.array_equal(again.contrast, injected.contrast)
    assert not np.array_equal(inject_into(mammogram, 4, clusters=1).contrast, injected.contrast)


def test_calcifications_lie_where_the_truth_says_and_nowhere_else(injected):
    assert injected.clusters
    shape = (injected.contrast.shape[0], injected.contrast.shape[1])
    for one in injected.calcifications:
        assert injected.contrast[mask_of_runs(one.runs, shape)].min() > 0
        assert injected.contrast[round(one.row), round(one.column)] > 0 or one.diameter_mm > 0.4
    everywhere = np.argwhere(injected.contrast > 0)
    centres = np.array([(one.row, one.column) for one in injected.calcifications])
    nearest = np.min(np.hypot(*(everywhere[:, None] - centres[None]).transpose(2, 0, 1)), axis=1)
    assert nearest.max() * 0.07 < 3


def test_all_of_a_cluster_lies_in_the_breast(mammogram, injected, normal_view):
    assert normal_view.breast_mask[injected.contrast > 0.01 * injected.contrast.max()].all()


def test_the_wanted_detectability_is_reached(mammogram):
    quiet = inject_into(mammogram, 3, clusters=1, detectability=(4.0, 4.001))
    ratios = [one.signal_to_noise for one in quiet.calcifications]
    assert np.median(ratios) == pytest.approx(4.0, rel=0.25)


def test_a_file_gets_calcifications_and_loses_its_patient(tmp_path, normal_view, capsys):
    source = tmp_path / "given.dcm"
    dataset = dataset_of_view(normal_view, Examination(1, "test"), 1)
    dataset.PatientName, dataset.PatientID, dataset.DeviceSerialNumber = "Somebody^Real", "REAL-1", "SERIAL-9"
    dataset.save_as(source, enforce_file_format=True)
    output = tmp_path / "out"
    assert main(["simulate", "--into", str(source), "--output", str(output), "--clusters", "1", "--seed", "3"]) == 0
    assert "injected.dcm" in capsys.readouterr().out
    written = pydicom.dcmread(output / "injected.dcm")
    assert not any(word in str(written) for word in ("Somebody", "REAL-1", "SERIAL-9"))
    assert written.StudyInstanceUID != dataset.StudyInstanceUID
    assert written.SOPInstanceUID != dataset.SOPInstanceUID
    truth = read_truth(output / "truth.json")[written.SOPInstanceUID]
    change = written.pixel_array.astype(int) - normal_view.pixels
    assert change.min() >= 0
    for one in truth.calcifications:
        assert change[mask_of_runs(one.runs, change.shape)].max() > 0
    assert read_mammogram(output / "injected.dcm").spacing.row_mm == pytest.approx(
        read_mammogram(source).spacing.row_mm
    )


def test_grey_values_stored_as_colour_are_refused(tmp_path, normal_view, capsys):
    dataset = dataset_of_view(normal_view, Examination(1, "test"), 1)
    grey = (normal_view.pixels >> 4).astype(np.uint8)
    dataset.PixelData = np.stack([grey] * 3, axis=-1).tobytes()
    dataset.SamplesPerPixel, dataset.PlanarConfiguration, dataset.PhotometricInterpretation = 3, 0, "RGB"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    source = tmp_path / "given.dcm"
    dataset.save_as(source, enforce_file_format=True)
    np.testing.assert_array_equal(read_mammogram(source).pixels > 0, grey > 0)
    assert main(["simulate", "--into", str(source), "--output", str(tmp_path / "out")]) != 0
    assert "stores its grey values as the channels of a colour image" in " ".join(capsys.readouterr().err.split())
    assert not list((tmp_path / "out").glob("*"))


def test_a_picture_without_header_is_refused(tmp_path, normal_view, capsys):
    from PIL import Image

    picture = tmp_path / "picture.png"
    Image.fromarray(normal_view.pixels).save(picture)
    arguments = ["simulate", "--into", str(picture), "--spacing", "0.07", "--output", str(tmp_path / "out")]
    assert main(arguments) != 0
    assert "no DICOM mammogram" in capsys.readouterr().err


def test_stopping_leaves_no_truth_of_another_image_beside_the_new_one(tmp_path, normal_view, monkeypatch):
    source = tmp_path / "given.dcm"
    dataset_of_view(normal_view, Examination(1, "test"), 1).save_as(source, enforce_file_format=True)
    output = tmp_path / "out"
    output.mkdir()
    (output / "truth.json").write_text("of another image")

    def stopped(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("MCDetect.simulation.given_dicom.write_text_atomically", stopped)
    with pytest.raises(KeyboardInterrupt):
        inject_into_file(source, output, seed=3, clusters=1)
    assert [path.name for path in output.iterdir()] == ["injected.dcm"]


def test_the_image_states_the_spacing_that_the_user_gave(tmp_path, normal_view):
    dataset = dataset_of_view(normal_view, Examination(1, "test"), 1)
    dataset.ImagerPixelSpacing, dataset.PixelSpacing = [0.1, 0.1], [0.09, 0.09]
    dataset.EstimatedRadiographicMagnificationFactor, dataset.PixelSpacingCalibrationType = 1.1, "GEOMETRY"
    dataset.NominalScannedPixelSpacing = [0.2, 0.2]
    source = tmp_path / "given.dcm"
    dataset.save_as(source, enforce_file_format=True)
    image, truth = inject_into_file(source, tmp_path / "out", clusters=1, spacing_mm=0.0701)
    again = read_mammogram(image)
    assert again.spacing.millimetres == (0.0701, 0.0701)
    assert not [warning for warning in again.warnings if "pacing" in warning]
    assert {view.spacing_mm for view in read_truth(truth).values()} == {0.0701}
