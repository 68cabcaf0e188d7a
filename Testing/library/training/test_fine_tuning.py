from __future__ import annotations

from pathlib import Path

import pytest

from MCDetect.errors import UsageError
from MCDetect.training.datasets.record import CALCIFICATION, DatasetIndex, ImageRecord, Region
from MCDetect.training.fine_tuning import fine_tune

SQUARE = ((10.0, 10.0), (10.0, 40.0), (40.0, 40.0), (40.0, 10.0))


def test_data_without_single_calcifications_are_refused_before_any_image_is_read(tmp_path: Path):
    group = Region(CALCIFICATION, SQUARE, is_cluster=True)
    record = ImageRecord(tmp_path / "missing.dcm", "p", "L", "CC", 0.07, (group,))
    with pytest.raises(UsageError, match="marks single calcifications"):
        fine_tune(DatasetIndex("mini-mias", (record,), (), "0"), tmp_path / "run")
    assert not (tmp_path / "run").exists()
