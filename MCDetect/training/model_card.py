"""The model card of a bundle, filled from its scores and settings (:mod:`MCDetect.training.default_card` writes it)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from MCDetect.errors import ModelError
from MCDetect.training.calibration import FIRST_VIEWS
from MCDetect.training.card_benchmark import BENCHMARK, benchmark_text, captions, failures_text, interval
from MCDetect.training.default_bundle import read_scores, read_training_record
from MCDetect.training.default_stages import TIMED
from MCDetect.training.recipe import CalibrationRecipe, load_recipe

if TYPE_CHECKING:
    from MCDetect.bundles.store import Bundle

_HEAD = """# MCDetect default bundle

Finds microcalcifications and clusters of them in mammograms. **For research use; not a medical device.**

SHA-256 of the bundle (settings and weights): `{sha256}`

## What it is
- `models/model.pt`: CalcificationUNet, 391,668 parameters; the logit of each pixel at 0.07 mm of belonging to a
  calcification.
- `models/patch_classifier.pt`: ShallowCNN (Luna-Lozoya et al. 2023), 8,301 parameters; the logit of a patch of
  144 x 144 pixels (1 cm) of holding at least 3 calcifications.
- `configs/inference.json`: thresholds, calibration, weights of the cluster score, operating points.
- `configs/morphology.json`: two logistic regressions that name the type of calcifications and clusters, fitted on
  simulated ones (`make train-morphology`).

## What it was trained on
Simulated data alone: normal views of `MCDetect.simulation`, into which calcifications were injected at a controlled
detectability (peak response of a matched filter over the noise: median of a cluster 2.5 to 20, log-uniform), together
with distractors inserted by the same path. Calcifications below 2.6 noises were ignored, not taught as tissue. No real
mammogram was used for training or calibration. Recipe: `MCDetect/training/recipes/{recipe}`.

- Backgrounds: {backgrounds} views, simulator {training_simulator}.
- Calcification network: {pixels[steps]} steps, {pixels[examples]} crops of 192 x 192 pixels, {pixels[minutes]} minutes.
  On validation crops: cross-entropy {pixels[validation_cross_entropy]:.4f}, Dice loss {pixels[validation_dice]:.3f}.
- Patch network: {patches[steps]} steps, {patches[examples]} patches of 144 x 144 pixels, {patches[minutes]} minutes.
  On validation patches: accuracy {patches[validation_accuracy]:.3f}.
- Where the minutes of the recipe ended a training before its steps, another machine gives other weights of the same
  kind.

### How it was made
{made}

`make train-default` does everything from nothing, in this order, in a bundle of its own
(`training-output/bundle`): backgrounds, both networks, thresholds, types, thresholds with the types in place, scores
and this card; then it puts the finished bundle in the place of the shipped one. What was stopped goes on where it
ended. A stage of a bundle that is there is done again by `make train-morphology`, `make calibrate-default` and `make
score-default`, each with `BUNDLE=` a folder; without it they change the shipped bundle.

{stages}

A longer recipe for a CUDA GPU, `MCDetect/training/recipes/default-gpu.yaml`, is `make train-default RECIPE=default-gpu
DEVICE=cuda`.{gpu}

### How thresholds were set
The calcification threshold and the probability of a calcification come from {first_views[0]} simulated views without
and {first_views[1]} with clusters, of other seeds; all else here from {calibration.normal_views} and
{calibration.lesion_views}, those among them. The calcification threshold is the logit at which views without clusters
carry {calibration.false_calcifications_per_view:g} false marks a view; a calcification outside of clusters is reported
from the logit at which they carry {calibration.false_single_calcifications_per_view:g}. Fainter marks, down to
{calibration.faint_margin:g} logits below the calcification threshold, count only as members of a cluster that has two
clear ones, from the logit at which they carry {calibration.false_clear_calcifications_per_view:g}. Marks of
{calibration.strewn_margin:g} logits and more above the calcification threshold make a cluster even where each lies up
to {calibration.strewn_distance_mm:g} mm from the next. Members less than {calibration.member_margin:g} logits above
that threshold are not reported if they lie more than {calibration.member_reach:g} below the third strongest of the
cluster. An operating point is the cluster score at which the views without clusters carry so many false ones:
{points}.
The score of a cluster is a probability only where as many views have clusters as here; elsewhere it is a rank.

### How a cluster's score arises
`score = 1 / (1 + exp(-({intercept:g} + sum)))`, where sum adds the features (defined in
`MCDetect/inference/cluster_score.py`) times these weights:

