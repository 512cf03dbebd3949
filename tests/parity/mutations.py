"""Backends that differ from the reference in silence: one for each row of the pitfalls.

Each is the NumPy reference with one thing wrong, as a framework has it by default.
"""

import math
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import wrong_trainers

from benchsuite.contract import Batch, Counts
from benchsuite.reference.oracle import OPERATIONS
from benchsuite.testing import NumpyBackend, NumpySession, Oracle

MUTATIONS = {}


def mutation(name):
    """Register a class: an Oracle, a session or a backend with one thing wrong."""

    def register(wrong):
        MUTATIONS[name] = _backend_of(wrong)
        return wrong

    return register


def _backend_of(wrong):
    if issubclass(wrong, NumpyBackend):
        return wrong
    if issubclass(wrong, Oracle):
        wrong = type("Session", (NumpySession,), {"oracle_class": wrong})
    return type("Backend", (NumpyBackend,), {"session_class": wrong})


def operation(name, op):
    """Register a backend in which one op computes something else, in training too."""

    def register(function):
        operations = MappingProxyType({**OPERATIONS, op: function})
        oracle = type("WrongOracle", (Oracle,), {"operations": operations})
        session = type("Session", (NumpySession,), {"oracle_class": oracle})
        backend = type("Backend", (NumpyBackend,), {"operations": operations})
        backend.session_class = session
        MUTATIONS[name] = backend
        return function

    return register


for wrong_trainer in (
    wrong_trainers.KerasMomentumOfStatistics,
    wrong_trainers.BiasedVariance,
    wrong_trainers.FixedEpsilon,
    wrong_trainers.EpsilonBeforeCorrection,
    wrong_trainers.KerasMomentum,
):
    mutation(wrong_trainer.__doc__.rstrip("."))(wrong_trainer)

# The model.


@operation("1: 'same' padding with stride 2 on an even input", "conv")
def _pads_below_only(attrs, weights, x):
    if attrs["stride"] != (2, 2) or attrs["padding"] != (1, 1) or x.shape[1] % 2:
        return OPERATIONS["conv"](attrs, weights, x)
    below = np.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))
    return OPERATIONS["conv"]({**attrs, "padding": (0, 0)}, weights, below)


@operation("3: BatchNorm's epsilon", "batch_norm")
def _epsilon_of_batch_norm(attrs, weights, x):
    return OPERATIONS["batch_norm"]({**attrs, "epsilon": 1e-3}, weights, x)


@operation("3: LayerNorm's epsilon", "layer_norm")
def _epsilon_of_layer_norm(attrs, weights, x):
    return OPERATIONS["layer_norm"]({**attrs, "epsilon": 1e-3}, weights, x)


class _OwnWeights(NumpySession):
    def set_weights(self, weights):
        super().set_weights({name: self.own(name, array) for name, array in weights.items()})


@mutation("5: initial biases of its own")
class _ZeroBiases(_OwnWeights):
    def own(self, name, array):
        return array * (0 if name.endswith("fc.bias") else 1)


@mutation("6: truncated initial weights")
class _Truncated(_OwnWeights):
    def own(self, name, array):
        return array if array.ndim < 2 else array.clip(-2 * array.std(), 2 * array.std())


@mutation("7: fan-in of a depthwise convolution")
class _DepthwiseFan(_OwnWeights):
    def own(self, name, array):
        return array / math.sqrt(len(array)) if "depthwise" in name else array


@operation("18: flatten in the order (H, W, C)", "flatten")
def _flatten_in_place(attrs, weights, x):
    return x.reshape(len(x), -1)


@operation("19: max-pool pads with zeros", "max_pool")
def _pads_with_zeros(attrs, weights, x):
    top, left = attrs["padding"]
    around = np.pad(x, ((0, 0), (top, top), (left, left), (0, 0)))
    return OPERATIONS["max_pool"]({**attrs, "padding": (0, 0)}, weights, around)


@operation("20: average pool leaves the padding out", "avg_pool")
def _leaves_padding_out(attrs, weights, x):
    share = OPERATIONS["avg_pool"](attrs, weights, np.ones_like(x))
    return OPERATIONS["avg_pool"](attrs, weights, x) / share


@operation("21: local response normalisation divides alpha", "local_response_norm")
def _divides_alpha(attrs, weights, x):
    divided = {**attrs, "alpha": attrs["alpha"] / attrs["size"]}
    return OPERATIONS["local_response_norm"](divided, weights, x)


@operation("22: GELU by tanh", "gelu")
def _gelu_by_tanh(attrs, weights, x):
    return x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2


@operation("24: attention's weights packed by head", "self_attention")
def _packed_by_head(attrs, weights, x):
    width = x.shape[-1]
    order = np.arange(3 * width).reshape(3, attrs["heads"], -1).swapaxes(0, 1).reshape(-1)
    packed = {role: weights[role][order] for role in ("in_proj_weight", "in_proj_bias")}
    return OPERATIONS["self_attention"](attrs, {**weights, **packed}, x)


@mutation("25: a bottleneck's stride on its 1×1")
class _StrideOnTheFirst(NumpyBackend):
    def open(self, graph, weights, setup):
        strides = {"bottleneck.conv1": (2, 2), "bottleneck.conv2": (1, 1)}
        nodes = tuple(
            replace(node, attrs=MappingProxyType({**node.attrs, "stride": strides[node.name]}))
            if node.name in strides
            else node
            for node in graph.nodes
        )
        return super().open(replace(graph, nodes=nodes), weights, setup)


