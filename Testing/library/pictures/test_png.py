"""PNG files hold every pixel, and other programs read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from PIL import Image

from MCDetect.pictures.png import write_png


def picture(rows: int, columns: int) -> np.ndarray:
    """Return noise in grey with a coloured block, as an overlay is."""
    generator = np.random.default_rng(rows)
    grey = generator.integers(0, 256, (rows, columns, 1), dtype=np.uint8)
    made = np.repeat(grey, 3, axis=2)
    made[rows // 3 : rows // 2 + 1, columns // 3 : columns // 2 + 1] = (230, 159, 0)
    return made


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (3, 1), (63, 5), (64, 5), (65, 5), (600, 41)], ids=str)
def test_a_picture_comes_back_as_it_was(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "picture.png"
    made = picture(*size)
    write_png(path, Image.fromarray(made))
    with Image.open(path) as read:
        read.verify()
    with Image.open(path, formats=["PNG"]) as read:
        assert read.mode == "RGB"
        assert np.array_equal(np.asarray(read), made)
    assert np.array_equal(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))).reshape(made.shape), made)


@pytest.mark.parametrize("wrong", [Image.new("L", (3, 4)), Image.new("RGBA", (3, 4)), Image.new("RGB", (0, 4))])
def test_what_is_no_picture_in_colour_is_refused(tmp_path: Path, wrong: Image.Image) -> None:
    with pytest.raises(ValueError, match="not a picture in colour"):
        write_png(tmp_path / "picture.png", wrong)
    assert not (tmp_path / "picture.png").exists()
