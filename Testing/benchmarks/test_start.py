"""How long a start takes: `import MCDetect`, and the help of the command."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.timing import least_seconds

WAYS = {"import MCDetect": ["-c", "import MCDetect"], "mcdetect --help": ["-m", "MCDetect", "--help"]}


@pytest.mark.benchmark(group="start of a process")
@pytest.mark.parametrize("words", WAYS.values(), ids=WAYS)
def test_start(benchmark, words):
    def run(arguments: list[str]) -> None:
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

    benchmark.pedantic(run, (words,), rounds=5, warmup_rounds=1)
    empty = least_seconds(lambda: run(["-c", ""]), 5)
    whole = least_seconds(lambda: run(words), 5)
    benchmark.extra_info.update(
        seconds=whole.clock,
        seconds_of_an_empty_process=empty.clock,
        seconds_more=whole.clock - empty.clock,
    )
