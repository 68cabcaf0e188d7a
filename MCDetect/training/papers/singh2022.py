"""Singh et al. 2022: features of InceptionResNetV2 tell benign, benign without callback and malignant regions apart.

"Deep Learning Capabilities for the Categorization of Microcalcification". Data set CBIS-DDSM. Recipe:
``recipes/singh2022.yaml``.

As published: regions resized to 299 x 299 by cubic interpolation, the channel copied to three; the trunk from
ImageNet extracts features, a dense layer of 128 with ReLU and softmax of 3 are trained; Kullback-Leibler divergence;
Adam, AdaGrad, AdaDelta and RMSProp (``--optimizer``) with 0.0001, batches of 32, 20 epochs; 14 features of the
grey-level co-occurrence matrix with a support vector machine (RBF) and k nearest neighbours, by 10-fold
cross-validation (:func:`compare_texture_classifiers`); AUC, sensitivity at specificity 0.8 (in every report).

Decided, because the paper leaves it open or contradicts itself:

- 1547, 326 and 200 images are training, testing and validation; but Table 1 has 1547 training and 326 testing images
  and CBIS-DDSM no more. Shares of 1547, 200 and 326 are dealt out by patient.
- The parts are stratified by BI-RADS, which regions of other data sets lack: by patients with and without a malignant
  region here.
- Learning rate 0.0001 in the text and tables, 0.001 in the conclusions: 0.0001.
- The divergence from a target that names one class is the cross-entropy; both are implemented and tested to be equal.
- Eq. 4 gives the specificity of a wrong denominator and Eq. 5 counts false positives as right: the usual ones are
  taken.
- Binary figures take malignant as positive; the AUC of all three classes is their mean, one against the rest.
- AdaGrad's training loss 0.0212 beside a validation loss of 0.67 with equal accuracies is what the table has.
- Squares are made "by stretching the smaller side": regions are resized to 299 x 299 without regard to their shape.
- Which 14 features is not said: those of Haralick et al. 1973 (:mod:`MCDetect.training.papers.texture`); grey levels
  32, distance 1, mean of four directions. k is 5. Folds keep patients together, which the paper does not say.
- Images are scaled to -1 to 1, as Keras scales for this network.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from MCDetect.training.papers.texture import haralick_features

FOLDS = 10
NEIGHBOURS = 5

_CALIBRATION_FOLDS = 5  # within the training folds: scores of the support vector machine become probabilities


def compare_texture_classifiers(
    pixels: npt.NDArray[np.uint8], labels: Sequence[int], patients: Sequence[str], seed: int = 42
) -> dict[str, dict[str, float]]:
    """Return accuracy and mean AUC of a support vector machine and of nearest neighbours (Singh et al. 2022, Table 4).

    Parameters
    ----------
    pixels
        uint8 (examples, rows, columns).
    labels, patients
        Class and patient of each example.
    seed
        Of the folds; there are ten, or as many as the rarest class has patients.

    Raises
    ------
    ValueError
        If a class has fewer than two patients.
    """
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.metrics import accuracy_score, roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    truth, groups = np.array(labels), np.array(patients)
    rarest = min(len(set(groups[truth == label])) for label in set(labels))
    if rarest < 2:
        raise ValueError("every class needs at least two patients for cross-validation")
    features = np.array([haralick_features(image) for image in pixels])
    folds = StratifiedGroupKFold(min(FOLDS, rarest), shuffle=True, random_state=seed)
    least = min(int((truth == label).sum()) for label in set(labels))
    inner = max(2, min(_CALIBRATION_FOLDS, least // 2))  # each class in each, also where one fold is left out
    found = {}
    for name, classifier in (
        ("SVM (RBF)", CalibratedClassifierCV(SVC(kernel="rbf", random_state=seed), cv=inner, ensemble=False)),
        ("k-NN", KNeighborsClassifier(NEIGHBOURS)),
    ):
        model = make_pipeline(StandardScaler(), classifier)
        probabilities = cross_val_predict(model, features, truth, groups=groups, cv=folds, method="predict_proba")
        classes = np.unique(truth)
        score = probabilities[:, 1] if len(classes) == 2 else probabilities
        found[name] = {
            "accuracy": float(accuracy_score(truth, classes[probabilities.argmax(axis=1)])),
            "AUC": float(roc_auc_score(truth, score, multi_class="ovr")),
        }
    return found
