"""Every update rule against the oracle, across a drop of the learning rate, in float64."""

from itertools import product

import numpy as np
import pytest
import torch

from benchsuite.contract import Batch, UpdateRule
from benchsuite.testing import Oracle, random_images, random_weights

RATES = [0.1] * 6 + [0.01] * 6
RULES = {
    "sgd": UpdateRule(optimizer="sgd", momentum=0.8),
    "adam": UpdateRule(optimizer="adam", beta1=0.8, beta2=0.95, epsilon=1e-2),
    "rmsprop": UpdateRule(optimizer="rmsprop", alpha=0.9, epsilon=1e-2, momentum=0.5),
    "rmsprop-plain": UpdateRule(optimizer="rmsprop", alpha=0.9, epsilon=1e-2, momentum=0.0),
}
DECAYS = [{}] + [
    {"weight_decay": 0.1, "decay": decay, "decayed": decayed}
    for decay, decayed in product(("coupled", "decoupled"), ("all", "matrices"))
]


def small_net(net, x):
    x = net.tanh(net.batch_norm(net.conv(x, 4, 3, name="conv"), name="bn"))
    return net.dense(net.global_avg_pool(x), 3, name="fc")


@pytest.fixture
def graph(trace):
    return trace((6, 5, 2), small_net)


@pytest.fixture
def batches(graph):
    random = np.random.default_rng(0)
    return [Batch(random_images(graph, 5, seed=i), random.integers(0, 3, 5)) for i in range(12)]


def with_decay(rule, decay):
    fields = {name: getattr(rule, name) for name in rule.__struct_fields__}
    return UpdateRule(**{**fields, **decay})


@pytest.mark.parametrize("decay", DECAYS, ids=lambda decay: "-".join(map(str, decay.values())))
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_steps_agree_with_the_oracle(graph, batches, open_session, rule, decay):
    rule = with_decay(rule, decay)
    weights = random_weights(graph, dtype=np.float64)
    oracle = Oracle(graph, weights, rule)
    session = open_session(graph, weights, update_rule=rule)
    losses, expected = session.train(batches, RATES), oracle.train(batches, RATES)
    assert np.abs(losses - expected).max() < 1e-9 * np.abs(expected).max()
    for name, array in session.weights().items():
        scale = np.abs(oracle.weights[name]).max()
        assert np.abs(array - oracle.weights[name]).max() < 1e-9 * scale, name


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        (UpdateRule(optimizer="sgd"), torch.optim.SGD),
        (UpdateRule(optimizer="rmsprop"), torch.optim.RMSprop),
        (UpdateRule(optimizer="adam", weight_decay=0.1), torch.optim.Adam),
        (UpdateRule(optimizer="adam", weight_decay=0.1, decay="decoupled"), torch.optim.AdamW),
    ],
)
def test_optimizer_is_pytorchs_own(graph, batches, open_session, rule, kind):
    session = open_session(graph, random_weights(graph), update_rule=rule)
    session.train(batches[:1], RATES[:1])
    assert type(session._training_step.optimizer) is kind


def test_only_matrices_are_in_the_group_that_decays(graph, batches, open_session):
    rule = UpdateRule(weight_decay=0.1, decayed="matrices")
    session = open_session(graph, random_weights(graph), update_rule=rule)
    session.train(batches[:1], RATES[:1])
    decayed, others = session._training_step.optimizer.param_groups
    assert decayed["weight_decay"] == 0.1
    assert {parameter.ndim for parameter in decayed["params"]} == {2, 4}
    assert others["weight_decay"] == 0
    assert {parameter.ndim for parameter in others["params"]} == {1}
