from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    MPEG2MPML,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from MCDetect.dicom.pixels import mirror_sum, modality_range
from MCDetect.dicom.reading import read_mammogram
from MCDetect.errors import InputError


@pytest.mark.parametrize("bits", range(8, 17))
@pytest.mark.parametrize("signed", [False, True])
def test_every_depth_from_8_to_16_bits_is_read(make_file, stored_values, bits, signed):
    stored = stored_values(bits, signed)
    np.testing.assert_array_equal(read_mammogram(make_file(pixels=stored, bits=bits)).pixels, stored)


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian],
    ids=lambda uid: uid.keyword,
)
def test_uncompressed_transfer_syntaxes_are_exact(make_dataset, make_file, stored_values, syntax):
    dataset = make_dataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = stored_values().astype(">u2").tobytes()
    np.testing.assert_array_equal(read_mammogram(make_file(dataset=dataset)).pixels, stored_values())


@pytest.mark.parametrize(
    ("syntax", "tolerance"),
    [(RLELossless, 0), (JPEGLSLossless, 0), (JPEGLSNearLossless, 3), (JPEG2000Lossless, 0), (JPEG2000, 400)],
    ids=lambda value: getattr(value, "keyword", value),
)
@pytest.mark.parametrize("bits", [8, 12])
def test_compressed_transfer_syntaxes_are_decoded(make_dataset, stored_values, syntax, tolerance, bits):
    dataset = make_dataset(bits=bits)
    options = {JPEGLSNearLossless: {"jls_error": 3}, JPEG2000: {"j2k_cr": [4]}}.get(syntax, {})
    dataset.compress(syntax, generate_instance_uid=False, **options)
    assert dataset.file_meta.TransferSyntaxUID == syntax
    read = read_mammogram(dataset).pixels
    assert np.abs(read - stored_values(bits)).max() <= tolerance


@pytest.mark.parametrize(
    "encoding", [("+e1", 12, 0), ("+el", 16, 0), ("+eb", 8, 24), ("+ee", 12, 400)], ids=lambda encoding: encoding[0]
)
def test_jpeg_of_another_encoder_is_decoded(debian_tool, make_file, stored_values, encoding):
    option, bits, tolerance = encoding
    original, encoded = make_file(bits=bits), make_file("encoded.dcm")
    subprocess.run([debian_tool("dcmcjpeg", "dcmtk"), option, "+un", original, encoded], check=True)
    assert dcmread(encoded).file_meta.TransferSyntaxUID.is_encapsulated
    assert np.abs(read_mammogram(encoded).pixels - stored_values(bits)).max() <= tolerance


@pytest.mark.parametrize("syntax", [HTJ2KLossless, HTJ2KLosslessRPCL, HTJ2K], ids=lambda uid: uid.keyword)
def test_high_throughput_jpeg_2000_is_decoded(make_dataset, make_file, stored_values, syntax):
    # Encoded once with OpenJPH from the values that the other tests use, at 16 bits; pydicom has no encoder.
    codestream = (Path(__file__).parent / "encoded" / "htj2k_16_bits.j2c").read_bytes()
    dataset = make_dataset(bits=16, PixelData=encapsulate([codestream]))
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    np.testing.assert_array_equal(read_mammogram(make_file(dataset=dataset)).pixels, stored_values(16))


def test_a_compression_nobody_decodes_is_refused_by_name(make_dataset, make_file):
    dataset = make_dataset(PixelData=encapsulate([b"nothing that decodes"]))
    dataset.file_meta.TransferSyntaxUID = MPEG2MPML
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    with pytest.raises(InputError) as caught:
        read_mammogram(make_file(dataset=dataset))
    assert caught.value.code == "cannot-decode"
    assert "MPEG2" in caught.value.message


def test_rescale_slope_and_intercept_are_applied(make_dataset, stored_values):
    mammogram = read_mammogram(make_dataset(RescaleSlope=2, RescaleIntercept=-100))
    np.testing.assert_array_equal(mammogram.pixels, 2.0 * stored_values() - 100)


def test_a_modality_table_is_applied(make_dataset, stored_values):
    table = Dataset()
    table.LUTDescriptor = [4096, 0, 12]
    table.ModalityLUTType = "US"
    table.add_new(0x00283006, "US", list(range(4095, -1, -1)))
    mammogram = read_mammogram(make_dataset(ModalityLUTSequence=[table]))
    np.testing.assert_array_equal(mammogram.pixels, 4095.0 - stored_values())


def test_a_modality_table_of_all_signed_16_bit_values_is_applied(make_dataset, stored_values):
    stored = stored_values(16, signed=True)
    table = Dataset()
    table.add_new(0x00283002, "SS", [0, -32768, 16])
    table.add_new(0x00283006, "US", list(range(65536)))
    dataset = make_dataset(pixels=stored, bits=16, ModalityLUTSequence=[table])
    np.testing.assert_array_equal(read_mammogram(dataset).pixels, stored.astype(np.float32) + 32768)