@operation("26: dropout left on", "dropout")
def _dropout_on(attrs, weights, x):
    return x * (np.random.default_rng().random(x.shape) >= 0.1) / 0.9


@operation("27: rounded to TF32", "conv")
def _rounded(attrs, weights, x):
    kept = x.astype(np.float32).view(np.int32) & ~np.int32(0x1FFF)
    return OPERATIONS["conv"](attrs, weights, kept.view(np.float32).astype(x.dtype))


def _by_batch(attrs, weights, x):
    axes = tuple(range(x.ndim - 1))
    own = {"running_mean": x.mean(axes), "running_var": x.var(axes)}
    return OPERATIONS["batch_norm"](attrs, {**weights, **own}, x)


@mutation("32: evaluation with the batch's statistics")
class _TrainingMode(NumpyBackend):
    operations = MappingProxyType({**OPERATIONS, "batch_norm": _by_batch})


@mutation("32: training with the running statistics")
class _EvaluationMode(Oracle):
    def batch_statistics(self, node, weights, x):
        _, running = super().batch_statistics(node, weights, x)
        return {role: weights[role] for role in running}, running


@mutation("38: results that depend on the batch's size")
class _DependsOnBatch(NumpySession):
    def predict(self, images):
        return super().predict(images) * (1 + 1e-9 * len(images))


# The optimiser.


@mutation("10: RMSprop's epsilon inside the root")
class _EpsilonInside(Oracle):
    def direction(self, name, gradient):
        if self.rule.optimizer != "rmsprop":
            return super().direction(name, gradient)
        first, second = self._first[name], self._second[name]
        second[...] = self.rule.alpha * second + (1 - self.rule.alpha) * gradient**2
        inside = gradient / np.sqrt(second + self.rule.epsilon)
        first[...] = self.rule.momentum * first + inside
        return first


class _OtherRule(Oracle):
    def __init__(self, graph, weights, rule, *args):
        import msgspec

        changed = msgspec.structs.replace(rule, **self.changes(rule))
        super().__init__(graph, weights, changed, *args)


@mutation("12: SGD's decay decoupled")
class _DecoupledSgd(_OtherRule):
    def changes(self, rule):
        return {"decay": "decoupled"} if rule.optimizer == "sgd" else {}


@mutation("13: Adam's decay decoupled")
class _DecoupledAdam(_OtherRule):
    def changes(self, rule):
        return {"decay": "decoupled"} if rule.optimizer == "adam" else {}


@mutation("14: AdamW's own default decay")
class _DefaultDecay(_OtherRule):
    def changes(self, rule):
        return {"weight_decay": 0.004} if rule.decay == "decoupled" else {}


@mutation("14: biases and scales decayed")
class _DecaysAll(_OtherRule):
    def changes(self, rule):
        return {"decayed": "all"}


@mutation("39: gradients clipped one by one")
class _Clipped(Oracle):
    def update(self, name, gradient, learning_rate):
        norm = max(float(np.sqrt((gradient**2).sum())), 1e-3)
        super().update(name, gradient * min(1.0, 0.1 / norm), learning_rate)


# The loss and the metric, the batches, the counts.


@mutation("15: a decay term in the loss")
class _Penalty(Oracle):
    def loss(self, logits, labels):
        loss, gradient = super().loss(logits, labels)
        penalty = sum(float((w**2).sum()) for w in self.weights.values())
        return loss + self.rule.weight_decay * penalty, gradient


@mutation("16: cross-entropy of clipped probabilities")
class _ClippedProbabilities(Oracle):
    def loss(self, logits, labels):
        _, gradient = super().loss(logits, labels)
        shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        of_labels = shares[np.arange(len(labels)), labels].clip(1e-7, 1 - 1e-7)
        return -float(np.log(of_labels).mean()), gradient


@mutation("17: smoothed labels")
class _Smoothed(Oracle):
    def loss(self, logits, labels):
        losses = [
            super(_Smoothed, self).loss(logits, np.full_like(labels, c))[0]
            for c in range(logits.shape[1])
        ]
        loss, gradient = super().loss(logits, labels)
        return 0.9 * loss + 0.1 * float(np.mean(losses)), gradient


@mutation("34: another normaliser")
class _OtherNormaliser(NumpySession):
    def __init__(self, graph, weights, setup, operations):
        normalizer = replace_normalizer(setup.normalizer)
        super().__init__(graph, weights, replace(setup, normalizer=normalizer), operations)


def replace_normalizer(normalizer):
    return type(normalizer)(tuple(s * 255 / 256 for s in normalizer.scale), normalizer.shift)


@mutation("35: an odd last batch weighs as a full one")
class _FullBatches(Oracle):
    def loss(self, logits, labels):
        loss, gradient = super().loss(logits, labels)
        share = len(labels) / 4
        return loss * share, gradient * share


@mutation("36: FLOPs counted as MACs")
class _CountsFlops(NumpySession):
    def counts(self):
        counts = super().counts()
        return Counts(counts.parameters, 2 * counts.macs, counts.counter)


@mutation("37: statistics counted as parameters")
class _CountsBuffers(NumpySession):
    def counts(self):
        counts = super().counts()
        return replace(counts, parameters=counts.parameters + self.graph.buffers)


@mutation("40: batches in another order")
class _Shuffled(NumpySession):
    def train(self, batches, learning_rates):
        turned = [Batch(batch.images[::-1], batch.labels) for batch in batches]
        return super().train(turned, learning_rates)
