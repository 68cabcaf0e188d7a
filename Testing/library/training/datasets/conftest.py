"""Each data set once in miniature, in the layout in which it is distributed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.miniature_datasets import index_of_all_kinds, write_simulated

from MCDetect.training.datasets.record import DatasetIndex
from MCDetect.training.miniatures import LAYOUTS, write_miniature


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> DatasetIndex:
    return index_of_all_kinds(tmp_path_factory.mktemp("all-kinds"))


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory, simulated: DatasetIndex) -> dict[str, Path]:
    written = {name: write_miniature(name, tmp_path_factory.mktemp(name), simulated) for name in LAYOUTS}
    return {"simulated": write_simulated(tmp_path_factory.mktemp("simulated"), 3), **written}


@pytest.fixture
def copy_of(originals: dict[str, Path], tmp_path: Path) -> Callable[[str], Path]:
    return lambda name: shutil.copytree(originals[name], tmp_path / name)
