"""A PACS that is away for a while costs no query its answer; one that cannot be answered holds up no other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from MCDetect.cohort import fetching, outage
from MCDetect.cohort.fetching import Archive, Fetcher
from MCDetect.dicom.pacs import back_off
from MCDetect.dicom.pacs.back_off import PassingError
from MCDetect.dicom.pacs.nodes import DicomNode
from MCDetect.dicom.pacs.reports import Failure, FetchReport, StudyQuery
from MCDetect.errors import InputError, UsageError

NODE = DicomNode("archive", host="127.0.0.1", port=1, ae_title="A")
AWAY = PassingError("nothing-listens", "Nothing listens at archive.", "Start the PACS.")


@dataclass
class Pacs:
    """Answers unless it is told to fail; writes down who asked, and how often the client would try by itself."""

    fails: Any = lambda number, asked: None
    asked: list[int] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)

    def fetch(self, node, query, output, *, tell, is_cancelled):
        number = int(query.accession)
        self.asked.append(number)
        self.attempts.append(node.attempts)
        error = self.fails(number, len(self.asked))
        if isinstance(error, Exception):
            raise error
        folder = output / f"study_{number}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "1.dcm").write_bytes(b"image")
        failed = (Failure(None, error[0]),) if error else ()
        return FetchReport(written=(folder / "1.dcm",), failed=failed)


@pytest.fixture
def pacs(monkeypatch):
    made = Pacs()
    monkeypatch.setattr(fetching, "fetch", made.fetch)
    monkeypatch.setattr(back_off, "FIRST_WAIT_S", 0.001)
    monkeypatch.setattr(back_off, "LONGEST_WAIT_S", 0.004)
    return made


def fetched(folder, number):
    """Return what comes of queries 0, 1, ..., what is said meanwhile, and how many are left without an answer."""
    said, came = [], []
    queries = tuple(StudyQuery(accession=str(index)) for index in range(number))
    with Fetcher(Archive(NODE, queries), folder, (), said.append) as fetcher:
        for _ in range(10_000):
            if fetcher.is_done:
                return came, said, fetcher.remaining
            arrival = fetcher.take(1.0)
            if arrival is not None:
                came.append(arrival)
    raise AssertionError("fetching should have come to an end")


def files(came):
    return sorted(path.parent.name for arrival in came for path in arrival.files)


def test_queries_of_an_outage_are_kept_and_answered_after_it(pacs, tmp_path):
    pacs.fails = lambda number, asked: AWAY if 3 <= asked < 30 else None
    came, said, left = fetched(tmp_path, 8)
    assert files(came) == [f"study_{number}" for number in range(8)]
    assert [arrival.problems for arrival in came] == [()] * 8
    assert left == 0
    assert said == [
        "Nothing listens at archive. What is left is asked for again after pauses.",
        "The node 'archive' answers again.",
    ]
    assert pacs.attempts == [4] * 3 + [1] * 27 + [4] * 5, "during an outage the pauses are ours alone"


def test_pauses_grow_and_begin_anew_after_an_answer(monkeypatch):
    monkeypatch.setattr(outage.random, "uniform", lambda *_: 1.0)
    watched = outage.Outage("archive", lambda _: None)
    watched.ended()
    assert [watched.failed(AWAY) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    watched.ended()
    assert watched.failed(AWAY) == 1
    pauses = []
    while (pause := watched.failed(AWAY)) is not None:
        pauses.append(pause)
    assert outage.LONGEST_OUTAGE_S <= 1 + sum(pauses) < outage.LONGEST_OUTAGE_S + 61


def test_after_a_long_outage_what_is_left_is_told_in_one_sentence_and_left_to_the_next_start(
    pacs, tmp_path, monkeypatch
):
    monkeypatch.setattr(outage, "LONGEST_OUTAGE_S", 0.02)
    pacs.fails = lambda number, asked: AWAY if asked >= 3 else None
    came, _, left = fetched(tmp_path, 50)
    assert files(came) == ["study_0", "study_1"]
    (problem,) = came[-1].problems
    assert (problem.code, left) == ("nothing-listens", 48)
    assert problem.message == "Nothing listens at archive. Queries left unanswered: 48."
    known = {arrival.key for arrival in came if not arrival.problems}
    assert len(known) == 2
    pacs.fails = lambda number, asked: None
    again, _, left = fetched(tmp_path, 50)
    assert (len(again), left) == (50, 0)


@pytest.mark.parametrize("error", [AWAY, UsageError("no-dicomweb", "It does not speak DICOMweb.")])
def test_a_pacs_that_has_never_answered_is_told_soon_and_not_asked_for_everything(pacs, tmp_path, error):
    pacs.fails = lambda number, asked: error
    came, _, left = fetched(tmp_path, 50)
    assert (len(came), left, len(pacs.asked)) == (1, 50, outage.MOST_AT_FIRST + 1)
    assert came[0].problems[0].message.startswith(error.message)


@pytest.mark.parametrize("bad", [0, 3])
def test_a_query_that_fails_for_long_holds_up_no_other_and_is_answered_in_the_end(pacs, tmp_path, bad):
    pacs.fails = lambda number, asked: AWAY if number == bad and asked < 12 else None
    came, _, left = fetched(tmp_path, 6)
    assert left == 0
    assert [pacs.asked.count(number) for number in range(6) if number != bad] == [1] * 5
    assert files(came) == [f"study_{number}" for number in range(6)]


def test_a_query_that_fails_three_times_while_others_are_answered_is_listed_by_its_number(pacs, tmp_path):
    late = iter(range(10_000))

    def fails(number, asked):
        return AWAY if number == 0 or (number > 1 and next(late) % 2 == 0) else None

    pacs.fails = fails
    came, _, left = fetched(tmp_path, 30)
    listed = [problem for arrival in came for problem in arrival.problems]
    assert ("query 1", "nothing-listens") in [(problem.source, problem.code) for problem in listed]
    assert pacs.asked.count(0) == 3
    assert left == 0


def test_a_study_of_which_a_part_came_is_kept_hidden_until_the_rest_comes(pacs, tmp_path):
    pacs.fails = lambda number, asked: (AWAY,) if asked == 2 else None
    came, _, left = fetched(tmp_path, 2)
    assert pacs.asked == [0, 1, 1]
    assert [arrival.problems for arrival in came] == [(), ()]
    assert (files(came), left) == (["study_0", "study_1"], 0)


def test_a_study_of_which_only_a_part_ever_comes_is_put_in_place_with_the_problem_after_three_attempts(pacs, tmp_path):
    """The last of the queries, so that no other one shows that the PACS is there."""
    pacs.fails = lambda number, asked: (AWAY,) if number == 1 else None
    came, _, left = fetched(tmp_path, 2)
    assert pacs.asked == [0, 1, 1, 1]
    assert [[problem.source for problem in arrival.problems] for arrival in came] == [[], ["query 2"]]
    assert (files(came), left) == (["study_0", "study_1"], 0)


def test_what_the_pacs_does_not_have_is_no_outage(pacs, tmp_path):
    pacs.fails = lambda number, asked: InputError("no-such-study", "No such study.") if number == 1 else None
    came, said, _ = fetched(tmp_path, 3)
    assert [[problem.code for problem in arrival.problems] for arrival in came] == [[], ["no-such-study"], []]
    assert said == []
