"""``mcdetect batch``: all examinations of a folder tree, a list or a PACS, on this computer or a Dask cluster."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.commands.exit_codes import exit_code
from MCDetect.commands.option_types import (
    add_detection_arguments,
    check_spacing,
    count,
    day,
    processing_of,
)
from MCDetect.commands.pacs import add_node_arguments, add_query_arguments, chosen_node
from MCDetect.errors import UsageError
from MCDetect.outputs import OPTIONAL_BATCH_FORMATS, check_output_folder

if TYPE_CHECKING:
    from MCDetect.cohort.batch import Listener, Report
    from MCDetect.cohort.fetching import Archive

SUMMARY = "find calcifications in many examinations, on this computer or a cluster; goes on where it was stopped"

_MOST_TOLD = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    parser.add_argument(
        "source",
        nargs="?",
        type=Path,
        metavar="SOURCE",
        help="folder tree, or CSV file with a path a line (column 'path'), or with --node a study a line (columns "
        "'study', 'patient', 'accession')",
    )
    parser.add_argument(
        "--output", required=True, type=Path, metavar="DIR", help="folder for the results; one batch at a time"
    )
    archive = parser.add_argument_group(
        "from a PACS", "fetched into DIR/fetched, each study once, while those that came before are processed"
    )
    add_query_arguments(archive)
    archive.add_argument(
        "--from", dest="since", type=day, metavar="DAY", help="mammography from this day on, as 2026-01-31"
    )
    archive.add_argument(
        "--to", dest="until", type=day, metavar="DAY", help="the last day, with --from (default: today)"
    )
    archive.add_argument(
        "--drop-fetched",
        action="store_true",
        help="remove fetched images when their examination is done and nothing of it was refused",
    )
    add_node_arguments(archive)
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--workers", type=count(1), metavar="N", help="worker processes here (default: one a GPU or core)"
    )
    where.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler that runs already, tcp://HOST:PORT")
    add_detection_arguments(parser, OPTIONAL_BATCH_FORMATS)
    parser.add_argument("--retry", action="store_true", help="try everything again that failed in an earlier run")
    parser.add_argument(
        "--recheck", action="store_true", help="compare the contents of all files instead of sizes and times"
    )
    parser.add_argument(
        "--progress",
        choices=("bar", "json", "none"),
        default="bar",
        help="how progress is shown; json prints one object a line and nothing else on the standard output",
    )


def run(options: argparse.Namespace) -> int:
    """Run or go on with a batch."""
    from MCDetect.cohort.batch import Plan, run_batch

    check_spacing(options.spacing)
    if options.source is None and not _asks_a_node(options):
        raise UsageError(
            "no-source", "It is not said what to process.", "Give a folder, a CSV file, or what to fetch from a PACS."
        )
    plan = Plan(
        source=options.source or options.output,
        output=options.output,
        scheduler=options.scheduler,
        workers=options.workers,
        processing=processing_of(options),
        retry=options.retry,
        recheck=options.recheck,
    )
    with _listener(options.progress) as listener:
        if _asks_a_node(options):
            plan = replace(plan, archive=_archive(options, listener), source=plan.output / "fetched")
        report = run_batch(plan, listener)
    code = exit_code(report.state.done, report.failed + len(report.problems))
    (_tell_as_json if options.progress == "json" else _tell)(report, code)
    return code


def _asks_a_node(options: argparse.Namespace) -> bool:
    names = ("node", "study", "patient", "accession", "since", "until", "drop_fetched")
    return any(getattr(options, name) for name in names)


def _archive(options: argparse.Namespace, listener: Listener) -> Archive:
    """Return what is asked for, days already as the studies that the PACS has of them."""
    from MCDetect.cohort.fetching import Archive, read_queries
    from MCDetect.cohort.querying import studies_of_days
    from MCDetect.dicom.pacs.reports import StudyQuery
    from MCDetect.dicom.pacs.study_search import StudySearch

    node = chosen_node(options)
    check_output_folder(options.output)
    if options.since or options.until:
        if options.source is not None or options.study:
            raise UsageError(
                "wrong-query",
                "Days were given beside studies.",
                "Give days, with --patient or --accession if wanted, or a list of studies, or --study.",
            )
        search = StudySearch(options.patient, "", options.accession, options.since, options.until)
        queries = studies_of_days(node, search, listener.asking)
    elif options.source is None:
        queries = [StudyQuery(options.study, options.patient, options.accession)]
    else:
        queries = read_queries(options.source)
    return Archive(node, tuple(queries), options.drop_fetched)


def _tell(report: Report, code: int) -> None:
    state = report.state
    print(
        f"{state.done} of {state.total} examinations analysed, {state.failed} not ({state.computed} tried now); "
        f"{report.passed_over} files passed over."
    )
    sentences = [f"{problem.message} {problem.hint}" for problem in report.problems]
    sentences += [
        f"{failure.examination}: {failure.message} {failure.hint}".removeprefix(": ") for failure in report.failures
    ]
    for sentence in sentences[:_MOST_TOLD]:
        print(sentence, file=sys.stderr)
    more = len(report.problems) + report.failed - _MOST_TOLD
    if more > 0:
        print(f"and {more} more; see {report.files[1]}.", file=sys.stderr)
    for path in report.files:
        print(f"  {path}")


def _tell_as_json(report: Report, code: int) -> None:
    for failure in (*report.problems, *report.failures):
        values = {name: getattr(failure, name, "") for name in ("examination", "source", "code", "message", "hint")}
        _event("refused", **values)
    for path in report.files:
        _event("written", path=str(path))
    _event("done", exit_code=code, refused=report.failed, **vars(report.state))


def _event(kind: str, **values: Any) -> None:
    print(json.dumps({"event": kind, **values}), flush=True)


def _listener(progress: str) -> Any:
    from MCDetect.commands.batch_progress import BarListener, JsonListener, SilentListener

    listeners: dict[str, type[Listener]] = {"bar": BarListener, "json": JsonListener, "none": SilentListener}
    return listeners[progress]()
