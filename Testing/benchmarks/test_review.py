"""A review of four views of 3328 x 4096 pixels: opening, filtering, drawing on the screen, and its memory.

``make bench`` prints them; rendering is by software where there is no graphics card.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.largest_memory import peak_mib
from support.review_examples import STANDARD, blob, findings_of, write_view

from MCDetect.review.session import ReviewSession

ROWS, COLUMNS = 4096, 3328
NAMES = ("A", "B", "C", "D")
SPACING = (0.07, 0.07)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("examination")
    for number, (laterality, view) in enumerate(STANDARD):
        pixels = np.random.default_rng(number).integers(0, 4096, (ROWS, COLUMNS)).astype(np.uint16)
        write_view(made / f"{laterality}{view}.dcm", pixels, laterality, view)
    return made


@pytest.fixture
def views() -> Any:
    slice_views = pytest.importorskip("support.slice_views", reason="slicer-core is not installed")
    made = slice_views.OffScreenViews(NAMES, size=(900, 500))
    yield made
    made.close()


def opened(folder: Path, views: Any) -> Any:
    from MCDetect.review.overlay.overlay import ReviewOverlay

    session = ReviewSession.open([folder])
    overlay = ReviewOverlay(views.scene, session)
    for name, key in zip(NAMES, session.examination.keys, strict=True):
        overlay.show(key, views.node(name))
        overlay.fit(views.node(name))
    for name in NAMES:
        views.picture(name)
    return session, overlay


def hundred_clusters(session: ReviewSession, in_each: int = 25) -> None:
    generator = np.random.default_rng(0)
    for view in session.examination.views:
        numbers = count(1)
        groups = []
        for _ in range(in_each):
            places = generator.integers(300, 3000, 2) + generator.integers(-40, 40, (10, 2))
            members = [blob(next(numbers), int(row), int(column), (4, 4), SPACING) for row, column in places]
            groups.append((float(generator.uniform()), members))
        session.add_view_findings(findings_of(view, groups))


@pytest.mark.benchmark(group="a review of four views of 3328 x 4096 pixels")
def test_opening_until_all_four_views_are_seen(benchmark, folder, views) -> None:
    def open_and_close() -> None:
        session, overlay = opened(folder, views)
        overlay.close()
        session.close()

    benchmark.pedantic(open_and_close, rounds=3, warmup_rounds=0)
    benchmark.extra_info["largest memory, MiB"] = peak_mib()


@pytest.mark.benchmark(group="a review of four views of 3328 x 4096 pixels")
def test_filtering_a_hundred_clusters(benchmark, folder, views) -> None:
    session, _ = opened(folder, views)
    hundred_clusters(session)
    steps = count()
    benchmark.pedantic(lambda: session.set_threshold((next(steps) % 10) / 10), rounds=20, warmup_rounds=2)


@pytest.mark.benchmark(group="a review of four views of 3328 x 4096 pixels")
def test_one_frame_of_a_view_while_panning(benchmark, folder, views) -> None:
    session, overlay = opened(folder, views)
    hundred_clusters(session)
    overlay.centre(views.node(), 2000, 1500, 60)
    steps = count()

    def pan() -> None:
        overlay.centre(views.node(), 2000 + next(steps), 1500)
        views.views["A"].render_window().Render()

    benchmark.pedantic(pan, rounds=30, warmup_rounds=3)
