"""Fine-tune the default bundle on a user's own data: ``mcdetect train default --dataset inbreast --data DIR``.

Training starts from the shipped weights of the calcification network and goes on with crops of the marked images at a
tenth of the learning rate. Pixels of single marked calcifications are taught as present; the rest of a marked group is
neither taught as present nor as absent. An outline wider than 5 mm is of a group, whatever the data set calls it. The
patch network, the thresholds and the model of morphologies stay as they are: they were set on simulated views, and
their scores are not those of the new weights.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from MCDetect.bundles.store import Bundle, find_bundle, seal
from MCDetect.errors import InputError, UsageError
from MCDetect.files import write_atomically, write_text_atomically
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.preprocessing.intensity import normalise_by_local_noise, scale_to_unit_range
from MCDetect.preprocessing.resampling import resampled_shape, resize, resize_mask
from MCDetect.simulation.labels import CALCIFICATION, IGNORED, TISSUE
from MCDetect.training.card_benchmark import BENCHMARK
from MCDetect.training.datasets.pixels import mask_of, read_pixels_of
from MCDetect.training.datasets.record import DatasetIndex, ImageRecord, Region
from MCDetect.training.default_bundle import read_training_record, write_state, write_training_record
from MCDetect.training.losses import CalcificationLoss
from MCDetect.training.model_card import PICTURE
from MCDetect.training.papers.run_files import require_same_run
from MCDetect.training.recipe import DEFAULT_RECIPE, load_recipe
from MCDetect.training.trainer import Batches, Trainer

if TYPE_CHECKING:
    from torch import Tensor

    from MCDetect.training.losses import Batch

Report = Callable[[str, float], None]

_STEPS, _VALIDATION_BATCHES = 1500, 8
_SLOWER = 0.1  # of the learning rate: what was learnt shall not be lost
_POINT_MM = 0.15  # radius of a calcification that is marked by its place alone
_ON_CALCIFICATIONS = 0.6  # of the crops


class MarkedCrops:
    """Crops of marked views, as a map-style data set; an example is a function of the seed and its index alone."""

    def __init__(self, views: Sequence[Path], count: int, seed: int, size: int) -> None:
        self.views, self.count, self.seed, self.size = tuple(views), count, seed, size

    def __len__(self) -> int:
        """Return the number of examples."""
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, int, int]:
        """Return (1, size, size) float32 image and uint8 labels, and two counts that the loss here does not need."""
        import torch

        random = np.random.default_rng((self.seed, index))
        path = self.views[int(random.integers(len(self.views)))]
        image, labels = np.load(path, mmap_mode="r"), np.load(path.with_suffix(".labels.npy"), mmap_mode="r")
        places = np.load(path.with_suffix(".places.npy"))
        if len(places) and random.random() < _ON_CALCIFICATIONS:
            centre = places[int(random.integers(len(places)))] + random.integers(-self.size // 3, self.size // 3, 2)
        else:
            centre = random.integers(0, labels.shape)
        top, left = np.clip(np.asarray(centre) - self.size // 2, 0, np.array(labels.shape) - self.size)
        window = np.s_[top : top + self.size, left : left + self.size]
        turn, mirror = int(random.integers(4)), bool(random.integers(2))
        parts = [np.rot90(np.asarray(part[window])[:, :: -1 if mirror else 1], turn) for part in (image, labels)]
        pixels = torch.from_numpy(np.ascontiguousarray(parts[0], dtype=np.float32))[None]
        return pixels, torch.from_numpy(np.ascontiguousarray(parts[1]))[None], 0, 0


def prepare_marked_view(record: ImageRecord, path: Path, spacing_mm: float, least: int) -> int:
    """Write a view as the network sees it, with its labels; return how many calcifications it marks.

    Raises
    ------
    InputError
        ``no-spacing`` where nothing says how large a pixel is; ``too-small``; and those of ``datasets.pixels``.
    """
    if record.spacing_mm is None:
        raise InputError("no-spacing", f"{record.image} does not say how large a pixel is.", "Leave this image out.")
    pixels, spacing = read_pixels_of(record.image), (record.spacing_mm, record.spacing_mm)
    unit, grey_step = scale_to_unit_range(pixels)
    mask = breast_mask(pixels, spacing, np.ones(pixels.shape, dtype=np.bool_))
    labels, places = labels_of(record, (pixels.shape[0], pixels.shape[1]))
    shape = resampled_shape((pixels.shape[0], pixels.shape[1]), spacing, spacing_mm)
    if min(shape) < least:
        raise InputError("too-small", f"{record.image} is smaller than a training example.", "Leave this image out.")
    mask = resize_mask(mask, shape)
    normalised = normalise_by_local_noise(resize(unit, shape), mask, grey_step)
    scale = np.array(shape) / np.array(pixels.shape)
    rows, columns = (
        np.minimum((np.arange(n) + 0.5) / s, size - 1).astype(int)
        for n, s, size in zip(shape, scale, pixels.shape, strict=True)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path.with_suffix(".labels.npy"), labels[np.ix_(rows, columns)])
    np.save(path.with_suffix(".places.npy"), (places * scale).astype(int))
    # The picture comes last: where it lies, its labels lie beside it.
    write_atomically(path, lambda temporary: np.save(temporary, normalised))
    return len(places)


def labels_of(record: ImageRecord, shape: tuple[int, int]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
    """Return the label of each pixel, and (n, 2) row and column of the single calcifications."""
    labels = np.full(shape, TISSUE if record.is_annotated else IGNORED, dtype=np.uint8)
    places = []
    for region in sorted(record.calcifications, key=lambda one: _is_single(one, record)):  # over their groups
        is_single = _is_single(region, record)
        if is_single and len(region.outline) < 3:
            row, column = np.mean(region.outline, axis=0)
            radius = _POINT_MM / (record.spacing_mm or _POINT_MM)
            rows, columns = np.ogrid[: shape[0], : shape[1]]
            labels[(rows - row) ** 2 + (columns - column) ** 2 <= radius**2] = CALCIFICATION
            places.append((row, column))
            continue
        placed = mask_of(region, shape)
        part = labels[placed.top :, placed.left :][: placed.mask.shape[0], : placed.mask.shape[1]]
        part[placed.mask] = CALCIFICATION if is_single else IGNORED
        if is_single:
            places.append(tuple(np.argwhere(placed.mask).mean(axis=0) + (placed.top, placed.left)))  # noqa: RUF005
    return labels, np.array(places, dtype=np.float64).reshape(-1, 2)


def fine_tune(
    index: DatasetIndex,
    output: Path,
    *,
    device: str = "cpu",
    steps: int | None = None,
    workers: int = 0,
    report: Report | None = None,
) -> tuple[Bundle, list[str]]:
    """Fine-tune the shipped bundle; return the new one, in ``output/bundle``, and sentences about images left out.

    Parameters
    ----------
    index
        The data set; every fifth patient is kept for validation.
    output
        Folder of the work files and the bundle; a training that was stopped goes on.
    device
        ``"cpu"`` or ``"cuda"``.
    steps
        Batches; 1500 when None.
    workers
        Processes that make examples.
    report
        Called with a sentence and the progress, 0 to 1.

    Raises
    ------
    UsageError
        ``no-calcifications`` when no image of the data set marks single calcifications; ``another-run`` when the
        folder holds a training on other data, or from other weights.
    """
    if not any(_is_single(region, record) for record in index.records for region in record.calcifications):
        raise _no_calcifications()
    shipped, recipe = find_bundle(), load_recipe(DEFAULT_RECIPE).calcifications
    _keep_to_one_run(output, index, shipped, recipe.crop.size)
    size, problems = recipe.crop.size, list(index.problems)
    patients = sorted({record.patient for record in index.records})
    held_out = set(patients[4::5]) or set(patients[-1:] if len(patients) > 1 else ())
    parts: dict[bool, list[Path]] = {False: [], True: []}
    marked = 0
    for number, record in enumerate(index.records):
        path = output / "views" / f"{number:05}.npy"
        try:
            found = (
                len(np.load(path.with_suffix(".places.npy")))
                if path.exists()
                else prepare_marked_view(record, path, float(shipped.settings["spacing_mm"]), size)
            )
        except InputError as error:
            problems.append(str(error))
            continue
        parts[record.patient in held_out].append(path)
        marked += found if record.patient not in held_out else 0
        if report is not None:
            report("preparing images", (number + 1) / len(index.records))
    if marked == 0:
        raise _no_calcifications()
    import torch

    rate = _SLOWER * recipe.trainer.learning_rate
    settings = replace(recipe.trainer.on(torch.device(device)), steps=steps or _STEPS, learning_rate=rate, minutes=None)
    network = shipped.load_network("calcification_network", "model.pt", torch.device("cpu")).train()
    trainer = Trainer(network, CalcificationLoss(), settings, output / "training", device=device)
    validation = _batches(MarkedCrops(parts[True] or parts[False], _VALIDATION_BATCHES * recipe.batch, 1, size))
    trainer.train(
        _batches(MarkedCrops(parts[False], settings.steps * recipe.batch, 0, size), recipe.batch, workers),
        list(validation(0)),
        report and (lambda taken: report(f"step {taken.step}, loss {taken.values['loss']:.3f}", taken.progress)),
    )
    folder = output / "bundle"
    shutil.copytree(shipped.folder, folder, dirs_exist_ok=True)
    write_state(folder / "models" / "model.pt", trainer.averaged_network)
    about = {"dataset": index.name, "images": sum(map(len, parts.values())), "steps": trainer.step}
    made = {key: value for key, value in read_training_record(folder).items() if key != "commands"}
    write_training_record(folder, {**made, "fine_tuned": about})
    card = f"# Fine-tuned on {index.name}\n\nSee docs/training.json. None of the scores of the shipped bundle hold.\n"
    write_text_atomically(folder / "docs" / "README.md", card)
    for name in ("scores.json", BENCHMARK, PICTURE):
        (folder / "docs" / name).unlink(missing_ok=True)
    return seal(folder), problems


def _is_single(region: Region, record: ImageRecord) -> bool:
    """Tell whether a single calcification is marked; without a spacing nothing says how large a mark is."""
    return record.spacing_mm is not None and region.is_single(record.spacing_mm)


def _keep_to_one_run(output: Path, index: DatasetIndex, shipped: Bundle, size: int) -> None:
    """Note in ``run.json`` what is trained on, or refuse a folder of something else: its views are not these.

    The number of steps is not compared, so that a training may go on for longer.
    """
    asked = {
        "recipe": {"bundle": shipped.sha256, "crop": size},
        "dataset": index.name,
        "dataset_checksum": index.checksum,
    }
    run = output / "run.json"
    require_same_run(run, asked)
    if not run.is_file() and any((output / name).exists() for name in ("views", "training")):
        raise UsageError(
            "another-run",
            f"{output} holds a training that does not say on which data it was made.",
            "Give another --output folder.",
        )
    write_text_atomically(run, json.dumps(asked, indent=2, sort_keys=True) + "\n")


def _no_calcifications() -> UsageError:
    return UsageError(
        "no-calcifications",
        "No image that can be trained on marks single calcifications.",
        "Use a data set with the outline or the place of each calcification.",
    )


def _batches(crops: MarkedCrops, batch: int = 8, workers: int = 0) -> Batches:
    def batches(first_step: int) -> Iterator[Batch]:
        import torch
        from torch.utils.data import DataLoader, Subset

        rest = Subset(crops, range(first_step * batch, len(crops)))  # type: ignore[arg-type, var-annotated]
        # With a generator of its own the loader leaves the chance of dropout alone: see papers.batches.
        own = torch.Generator().manual_seed(0)
        return iter(DataLoader(rest, batch_size=batch, num_workers=workers, generator=own))

    return batches
