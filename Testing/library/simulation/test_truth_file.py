from __future__ import annotations

import json

import pytest

from MCDetect.errors import InputError
from MCDetect.simulation.truth_file import TruthOfView, read_truth, truth_as_json
from MCDetect.simulation.view import GENERATOR_VERSION


def test_truth_survives_the_file(view_with_clusters, tmp_path):
    written = TruthOfView.of(view_with_clusters, "LCC.dcm", "1.2.3")
    path = tmp_path / "truth.json"
    path.write_text(truth_as_json([written], seed=11), encoding="utf-8")
    assert written.clusters
    assert read_truth(path) == {"1.2.3": written}
    assert json.loads(path.read_text())["generator_version"] == GENERATOR_VERSION


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "mcdetect-simulation-truth", "schema_version": "0.0"}'])
def test_what_is_no_truth_file_is_refused_with_one_sentence(text, tmp_path):
    path = tmp_path / "truth.json"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_truth(path)
    assert caught.value.code == "not-truth"


def test_a_missing_truth_file_is_refused(tmp_path):
    with pytest.raises(InputError):
        read_truth(tmp_path / "truth.json")
