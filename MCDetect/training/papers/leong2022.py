"""Leong et al. 2022: fine-tuned networks of ImageNet tell benign from malignant regions.

"Microcalcification Discrimination in Mammography Using Deep Convolutional Neural Network: Towards Rapid and Early
Breast Cancer Diagnosis". Data set CBIS-DDSM. Recipe: ``recipes/leong2022.yaml``.

As published: regions at 224 x 224, then artefacts removed by Otsu's threshold and morphology, the adaptive median
filter after a comparison with median and mean (:func:`compare_filters_on`, their Table 4), rotations by 90, 180 and 270
degrees, random flips, zoom, rotation and lighting, ResNet-50, ResNet-34, VGG16 and AlexNet from ImageNet, first the
head and then all layers by one cycle, rates from 2e-6 (first layers) to 1e-3, batches of 64, 30 epochs, Adam; a
learning-rate finder with its plot after the head (``learning-rate.png``, :func:`find_learning_rate`); confusion matrix,
top losses (``top-losses.png`` and in every report), MCC.

Decided, because the paper leaves it open or contradicts itself:

- The split follows the rotations, so turned copies of one region are in training and validation: the authors name
  this as their main limitation. ``--split paper`` does that, the default parts patients.
- "0.80 testing sets and 0.20 validation" means 80 % for training. The 20 % are validated on after every epoch and are
  also what is reported. So they are here; the recipe keeps the last epoch, so that they choose nothing.
- The filters are compared by PSNR and MSE against the unfiltered image. That measures how little a filter changes;
  the best filter by it is none. The adaptive median is taken because the paper takes it. Its window is not given: 3
  to 7.
- Rotations by 90, 180 and 270 degrees make 4 x 577 = 2,308 malignant images, Table 2 says 1,653; 4 x 1,077 = 4,308
  benign ones, Table 2 says 4,958. The sums (6,616 and 6,611) are close; all four copies of each are made here.
- Table 9 has an accuracy of 0.9992 for ResNet-50 where Table 8 has 0.9758, and F1 scores below 0.7 beside recalls and
  precisions near 1: F1 is computed from precision and recall here.
- Their true positives are benign regions that were called benign (section "Performance Measurement"): what they call
  recall is the specificity here, where malignant is positive. Only accuracy and MCC, which are the same either way,
  stand in the table of published figures.
- Benign without callback counts as benign.
- Epochs of the head, its rate and the strengths of the augmentation are fastai's defaults (1 epoch, 3e-3; 10 degrees,
  zoom 1.1, lighting 0.2), since they are not given. fastai's own head (two pooled vectors, two dense layers) is not
  built: the paper describes no such head.
- Not as in fastai: rates rise from layer to layer over all layers (fastai: three groups of layers, each with one rate);
  no weight decay (fastai: 1e-2); the second moment of Adam decays by 0.999 (fastai: 0.99); its first moment keeps 0.9
  (fastai's one cycle moves it from 0.95 to 0.85 and back); and while the head alone learns, the batch normalisation of
  the rest is held as it is (fastai trains it). What that changes was not measured.
- The mask of the breast is this library's (``preprocessing/breast_mask.py``), with two changes to the published one:
  Otsu's threshold is moved towards the grey value of air, since Otsu's two classes often part fat from gland; and
  metal markers on the skin are cut out as well.
- Otsu's threshold on a region without air would take gland for breast: the mask of this library notices and keeps
  all.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from MCDetect.training.papers.filters import compare_filters

if TYPE_CHECKING:
    from torch import nn

    from MCDetect.training.papers.batches import Examples


def compare_filters_on(images: Sequence[npt.NDArray[np.uint8]]) -> dict[str, dict[str, float]]:
    """Return mean PSNR (dB) and MSE of each filter over images, as Table 4 has them.

    Raises
    ------
    ValueError
        If there are no images.
    """
    if not images:
        raise ValueError("there are no images to compare filters on")
    each = [compare_filters(image) for image in images]
    return {
        name: {figure: float(np.mean([one[name][figure] for one in each])) for figure in ("mse", "psnr")}
        for name in each[0]
    }


def find_learning_rate(network: nn.Module, examples: Examples, batch: int, picture: Path, *, steps: int = 50) -> float:
    """Return the learning rate at the steepest fall of the loss, and write its plot (Smith 2017, by MONAI).

    Parameters
    ----------
    network
        Is changed: give a copy.
    examples
        What it is trained on, in their order: batches should be mixed.
    batch
        Examples a step.
    picture
        PNG that is written.
    steps
        Batches, with rates from 1e-7 to 1.
    """
    import torch
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from monai.optimizers import LearningRateFinder

    from MCDetect.files import write_atomically
    from MCDetect.training.papers.batches import validation_batches

    order = np.random.default_rng(examples.recipe.seed).permutation(len(examples))
    mixed = copy.copy(examples)
    mixed.chosen = [examples.chosen[int(place)] for place in order]
    learnt = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(learnt, lr=1e-7)
    device = next(network.parameters()).device
    finder = LearningRateFinder(network, optimizer, torch.nn.CrossEntropyLoss(), device=device, verbose=False)
    finder.range_test(validation_batches(mixed, batch), end_lr=1.0, num_iter=steps)
    rates, losses = finder.get_lrs_and_losses()
    steepest = steepest_fall(rates, losses)
    figure = Figure(figsize=(5, 3.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.semilogx(rates, losses)
    axes.axvline(steepest, color="#c0392b", linestyle="--")
    axes.set(xlabel="learning rate", ylabel="loss", title=f"Steepest fall at {steepest:.1e}")
    write_atomically(picture, figure.savefig)
    return steepest


def steepest_fall(rates: Sequence[float], losses: Sequence[float]) -> float:
    """Return the rate at which the loss falls most before it is lowest; a tenth of the rate there if it never falls.

    After the lowest loss the training diverges, and a loss that comes down from there is no fall to follow.
    """
    lowest = int(np.argmin(losses))
    if lowest < 2:
        return float(rates[lowest]) / 10
    return float(rates[int(np.argmin(np.gradient(np.asarray(losses[: lowest + 1], dtype=float))))])
