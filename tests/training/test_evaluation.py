import numpy as np
import pytest
from training_fakes import data_of

from benchsuite.contract import Metric, Split
from benchsuite.data import fit_split
from benchsuite.errors import BenchsuiteError, NotFiniteError
from benchsuite.training.evaluation import EVALUATION_BATCH_SIZE, evaluate, predict


@pytest.mark.parametrize("size", [1, 63, 64, 65, 130])
def test_predict_fills_up_the_last_batch_and_cuts_it(session, size):
    data = data_of(size)
    logits = predict(session, data.test.images, data.normalizer)
    expected = data.test.images[:].reshape(size, 3) * 2.0 + 1.0
    np.testing.assert_array_equal(logits, expected)
    assert set(session.shapes) == {(EVALUATION_BATCH_SIZE, 1, 3, 1)}
    assert len(session.shapes) == -(-size // EVALUATION_BATCH_SIZE)


def test_evaluate_computes_metrics_from_all_logits_of_normalized_images(session):
    seen = {}

    def compute(logits, labels):
        seen.update(logits=logits, labels=labels)
        return 0.25

    data = data_of(70)
    part = fit_split(Split(data.test.images[:], data.test.labels), np.arange(66), (1, 3, 1))
    metrics = [Metric("quarter", "higher", compute)]
    assert evaluate(session, part, data.normalizer, metrics) == {"quarter": 0.25}
    assert seen["logits"].dtype == np.float64
    np.testing.assert_array_equal(seen["logits"], part.images[:].reshape(66, 3) * 2.0 + 1.0)
    np.testing.assert_array_equal(seen["labels"], part.labels)


def test_evaluate_leaves_out_a_figure_that_is_no_number(session):
    metric = Metric("broken", "lower", lambda logits, labels: float("inf"))
    data = data_of(3)
    assert evaluate(session, data.test, data.normalizer, [metric]) == {"broken": None}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda logits: logits[1:], BenchsuiteError, r"shape \(63, 3\), not \(64, 3\)"),
        (lambda logits: logits[:, :2], BenchsuiteError, r"shape \(64, 2\), not \(64, 3\)"),
        (lambda logits: logits * np.nan, NotFiniteError, "210 of 210 logits"),
    ],
)
def test_predict_refuses_what_are_no_logits(session, change, error, message):
    data, predicted = data_of(70), session.predict
    session.predict = lambda images: change(predicted(images))
    with pytest.raises(error, match=message):
        predict(session, data.test.images, data.normalizer)
