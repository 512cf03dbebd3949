"""Training against numbers that no framework computed: `benchsuite.testing.Oracle`."""

import msgspec
import numpy as np
import pytest

from benchsuite.contract import Batch, UpdateRule
from benchsuite.errors import UsageError
from benchsuite.graph import Builder, initializers
from benchsuite.testing import Oracle, random_images, random_weights

SGD = UpdateRule(optimizer="sgd", momentum=0.9)
PLAIN_SGD = UpdateRule(optimizer="sgd", momentum=0.0)
ADAM = UpdateRule(optimizer="adam", epsilon=1e-3)  # so large that its place shows
RMSPROP = UpdateRule(optimizer="rmsprop", momentum=0.9, alpha=0.9, epsilon=1e-3)
PLAIN_RMSPROP = UpdateRule(optimizer="rmsprop", momentum=0.0, epsilon=1e-3)
RULES = {
    "sgd": SGD,
    "plain-sgd": PLAIN_SGD,
    "adam": ADAM,
    "rmsprop": RMSPROP,
    "plain-rmsprop": PLAIN_RMSPROP,
    **{
        f"{rule.optimizer}-{decay}-{decayed}": msgspec.structs.replace(
            rule, weight_decay=0.1, decay=decay, decayed=decayed
        )
        for rule in (SGD, ADAM, RMSPROP)
        for decay in ("coupled", "decoupled")
        for decayed in ("all", "matrices")
    },
}
DROP = [0.1] * 6 + [0.01] * 6


def batches_for(graph, count, size=5):
    labels = np.random.default_rng(7).integers(0, graph.output.shape[0], (count, size))
    return [Batch(random_images(graph, size, seed=i), labels[i]) for i in range(count)]


@pytest.fixture
def every_kind():
    """Every kind of weight: those that Keras splits, reshapes or has fewer axes of."""
    net = Builder()
    x = net.conv(net.input((3, 4, 2)), 4, 1, name="conv")
    x = net.image_to_sequence(net.layer_scale(x, name="scale", init=initializers.zeros))
    x = net.position_embedding(
        net.class_token(x, name="token"), name="position", init=initializers.zeros
    )
    x = net.add(x, net.self_attention(net.layer_norm(x, name="ln", epsilon=1e-5), 2, name="attn"))
    net.dense(net.select_token(x, 0), 3, name="fc")
    return net.graph("every_kind")


@pytest.mark.parametrize("decay", ["coupled", "decoupled"])
def test_weight_decay_reaches_matrices_by_their_canonical_shape(open_session, every_kind, decay):
    rule = UpdateRule(weight_decay=0.5, decay=decay, decayed="matrices")
    weights = random_weights(every_kind, dtype=np.float64)
    session = open_session(every_kind, weights, precision="fp64", update_rule=rule)
    oracle = Oracle(every_kind, weights, rule)
    batches = batches_for(every_kind, 3)
    session.train(batches, [0.1, 0.1, 0.01])
    oracle.train(batches, [0.1, 0.1, 0.01])
    for name, expected in oracle.weights.items():
        np.testing.assert_allclose(
            session.weights()[name], expected, rtol=1e-10, atol=1e-12, err_msg=name
        )


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_train_takes_pytorch_steps_across_a_drop_of_the_learning_rate(open_session, chain, rule):
    weights = random_weights(chain, dtype=np.float64)
    session = open_session(chain, weights, precision="fp64", update_rule=rule)
    oracle = Oracle(chain, weights, rule)
    batches = batches_for(chain, len(DROP))
    losses = session.train(batches, DROP)
    np.testing.assert_allclose(losses, oracle.train(batches, DROP), rtol=1e-12)
    for name, expected in oracle.weights.items():
        np.testing.assert_allclose(session.weights()[name], expected, rtol=1e-12, atol=1e-12)


def test_adam_in_float32_loses_nothing_in_the_bias_correction(open_session, chain):
    rule, weights = UpdateRule(optimizer="adam"), random_weights(chain)
    session = open_session(chain, weights, update_rule=rule)
    oracle = Oracle(chain, weights, rule)
    batches = batches_for(chain, 1)
    session.train(batches, [1.0])
    oracle.train(batches, [1.0])
    # 1 - 0.999 in float32 is off by 5e-5, and its root, which divides each step, by half of it
    name = "fc1.weight"
    difference = np.abs(session.weights()[name] - oracle.weights[name])
    assert np.median(difference) < 2e-6


def test_train_keeps_an_unbiased_running_variance(open_session):
    net = Builder()
    x = net.batch_norm(net.input((2, 2, 3)), name="bn", momentum=0.3)
    net.dense(net.flatten(x), 2, name="fc")
    graph = net.graph("bn")
    session = open_session(graph, precision="fp64")
    before = session.weights()
    batch = batches_for(graph, 1, size=4)[0]
    session.train([batch], [0.0])
    values = batch.images.astype(np.float64).reshape(-1, 3)  # n = 16
    after = session.weights()
    for name, statistic in (("mean", values.mean(0)), ("var", values.var(0, ddof=1))):
        expected = 0.7 * before[f"bn.running_{name}"] + 0.3 * statistic
        np.testing.assert_allclose(after[f"bn.running_{name}"], expected, rtol=1e-12)


def test_train_refuses_a_batch_norm_with_one_value_per_channel(open_session, chain):
    session = open_session(chain)
    with pytest.raises(UsageError, match=r"batch_norm 'bn' cannot train .* use a larger batch"):
        session.train(batches_for(chain, 1, size=1), [0.1])
    assert np.isfinite(session.train(batches_for(chain, 1), [0.1])).all()


def test_train_of_no_batches_is_no_loss(open_session, chain):
    assert open_session(chain).train([], []).shape == (0,)


@pytest.mark.parametrize("rates", [[0.1], [0.1] * 3])
def test_train_needs_one_learning_rate_per_batch(open_session, chain, rates):
    with pytest.raises(ValueError, match="zip"):
        open_session(chain).train(batches_for(chain, 2), rates)
