from __future__ import annotations

import filecmp

import pydicom
import pytest

from MCDetect.errors import OutputError, UsageError
from MCDetect.simulation.examination import simulate_examination
from MCDetect.simulation.truth_file import read_truth
from MCDetect.simulation.view import simulate_view

SMALL = {"rows": 700, "columns": 520, "spacing_mm": 0.1}


@pytest.fixture(scope="module")
def examination(tmp_path_factory):
    return simulate_examination(tmp_path_factory.mktemp("examination") / "new", seed=5, clusters=1, **SMALL)


def test_an_examination_is_four_views_and_a_truth_file(examination):
    assert [path.name for path in examination] == ["RCC.dcm", "LCC.dcm", "RMLO.dcm", "LMLO.dcm", "truth.json"]
    assert sorted(path.name for path in examination[0].parent.iterdir()) == sorted(path.name for path in examination)


def test_the_truth_belongs_to_the_images(examination):
    truth = read_truth(examination[-1])
    for path in examination[:-1]:
        header = pydicom.dcmread(path, stop_before_pixels=True)
        view = truth.pop(header.SOPInstanceUID)
        assert view.file == path.name
        assert view.laterality + view.view == path.stem
        assert (view.rows, view.columns) == (header.Rows, header.Columns)
        assert len(view.clusters) <= 1
    assert truth == {}


def test_both_views_of_a_breast_hold_the_same_clusters(examination):
    views = {view.laterality + view.view: view for view in read_truth(examination[-1]).values()}
    for side in "LR":
        above, oblique = views[f"{side}CC"].clusters, views[f"{side}MLO"].clusters
        assert [c.breast_cluster for c in above] == [c.breast_cluster for c in oblique] == [1]
        assert [(c.kind, c.distribution) for c in above] == [(c.kind, c.distribution) for c in oblique]


def test_one_patient_one_study_and_a_series_and_a_frame_of_reference_for_each_view(examination):
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in examination[:-1]]
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "InstanceNumber"):
        assert len({str(header[keyword].value) for header in headers}) == 1
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "SeriesDescription", "FrameOfReferenceUID"):
        assert len({str(header[keyword].value) for header in headers}) == 4
    assert [header.SeriesNumber for header in headers] == [1, 2, 3, 4]


def test_the_same_arguments_write_the_same_bytes(examination, tmp_path):
    again = simulate_examination(tmp_path, seed=5, clusters=1, views=1, **SMALL)
    assert [path.name for path in again] == ["RCC.dcm", "truth.json"]
    assert filecmp.cmp(examination[0], again[0], shallow=False)


def test_no_clusters_means_normal_views(tmp_path):
    truth = read_truth(simulate_examination(tmp_path, seed=5, clusters=0, views=1, **SMALL)[-1])
    (view,) = truth.values()
    assert view.calcifications == ()
    assert view.clusters == ()


def test_a_folder_that_is_a_file_is_refused_with_one_sentence(tmp_path):
    occupied = tmp_path / "occupied"
    occupied.write_text("mine")
    with pytest.raises(OutputError) as caught:
        simulate_examination(occupied, views=1, **SMALL)
    assert caught.value.code == "cannot-write"
    assert occupied.read_text() == "mine"


def test_fewer_than_no_clusters_are_refused_before_anything_is_made(tmp_path):
    with pytest.raises(UsageError):
        simulate_examination(tmp_path / "none", clusters=-1)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("views", [0, 5])
def test_an_examination_has_one_to_four_views(views, tmp_path):
    with pytest.raises(UsageError):
        simulate_examination(tmp_path / "none", views=views)
    assert not (tmp_path / "none").exists()


def test_views_of_an_earlier_simulation_are_removed_and_nothing_else(tmp_path):
    small = {"rows": 512, "columns": 384, "spacing_mm": 0.2}
    simulate_examination(tmp_path, views=2, seed=1, **small)
    (tmp_path / "LMLO.dcm").write_text("not ours: no truth file speaks of it")
    simulate_examination(tmp_path, views=1, seed=2, **small)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["LMLO.dcm", "RCC.dcm", "truth.json"]


def test_a_truth_file_of_somebody_else_is_replaced_and_no_view_removed(tmp_path):
    (tmp_path / "truth.json").write_text("[]")
    (tmp_path / "LCC.dcm").write_text("of somebody else")
    simulate_examination(tmp_path, views=1, seed=2, rows=512, columns=384, spacing_mm=0.2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["LCC.dcm", "RCC.dcm", "truth.json"]


@pytest.mark.parametrize("done", [0, 1])
def test_a_simulation_that_is_stopped_leaves_nothing_of_an_earlier_one_beside_its_images(tmp_path, monkeypatch, done):
    small = {"rows": 512, "columns": 384, "spacing_mm": 0.2}
    simulate_examination(tmp_path, views=3, seed=1, **small)
    made: list[object] = []

    def stopped(*arguments, **settings):
        if len(made) == done:
            raise KeyboardInterrupt
        made.append(arguments)
        return simulate_view(*arguments, **settings)

    monkeypatch.setattr("MCDetect.simulation.examination.simulate_view", stopped)
    with pytest.raises(KeyboardInterrupt):
        simulate_examination(tmp_path, views=2, seed=2, **small)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["RCC.dcm"] * done
