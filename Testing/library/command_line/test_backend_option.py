from __future__ import annotations

import json
from importlib.util import find_spec

import pytest
import torch

from MCDetect.inference.backends import memory
from MCDetect.inference.backends.precision import has_bf16


@pytest.mark.skipif(
    find_spec("openvino") is None or find_spec("onnx") is None, reason="the extra openvino is not installed"
)
def test_the_back_end_that_was_asked_for_stands_in_the_findings(detect, mammogram):
    outcome = detect(mammogram, options=["--backend", "openvino", "--formats", "json"])
    assert outcome.code == 0
    assert outcome.findings["algorithm"]["device"] == "cpu (OpenVINO, fp32)"


def test_auto_chooses_and_remembers(detect, mammogram, monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_path", lambda: tmp_path / "backends.json")
    first, second = (
        detect(mammogram, output=tmp_path / name, options=["--backend", "auto", "--formats", "json"])
        for name in ("first", "second")
    )
    assert (first.code, second.code) == (0, 0)
    assert first.findings["algorithm"]["device"] == second.findings["algorithm"]["device"]
    if find_spec("onnx") is not None and (find_spec("openvino") or find_spec("onnxruntime")):
        (entry,) = json.loads((tmp_path / "backends.json").read_text()).values()
        assert "torch" in entry["seconds"]


@pytest.mark.parametrize("backend", ["auto", "torch"])
def test_the_precision_that_was_asked_for_stands_in_the_findings(detect, mammogram, monkeypatch, tmp_path, backend):
    monkeypatch.setattr(memory, "_path", lambda: tmp_path / "backends.json")
    outcome = detect(mammogram, options=["--backend", backend, "--precision", "bf16", "--formats", "json"])
    if has_bf16(torch.device("cpu")):
        assert outcome.code == 0
        assert outcome.findings["algorithm"]["device"].endswith(", bf16)")
    else:
        assert "this processor has none" in outcome.stderr


def test_an_unknown_back_end_is_wrong_use(detect, mammogram, capsys):
    with pytest.raises(SystemExit) as caught:
        detect(mammogram, options=["--backend", "abacus"])
    assert caught.value.code == 2