{weights}

## What it scored
Written by `{command}` on {date}, software {software_version}, simulator {simulator_version}. Intervals are 95 %,
bootstrap over views or cases. **None of these figures is a clinical performance**: simulated views are not breasts, and
the real patches are few, old (digitised film, 8 bit) and small.

"""

_TAIL = """
## Limits
- Never scored on annotated full-field mammograms; how well it finds clusters in patients is not known.
- Thresholds hold for simulated views; on real views expect other numbers of false marks, and more of them where there
  are many benign calcifications, markers, clips or skin folds.
- Calcifications below about 2.6 noises were never taught and will be missed; so will many amorphous ones.
- Made for For Presentation images of digital detectors near 0.07 mm; For Processing images, tomosynthesis,
  magnification views and specimens are outside what it was trained on.
- It finds calcifications; it does not tell benign from malignant. Types (vascular, skin, coarse, ...) were learnt from
  simulated calcifications. How often they are wrong stands in docs/detector.md of the project.
- Pictures of real mammograms are not in this card: those it was tried on may not be passed on. Who has them draws the
  marked views at full size with `mcdetect detect FOLDER --output RESULTS`.

### Known failures
{failures}

## Sources and licences
- Networks, thresholds and types were made from simulated views alone. The simulator is part of MCDetect: its views, and
  this bundle, have the licence of the project (Apache-2.0).
