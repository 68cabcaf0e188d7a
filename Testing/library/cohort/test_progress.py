"""How far a batch is: its rate, the time left, and how both are shown."""

from __future__ import annotations

import json

import pytest
from rich.console import Console
from support.cohorts import write_cohort

from MCDetect.cohort import rate
from MCDetect.cohort.batch import Listener
from MCDetect.cohort.engine import State
from MCDetect.cohort.intake import FetchState
from MCDetect.cohort.rate import Rate
from MCDetect.commands import batch_progress
from MCDetect.commands.batch_progress import BarListener, JsonListener, duration


@pytest.fixture
def clock(monkeypatch):
    """Return a function that lets time pass; no other time passes."""
    now = [1000.0]

    class Clock:
        @staticmethod
        def monotonic():
            return now[0]

    monkeypatch.setattr(rate, "time", Clock)

    def passes(seconds):
        now[0] += seconds

    return passes


def test_there_is_no_rate_before_something_is_completed(clock):
    measured = Rate()
    clock(5)
    assert measured.per_hour is None
    assert measured.seconds_for(10) is None


def test_the_rate_counts_from_the_start_and_tells_the_time_left(clock):
    measured = Rate()
    for _ in range(4):
        clock(30)
        measured.tick()
    assert measured.per_hour == pytest.approx(120)
    assert measured.seconds_for(10) == pytest.approx(300)
    assert measured.seconds_for(0) == 0


def test_the_rate_is_that_of_the_last_completions(clock):
    measured = Rate(remembered=3)
    for seconds in (1000, 1000, 1000, 10, 10, 10):
        clock(seconds)
        measured.tick()
    assert measured.per_hour == pytest.approx(360)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 min 0 s"),
        (59.4, "0 min 59 s"),
        (59.6, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (86_399, "23 h 59 min"),
        (90_000, "1 d 1 h"),
        (30 * 86_400, "30 d 0 h"),
    ],
)
def test_a_duration_is_told_in_two_units(seconds, words):
    assert duration(seconds) == words


class Notes(Listener):
    def __init__(self):
        self.states = []

    def progress(self, state):
        self.states.append(state)


def test_a_batch_tells_how_far_it_is_from_nothing_to_all(batch, tmp_path):
    notes = Notes()
    batch(write_cohort(tmp_path / "source", 4, images=1), notes)
    first, last = notes.states[0], notes.states[-1]
    assert (first.done, first.total, first.left, first.computed, first.per_hour) == (0, 4, 4, 0, None)
    assert (last.done, last.failed, last.total, last.left, last.running, last.computed) == (4, 0, 4, 0, 0, 4)
    assert last.per_hour is not None
    assert last.per_hour > 0
    assert last.seconds_left == 0
    for state in notes.states:
        if state.per_hour is not None:
            assert state.seconds_left == pytest.approx(state.left * 3600 / state.per_hour)
    assert [state.done for state in notes.states] == sorted(state.done for state in notes.states)


@pytest.fixture
def terminal(monkeypatch):
    """Return what is shown on a terminal of a hundred and sixty columns."""
    console = Console(force_terminal=True, width=160, record=True, legacy_windows=False, color_system=None)
    monkeypatch.setattr(batch_progress, "Console", lambda **_: console)
    return console


def shown(bar):
    """Return the percentage and the words of a bar as they are on the screen."""
    (task,) = bar._bar.tasks
    return f"{task.percentage:.0f}%", task.description


def test_the_bar_shows_rate_and_time_left(terminal):
    with BarListener() as bar:
        assert shown(bar) == ("0%", "starting the workers")
        bar.waiting()
        assert shown(bar)[1] == "waiting for a worker"
        bar.searching(128)
        assert shown(bar)[1] == "searching: 128 files"
        bar.progress(State(0, 0, 8, 0, 0, None, None))
        assert shown(bar) == ("0%", "0 of 8 examinations")
        bar.progress(State(5, 1, 8, 2, 6, 240.4, 3700.0))
        assert shown(bar) == ("75%", "6 of 8 examinations, 1 failed, 240 an hour, 1 h 1 min left")
        bar._bar.refresh()
        bar.summarising()
        assert shown(bar)[1] == "writing the summary"
    assert "75% " in terminal.export_text()


def test_the_bar_shows_what_is_fetched_beside_what_is_processed(terminal):
    with BarListener() as bar:
        bar.asking(3, 30)
        assert shown(bar) == ("10%", "asking the PACS: 3 of 30 days")
        bar.fetching(FetchState(0, 8, None, None))
        assert shown(bar)[1] == "fetched 0 of 8"
        bar.progress(State(1, 0, 2, 1, 1, 60.0, 60.0))
        bar.fetching(FetchState(4, 8, 120.0, 120.0))
        assert shown(bar) == (
            "50%", "1 of 2 examinations, 60 an hour, 1 min 0 s left; fetched 4 of 8, 120 an hour, 2 min 0 s left",
        )  # fmt: skip


def test_what_goes_wrong_is_told_at_once_with_and_without_a_terminal(terminal, capsys):
    with BarListener() as bar:
        bar.note("The worker at tcp://[::1]:80 gets no more work.")
    assert "The worker at tcp://[::1]:80 gets no more work." in terminal.export_text()
    capsys.readouterr()
    with JsonListener() as listener:
        listener.note("Nothing listens.")
    assert json.loads(capsys.readouterr().out) == {"event": "note", "message": "Nothing listens."}


def test_a_note_goes_to_the_standard_error_where_there_is_no_terminal(capsys):
    sentence = "The worker gets no more work: " + "the GPU does not work any more, " * 9
    with BarListener() as bar:
        bar.note(sentence)
    assert capsys.readouterr() == ("", sentence + "\n")


def test_there_is_no_bar_where_there_is_no_terminal(capsys):
    with BarListener() as bar:
        bar.progress(State(5, 1, 8, 2, 6, 240.4, 3700.0))
    assert capsys.readouterr() == ("", "")


def test_json_tells_rate_and_time_left(capsys):
    with JsonListener() as listener:
        listener.progress(State(5, 1, 8, 2, 6, 240.0, 30.0))
        listener.fetching(FetchState(4, 8, 120.0, 120.0))
    progress, fetching = map(json.loads, capsys.readouterr().out.splitlines())
    assert progress == {
        "event": "progress", "done": 5, "failed": 1, "total": 8, "running": 2, "computed": 6, "per_hour": 240.0,
        "seconds_left": 30.0,
    }  # fmt: skip
    assert fetching == {"event": "fetching", "done": 4, "total": 8, "per_hour": 120.0, "seconds_left": 120.0}
