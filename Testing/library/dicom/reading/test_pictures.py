from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from MCDetect.dicom.display import presentation_image
from MCDetect.dicom.reading import read_mammogram
from MCDetect.errors import InputError, UsageError
from MCDetect.findings import SpacingSource


def refusal(path, spacing_mm=0.07) -> InputError:
    with pytest.raises(InputError) as caught:
        read_mammogram(path, spacing_mm)
    return caught.value


@pytest.fixture
def grey8(stored_values) -> np.ndarray:
    return stored_values(8)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("name", ["picture.png", "picture.tif", "named_wrongly.dcm"])
def test_grey_pictures_are_exact(tmp_path, stored_values, bits, name):
    stored, path = stored_values(bits), tmp_path / name
    Image.fromarray(stored).save(path, format="TIFF" if name.endswith("tif") else "PNG")
    mammogram = read_mammogram(path, 0.05)
    np.testing.assert_array_equal(mammogram.pixels, stored)
    assert mammogram.spacing.millimetres == (0.05, 0.05)
    assert mammogram.spacing.source is SpacingSource.GIVEN_BY_USER
    assert mammogram.label == "image"
    assert mammogram.header is None
    assert "picture without a DICOM header" in mammogram.warnings[0]


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_compressed_tiff_is_read(tmp_path, grey8, compression):
    Image.fromarray(grey8).save(tmp_path / "picture.tif", compression=compression)
    difference = np.abs(read_mammogram(tmp_path / "picture.tif", 0.05).pixels - grey8)
    assert difference.max() <= (30 if compression == "jpeg" else 0)


@pytest.mark.parametrize("bits", [8, 16])
def test_tiff_with_white_as_zero_is_mirrored(tmp_path, stored_values, bits):
    stored, photometric_interpretation = stored_values(bits), 262
    largest = 2**bits - 1
    path = tmp_path / "picture.tif"
    # Pillow mirrors 8 bits itself, on writing as on reading, and leaves 16 bits alone.
    written = stored if bits == 8 else largest - stored
    Image.fromarray(written).save(path, tiffinfo={photometric_interpretation: 0})
    if Image.open(path).tag_v2[photometric_interpretation] != 0:
        pytest.fail("the test wrote no picture with white as zero")
    np.testing.assert_array_equal(read_mammogram(path, 0.05).pixels, stored)


@pytest.mark.parametrize("scale", [1.0, 1 / 255])
def test_a_floating_point_tiff_with_white_as_zero_is_mirrored_below_its_largest_value(tmp_path, grey8, scale):
    stored, path = np.float32(scale) * grey8.astype(np.float32), tmp_path / "picture.tif"
    Image.fromarray(stored).save(path, tiffinfo={262: 0})
    np.testing.assert_array_equal(read_mammogram(path, 0.05).pixels, stored.max() - stored)


def test_a_floating_point_tiff_with_white_as_zero_and_endless_values_is_refused(tmp_path, grey8, recwarn):
    stored, path = grey8.astype(np.float32), tmp_path / "picture.tif"
    stored[3, 3] = np.inf
    Image.fromarray(stored).save(path, tiffinfo={262: 0})
    assert refusal(path).code == "cannot-decode"
    assert not recwarn.list


def test_colour_pictures_with_equal_channels_are_grey(tmp_path, grey8):
    path = tmp_path / "picture.png"
    for mode in ("RGB", "RGBA", "LA", "P"):
        Image.fromarray(grey8).convert(mode).save(path)
        np.testing.assert_array_equal(read_mammogram(path, 0.05).pixels, grey8)


def test_colour_and_transparent_pictures_are_refused(tmp_path, grey8):
    path = tmp_path / "picture.png"
    Image.fromarray(np.stack([grey8, grey8 // 2, grey8], axis=-1)).save(path)
    assert refusal(path).code == "colour-image"
    Image.fromarray(np.stack([grey8, grey8, grey8, grey8], axis=-1)).save(path)
    assert refusal(path).code == "colour-image"


def test_a_picture_without_spacing_is_refused_with_the_hint_how_to_give_it(tmp_path, grey8):
    path = tmp_path / "picture.png"
    Image.fromarray(grey8).save(path)
    error = refusal(path, None)
    assert error.code == "no-spacing"
    assert "--spacing" in error.hint
    with pytest.raises(UsageError):
        read_mammogram(path, -1)


def test_several_pictures_in_a_file_are_refused(tmp_path, grey8):
    path, picture = tmp_path / "picture.tif", Image.fromarray(grey8)
    picture.save(path, save_all=True, append_images=[picture])
    assert refusal(path).code == "multi-frame"


def test_an_empty_picture_is_refused(tmp_path):
    path = tmp_path / "picture.png"
    Image.fromarray(np.zeros((50, 50), np.uint8)).save(path)
    assert refusal(path).code == "empty-image"


@pytest.mark.parametrize("name", ["picture.png", "picture.tif"])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9, 0.99])
def test_a_truncated_picture_is_refused(tmp_path, stored_values, name, share):
    path = tmp_path / name
    Image.fromarray(stored_values(16)).save(path, **({"compression": "tiff_lzw"} if name.endswith("tif") else {}))
    content = path.read_bytes()
    path.write_bytes(content[: max(9, int(share * len(content)))])
    assert refusal(path).code in ("truncated", "cannot-decode")


@pytest.mark.parametrize("name", ["picture.png", "picture.tif"])
def test_a_damaged_picture_is_read_or_refused_and_never_fails_otherwise(tmp_path, stored_values, name, recwarn):
    path, random = tmp_path / name, np.random.default_rng(3)
    Image.fromarray(stored_values(16)).save(path)
    content = np.frombuffer(path.read_bytes(), np.uint8)
    codes = set()
    for trial in range(80):
        damaged, end = content.copy(), 120 if trial % 2 else content.size
        damaged[random.integers(8, end, 4)] = random.integers(0, 256, 4)
        path.write_bytes(damaged.tobytes())
        try:
            read_mammogram(path, 0.07)
        except InputError as error:
            codes.add(error.code)
    assert "cannot-decode" in codes
    assert not recwarn.list


def test_a_picture_is_shown_over_its_full_range(tmp_path, grey8):
    path = tmp_path / "picture.png"
    Image.fromarray(grey8 // 2).save(path)
    image = presentation_image(read_mammogram(path, 0.07))
    assert image.dtype == np.uint8
    assert (image.min(), image.max()) == (0, 255)
