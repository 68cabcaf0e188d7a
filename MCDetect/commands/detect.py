"""``mcdetect detect``: mammograms in, findings out."""

from __future__ import annotations

import argparse
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from MCDetect.commands.exit_codes import exit_code
from MCDetect.commands.option_types import add_detection_arguments, check_spacing, output_path
from MCDetect.commands.unforeseen import as_told
from MCDetect.errors import InputError, MCDetectError, OutputError
from MCDetect.findings import Refusal
from MCDetect.outputs import OPTIONAL_FORMATS, check_output_folder
from MCDetect.results import ResultWriter

if TYPE_CHECKING:
    from MCDetect.commands.reporting import Reporter
    from MCDetect.inference.detector import Detector
    from MCDetect.inference.pipeline import Result

logger = logging.getLogger(__name__)

SUMMARY = "find calcifications in mammograms and write findings, DICOM objects and pictures"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    parser.add_argument(
        "inputs", nargs="+", metavar="INPUT", help="mammogram (DICOM; PNG or TIFF with --spacing), folder or DICOMDIR"
    )
    parser.add_argument(
        "--output",
        required=True,
        type=output_path,
        metavar="DIR",
        help="folder for the results; results of the same name that lie there are replaced",
    )
    add_detection_arguments(parser, OPTIONAL_FORMATS)
    parser.add_argument(
        "--progress",
        choices=("bar", "json", "none"),
        default="bar",
        help="how progress is shown; json prints one object a line and nothing else on the standard output",
    )


def run(options: argparse.Namespace) -> int:
    """Detect in all inputs and write the results as they come."""
    from MCDetect.commands.reporting import reporter

    with reporter(options.progress) as report:
        try:
            check_spacing(options.spacing)
            return _detect(options, report)
        except (Exception, KeyboardInterrupt) as error:  # a program that reads along learns of any end
            report.failed(as_told(error))
            raise


def _detect(options: argparse.Namespace, report: Reporter) -> int:
    is_new = not options.output.exists()
    check_output_folder(options.output)
    try:
        writer = _analyse(options, report)
    finally:
        # Nothing was done: leave nothing behind, not even an empty folder.
        if is_new and not any(options.output.iterdir()):
            options.output.rmdir()
    code = exit_code(len(writer.images), len(writer.refused) + len(writer.problems))
    report.finished(writer, code)
    return code


def _analyse(options: argparse.Namespace, report: Reporter) -> ResultWriter:
    from MCDetect.inference.detector import Detector
    from MCDetect.inference.pipeline import detect_each, expand_inputs

    sources = expand_inputs(options.inputs)
    refused = [source for source in sources if isinstance(source, Refusal)]
    if len(refused) == len(sources):
        # Told before a model is loaded.
        for refusal in refused[:-1]:
            report.refused(refusal)
        raise InputError(refused[-1].code, refused[-1].message, refused[-1].hint)
    detector = Detector.load(options.bundle, options.device, options.backend, options.precision)
    operating_point = options.operating_point if options.threshold is None else options.threshold
    writer = ResultWriter(options.output, detector.algorithm(operating_point), options.formats)
    results = detect_each(
        sources, detector, operating_point=operating_point, spacing_mm=options.spacing, progress=report.progress
    )
    taken = 0
    try:
        for result in results:
            # The detector may have gone on with the CPU when the memory of the GPU was full.
            writer.algorithm = detector.algorithm(operating_point)
            images_before, refused_before = len(writer.images), len(writer.refused)
            _take(result, writer, detector)
            taken += 1
            if len(writer.images) > images_before and not isinstance(result, Refusal):
                report.found(*result)
            for refusal in writer.refused[refused_before:]:
                report.refused(refusal)
    except (Exception, KeyboardInterrupt):
        if writer.images:
            # What was not reached is told in the results: they are no statement about these views.
            for source in sources[taken:]:
                writer.refuse(source if isinstance(source, Refusal) else _stopped_before(source))
            with suppress(MCDetectError):  # told is what ended the run
                writer.finish()  # what is complete is kept, with its reports
        raise
    writer.finish()
    return writer


def _take(result: Result, writer: ResultWriter, detector: Detector) -> None:
    """Write one result; an image that the detector took may still be refused.

    Raises
    ------
    OutputError, OSError
        Nothing can be written, of this image or of those to come.
    """
    from MCDetect.inference.pipeline import refusal_after

    if isinstance(result, Refusal):
        writer.refuse(result)
        return
    try:
        probability = detector.probability_of(result[0]) if "probability" in writer.formats else None
        writer.add(*result, probability)
    except (OutputError, OSError):
        raise
    except MCDetectError as error:
        writer.refuse(refusal_after(error, result[0].source))
    except Exception as error:  # a fault in one image must not cost the others their findings
        logger.debug("Writing the results of an image failed.", exc_info=True)
        writer.refuse(refusal_after(error, result[0].source))


def _stopped_before(source: object) -> Refusal:
    return Refusal(
        str(source), "stopped", f"{source} was not analysed: the command was stopped.", "Run the command again."
    )
