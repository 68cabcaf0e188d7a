from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from MCDetect.errors import InputError
from MCDetect.evaluation.bootstrap import Interval
from MCDetect.evaluation.hits import centre_inside
from MCDetect.polygons import contains
from MCDetect.simulation.examination import simulate_examination
from MCDetect.simulation.given_dicom import inject_into_file
from MCDetect.training.datasets import index_dataset
from MCDetect.training.datasets.record import CALCIFICATION, OTHER, ImageRecord, Region
from MCDetect.training.judging import figures
from MCDetect.training.judging.figures import calcification_figures, matched
from MCDetect.training.judging.looking import FoundCluster, FoundMark, LookedAtView
from MCDetect.training.judging.truths import JudgedView, truth_of

SHAPE = (1000, 800)
SQUARE = ((100.0, 100.0), (100.0, 200.0), (200.0, 200.0), (200.0, 100.0))
FAR = tuple((row + 600.0, column + 300.0) for row, column in SQUARE)


def point(row: float, column: float) -> Region:
    return Region(CALCIFICATION, ((row, column),))


def record(*regions: Region, **more: object) -> ImageRecord:
    return ImageRecord(Path("a.png"), "p1", "L", "CC", 0.07, regions, **more)


def truth(*regions: Region, **more: object) -> JudgedView:
    return truth_of(record(*regions, **more), "a.png", 0, SHAPE, simulated=False)


def test_marked_groups_and_single_calcifications_are_the_truth_and_other_findings_are_not():
    found = truth(
        Region(CALCIFICATION, SQUARE, "malignant", is_cluster=True),
        Region(OTHER, FAR),
        point(700, 400),
        point(150, 150),
    )
    assert [(cluster.outline, cluster.kind) for cluster in found.clusters] == [(SQUARE, "malignant")]
    assert [(c.row, c.column) for c in found.calcifications] == [(700, 400), (150, 150)]
    assert not found.is_normal


def test_single_calcifications_that_lie_together_are_a_group_unless_a_marked_one_holds_them():
    together = [point(700, 400), point(710, 420), point(690, 430)]
    (cluster,) = truth(*together, point(200, 700)).clusters
    outline = np.array(cluster.outline)
    assert all(contains(outline, np.array(region.outline[0])) for region in together)
    around = Region(CALCIFICATION, ((600.0, 300.0), (600.0, 500.0), (800.0, 500.0), (800.0, 300.0)), is_cluster=True)
    assert len(truth(*together, around).clusters) == 1


def test_a_group_that_is_marked_by_a_mask_has_the_hull_of_the_mask(tmp_path: Path):
    mask = np.zeros(SHAPE, np.uint8)
    mask[300:340, 100] = mask[320, 100:160] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    (cluster,) = truth(Region(CALCIFICATION, mask=tmp_path / "mask.png", is_cluster=True)).clusters
    outline = np.array(cluster.outline)
    assert contains(outline, np.array([325.0, 120.0]))
    assert not contains(outline, np.array([305.0, 150.0]))
    line = np.zeros(SHAPE, np.uint8)
    line[300, 100:120] = 255
    Image.fromarray(line).save(tmp_path / "line.png")
    (cluster,) = truth(Region(CALCIFICATION, mask=tmp_path / "line.png", is_cluster=True)).clusters
    assert contains(np.array(cluster.outline), np.array([300.0, 110.0]))


def test_a_mask_of_several_pieces_marks_single_calcifications_and_a_wide_mark_is_of_a_group(tmp_path: Path):
    mask = np.zeros(SHAPE, np.uint8)
    for row, column in ((300, 100), (320, 120), (310, 140), (800, 700)):
        mask[row : row + 4, column : column + 3] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    found = truth(Region(CALCIFICATION, mask=tmp_path / "mask.png", is_cluster=True))
    assert [(c.row, c.column) for c in found.calcifications] == [(301.5, 101), (311.5, 141), (321.5, 121), (801.5, 701)]
    assert len(found.clusters) == 1
    wide = truth(Region(CALCIFICATION, SQUARE))  # 7 mm
    assert (len(wide.clusters), len(wide.calcifications)) == (1, 0)


