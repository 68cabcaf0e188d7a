from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

from MCDetect.errors import DeviceError, UsageError
from MCDetect.inference.backends import choice, memory, precision, trial
from MCDetect.inference.backends.choice import choose_backend
from MCDetect.inference.backends.trial import fastest

CPU = torch.device("cpu")


class MadeUp:
    """A back end that takes a given time on a clock of its own."""

    precision = "fp32"

    def __init__(self, name, seconds, clock, offset=0.0, failure=None):
        self.name = self.title = name
        self._seconds, self._clock, self._offset, self._failure = seconds, clock, offset, failure

    def compile(self, network):
        if self._failure:
            raise self._failure

        def run(image):
            self._clock[0] += self._seconds
            return image[None] + np.float32(self._offset)

        return run


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(trial.time, "perf_counter", lambda: now[0])
    return now


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """Give the test a cache file of its own."""
    path = tmp_path / "cache" / "backends.json"
    monkeypatch.setattr(memory, "_path", lambda: path)
    return path


@pytest.fixture
def trials(monkeypatch, clock):
    """Count the trials of a made-up OpenVINO that is twice as fast as PyTorch."""
    count = []

    def counting(reference, others, network):
        count.append(1)
        return fastest(MadeUp("torch", 2.0, clock), others, network)

    monkeypatch.setattr(choice, "fastest", counting)
    monkeypatch.setattr(choice, "_makers", lambda precision: {"openvino": lambda: MadeUp("openvino", 1.0, clock)})
    monkeypatch.setattr(choice, "_is_installed", lambda package: True)
    return count


def test_the_fastest_of_those_that_work_and_agree_is_taken(clock):
    reference = MadeUp("torch", 2.0, clock)
    others = [
        MadeUp("slow", 3.0, clock),
        MadeUp("fast", 1.0, clock),
        MadeUp("broken", 0.1, clock, failure=ImportError("no library")),
        MadeUp("wrong", 0.1, clock, offset=0.01),
        MadeUp("not a number", 0.1, clock, offset=np.nan),
    ]
    chosen, seconds = fastest(reference, others, nn.Identity())
    assert chosen.name == "fast"
    assert seconds == {"torch": pytest.approx(2.0), "slow": pytest.approx(3.0), "fast": pytest.approx(1.0)}


def test_pytorch_stays_where_another_is_hardly_faster(clock):
    chosen, _ = fastest(MadeUp("torch", 1.0, clock), [MadeUp("other", 0.97, clock)], nn.Identity())
    assert chosen.name == "torch"


def test_the_trial_is_made_once_for_a_bundle_and_remembered(trials, cache):
    for bundle in ("a" * 64, "a" * 64, "b" * 64, "a" * 64):
        assert choose_backend("auto", CPU, nn.Identity(), bundle).name == "openvino"
    assert len(trials) == 2
    assert {entry["backend"] for entry in json.loads(cache.read_text()).values()} == {"openvino"}


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"KEY": 3}', '{"KEY": {"backend": 5}}', '{"KEY": {"backend": "gone"}}']
)
def test_a_damaged_memory_means_measuring_again(trials, cache, content):
    cache.parent.mkdir()
    cache.write_text(content.replace("KEY", memory._key("a" * 64, "fp32")))
    assert choose_backend("auto", CPU, nn.Identity(), "a" * 64).name == "openvino"
    assert len(trials) == 1
    assert json.loads(cache.read_text())[memory._key("a" * 64, "fp32")]["backend"] == "openvino"


def test_a_cache_that_cannot_be_written_costs_only_the_memory(trials, cache):
    cache.parent.write_text("a file where the folder should be")
    for _ in range(2):
        assert choose_backend("auto", CPU, nn.Identity(), "a" * 64).name == "openvino"
    assert len(trials) == 2


def test_another_precision_means_measuring_again(trials, cache, monkeypatch):
    monkeypatch.setattr(precision, "processor_flags", lambda: frozenset({"avx512_bf16"}))
    for name in ("fp32", "bf16", "bf16", "fp32"):
        choose_backend("auto", CPU, nn.Identity(), "a" * 64, name)
    assert len(trials) == 2


def test_another_version_of_a_library_means_measuring_again(trials, cache, monkeypatch):
    choose_backend("auto", CPU, nn.Identity(), "a" * 64)
    monkeypatch.setattr(memory, "_version", lambda package: f"{package} 99")
    choose_backend("auto", CPU, nn.Identity(), "a" * 64)
    assert len(trials) == 2


def test_with_pytorch_alone_there_is_nothing_to_measure(cache, monkeypatch):
    monkeypatch.setattr(choice, "_is_installed", lambda package: False)
    assert choose_backend("auto", CPU, nn.Identity(), "a" * 64).name == "torch"
    assert not cache.exists()


def test_a_gpu_is_left_to_pytorch():
    cuda = torch.device("cuda")
    assert choose_backend("auto", cuda, nn.Identity(), "a" * 64).name == "torch"
    with pytest.raises(UsageError, match="CPU only"):
        choose_backend("openvino", cuda, nn.Identity(), "a" * 64)


def test_a_precision_that_there_is_not_is_told():
    with pytest.raises(UsageError, match="fp32, bf16") as caught:
        choose_backend("auto", CPU, nn.Identity(), "a" * 64, "fp8")
    assert caught.value.code == "unknown-precision"


def test_a_processor_without_bf16_does_not_imitate_it(monkeypatch):
    monkeypatch.setattr(precision, "processor_flags", lambda: frozenset({"avx2"}))
    with pytest.raises(DeviceError, match="this processor has none") as caught:
        choose_backend("torch", CPU, nn.Identity(), "a" * 64, "bf16")
    assert caught.value.code == "no-bf16"


def test_a_back_end_that_knows_fp32_only_says_which_others_there_are(monkeypatch):
    monkeypatch.setattr(precision, "processor_flags", lambda: frozenset({"amx_bf16"}))
    monkeypatch.setattr(choice, "_is_installed", lambda package: True)
    with pytest.raises(UsageError, match="fp32 only") as caught:
        choose_backend("onnxruntime", CPU, nn.Identity(), "a" * 64, "bf16")
    assert "openvino" in caught.value.hint
