"""The model card of a bundle, filled from its scores and settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from MCDetect.training.default_bundle import read_training_record
from MCDetect.training.recipe import load_recipe

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
mammogram was used for training or calibration. Recipe: `MCDetect/training/recipes/default.yaml`. The commands that made
it, in this order: `make train-default` (`python -m MCDetect.training.default --output training-output`: both networks),
`make train-morphology` (types), `make calibrate-default` (thresholds, cluster score and operating points, with the
types in place).

- Backgrounds: {backgrounds} views, simulator {training_simulator}.
- Calcification network: {pixels[steps]} steps, {pixels[examples]} crops of 192 x 192 pixels, {pixels[minutes]} minutes.
  On validation crops: cross-entropy {pixels[validation_cross_entropy]:.4f}, Dice loss {pixels[validation_dice]:.3f}.
- Patch network: {patches[steps]} steps, {patches[examples]} patches of 144 x 144 pixels, {patches[minutes]} minutes.
  On validation patches: accuracy {patches[validation_accuracy]:.3f}.
- The schedule of the patch network was bound by these minutes, so the same command gives other weights of the same kind
  on another machine.

Thresholds, probabilities and operating points come from {calibration.normal_views} simulated views without and
{calibration.lesion_views} with clusters, of other seeds. The calcification threshold is the logit at which those
without carry {calibration.false_calcifications_per_view:g} false marks a view; a calcification outside of clusters is
reported from the logit at which they carry {calibration.false_single_calcifications_per_view:g}. Fainter marks, down to
{calibration.faint_margin:g} logits below the calcification threshold, count only as members of a cluster that has two
others above it. Marks of {calibration.strewn_margin:g} logits and more above it make a cluster even where each lies up
to {calibration.strewn_distance_mm:g} mm from the next. An operating point is the cluster score at which they carry so
many false clusters a view: {points}.
The score of a cluster is a probability only for the calibration views, so many of which have clusters; elsewhere it is
a rank.

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
  simulated calcifications. How often they are wrong stands in docs/detector.md; missed and false clusters are shown in
  docs/detection/failures.png and counted in docs/detection.md.
- Pictures of real mammograms are not in this card: those it was tried on may not be passed on.

## Intended use
Research on the detection of microcalcifications, teaching, and as the start of a training on one's own data.

## What it must not be used for
Diagnosis, screening, triage, or any decision about a patient; measuring how well detectors do on patients from its
scores on simulated views.
"""


def model_card(bundle: Bundle, scores: Mapping[str, Any]) -> str:
    """Return the model card as Markdown.

    Parameters
    ----------
    bundle
        Whose hash stands in the card.
    scores
        What :func:`MCDetect.training.score_default.score` wrote to ``docs/scores.json``.
    """
    record, score = read_training_record(bundle.folder), bundle.settings["cluster_score"]
    calibration = load_recipe().calibration
    head = _HEAD.format(
        backgrounds=record["backgrounds"],
        training_simulator=record["simulator_version"],
        pixels=record["calcification_network"],
        patches=record["patch_network"],
        calibration=calibration,
        points=", ".join(f"{name} {rate:g}" for name, rate in calibration.false_clusters_per_view.items()),
        intercept=score["intercept"],
        weights="\n".join(f"- {name}: {weight:g}" for name, weight in score["weights"].items()),
        sha256=bundle.sha256,
        **{key: scores[key] for key in ("command", "date", "software_version", "simulator_version")},
    )
    return head + _views(scores["simulated_views"]) + _patches(scores["real_patches"]) + _TAIL


def _views(views: Mapping[str, Any]) -> str:
    false_marks = views["false_marks_per_view_without_clusters"]
    lines = [
        "### Simulated test views",
        f"{views['views_without_clusters']} views without clusters (isolated calcifications may be in any view) and "
        f"{views['views_with_clusters']} views with {views['clusters']} clusters, of which "
        f"{views['clusters_above_noise']} have a median signal-to-noise ratio of 5 or more. False positives are "
        "counted on the views without clusters; a cluster found on a vascular calcification is one of them.",
        "",
        f"False calcification marks a view without clusters: {false_marks:.2f}.",
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
                cells = [_interval(part[name][figure]) for part in parts.values()]
                lines.append(f"| {name} ({first['threshold']:.3f}): {figure} | " + " | ".join(cells) + " |")
        else:
            lines.append(f"| {name} | " + " | ".join(_interval(part[name]) for part in parts.values()) + " |")
    return lines


def _patches(patches: Mapping[str, Any] | None) -> str:
    if patches is None:
        return "### Real patches\nNot scored: the folder of patches was not given.\n"
    lines = [
        "### Real patches",
        f"{patches['with_cluster']} patches with a cluster and {patches['normal']} of normal tissue, "
        f"{patches['cases']} cases; 60 x 60 pixels of 0.085 mm, digitised film, 8 bit. Never trained on; but that "
        "pixels up to a third larger than the network's are not resampled was decided after seeing these patches (with "
        "resampling the area was 0.978). The last row needs no network and shows how much of the task texture alone "
        "solves.",
        "",
        "| | area under the ROC curve |",
        "|---|---|",
    ]
    lines += [
        f"| {name} | {_interval(part['area_under_curve'])} |"
        for name, part in patches.items()
        if isinstance(part, Mapping)
    ]
    return "\n".join(lines) + "\n"


def _interval(figure: Mapping[str, float]) -> str:
    return f"{figure['estimate']:.3f} [{figure['low']:.3f}-{figure['high']:.3f}]"
