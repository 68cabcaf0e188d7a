from __future__ import annotations

import pytest

from MCDetect.errors import UsageError
from MCDetect.evaluation.predictions import Prediction
from MCDetect.evaluation.report import Scored
from MCDetect.training.papers.runs import pooled


def run(fold: int, **about: object) -> Scored:
    prediction = Prediction(f"image {fold}", f"patient {fold}", (), fold % 2, (0.5, 0.5))
    same = {"dataset": "inbreast", "split": "patient", "pretrained": False, "recipe_sha256": "a", "fold": fold}
    return Scored("rehman2021, dcnn", ("benign", "malignant"), (prediction,), about={**same, **about})


def test_folds_of_one_cross_validation_are_judged_as_one():
    (together,) = pooled([run(1), run(0)])
    assert together.name.endswith("folds 0, 1")
    assert [one.image for one in together.predictions] == ["image 0", "image 1"]


@pytest.mark.parametrize(
    "other", [{"pretrained": True}, {"pretrained": False, "recipe_sha256": "b"}, {"pretrained_sha256": "c"}]
)
def test_folds_of_different_trainings_are_not_mixed(other: dict[str, object]):
    assert pooled([run(0), run(1, **other)]) == []
    mixed = pooled([run(0), run(1), run(0, **other), run(1, **other)])
    assert [len(one.predictions) for one in mixed] == [2, 2]


def test_a_fold_that_is_given_twice_is_refused():
    with pytest.raises(UsageError, match="Fold 0 of rehman2021, dcnn was given twice"):
        pooled([run(0), run(1), run(0)])
    assert pooled([run(0), run(0)]) == []  # no cross-validation: two trainings, each judged by itself