def test_a_mask_that_may_be_empty_and_is_marks_nothing(tmp_path: Path):
    Image.fromarray(np.zeros(SHAPE, np.uint8)).save(tmp_path / "mask.png")
    region = Region(CALCIFICATION, mask=tmp_path / "mask.png", is_cluster=True, may_be_empty=True)
    assert truth(region).is_normal
    with pytest.raises(InputError, match="marks nothing"):
        truth(replace(region, may_be_empty=False))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (record(Region(CALCIFICATION, is_whole_breast=True)), "whose place is not marked"),
        (replace(record(), spacing_mm=None), "how large a pixel is"),
    ],
)
def test_an_image_without_places_or_spacing_is_refused(given: ImageRecord, told: str):
    with pytest.raises(InputError, match=told):
        truth_of(given, "a.png", 0, SHAPE, simulated=False)


def test_a_view_that_is_not_wholly_marked_is_no_normal_one():
    assert truth().is_normal
    assert not truth(is_annotated=False).is_normal


def test_a_given_mammogram_with_injected_calcifications_may_have_some_of_its_own(tmp_path: Path):
    files = simulate_examination(tmp_path / "given", views=1, seed=0, rows=768, columns=600, clusters=0)
    inject_into_file(files[0], tmp_path / "data" / "p1", seed=1, clusters=1)
    index = index_dataset("simulated", tmp_path / "data")
    found = truth_of(index.records[0], "a", 0, (768, 600), simulated=True)
    assert found.clusters
    assert not found.is_annotated
    assert np.isfinite(found.clusters[0].signal_to_noise)
    with pytest.raises(InputError, match="another size than its truth"):
        truth_of(index.records[0], "a", 0, SHAPE, simulated=True)


def seen(view: JudgedView, *marks: FoundMark, clusters: tuple[FoundCluster, ...] = ()) -> LookedAtView:
    return LookedAtView(view, record(), clusters, marks)


def mark(row: float, column: float, *, alone: bool = False, cluster_score: float = -1.0) -> FoundMark:
    return FoundMark(row, column, 0.3, 0.9, alone, cluster_score)


def test_marks_are_judged_as_they_are_reported_at_each_operating_point():
    group = Region(CALCIFICATION, SQUARE, is_cluster=True)
    with_group = truth(group, point(150, 150), point(160, 160), point(700, 400))
    views = [
        # One mark of a cluster of 0.5 is right, one inside of the marked group is on nothing: not false.
        seen(
            with_group, mark(150, 150, cluster_score=0.5), mark(110, 190, cluster_score=0.5), mark(700, 400, alone=True)
        ),
        seen(truth(), mark(500, 500, alone=True), mark(510, 520, cluster_score=0.3)),
    ]
    found = calcification_figures(views, {"sensitive": 0.2, "specific": 0.8}, 10)
    assert found["calcifications"] == 3
    assert found["false marks counted on"] == "views without clusters"
    sensitive, specific = found["operating points"].values()
    assert sensitive["sensitivity"]["estimate"] == pytest.approx(2 / 3, abs=1e-4)
    assert sensitive["false marks a view"]["estimate"] == 2.0
    assert specific["sensitivity"]["estimate"] == pytest.approx(1 / 3, abs=1e-4)
    assert specific["false marks a view"]["estimate"] == 1.0
    assert sensitive["median error of the centre_mm"] == 0.0
    # Without a normal view they are counted outside of the marked groups.
    alone = calcification_figures(views[:1], {"sensitive": 0.2}, 10)["operating points"]["sensitive"]
    assert alone["false marks a view"]["estimate"] == 0.0


def test_a_data_set_without_single_calcifications_has_no_figures_of_them():
    assert (
        calcification_figures([seen(truth(Region(CALCIFICATION, SQUARE, is_cluster=True)))], {"one": 0.5}, 10) is None
    )


def test_nothing_is_called_false_on_a_view_that_is_not_wholly_marked():
    group = Region(CALCIFICATION, SQUARE, is_cluster=True)
    wrong = (FoundCluster(FAR, 0.9, False),)
    unmarked = seen(truth(group, is_annotated=False), clusters=wrong)
    marked = seen(truth(group), clusters=wrong)
    normal = seen(truth(), clusters=wrong)
    assert [image.false_positives for image in matched([unmarked, normal], centre_inside)] == [(), (0.9,)]
    # Where false positives are counted on all views, it would only thin them.
    assert len(matched([unmarked, marked], centre_inside)) == 1


def test_a_figure_that_no_resample_has_is_left_out(monkeypatch: pytest.MonkeyPatch):
    def without(*_given: object, **_more: object) -> Interval:
        raise ValueError("no resample has it")

    monkeypatch.setattr(figures, "bootstrap_interval", without)
    assert figures._interval(lambda _chosen: 1.0, ["a"], 10) is None
