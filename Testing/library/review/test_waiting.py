"""Nobody waits without seeing how far it is."""

from __future__ import annotations

from MCDetect.review.panel.waiting import Waiting


class Bar:
    """What a QProgressBar was told last."""

    def __init__(self) -> None:
        self.visible, self.maximum, self.value = True, 100, 0

    def setVisible(self, visible: bool) -> None:  # noqa: N802
        self.visible = visible

    def setMaximum(self, maximum: int) -> None:  # noqa: N802
        self.maximum = maximum

    def setValue(self, value: int) -> None:  # noqa: N802
        self.value = value


def test_the_bar_is_there_only_while_something_goes_on() -> None:
    bar = Bar()
    waiting = Waiting(bar)
    assert not bar.visible
    waiting.begin()
    assert bar.visible
    waiting.end()
    assert not bar.visible


def test_it_moves_to_and_fro_until_the_work_says_how_far_it_is() -> None:
    bar = Bar()
    waiting = Waiting(bar)
    waiting.begin()
    waiting.show()
    assert bar.maximum == 0
    waiting.report(0.25)
    assert bar.maximum == 0, "the thread that reports touches no widget"
    waiting.show()
    assert bar.value / bar.maximum == 0.25


def test_what_was_reported_of_one_piece_of_work_is_not_shown_of_the_next() -> None:
    bar = Bar()
    waiting = Waiting(bar)
    waiting.begin()
    waiting.report(0.9)
    waiting.end()
    waiting.show()
    waiting.begin()
    waiting.show()
    assert bar.maximum == 0
