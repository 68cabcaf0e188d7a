"""A patch classifier on whole mammograms: every tile judged, positive tiles marked.

Shiri Kahnouei et al. 2022, Fig. 4 and 7.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from MCDetect.evaluation.froc import ScoredImage
from MCDetect.evaluation.hits import Candidate, Truth
from MCDetect.files import write_atomically
from MCDetect.training.datasets.pixels import masks_of, read_pixels_of, to_8_bit
from MCDetect.training.datasets.record import ImageRecord
from MCDetect.training.papers.batches import Examples
from MCDetect.training.papers.predictions import class_probabilities
from MCDetect.training.papers.preparation import Preparation, PreparedExample
from MCDetect.training.papers.recipe import PaperRecipe

if TYPE_CHECKING:
    from torch import nn

_SPACING_MM = 0.07  # where a data set does not state one: the tolerance of 5 mm is then a guess
_SHOWN_SIDE = 1200


def judge_whole_images(
    network: nn.Module, recipe: PaperRecipe, prepared: Preparation, patients: Collection[str]
) -> list[tuple[int, ScoredImage]]:
    """Return the marks on all images of these patients, with the number of each image.

    Every tile of the grid is a mark with the probability of the positive class as its score, also those that were no
    examples because they touch too little of a region.
    """
    tiles: dict[int, list[PreparedExample]] = {}
    for number, record in enumerate(prepared.records):
        # Where a data set marks suspicious findings alone, a false positive may be a benign calcification.
        is_marked = any(not region.is_whole_breast for region in record.calcifications)
        if record.patient in patients and (record.is_annotated or is_marked):
            tiles[number] = []
    for example in (*prepared.examples, *prepared.others):
        if example.is_tile and example.record in tiles:
            tiles[example.record].append(example)
    judged = []
    for number, found in tiles.items():
        if found:
            chosen = [(place, 0) for place in range(len(found))]
            examples = Examples(prepared.pixels(found), [0] * len(found), chosen, recipe, augmented=False)
            scores = class_probabilities(network, examples)[:, -1]
            record = prepared.records[number]
            spacing = record.spacing_mm or _SPACING_MM
            candidates = tuple(
                Candidate(_rectangle(tile.place), float(score)) for tile, score in zip(found, scores, strict=True)
            )
            truths = tuple(_truths(record, recipe))
            judged.append((number, ScoredImage(record.patient, candidates, truths, (spacing, spacing))))
    return judged


def draw_marks(path: Path, record: ImageRecord, scored: ScoredImage, threshold: float = 0.5) -> None:
    """Write the mammogram with its positive tiles in red and the marked regions in green."""
    grey = Image.fromarray(to_8_bit(read_pixels_of(record.image)))
    scale = min(1.0, _SHOWN_SIDE / max(grey.size))
    picture = grey.resize((round(grey.width * scale), round(grey.height * scale)), Image.Resampling.LANCZOS)
    picture = picture.convert("RGB")
    draw = ImageDraw.Draw(picture)
    for truth in scored.truths:
        points = [(column * scale, row * scale) for row, column in truth.outline]
        draw.line([*points, points[0]], fill=(60, 220, 90), width=2)
    for candidate in scored.candidates:
        if candidate.score >= threshold:
            rows, columns = zip(*candidate.outline, strict=True)
            box = [min(columns) * scale, min(rows) * scale, max(columns) * scale, max(rows) * scale]
            draw.rectangle(box, outline=(235, 70, 60), width=2)
    write_atomically(path, picture.save)


def _truths(record: ImageRecord, recipe: PaperRecipe) -> Iterator[Truth]:
    masked = [region for region in record.calcifications if not region.outline and region.mask is not None]
    boxes = {id(region): mask for region, mask in masks_of(masked, read_pixels_of(record.image))} if masked else {}
    for region in record.calcifications:
        counted = region.is_cluster or not recipe.examples.clusters_only
        if len(region.outline) > 2:
            yield Truth(region.outline, counted)
        elif region.outline:
            points = np.array(region.outline)
            low, high = points.min(axis=0) - 0.5, points.max(axis=0) + 0.5
            yield Truth(_box(float(low[0]), float(low[1]), float(high[0]), float(high[1])), counted)
        elif id(region) in boxes:
            mask = boxes[id(region)]
            yield Truth(_rectangle((mask.top, mask.left, *mask.mask.shape)), counted)


def _rectangle(place: tuple[int, int, int, int]) -> tuple[tuple[float, float], ...]:
    top, left, rows, columns = place
    return _box(top, left, top + rows, left + columns)


def _box(top: float, left: float, bottom: float, right: float) -> tuple[tuple[float, float], ...]:
    return ((top, left), (top, right), (bottom, right), (bottom, left))
