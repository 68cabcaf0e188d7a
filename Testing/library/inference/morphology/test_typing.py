"""Types, groups and descriptors by the shipped model, and bundles with a damaged one or none."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy import ndimage

from MCDetect.bi_rads import Distribution, Morphology
from MCDetect.bundles.store import find_bundle
from MCDetect.descriptors import MorphologyProbability
from MCDetect.errors import ModelError
from MCDetect.findings import Calcification
from MCDetect.inference.calcifications import measure_calcification
from MCDetect.inference.clusters import group_calcifications
from MCDetect.inference.grouping import Grouping
from MCDetect.inference.morphology.model import BENIGN_TYPES, FILE_NAME, MorphologyModel
from MCDetect.inference.morphology.suspicion import suspicion
from MCDetect.inference.morphology.viewing import describe, type_view, untyped

SPACING = (0.07, 0.07)
SHAPE = (600, 600)


@pytest.fixture(scope="module")
def model() -> MorphologyModel:
    """Return the shipped model."""
    found = MorphologyModel.load(find_bundle().folder)
    assert found is not None
    return found


def group(found):
    return group_calcifications(found, SPACING)


def disc(row: float, column: float, radius: float, stretch: float = 1.0) -> np.ndarray:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return ((rows - row) / stretch) ** 2 + (columns - column) ** 2 <= radius**2


def view(*bodies: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[Calcification, ...]]:
    noise = ndimage.gaussian_filter(np.random.default_rng(1).normal(0, 40, SHAPE), 1)
    tissue = 400 + 3000 * ndimage.gaussian_filter(np.random.default_rng(2).normal(0, 1, SHAPE), 30)
    solid = np.any(bodies, axis=0).astype(float)
    picture = (tissue + noise + 700 * ndimage.gaussian_filter(solid, 0.7)).astype(np.float32)
    marks = []
    for number, body in enumerate(bodies, start=1):
        pixels = np.argwhere(body)
        marks.append(measure_calcification(number, pixels, np.ones(len(pixels)), SPACING, 0.9))
    return picture, np.ones(SHAPE, dtype=bool), tuple(marks)


def placed(*bodies: np.ndarray):
    """Return what :func:`type_view` takes before the rules."""
    picture, mask, marks = view(*bodies)
    return picture, mask, SPACING, marks


def test_a_large_rod_beside_a_group_of_specks_is_reported_apart_and_the_group_stays_suspicious(model) -> None:
    places = np.random.default_rng(3).uniform(-20, 20, (9, 2)) + 300
    specks = [
        disc(row, column, radius) for (row, column), radius in zip(places, [1, 2, 1, 2, 1, 2, 2, 1, 1], strict=True)
    ]
    picture, mask, marks = view(*specks, disc(300, 350, 4, stretch=7))
    typed = type_view(picture, mask, SPACING, marks, model=model, grouping=Grouping(group))
    rod = max(typed.marks, key=lambda m: m.diameter_mm)
    assert rod.benign_type in (Morphology.LARGE_ROD_LIKE, Morphology.COARSE)
    (cluster,) = typed.groups
    assert cluster.benign_type is None
    assert rod.id not in [m.id for m in cluster.members]
    assert all(m.benign_type is None for m in cluster.members)


def test_suspicious_calcifications_stay_so_beside_a_strewn_rod_and_strewn_rods_are_benign(model) -> None:
    def strewn(found):
        return group_calcifications(found, SPACING, linking_distance_mm=12.0)

    far = Grouping(group, strewn)
    rods = [disc(row, 300, 4, stretch=7) for row in (110, 230, 350)]
    (alone,) = type_view(*placed(*rods), model=model, grouping=far).groups
    assert alone.benign_type is not None
    specks = [disc(row, 300, 1.5) for row in (60, 150, 240, 330)]
    (mixed,) = type_view(*placed(*specks, disc(440, 300, 4, stretch=7)), model=model, grouping=far).groups
    assert mixed.benign_type is None
    assert len(mixed.members) == len(specks)


def test_where_the_model_of_clusters_does_not_say_benign_most_members_decide(model) -> None:
    silent = replace(model, cluster=replace(model.cluster, benign_threshold=2.0))
    rod, speck = partial(disc, radius=4, stretch=7), partial(disc, radius=1.5)
    one_rod = placed(speck(280, 290), speck(310, 300), rod(300, 350))
    (cluster,) = type_view(*one_rod, model=silent, grouping=Grouping(group)).groups
    assert [m.benign_type for m in cluster.members] == [None] * 3
    assert cluster.benign_type is None
    two_rods = placed(rod(170, 300), rod(300, 300), speck(235, 300))
    (cluster,) = type_view(*two_rods, model=silent, grouping=Grouping(group)).groups
    assert len(cluster.members) == 3
    assert cluster.benign_type is not None


def test_a_group_of_faint_marks_is_never_benign(model) -> None:
    picture, mask, marks = view(*(disc(row, 300, 4, stretch=7) for row in (170, 240, 310)))
    (clear,) = type_view(picture, mask, SPACING, marks, model=model, grouping=Grouping(group)).groups
    assert clear.benign_type is not None
    found = Grouping(group, faint=lambda groups, single, faint: group(faint))
    (faint,) = type_view(picture, mask, SPACING, (), marks, model=model, grouping=found).groups
    assert [m.morphology for m in faint.morphologies] == [m.morphology for m in clear.morphologies]
    assert faint.benign_type is None


def test_descriptors_are_what_can_be_measured(model) -> None:
    picture, mask, marks = view(*(disc(300, 280 + 20 * i, 2) for i in range(4)))
    typed = type_view(picture, mask, SPACING, marks, model=model, grouping=Grouping(group))
    (one,) = typed.groups
    described = describe(one, typed.contrasts, SPACING, Distribution.LINEAR)
    assert described is not None
    assert described.nearest_neighbour_mm.mean == pytest.approx(1.4, abs=0.02)
    assert described.nearest_neighbour_mm.deviation == pytest.approx(0, abs=0.02)
    assert described.size_mm.mean == pytest.approx(np.mean([m.diameter_mm for m in marks]))
    probabilities = [p.probability for p in described.morphologies]
    assert sum(probabilities) == pytest.approx(1)
    assert probabilities == sorted(probabilities, reverse=True)
    assert 0 <= described.suspicion <= 1


def test_nothing_smaller_than_half_a_millimetre_is_called_coarse(model) -> None:
    picture, mask, marks = view(*(disc(100 + 90 * i, 300, 2) for i in range(5)))
    typed = type_view(picture, mask, SPACING, marks, model=model, grouping=Grouping(group))
    assert {m.benign_type for m in typed.marks} <= {None, Morphology.VASCULAR}


def test_suspicion_grows_with_morphology_and_distribution() -> None:
    def certain(term: Morphology, distribution: Distribution = Distribution.GROUPED) -> float:
        return suspicion([MorphologyProbability(term, 1.0)], distribution)

    assert certain(Morphology.FINE_LINEAR) == pytest.approx(0.70)
    assert certain(Morphology.VASCULAR) == pytest.approx(0.01)
    assert certain(Morphology.AMORPHOUS, Distribution.LINEAR) > certain(Morphology.AMORPHOUS)
    assert certain(Morphology.AMORPHOUS, Distribution.DIFFUSE) < certain(Morphology.AMORPHOUS)


def test_a_bundle_without_a_model_types_nothing(tmp_path) -> None:
    assert MorphologyModel.load(tmp_path) is None
    _, _, marks = view(*(disc(300, 280 + 20 * i, 2) for i in range(4)))
    typed = untyped(marks, grouping=Grouping(group))
    assert typed.marks == marks
    assert describe(typed.groups[0], typed.contrasts, SPACING, Distribution.GROUPED) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d.pop("cluster"),
        lambda d: d["calcification"]["features"].reverse(),
        lambda d: d["calcification"]["weights"].pop(),
        lambda d: d["calcification"]["mean"].append(0.0),
        lambda d: d["cluster"]["bias"].__setitem__(0, math.nan),
        lambda d: d["cluster"]["scale"].__setitem__(0, 0.0),
        lambda d: d["cluster"]["terms"].__setitem__(0, "nonsense"),
        lambda d: d.clear(),
    ],
)
def test_a_damaged_model_is_refused_in_one_sentence(tmp_path, damage) -> None:
    document = json.loads((find_bundle().folder / "configs" / FILE_NAME).read_text("utf-8"))
    damage(document)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / FILE_NAME).write_text(json.dumps(document), "utf-8")
    with pytest.raises(ModelError, match="is incomplete or wrong") as error:
        MorphologyModel.load(tmp_path)
    assert error.value.code == "damaged-bundle"


def test_no_absurd_figure_went_into_the_fit(model) -> None:
    # A single one of a million would make all others of its kind alike after scaling.
    for classifier in (model.calcification, model.cluster):
        assert np.abs(classifier.mean).max() < 10
        assert classifier.scale.max() < 3


def test_the_measured_confusion_stands_beside_the_model(model) -> None:
    measured = json.loads((find_bundle().folder / "configs" / FILE_NAME).read_text("utf-8"))["measured"]
    for part, classifier in (("calcifications", model.calcification), ("clusters", model.cluster)):
        assert measured[part]["terms"] == [term.value for term in classifier.terms]
        benign = {term.value for term in BENIGN_TYPES}
        shares = measured[part]["recognised_as_benign"]
        assert all(share < 0.1 for term, share in shares.items() if term not in benign)
        assert all(share > 0.4 for term, share in shares.items() if term in benign)
