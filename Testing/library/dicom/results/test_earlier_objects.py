"""Objects that MCDetect wrote before it numbered calcifications in reports are read as they always were.

The files in ``earlier`` were written about ``support.small_examination`` by the version that came before.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support.small_examination import ALGORITHM, small_findings, small_mammogram

from MCDetect.dicom.results.reading import read_results
from MCDetect.findings import Decision, SpacingSource

EARLIER = Path(__file__).parent / "earlier"


def test_all_of_them_together_still_tell_what_they_told() -> None:
    read = read_results([EARLIER / f"{kind}.dcm" for kind in ("cad-sr", "seg", "measurements-sr")])
    assert (read.algorithm.bundle_sha256, read.algorithm.threshold) == (ALGORITHM.bundle_sha256, ALGORITHM.threshold)
    assert (read.algorithm.device, read.algorithm.calcification_threshold) == ("unknown", 0.0)
    image, _ = read.images
    wanted = small_findings(0)
    assert (image.nipple, image.breast_area_mm2) == (None, 0.0)
    assert image.spacing_source is SpacingSource.AT_DETECTOR
    assert image.warnings == ("The result does not say where its pixel spacing comes from.",)
    accepted, rejected = image.clusters
    assert (accepted.decision, rejected.decision) == (Decision.ACCEPTED, Decision.REJECTED)
    assert (accepted.area_mm2, accepted.diameter_mm, accepted.density_per_cm2) == (0.4, 0.5, 500.0)
    assert [c.runs for c in image.members(accepted)] == [c.runs for c in wanted.members(wanted.clusters[0])]
    assert [(c.row, c.column, c.score) for c in image.members(accepted)] == [(5.5, 5.5, 0.5), (8.5, 9.5, 0.5)]
    # The pixels of a rejected cluster and the score of what is outside of clusters were in no object.
    assert [c.runs for c in image.members(rejected)] == [((20, 20, 1),), ((22, 24, 1),)]
    (isolated,) = image.isolated_calcifications
    assert (isolated.runs, isolated.score) == (wanted.calcifications[4].runs, 0.0)
    assert [c.id for c in image.calcifications] == [1, 2, 3, 4, 5]
    assert read.review is not None
    (same,) = read.correspondences
    assert same.confirmed


@pytest.mark.parametrize("kind", ["cad-sr", "seg", "measurements-sr"])
def test_each_alone_is_read_with_its_mammograms(kind: str) -> None:
    read = read_results([EARLIER / f"{kind}.dcm"], [small_mammogram(0), small_mammogram(1)])
    assert read.images[0].sop_instance_uid == small_findings(0).sop_instance_uid
    assert read.images[0].clusters[0].tracking_uid == small_findings(0).clusters[0].tracking_uid
    assert read.algorithm.operating_point == ALGORITHM.operating_point
    assert read.images[0].warnings == ()
