"""One examination as a worker processes it: what lies in its folder before and after."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cohorts import write_examination

from MCDetect.cohort.examination import identify, process
from MCDetect.cohort.records import Examination, Order, Processing, examination_folder, signature_of


def examination_of(paths: list[Path]) -> Examination:
    described = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return Examination("0123abcd", "1.2.3", signature_of(described), tuple(str(path) for path in paths))


@pytest.mark.parametrize(("away", "more"), [((0, 1), {}), ((1,), {}), ((0, 1), {"retry": True})])
def test_results_stay_while_images_cannot_be_read_and_are_renewed_afterwards(bundle_folder, tmp_path, away, more):
    paths = write_examination(tmp_path / "source", 0)
    present = examination_of(paths)
    processing = Processing(bundle=str(bundle_folder), formats=("json", "seg"))
    order = Order(str(tmp_path / "results"), processing, identify(processing, None))
    folder = examination_folder(tmp_path / "results", present.name)
    assert not process(present, order).refused
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for number in away:
        paths[number].rename(tmp_path / paths[number].name)
    checked = Order(order.output, processing, order.algorithm, recheck=True, **more)
    outcome = process(present, checked)
    assert {refusal.code for refusal in outcome.refused} <= {"no-such-file", "changed-while-read"}
    assert outcome.failed
    assert outcome.may_improve
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert list(folder.parent.iterdir()) == [folder]
    for number in away:
        (tmp_path / paths[number].name).rename(paths[number])
    again = process(present, checked)
    assert not again.computed
    assert len(again.images) == 2
