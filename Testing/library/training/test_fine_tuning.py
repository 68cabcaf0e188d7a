from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.miniature_datasets import write_simulated

from MCDetect.errors import UsageError
from MCDetect.simulation.labels import CALCIFICATION as TAUGHT
from MCDetect.simulation.labels import IGNORED, TISSUE
from MCDetect.training.datasets import index_dataset
from MCDetect.training.datasets.record import CALCIFICATION, DatasetIndex, ImageRecord, Region
from MCDetect.training.fine_tuning import fine_tune, labels_of

SQUARE = ((10.0, 10.0), (10.0, 40.0), (40.0, 40.0), (40.0, 10.0))


def test_data_without_single_calcifications_are_refused_before_any_image_is_read(tmp_path: Path):
    group = Region(CALCIFICATION, SQUARE, is_cluster=True)
    record = ImageRecord(tmp_path / "missing.dcm", "p", "L", "CC", 0.07, (group,))
    with pytest.raises(UsageError, match="marks single calcifications"):
        fine_tune(DatasetIndex("mini-mias", (record,), (), "0"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_outline_wider_than_five_millimetres_is_not_taught_as_a_calcification(tmp_path: Path):
    small = Region(CALCIFICATION, SQUARE)  # 31 pixels
    record = ImageRecord(tmp_path / "missing.dcm", "p", "L", "CC", 0.1, (small,))
    labels, places = labels_of(record, (60, 60))
    assert (labels[25, 25], labels[50, 50], len(places)) == (TAUGHT, TISSUE, 1)
    wide = replace(record, spacing_mm=0.2)
    labels, places = labels_of(wide, (60, 60))
    assert (labels[25, 25], labels[50, 50], len(places)) == (IGNORED, TISSUE, 0)
    with pytest.raises(UsageError, match="marks single calcifications"):
        fine_tune(DatasetIndex("ddsm", (wide,), (), "0"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_single_calcification_in_a_wide_outline_is_taught(tmp_path: Path):
    regions = (Region(CALCIFICATION, ((25.0, 25.0),)), Region(CALCIFICATION, SQUARE))
    labels, _ = labels_of(ImageRecord(tmp_path / "missing.dcm", "p", "L", "CC", 0.2, regions), (60, 60))
    assert (labels[25, 25], labels[15, 15]) == (TAUGHT, IGNORED)


def test_a_folder_of_other_data_is_refused_and_the_same_data_go_on(tmp_path: Path):
    found = index_dataset("simulated", write_simulated(tmp_path / "data", 2))
    single = Region(CALCIFICATION, ((300.0, 200.0),))
    index = replace(found, records=tuple(replace(record, regions=(single,)) for record in found.records))
    run = tmp_path / "run"
    fine_tune(index, run, steps=1)
    view = run / "views" / "00000.npy"
    written = view.stat().st_mtime_ns
    fine_tune(index, run, steps=2)
    assert view.stat().st_mtime_ns == written
    with pytest.raises(UsageError, match="another recipe, data set or choice: dataset_checksum"):
        fine_tune(replace(index, checksum="of a file more"), run, steps=2)
    (run / "run.json").unlink()  # as folders of earlier versions
    with pytest.raises(UsageError, match="does not say on which data"):
        fine_tune(index, run, steps=2)
    assert np.load(view).size