- Real images were used only to validate. None of them is in this bundle, and no weight was fitted to them. Decisions of
  the design were made after looking at them, and two settings were chosen with the full-field mammograms in sight: from
  which logit a member of a cluster is reported (by them alone, the known group of real1_RCC among them), and from which
  one a calcification is reported by itself (by simulated views too). docs/detector.md of the project tells how.
  - real patches: 449 of those of
    [lorenzomarini96/microcal_classifier](https://github.com/lorenzomarini96/microcal_classifier), de-duplicated.
    The licence of the images is not stated there; they are neither trained on nor passed on.
  - full-field mammograms: from the sample data of
    [nyukat/mammography_metarepository](https://github.com/nyukat/mammography_metarepository) (BSD-2-Clause), wrapped as
    DICOM. Not annotated: marks on them were judged by eye, by someone who is no radiologist.
- The shape of the patch network is published (Luna-Lozoya et al. 2023); its weights are ours.

## Intended use
Research on the detection of microcalcifications, teaching, and as the start of a training on one's own data.

## What it must not be used for
Diagnosis, screening, triage, or any decision about a patient; measuring how well detectors do on patients from its
scores on simulated views.
"""


PICTURE = "failures.png"
"""Missed and false clusters, in ``docs/`` of the bundle."""

_FAILURES = f"""![Missed clusters above the noise, and the false ones of the highest scores]({PICTURE})

Simulated views of the frozen set, each 18 mm wide."""

_NO_FAILURES = """Of this bundle none has been drawn yet: `make bench-detection` draws the missed and the false clusters
of the frozen test set, and `make card-default` then puts the picture here."""


def model_card(bundle: Bundle, scores: Mapping[str, Any]) -> str:
    """Return the model card as Markdown.

    Parameters
    ----------
    bundle
        Whose hash stands in the card.
    scores
        What :func:`MCDetect.training.score_default.score` wrote to ``docs/scores.json``.

    Raises
    ------
    ModelError
        ``no-training-record`` when the bundle does not say how it was trained.
    """
    record, score = read_training_record(bundle.folder), bundle.settings["cluster_score"]
    calibration = _calibration(record)
    head = _HEAD.format(
        recipe=record.get("recipe", "default.yaml"),
        backgrounds=record["backgrounds"],
        training_simulator=record["simulator_version"],
        pixels=record["calcification_network"],
        patches=record["patch_network"],
        made=_made(record),
        stages=_stages(record),
        gpu="" if record.get("device", "cpu") != "cpu" else " No training has been made with it, and none on a GPU.",
        calibration=calibration,
        first_views=FIRST_VIEWS,
        points=", ".join(f"{name} {rate:g}" for name, rate in calibration.false_clusters_per_view.items()),
        intercept=score["intercept"],
        weights="\n".join(f"- {name}: {weight:g}" for name, weight in score["weights"].items()),
        sha256=bundle.sha256,
        **{key: scores[key] for key in ("command", "date", "software_version", "simulator_version")},
    )
    benchmark = read_scores(bundle, BENCHMARK)
    failures = _NO_FAILURES
    if (bundle.folder / "docs" / PICTURE).is_file():
        failures = f"{_FAILURES} {captions(benchmark)}" if benchmark else _FAILURES
    tail = _TAIL.format(failures=failures_text(benchmark) + failures)
    measured = _views(scores["simulated_views"]) + benchmark_text(benchmark)
    return head + measured + _patches(scores["real_patches"]) + tail


def _calibration(record: Mapping[str, Any]) -> CalibrationRecipe:
    known = record.get("calibration")
    if known is None:  # made before this was recorded, with the recipe of the project
        return load_recipe().calibration
    try:
        return CalibrationRecipe(**known)
    except TypeError as error:
        raise ModelError(
            "no-training-record",
            "The bundle was calibrated by another version of MCDetect.",
            "Calibrate it again: python -m MCDetect.training.recalibrate --work DIR --bundle FOLDER.",
        ) from error


def _made(record: Mapping[str, Any]) -> str:
    commands = "".join(f"\n- {stage}: {command}" for stage, command in record.get("commands", {}).items())
    if "command" in record:
        return f"Made by `{record['command']}`." + (f" Done again since:\n{commands}" if commands else "")
    return "This bundle was made stage by stage. It has not been made in one go yet." + (commands and f"\n{commands}")


def _stages(record: Mapping[str, Any]) -> str:
    """Return the table of how long each stage took; what was not timed from beginning to end is not known."""
    seconds = record.get("seconds", {})
    minutes: dict[str, float | None] = {name: _minutes(seconds.get(name)) for name in TIMED}
    networks = {
        name.replace("_", " "): float(record[name]["minutes"]) for name in ("calcification_network", "patch_network")
    }
    first, *others = minutes.items()
    rows = [first, *networks.items(), *others]
    whole = None if any(value is None for _, value in rows) else sum(value or 0.0 for _, value in rows)
    cells = [
        f"| {name} | {'not recorded' if value is None else f'{value:.1f}'} |"
        for name, value in [*rows, ("total", whole)]
    ]
    where = f"on {record['device']}, {record['processes']} processes" if "device" in record else "of this bundle"
    return "\n".join([f"| stage ({where}) | minutes |", "|---|---|", *cells])


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / 60


def _views(views: Mapping[str, Any]) -> str:
    false_marks = views["false_marks_per_view_without_clusters"]
    lines = [
        "### Simulated test views",
        f"{views['views_without_clusters']} views without clusters (isolated calcifications may be in any view) and "
        f"{views['views_with_clusters']} views with {views['clusters']} clusters, of which "
        f"{views['clusters_above_noise']} have a median signal-to-noise ratio of 5 or more. False positives are "
        "counted on the views without clusters; a cluster found on a vascular calcification is one of them.",
        "",
        f"False calcification marks a view without clusters at the default operating point, members of false clusters "
        f"included: {false_marks:.2f}.",
        "",
    ]
    for criterion, parts in views.items():
        if not isinstance(parts, Mapping):
            continue
        lines += [f"Hit: {criterion}.", "", *_table(parts), ""]
    return "\n".join(lines) + "\n"


def _table(parts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines = ["| | " + " | ".join(parts) + " |", "|---" * (len(parts) + 1) + "|"]
    for name, first in next(iter(parts.values())).items():
        if "threshold" in first:
            for figure in ("sensitivity", "false positives a view"):
                cells = [interval(part[name][figure]) for part in parts.values()]
                lines.append(f"| {name} ({first['threshold']:.3f}): {figure} | " + " | ".join(cells) + " |")
        else:
            lines.append(f"| {name} | " + " | ".join(interval(part[name]) for part in parts.values()) + " |")
    return lines


def _patches(patches: Mapping[str, Any] | None) -> str:
    if patches is None:
        return "### Real patches\nNot scored: the folder of patches was not given.\n"
    lines = [
        "### Real patches",
        f"{patches['with_cluster']} patches with a cluster and {patches['normal']} of normal tissue, "
        f"{patches['cases']} cases; 60 x 60 pixels of 0.085 mm, digitised film, 8 bit. Never trained on; but that "
        "pixels up to a third larger than the network's are not resampled was decided after seeing these patches. "
        "The filters and the last row need no network and show how much of the task they solve alone; the sizes of the "
        "second filter were chosen on these patches.",
        "",
        "| | area under the ROC curve |",
        "|---|---|",
    ]
    lines += [
        f"| {name} | {interval(part['area_under_curve'])} |"
        for name, part in patches.items()
        if isinstance(part, Mapping)
    ]
    return "\n".join(lines) + "\n"
