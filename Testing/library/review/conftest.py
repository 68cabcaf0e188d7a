"""Examinations to review."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.review_examples import ALGORITHM, blob, findings_of, tissue, with_blobs, write_view

from MCDetect.findings import Calcification
from MCDetect.review.session import ReviewSession

SPACING = (0.07, 0.07)


def groups() -> tuple[list[Calcification], list[Calcification], list[Calcification]]:
    """Return the members of a strong and of a weak cluster, and an isolated calcification."""
    strong = [blob(n, 60 + 9 * n, 80 + 11 * n, (4, 4), SPACING) for n in range(1, 5)]
    weak = [blob(n, 150 + 9 * n, 80 + 11 * n, (4, 4), SPACING) for n in range(5, 8)]
    return strong, weak, [blob(8, 30, 200, (4, 4), SPACING)]


@pytest.fixture(scope="session")
def examination_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a right CC and a right MLO view that show the calcifications of ``groups``."""
    folder = tmp_path_factory.mktemp("examination")
    unmarked = blob(9, 250, 60, (4, 4), SPACING)
    for number, view in enumerate(("CC", "MLO")):
        found = [calcification for group in groups() for calcification in group]
        pixels = with_blobs(tissue(seed=number), [*found, unmarked])
        pixels[:, :20] = np.minimum(pixels[:, :20], 395)
        write_view(folder / f"{view}.dcm", pixels, "R", view)
    return folder


@pytest.fixture
def make_session(examination_folder: Path) -> Callable[..., ReviewSession]:
    """Return a function that opens the examination; ``found`` adds what the algorithm found in it."""

    def make(folder: Path | None = None, found: bool = True, reader: str = "Reader^Anna") -> ReviewSession:
        session = ReviewSession.open([examination_folder], reader=reader, folder=folder)
        if found:
            session.set_algorithm(ALGORITHM)
            for view in session.examination.views:
                strong, weak, isolated = groups()
                session.add_view_findings(findings_of(view, [(0.9, strong), (0.2, weak)], isolated))
        return session

    return make


@pytest.fixture
def session(make_session: Callable[..., ReviewSession]) -> ReviewSession:
    """Return a review with findings in both views, that keeps nothing on disk."""
    return make_session()


@pytest.fixture
def prior(tmp_path_factory) -> Path:
    """Return the folder of an earlier study of the same breast."""
    folder = tmp_path_factory.mktemp("prior")
    write_view(folder / "CC.dcm", tissue(seed=5), "R", "CC", StudyInstanceUID="1.2.3.5", StudyDate="20100101")
    return folder
