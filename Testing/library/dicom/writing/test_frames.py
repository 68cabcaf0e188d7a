"""Frames of single bits are packed and found again as DICOM says, whatever their size."""

from __future__ import annotations

from typing import Any

import highdicom
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels.utils import pack_bits, unpack_bits

from MCDetect.dicom.writing.frames import overlap, packed_frames, pixels_of_frames
from MCDetect.dicom.writing.segmentation import segmentation, segments_of
from MCDetect.findings import Algorithm

SIZES = [(1, 1), (3, 5), (8, 8), (7, 9), (20, 33), (64, 40)]


def masks_of(size: tuple[int, int], count: int) -> list[np.ndarray]:
    """Return masks of single pixels, of blocks in the middle, of everything and of nothing."""
    generator = np.random.default_rng(size[0])
    masks = [generator.random(size) < 0.1 for _ in range(count)]
    block = np.zeros(size, dtype=bool)
    block[size[0] // 3 : size[0] // 2 + 1, size[1] // 4 : size[1] // 2 + 1] = True
    return [*masks, block, np.ones(size, dtype=bool), np.zeros(size, dtype=bool)]


def object_with(masks: list[np.ndarray]) -> Dataset:
    dataset = Dataset()
    dataset.Rows, dataset.Columns = masks[0].shape
    dataset.NumberOfFrames, dataset.BitsAllocated, dataset.SamplesPerPixel = len(masks), 1, 1
    dataset.PixelData = packed_frames(masks)
    return dataset


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_frames_are_packed_as_pydicom_packs_them(size: tuple[int, int], count: int) -> None:
    masks = masks_of(size, count)
    assert packed_frames(masks) == pack_bits(np.stack(masks).astype(np.uint8).ravel())


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_the_pixels_of_frames_are_those_of_their_masks(size: tuple[int, int], count: int) -> None:
    masks = masks_of(size, count)
    dataset = object_with(masks)
    found = pixels_of_frames(dataset)
    assert len(found) == len(masks)
    assert all(np.array_equal(pixels, np.flatnonzero(mask)) for pixels, mask in zip(found, masks, strict=True))
    unpacked = np.asarray(unpack_bits(dataset.PixelData))[: np.stack(masks).size].reshape(len(masks), -1)
    assert all(np.array_equal(pixels, np.flatnonzero(frame)) for pixels, frame in zip(found, unpacked, strict=True))


@pytest.mark.parametrize("change", [{"PixelData": b"\0\0"}, {"BitsAllocated": 8}, {"SamplesPerPixel": 3}], ids=str)
def test_what_is_not_frames_of_single_bits_is_refused(change: dict[str, Any]) -> None:
    dataset = object_with(masks_of((20, 33), 2))
    for keyword, value in change.items():
        setattr(dataset, keyword, value)
    with pytest.raises(ValueError, match="not frames of single bits"):
        pixels_of_frames(dataset)


def test_masks_overlap_where_a_pixel_is_in_two_of_them() -> None:
    first, second, third = (np.zeros((9, 7), dtype=bool) for _ in range(3))
    first[2:4, 1:3] = second[4:6, 1:3] = third[1:8, 4] = True
    assert not overlap([first, second, third])
    assert not overlap([first])
    second[3, 2] = True
    assert overlap([first, third, second])


@pytest.mark.parametrize(("clusters", "isolated"), [(2, 3), (1, 0), (0, 4)])
@pytest.mark.parametrize("columns", [330, 333])
def test_a_segmentation_is_what_highdicom_makes_of_the_whole_masks(  # noqa: PLR0917
    make_mammogram: Any,
    find: Any,
    algorithm: Algorithm,
    monkeypatch: pytest.MonkeyPatch,
    clusters: int,
    isolated: int,
    columns: int,
) -> None:
    header = make_mammogram(Columns=columns)
    image = find(header, clusters, isolated)
    ours = segmentation(image, header, algorithm)
    whole = np.stack([segment.mask for segment in segments_of(image)], axis=-1)[np.newaxis]
    made: list[Dataset] = []
    original = highdicom.seg.Segmentation

    def of_whole_masks(source_images: list[Dataset], pixel_array: np.ndarray, **content: Any) -> Dataset:
        source_images[0].Rows, source_images[0].Columns = whole.shape[1:3]
        made.append(original(source_images, whole, **content))
        made[0].PixelData = made[0].PixelData[: -(-whole.size // 8)]
        return original(source_images, whole, **content)

    monkeypatch.setattr(highdicom.seg, "Segmentation", of_whole_masks)
    segmentation(image, header, algorithm)
    for keyword in ("Rows", "Columns", "NumberOfFrames", "SegmentsOverlap", "BitsAllocated", "SegmentSequence"):
        assert ours[keyword] == made[0][keyword], keyword
    assert ours.PixelData.rstrip(b"\0") == made[0].PixelData.rstrip(b"\0")
    assert len(ours.PerFrameFunctionalGroupsSequence) == len(made[0].PerFrameFunctionalGroupsSequence)
    for group, expected in zip(
        ours.PerFrameFunctionalGroupsSequence, made[0].PerFrameFunctionalGroupsSequence, strict=True
    ):
        assert group.FrameContentSequence == expected.FrameContentSequence
        assert group.PlanePositionSequence == expected.PlanePositionSequence
        assert ("SegmentIdentificationSequence" in group) == ("SegmentIdentificationSequence" in expected)
    assert ours.SharedFunctionalGroupsSequence == made[0].SharedFunctionalGroupsSequence
