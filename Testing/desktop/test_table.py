"""The table of findings: what stands in its cells and what in their tool tips."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PyQt5.QtCore import Qt

from MCDetect.bi_rads import Morphology
from MCDetect.descriptors import Descriptors, MorphologyProbability, Spread

MORPHOLOGY = 7
LIKELY = {Morphology.FINE_LINEAR: 0.62, Morphology.AMORPHOUS: 0.24, Morphology.ROUND: 0.1, Morphology.RIM: 0.04}


@pytest.fixture
def described(window, hands, examination):
    """Return the window with two findings, whose morphology the algorithm has judged."""
    hands.open(examination)
    hands.detect()
    terms = tuple(MorphologyProbability(term, probability) for term, probability in LIKELY.items())
    descriptors = Descriptors(Spread(0.7, 0.2), Spread(0.3, 0.1), Spread(0.4, 0.1), terms, 0.5)
    for key, cluster in window.session.shown_findings():
        changed = replace(cluster, descriptors=descriptors)
        if window.session.examination.view(key).label == "L MLO":
            changed = replace(changed, benign_type=Morphology.VASCULAR)
        window.session.add_view_findings(replace(window.session.image(key), clusters=(changed,)))
    return window


def tip(window, row: int) -> str:
    return window.widgets.findingsTable.item(row, MORPHOLOGY).toolTip()


def test_a_cell_shows_the_term_and_its_tool_tip_how_probable_it_is_and_who_says_so(described, hands):
    probable = "Probabilities by the algorithm: fine linear or fine-linear branching 62 %, amorphous 24 %, round 10 %"
    assert [(row[0], row[MORPHOLOGY]) for row in hands.cells()] == [
        ("L CC", "fine linear or fine-linear branching"),
        ("L MLO", "vascular"),
    ]
    assert tip(described, 0) == probable
    assert tip(described, 1).split("\n") == ["vascular: typically benign, by the algorithm", probable]
    assert not any("%" in cell for row in hands.cells() for cell in row)
    hands.press(Qt.Key_N)
    described.session.set_morphology(described.session.selected, Morphology.FINE_LINEAR)
    assert hands.cells()[0][MORPHOLOGY] == "fine linear or fine-linear branching"
    said = "fine linear or fine-linear branching: by the reader"
    assert tip(described, 0).split("\n") == [said, probable], "the tip follows where the term stays"


def test_a_term_that_is_wider_than_its_column_stands_whole_in_two_lines(described):
    table = described.widgets.findingsTable
    term = table.item(0, MORPHOLOGY).text()
    lines = table.fontMetrics()
    assert lines.horizontalAdvance(term) > table.columnWidth(MORPHOLOGY), "else this says nothing"
    assert table.horizontalScrollBar().maximum() == 0
    assert table.rowHeight(0) >= 2 * lines.height()
    assert table.rowHeight(1) < 2 * lines.height()
