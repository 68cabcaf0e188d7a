"""The window with an examination of four views of 3328 x 4096 pixels: opening, memory, frames a second, answering.

Rendering is by software where there is no graphics card. ``make bench`` prints the figures; times of other programs on
the same computer are in those of the clock and not in those of the processor, which stand beside them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.display import a_display, reason_against_windows
from support.review_examples import STANDARD, write_view

ROWS, COLUMNS = 4096, 3328
GROUP = "the window with four views of 3328 x 4096 pixels"

pytestmark = pytest.mark.skipif(bool(reason_against_windows()), reason=reason_against_windows() or "-")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("examination")
    for number, (laterality, view) in enumerate(STANDARD):
        pixels = np.random.default_rng(number).integers(200, 4096, (ROWS, COLUMNS)).astype(np.uint16)
        pixels[:, COLUMNS // 2 :] = 0  # air, as in most mammograms
        write_view(made / f"{laterality}{view}.dcm", pixels, laterality, view)
    return made


@pytest.fixture(scope="module")
def window() -> Iterator[Any]:
    with a_display():
        from PyQt5.QtCore import Qt
        from PyQt5.QtTest import QTest
        from PyQt5.QtWidgets import QApplication

        QApplication.setAttribute(Qt.AA_DontCreateNativeWidgetSiblings)
        application = QApplication.instance() or QApplication([sys.argv[0]])
        from MCDetect.desktop.window import MainWindow

        made = MainWindow(None, None)
        made.resize(1920, 1080)
        made.show()
        QTest.qWaitForWindowExposed(made)
        yield made
        made.close()
        _KEPT.append(application)


_KEPT: list[object] = []
"""The application lives as long as the process: without it Qt's connection to the display ends too early."""


def opened(window: Any, folder: Path) -> None:
    from PyQt5.QtTest import QTest

    loaded: list[str] = []
    window.views.loaded.connect(loaded.append)
    window.open_paths([folder])
    while len(loaded) < 4:
        QTest.qWait(1)
    window.views.loaded.disconnect(loaded.append)
    for view in window.views.slots:
        view.render_now()


def memory(which: str) -> float:
    """Return VmRSS (now) or VmHWM (largest) of this process in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(which)) / 1024


@pytest.mark.benchmark(group=GROUP)
def test_opening_until_all_four_views_are_on_the_screen(benchmark: Any, window: Any, folder: Path) -> None:
    if Path("/proc/self/status").exists():
        benchmark.extra_info["memory before, MiB"] = round(memory("VmRSS"))
    worked = time.process_time()
    benchmark.pedantic(lambda: opened(window, folder), rounds=3)
    benchmark.extra_info["processor time of one opening, s"] = round((time.process_time() - worked) / 3, 2)
    if Path("/proc/self/status").exists():
        benchmark.extra_info["memory with the examination, MiB"] = round(memory("VmRSS"))
        benchmark.extra_info["largest memory, MiB"] = round(memory("VmHWM"))


@pytest.mark.parametrize("what", ["pan", "zoom"])
@pytest.mark.parametrize(
    "seen", ["pair of four views", "one view", "pair of four views, magnified", "one view, magnified"]
)
@pytest.mark.benchmark(group=GROUP)
def test_one_frame(benchmark: Any, window: Any, folder: Path, seen: str, what: str) -> None:
    from PyQt5.QtTest import QTest

    from MCDetect.desktop.navigation import pan_by, zoom_about
    from MCDetect.review.hanging import Layout

    if window.session is None:
        opened(window, folder)
    views = window.views
    views.arrange(Layout.FOUR_VIEWS if seen.startswith("pair") else Layout.ONE_VIEW)
    QTest.qWait(50)
    view = views.active
    if seen.endswith("magnified"):
        views.set_mm_per_pixel(0.05)
    steps = count()

    def frame() -> None:
        sign = 1 if next(steps) % 2 else -1
        move = pan_by(view.node, 7 * sign, 5) if what == "pan" else zoom_about(view.node, 300, 200, 0.97**sign)
        views.move_views(view, move)
        for shown in (view, *views.partners(view)):
            shown.render_now()

    worked = time.process_time()
    benchmark.pedantic(frame, rounds=30, warmup_rounds=3)
    benchmark.extra_info["processor time of a frame, ms"] = round((time.process_time() - worked) / 33 * 1000, 1)
    benchmark.extra_info["frames a second (median)"] = round(1 / benchmark.stats.stats.median, 1)


@pytest.mark.benchmark(group=GROUP)
def test_the_longest_work_of_the_thread_of_the_window_while_opening(
    benchmark: Any, window: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from support.watchdog import Watchdog

    def watched() -> Watchdog:
        dog = Watchdog(monkeypatch)
        opened(window, folder)
        dog.stop()
        return dog

    dog = once(benchmark, watched)
    benchmark.extra_info["longest work, ms of the processor"] = round(1000 * dog.work)
    benchmark.extra_info["longest time without an answer, ms"] = round(1000 * dog.pause)


def once(benchmark: Any, work: Callable[[], Any]) -> Any:
    return benchmark.pedantic(work, rounds=1)
