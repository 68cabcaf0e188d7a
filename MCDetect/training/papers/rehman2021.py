"""Rehman et al. 2021: separable convolutions tell benign from malignant clusters.

"Computer Vision-Based Microcalcification Detection in Digital Mammograms Using Fully Connected Depthwise Separable
Convolutional Neural Network". Data sets DDSM (by its own link CBIS-DDSM) and a private one. Recipe:
``recipes/rehman2021.yaml``.

As published: the four steps (DICOM to 8 bit with a table of the images: ``examples.csv``; resizing to 240 x 320 with
OpenCV's linear interpolation; one grey channel made three; the marked region cut out); rotations by 45, 90, 180 and 360
degrees and random flips, rotations, shifts and shears, but not on DDSM; 60/20/20 in five folds (``--fold``); FC-DSCNN
and DCNN of Tables 2 and 3; AdaGrad, 0.001 times 0.1 every 5 epochs, batches of 32, 20 epochs, dropout 0.5, seed 42.

Decided, because the paper leaves it open or contradicts itself:

- What the network sees is called mammogram and region in turn. The last of the four steps and the title of section 3.3
  say region, so regions are taken. How they were found ("computer vision", with a translation matrix in Eq. 1 that
  moves pixels by labels) cannot be repeated; the data set's own marks are used.
- Table 6 has a training split of 0.8 and validation of 0.1, the text 60/20/20 with five folds: the text is followed.
- "Class weight [-1, 1]" cannot be, since a negative weight unlearns a class: weights in inverse proportion to the
  classes' numbers.
- "Sparse categorical cross-entropy" is said to deal with imbalance; it is the plain cross-entropy, weighted as above.
- Sensitivity and recall are two names of one figure, and yet Table 4 gives 0.97 and 0.83 for them. Reports here have
  one figure.
- FPi is false positives over images (Eq. 5), and cannot exceed 1 where one image gives one answer; the paper has 2.35.
- Resizing is said to preserve the aspect ratio, and makes 320 x 240 of 4096 x 2047: the ratio is not kept.
- 320 x 240 is called width and height and also 240 x 320 x 3; the flattened 153,600 holds for both. Columns are 320.
- Rotation by 360 degrees is the image itself: four examples of each, not five.
- "Data augmentation was not employed on the DDSM dataset": on DDSM and CBIS-DDSM there are no copies and no random
  changes (``augmentation_off``); on all other data there are both. The published figures in the table are of DDSM.
- "Image cropping" is named among the augmentations and never described (what size, where): left out.
- 3568 images are the number of all regions in CBIS-DDSM, of masses too; here calcifications alone.
- No activation is named for the dense layer: ReLU.
"""

from __future__ import annotations
