import numpy as np
import pytest

from benchsuite.measure.agreement import (
    IMAGES,
    depends_on_its_batch,
    disagreement,
    distance,
    fixed_batch,
    refused,
)

LOGITS = np.random.default_rng(0).normal(size=(8, 10))


class Answers:
    """A session whose logits are a function of its images."""

    def __init__(self, answer):
        self.graph = type("G", (), {"input_shape": (4, 4, 1)})()
        self.predict = answer


def features(images):
    return images.reshape(len(images), -1)[:, :10].astype(np.float64)


def test_fixed_batch_is_the_same_for_everybody():
    session = Answers(features)

    assert fixed_batch(session, 3).shape == (IMAGES, 4, 4, 1)
    assert np.array_equal(fixed_batch(session, 3), fixed_batch(session, 3))
    assert not np.array_equal(fixed_batch(session, 3), fixed_batch(session, 4))


@pytest.mark.parametrize(
    ("answer", "depends"),
    [
        (features, False),
        (lambda x: features(x) - features(x).mean(axis=0), True),  # the batch's own mean
        (lambda x: features(x) * np.random.default_rng().integers(0, 2, (len(x), 10)), True),
        (lambda x: np.full((len(x), 10), np.nan), False),  # nothing can be told
    ],
    ids=["evaluation", "batchnorm", "dropout", "not-finite"],
)
def test_training_mode_is_told_by_an_images_neighbours(answer, depends):
    session = Answers(answer)
    images = fixed_batch(session, 0)

    assert depends_on_its_batch(session, images, session.predict(images)) == depends


def test_distance_is_a_share_of_the_largest_logit():
    assert distance(LOGITS * 1.01, LOGITS) == pytest.approx(0.01)
    assert distance(np.zeros((2, 3)), np.zeros((2, 3))) == 0.0


def test_networks_agree_within_the_tolerance():
    assert disagreement(LOGITS * 1.0005, LOGITS, 1e-3) == ""
    assert "logits differ by 5.0e-03" in disagreement(LOGITS * 1.005, LOGITS, 1e-3)
    assert "not finite" in disagreement(LOGITS * np.nan, LOGITS, 1e-3)


def test_minority_is_refused_and_told_from_whom_it_differs():
    logits = {"a": LOGITS, "b": LOGITS * 1.0001, "c": LOGITS * 2}

    found = refused(logits, dict.fromkeys(logits, "fp32"))

    assert list(found) == ["c"]
    assert found["c"].endswith("from a")


def test_without_a_majority_all_who_disagree_are_refused():
    logits = {"a": LOGITS, "b": LOGITS * 2}

    assert set(refused(logits, dict.fromkeys(logits, "fp32"))) == {"a", "b"}
    assert refused({"a": LOGITS}, {"a": "fp32"}) == {}
    assert refused({}, {}) == {}


def test_lower_precision_is_held_to_its_own_tolerance():
    logits = {"a": LOGITS, "b": LOGITS * 1.01}

    assert refused(logits, {"a": "fp32", "b": "bf16"}) == {}
    assert refused(logits, {"a": "fp32", "b": "fp32"}) != {}
