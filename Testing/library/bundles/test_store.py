from __future__ import annotations

import json
import pickle

import pytest
import torch

from MCDetect.bundles.store import find_bundle, seal, shipped_bundles
from MCDetect.errors import ModelError
from MCDetect.inference.detector import Detector
from MCDetect.networks import ShallowCNN


def told(folder):
    with pytest.raises(ModelError) as caught:
        Detector.load(folder, "cpu")
    assert caught.value.code == "damaged-bundle"
    assert caught.value.hint
    return caught.value.message


def test_an_unknown_bundle_is_told_with_the_known_ones():
    with pytest.raises(ModelError) as caught:
        find_bundle("no-such-model")
    assert caught.value.code == "no-such-bundle"


@pytest.mark.parametrize("name", ["model.pt", "patch_classifier.pt"])
def test_one_changed_byte_of_the_weights_is_told(own_bundle, name):
    path = own_bundle / "models" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert name in told(own_bundle)


def test_missing_weights_are_told(own_bundle):
    (own_bundle / "models" / "model.pt").unlink()
    assert "model.pt" in told(own_bundle)


def test_weights_of_another_network_are_told(own_bundle):
    torch.save(ShallowCNN().state_dict(), own_bundle / "models" / "model.pt")
    seal(own_bundle)
    assert "CalcificationUNet" in told(own_bundle)


class Malicious:
    def __reduce__(self):
        return exec, ("raise SystemExit('code was run')",)


def test_a_pickle_that_runs_code_is_refused_and_not_run(own_bundle):
    with (own_bundle / "models" / "model.pt").open("wb") as stream:
        pickle.dump(Malicious(), stream)
    seal(own_bundle)
    told(own_bundle)


def test_a_configuration_that_names_foreign_code_is_refused(own_bundle):
    path = own_bundle / "configs" / "inference.json"
    settings = json.loads(path.read_text())
    settings["calcification_network"] = {"_target_": "os.system", "command": "true"}
    path.write_text(json.dumps(settings))
    assert "os.system" in told(own_bundle)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"spacing_mm": "wide"}'])
def test_a_damaged_configuration_is_told(own_bundle, content):
    (own_bundle / "configs" / "inference.json").write_text(content)
    assert "inference.json" in told(own_bundle)


@pytest.mark.parametrize(
    "change", [{"default_operating_point": "no-such"}, {"cluster_score": {"intercept": 0, "weights": {"no-such": 1}}}]
)
def test_a_configuration_that_names_what_does_not_exist_is_told(own_bundle, change):
    path = own_bundle / "configs" / "inference.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    assert "no-such" in told(own_bundle)


def test_the_hash_follows_what_decides_a_result_and_nothing_else(own_bundle):
    before = find_bundle(own_bundle).sha256
    (own_bundle / "docs").mkdir()
    (own_bundle / "docs" / "README.md").write_text("a card")
    assert find_bundle(own_bundle).sha256 == before
    path = own_bundle / "configs" / "inference.json"
    settings = json.loads(path.read_text())
    settings["operating_points"]["balanced"] = 0.31
    path.write_text(json.dumps(settings))
    assert find_bundle(own_bundle).sha256 != before


def test_every_shipped_bundle_loads_has_a_card_and_is_small():
    bundles = shipped_bundles()
    assert "default" in [bundle.name for bundle in bundles]
    for bundle in bundles:
        detector = Detector.load(bundle.name, "cpu")
        assert set(detector.operating_points) == {"high-sensitivity", "balanced", "high-specificity"}
        assert bundle.sha256[:8] in bundle.model_card
        assert sum(path.stat().st_size for path in bundle.folder.rglob("*") if path.is_file()) < 8e6