@settings(max_examples=40)
@given(
    depth=st.tuples(st.integers(8, 16), st.booleans()),
    rescale=st.tuples(st.sampled_from([1, 2, -1]), st.integers(-500, 500)),
)
def test_monochrome1_is_mirrored_within_the_range_of_its_header(make_dataset, stored_values, depth, rescale):
    (bits, signed), (slope, intercept) = depth, rescale
    attributes = {"pixels": stored_values(bits, signed), "RescaleSlope": slope, "RescaleIntercept": intercept}
    plain = read_mammogram(make_dataset(bits=bits, **attributes))
    mirrored = read_mammogram(make_dataset(bits=bits, PhotometricInterpretation="MONOCHROME1", **attributes))
    low, high = modality_range(mirrored.header)
    assert mirrored.pixels.min() >= low
    assert mirrored.pixels.max() <= high
    np.testing.assert_allclose(plain.pixels + mirrored.pixels, mirror_sum(mirrored.header))


def test_monochrome1_through_a_table_is_mirrored_within_the_tables_range(make_dataset, stored_values):
    table = Dataset()
    table.LUTDescriptor = [4096, 0, 14]
    table.ModalityLUTType = "US"
    table.add_new(0x00283006, "US", [4 * value for value in range(4096)])
    attributes = {"ModalityLUTSequence": [table], "PhotometricInterpretation": "MONOCHROME1"}
    np.testing.assert_array_equal(read_mammogram(make_dataset(**attributes)).pixels, 16383.0 - 4 * stored_values())


def test_padding_is_marked_and_darkened(make_dataset, stored_values):
    stored = stored_values()
    stored[:, 60:] = 4095
    stored[stored[:, :60].max() == stored] = 4095
    mammogram = read_mammogram(make_dataset(pixels=stored, PixelPaddingValue=4095))
    np.testing.assert_array_equal(mammogram.valid, stored != 4095)
    assert (mammogram.pixels[~mammogram.valid] == mammogram.pixels[mammogram.valid].min()).all()


@pytest.mark.parametrize(("value", "limit"), [(0, 50), (50, 0)])
def test_a_range_of_padding_is_marked_whichever_end_comes_first(make_dataset, stored_values, value, limit):
    mammogram = read_mammogram(make_dataset(PixelPaddingValue=value, PixelPaddingRangeLimit=limit))
    np.testing.assert_array_equal(mammogram.valid, stored_values() > 50)


def test_padding_is_found_in_stored_values_of_monochrome1(make_dataset, stored_values):
    attributes = {"PhotometricInterpretation": "MONOCHROME1", "PixelPaddingValue": 0, "RescaleSlope": 3}
    mammogram = read_mammogram(make_dataset(RescaleIntercept=7, **attributes))
    np.testing.assert_array_equal(mammogram.valid, stored_values() != 0)


def test_signed_padding_is_found(make_dataset, stored_values):
    stored = stored_values(12, signed=True)
    mammogram = read_mammogram(make_dataset(pixels=stored, PixelPaddingValue=-2048))
    np.testing.assert_array_equal(mammogram.valid, stored != -2048)


def test_an_image_that_is_all_padding_is_empty(make_dataset):
    with pytest.raises(InputError) as caught:
        read_mammogram(make_dataset(PixelPaddingValue=0, PixelPaddingRangeLimit=4095))
    assert caught.value.code == "empty-image"


def test_bits_above_the_stored_ones_do_not_count(make_dataset, stored_values):
    stored = stored_values()
    mammogram = read_mammogram(make_dataset(pixels=stored | 0x8000))
    np.testing.assert_array_equal(mammogram.pixels, stored)


def test_bits_at_the_upper_end_of_their_words_are_refused_and_a_file_that_does_not_say_so_is_read(
    make_dataset, stored_values
):
    stored = stored_values()
    with pytest.raises(InputError) as caught:
        read_mammogram(make_dataset(pixels=stored << 4, HighBit=15))
    assert caught.value.code == "cannot-decode"
    assert "up to bit 15 instead of bit 11" in caught.value.message
    np.testing.assert_array_equal(read_mammogram(make_dataset(HighBit=None)).pixels, stored)


@pytest.mark.parametrize("interpretation", ["RGB", "YBR_FULL"])
def test_colour_with_equal_channels_is_grey(make_dataset, stored_values, interpretation):
    grey = stored_values(8)
    if interpretation == "YBR_FULL":
        channels = np.stack([grey, np.full_like(grey, 128), np.full_like(grey, 128)], axis=-1)
    else:
        channels = np.stack([grey] * 3, axis=-1)
    mammogram = read_mammogram(_colour(make_dataset, channels, interpretation))
    np.testing.assert_array_equal(mammogram.pixels, grey)


def test_colour_with_different_channels_is_refused(make_dataset, stored_values):
    grey = stored_values(8)
    with pytest.raises(InputError) as caught:
        read_mammogram(_colour(make_dataset, np.stack([grey, grey // 2, grey], axis=-1), "RGB"))
    assert caught.value.code == "colour-image"


def _colour(make_dataset, channels: np.ndarray, interpretation: str) -> Dataset:
    return make_dataset(
        pixels=channels[..., 0],
        bits=8,
        PixelData=channels.tobytes(),
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PhotometricInterpretation=interpretation,
    )


@pytest.mark.parametrize(("syntax", "name"), [("1.2.840.10008.1.2.4.112", "JPEG XL"), ("2.25.1", "2.25.1")])
def test_a_way_of_storing_that_is_not_known_is_named(make_dataset, syntax, name):
    dataset = make_dataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    with pytest.raises(InputError) as caught:
        read_mammogram(dataset)
    assert caught.value.code == "cannot-decode"
    assert f"({name})" in caught.value.message
