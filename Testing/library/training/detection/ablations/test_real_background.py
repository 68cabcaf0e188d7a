from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.sample_files import write_mammogram

from MCDetect.dicom.reading import read_mammogram
from MCDetect.errors import InputError
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.training.backgrounds import decode_view, open_background
from MCDetect.training.detection.ablations.arms import ARMS, REFERENCE
from MCDetect.training.detection.ablations.real_background import SHARE, mixed, real_background
from MCDetect.training.detection.ablations.running import AblationSettings, arms_of
from MCDetect.training.detection.ablations.training import TrainingViews

REAL = next(arm for arm in ARMS if arm.real)


def test_a_mammogram_becomes_a_background_of_the_training_pixels_and_is_made_once(tmp_path: Path):
    path = write_mammogram(tmp_path / "view.dcm")
    view = read_mammogram(path)
    made = real_background(path, tmp_path / "kept")
    unit, mask = decode_view(open_background(made))
    sides = np.array(view.shape) * view.spacing.millimetres / 0.07
    assert unit.shape == tuple(np.rint(sides).astype(int))
    expected = breast_mask(view.pixels, view.spacing.millimetres, view.valid)
    assert mask.mean() == pytest.approx(expected.mean(), abs=0.02)
    # Bright stays bright: the brightest spots of the view are those of the background.
    row, column = np.unravel_index(unit.argmax(), unit.shape)
    place = (int(row * view.shape[0] / unit.shape[0]), int(column * view.shape[1] / unit.shape[1]))
    assert view.pixels[place] > np.quantile(view.pixels[expected], 0.99)
    changed = made.stat().st_mtime_ns
    assert real_background(path, tmp_path / "kept") == made
    assert made.stat().st_mtime_ns == changed


def test_a_file_that_is_no_mammogram_is_refused(tmp_path: Path):
    path = tmp_path / "view.dcm"
    path.write_bytes(b"nothing")
    with pytest.raises(InputError):
        real_background(path, tmp_path)


def test_a_quarter_of_the_examples_come_from_the_real_view():
    simulated, real = [Path(f"{number}.npy") for number in range(30)], Path("real.npy")
    backgrounds = mixed(simulated, real)
    assert backgrounds.count(real) / len(backgrounds) == pytest.approx(SHARE)
    assert set(backgrounds) == {*simulated, real}


def test_only_the_arm_that_asks_for_it_is_trained_on_the_real_view():
    views = TrainingViews([Path("a.npy")], [], [], Path("real.npy"))
    assert views.of(REFERENCE) == [Path("a.npy")]
    assert Path("real.npy") in views.of(REAL)


def test_without_a_real_view_its_arm_is_left_out(tmp_path: Path):
    assert REAL not in arms_of(AblationSettings(tmp_path))
    assert REAL in arms_of(AblationSettings(tmp_path, real_background=tmp_path / "view.dcm"))
    assert arms_of(AblationSettings(tmp_path, arms=[])) == [REFERENCE]
