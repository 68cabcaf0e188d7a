"""Damaged files are read or refused; nothing else may happen."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from MCDetect.dicom.description import describe
from MCDetect.dicom.display import presentation_image
from MCDetect.dicom.inputs import find_inputs
from MCDetect.dicom.reading import read_mammogram
from MCDetect.errors import InputError

SYNTAXES = [None, RLELossless, JPEGLSLossless, JPEG2000Lossless]


@pytest.fixture(params=SYNTAXES, ids=lambda uid: "uncompressed" if uid is None else uid.keyword)
def content(request, make_dataset, make_file) -> bytes:
    dataset = make_dataset(
        modifiers=("399055006",), WindowCenter=2000, WindowWidth=3000, RescaleSlope=1, RescaleIntercept=0
    )
    if request.param is not None:
        dataset.compress(request.param, generate_instance_uid=False)
    return make_file("original.dcm", dataset=dataset).read_bytes()


def outcome(path) -> str:
    """Read a file and do with it what the program does; return "read" or the code of the refusal."""
    try:
        mammogram = read_mammogram(path)
    except InputError as error:
        refusal = error
    else:
        refusal = None
    if refusal is not None:
        assert refusal.message.endswith(".")
        assert "secret" not in str(refusal).lower()
        return refusal.code
    assert mammogram.pixels.shape == mammogram.valid.shape
    assert np.isfinite(mammogram.pixels).all()
    assert presentation_image(mammogram).shape == mammogram.pixels.shape
    assert describe(mammogram)
    return "read"


def test_a_file_cut_at_any_offset_is_refused(content, tmp_path, recwarn):
    path = tmp_path / "cut.dcm"
    pixel_data = content.index(b"\xe0\x7f\x10\x00")
    offsets = {*range(0, pixel_data + 40, 23), *np.linspace(pixel_data, len(content) - 5, 25).astype(int).tolist()}
    for offset in sorted(offsets):
        path.write_bytes(content[:offset])
        result = outcome(path)
        assert result in {"not-dicom", "truncated", "not-a-mammogram", "no-spacing", "no-pixel-data", "cannot-decode"}
        if offset > pixel_data + 12:
            assert result == "truncated", offset
    assert not recwarn.list


@pytest.mark.parametrize("seed", range(60))
def test_a_file_with_random_bytes_changed_is_read_or_refused(content, tmp_path, seed, recwarn, capfd):
    random = np.random.default_rng(seed)
    damaged = np.frombuffer(content, np.uint8).copy()
    # Most of the file is pixels; half of the cases are aimed at the header, where a byte does more harm.
    end = content.index(b"\xe0\x7f\x10\x00") + 60 if seed % 2 else damaged.size
    where = random.integers(132, end, random.integers(1, 30))
    damaged[where] = random.integers(0, 256, where.size)
    path = tmp_path / "damaged.dcm"
    path.write_bytes(damaged.tobytes())
    outcome(path)
    assert find_inputs([path]) == [path]
    assert not recwarn.list
    assert capfd.readouterr() == ("", "")


def test_every_single_byte_of_the_header_may_be_wrong(make_file, tmp_path):
    content = make_file("original.dcm").read_bytes()
    path = tmp_path / "damaged.dcm"
    results = set()
    for position in range(132, content.index(b"\xe0\x7f\x10\x00") + 12, 7):
        path.write_bytes(content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :])
        results.add(outcome(path))
    assert {"read", "truncated"} <= results


def test_a_small_file_that_inflates_to_more_than_the_memory_is_refused(make_dataset, tmp_path):
    path = tmp_path / "bomb.dcm"
    dataset = make_dataset()
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    content = path.read_bytes()
    begin = 132 + 12 + dcmread(path).file_meta.FileMetaInformationGroupLength
    inflated = zlib.decompress(content[begin:], -zlib.MAX_WBITS)
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    with path.open("wb") as stream:
        stream.write(content[:begin] + compressor.compress(inflated[: inflated.index(b"\xe0\x7f\x10\x00")]))
        stream.write(compressor.compress(b"\xe0\x7f\x10\x00OW\x00\x00" + (2**31 - 2).to_bytes(4, "little")))
        for _ in range(750):
            stream.write(compressor.compress(bytes(1_000_000)))
        stream.write(compressor.flush())
    assert path.stat().st_size < 2_000_000
    with pytest.raises(InputError, match="more bytes than any mammogram"):
        read_mammogram(path)
