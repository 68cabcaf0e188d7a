"""Shiri Kahnouei et al. 2022: a fine-tuned ResNet-50 finds the tiles of a mammogram that hold calcifications.

"Microcalcification Detection in Mammograms Using Deep Learning". Own data set of 815 mammograms. Recipe:
``recipes/shirikahnouei2022.yaml``.

As published: tiles of 224 x 224 pixels at full resolution that do not overlap, positive when they touch a marked
region, as many normal ones drawn by chance; ResNet-50 with its first 100 layers frozen, Adam 0.0001, batches of 32,
120 epochs, binary cross-entropy; the operating point where a line of slope 1 touches the ROC curve (in every report);
positive tiles marked on the whole mammogram (``marked/`` in the output folder); accuracy by age group (in every
report, where the data set gives ages).

Decided, because the paper leaves it open or contradicts itself:

- "The first 100 layers" are counted as Keras lists them, see
  :func:`MCDetect.networks.resnet.freeze_first_hundred_keras_layers`. The network is torchvision's, which differs from
  Keras' in where a bottleneck halves its resolution.
- The binary cross-entropy is that of two softmax outputs, which has the same gradients as one sigmoid output.
- Tiles were parted by chance, not by patient; 5 % of the training tiles validate. ``--split paper`` does that.
- Tiles of air are left out: the paper says that "uninformative patches" were removed by hand.
- Scaling of the input is not given: ImageNet's mean and deviation.
- Without ``--pretrained`` the frozen layers would keep their random start, which is of little use; the recipe still
  runs so, and the report says "from scratch".
- Accuracy of 96.7 % with 200 test tiles of 100 and 100 cannot be 96.7 % in both classes exactly: figures are rounded.
"""

from __future__ import annotations
