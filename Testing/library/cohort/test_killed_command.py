"""``mcdetect batch`` as a process of its own, killed and started again."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys

import pytest
from support.cohorts import write_cohort


@pytest.mark.slow
def test_a_command_killed_at_random_moments_goes_on_where_it_was(bundle_folder, tmp_path):
    chance = random.Random(3)
    source = write_cohort(tmp_path / "source", 10, images=1)
    words = [sys.executable, "-m", "MCDetect", "batch", str(source), "--output", str(tmp_path / "results")]
    words += ["--bundle", str(bundle_folder), "--device", "cpu", "--backend", "torch"]
    words += ["--workers", "2", "--formats", "json"]
    words += ["--progress", "json"]
    finished: list[str] = []
    for deaths in (True, True, False):
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            left = chance.randint(1, 3)
            assert process.stdout is not None
            for line in process.stdout:
                event = json.loads(line)
                if event["event"] == "examination":
                    finished.append(event["examination"])
                    left -= 1
                if deaths and left == 0:
                    process.send_signal(signal.SIGKILL)
                    break
            last = process.stdout.read().splitlines() or [line]
        assert process.returncode == (-signal.SIGKILL if deaths else 0)
    assert len(finished) == len(set(finished))
    assert json.loads(last[-1])["done"] == 10
    results = list((tmp_path / "results").glob("examinations/*/*/findings.json"))
    assert len(results) == 10
