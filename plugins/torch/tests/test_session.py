"""Training, inference and weights of a session."""

import numpy as np
import pytest
import torch
from torch import nn

from benchsuite.contract import Batch, DeviceMemory, Normalizer, UpdateRule
from benchsuite.errors import UsageError

SHAPE = (6, 6, 2)
#: The learning rate drops on the way: optimisers differ there in silence.
RATES = [0.1, 0.1, 0.1, 0.01, 0.01, 0.01]
SGD = UpdateRule(optimizer="sgd", momentum=0.8)
ADAM = UpdateRule(optimizer="adam", beta1=0.8, beta2=0.95, epsilon=1e-3)
NORMALIZER = Normalizer(scale=(0.01, 0.02), shift=(-1.0, -2.0))


class HandWritten(nn.Module):
    """What `small_net` is in PyTorch."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, padding=1)
        self.bn = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4 * 3 * 3, 3)

    def forward(self, x):
        x = torch.relu(self.bn(self.conv(x)))
        return self.fc(torch.flatten(torch.max_pool2d(x, 2), 1))


def small_net(net, x):
    x = net.relu(net.batch_norm(net.conv(x, 4, 3, padding=1, name="conv"), name="bn"))
    return net.dense(net.flatten(net.max_pool(x, 2)), 3, name="fc")


def dropout_net(net, x):
    return net.dense(net.dropout(net.flatten(x), 0.5), 3, name="fc")


@pytest.fixture
def graph(trace):
    return trace(SHAPE, small_net)


@pytest.fixture
def batches():
    random = np.random.default_rng(3)
    return [
        Batch(random.integers(0, 256, (5, *SHAPE), dtype=np.uint8), random.integers(0, 3, 5))
        for _ in RATES
    ]


@pytest.fixture
def images():
    return np.random.default_rng(4).normal(size=(3, *SHAPE)).astype(np.float32)


def normalized(images):
    scale, shift = (np.array(v) for v in (NORMALIZER.scale, NORMALIZER.shift))
    return images * scale + shift


def hand_written(weights):
    module = HandWritten().double()
    state = {name: torch.tensor(array) for name, array in weights.items()}
    state["bn.num_batches_tracked"] = torch.tensor(0)
    module.load_state_dict(state)
    return module


@pytest.mark.parametrize("rule", [SGD, ADAM], ids=["sgd", "adam"])
def test_train_steps_as_a_hand_written_loop(graph, draw, open_session, batches, rule):
    weights = draw(graph)
    module = hand_written(weights).train()
    if rule is SGD:
        update = torch.optim.SGD(module.parameters(), lr=1.0, momentum=0.8)
    else:
        update = torch.optim.Adam(module.parameters(), lr=1.0, betas=(0.8, 0.95), eps=1e-3)
    expected = []
    for batch, rate in zip(batches, RATES, strict=True):
        images = torch.tensor(normalized(batch.images)).permute(0, 3, 1, 2).contiguous()
        update.param_groups[0]["lr"] = rate
        update.zero_grad()
        loss = nn.functional.cross_entropy(module(images), torch.tensor(batch.labels))
        loss.backward()
        update.step()
        expected.append(loss.item())
    session = open_session(graph, weights, update_rule=rule, normalizer=NORMALIZER)
    losses = session.train(batches, RATES)
    assert losses.shape == (6,)
    assert losses.tolist() == expected
    trained = session.weights()
    state = module.state_dict()
    assert all(np.array_equal(trained[name], state[name].numpy()) for name in graph.weights)


def test_train_heeds_every_learning_rate(graph, draw, open_session, batches):
    weights = draw(graph)
    sessions = [open_session(graph, weights) for _ in range(2)]
    sessions[0].train(batches, RATES)
    sessions[1].train(batches, [0.1] * 6)
    assert not np.allclose(sessions[0].weights()["fc.weight"], sessions[1].weights()["fc.weight"])


def test_train_refuses_a_wrong_number_of_learning_rates(graph, draw, open_session, batches):
    session = open_session(graph, draw(graph))
    with pytest.raises(ValueError, match="shorter"):
        session.train(batches, RATES[:-1])


@pytest.mark.parametrize("rule", [SGD, ADAM], ids=["sgd", "adam"])
def test_train_keeps_the_optimizers_state_between_calls(graph, draw, open_session, batches, rule):
    weights = draw(graph)
    once, twice = (open_session(graph, weights, update_rule=rule) for _ in range(2))
    losses = once.train(batches, RATES)
    parts = [twice.train(batches[i : i + 3], RATES[i : i + 3]) for i in (0, 3)]
    assert np.array_equal(losses, np.concatenate(parts))


def test_train_takes_placed_batches_as_the_cores(graph, draw, open_session, batches):
    weights = draw(graph)
    sessions = [open_session(graph, weights, normalizer=NORMALIZER) for _ in range(3)]
    placed = [sessions[1].place(batch) for batch in batches]
    floats = [Batch(normalized(batch.images), batch.labels) for batch in batches]
    losses = [
        session.train(given, RATES)
        for session, given in zip(sessions, (batches, placed, floats), strict=True)
    ]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-13)  # of another layout
    assert np.array_equal(losses[0], losses[2])


def test_train_takes_batches_that_are_read_only_and_reversed(graph, draw, open_session, batches):
    weights = draw(graph)
    flipped = [Batch(batch.images[:, :, ::-1], batch.labels[::-1]) for batch in batches]
    copies = [Batch(b.images.copy(), b.labels.copy()) for b in flipped]
    for batch in flipped:
        batch.images.flags.writeable = False
    losses = [open_session(graph, weights).train(given, RATES) for given in (flipped, copies)]
    assert np.array_equal(*losses)


def test_train_stores_the_unbiased_running_variance(graph, draw, open_session, batches):
    weights = draw(graph)
    session = open_session(graph, weights, normalizer=NORMALIZER)
    session.train(batches[:1], [0.0])
    padded = np.pad(normalized(batches[0].images), ((0, 0), (1, 1), (1, 1), (0, 0)))
    patches = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    conv = np.einsum("nhwckl,fckl->nhwf", patches, weights["conv.weight"]) + weights["conv.bias"]
    for name, statistic in [
        ("bn.running_mean", conv.mean((0, 1, 2))),
        ("bn.running_var", conv.var((0, 1, 2), ddof=1)),
    ]:
        expected = 0.9 * weights[name] + 0.1 * statistic
        assert np.allclose(session.weights()[name], expected, rtol=1e-12)


def test_dropout_is_on_in_training_and_off_in_evaluation(trace, draw, open_session, batches):
    graph = trace(SHAPE, dropout_net)
    session = open_session(graph, draw(graph))
    images = np.ones((2, *SHAPE))
    before = session.predict(images)
    losses = session.train([batches[0]] * 4, [0.0] * 4)
    assert len(set(losses.tolist())) == 4
    assert np.array_equal(session.predict(images), before)


def test_dropout_is_drawn_from_the_setups_seed(trace, draw, open_session, batches):
    graph = trace(SHAPE, dropout_net)
    weights = draw(graph)
    losses = [
        open_session(graph, weights, seed=seed).train(batches, RATES).tolist() for seed in (1, 1, 2)
    ]
    assert losses[0] == losses[1] != losses[2]


def test_infer_yields_what_predict_does(graph, draw, open_session, images):
    session = open_session(graph, draw(graph), precision="fp32")
    logits = session.infer(session.place(Batch(images, np.zeros(3, np.int64))))
    session.synchronize()
    assert logits.is_inference()
    assert logits.shape == (3, 3)
    assert np.array_equal(logits.numpy(), session.predict(images))


def test_infer_leaves_training_mode(graph, draw, open_session, batches, images):
    session = open_session(graph, draw(graph))
    session.train(batches, RATES)
    assert session.native.training
    trained = session.weights()
    session.infer(session.place(Batch(images, np.zeros(3, np.int64))))
    assert not session.native.training
    assert all(np.array_equal(array, trained[n]) for n, array in session.weights().items())


def test_modes_are_switched_only_when_they_change(graph, draw, open_session, images, monkeypatch):
    session = open_session(graph, draw(graph))
    session.predict(images)
    monkeypatch.setattr(nn.Module, "train", lambda *_: pytest.fail("switched again"))
    session.predict(images)


def test_place_copies_to_contiguous_channels_first(graph, draw, open_session):
    session = open_session(graph, draw(graph))
    images = np.zeros((2, *SHAPE), np.uint8)
    placed = session.place(Batch(images, np.array([1, 2])))
    images += 1
    assert placed.images.shape == (2, 2, 6, 6)
    assert placed.images.is_contiguous()
    assert placed.images.dtype == torch.uint8
    assert not placed.images.any()
    assert placed.labels.tolist() == [1, 2]


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", "float32"), ("fp64", "float64")])
def test_precision_is_that_of_weights_and_logits(graph, draw, open_session, precision, dtype):
    session = open_session(graph, draw(graph), precision=precision)
    assert session.predict(np.ones((1, *SHAPE), np.float32)).dtype == dtype
    assert {array.dtype.name for array in session.weights().values()} == {dtype}


def test_weights_come_back_as_they_were_set(graph, draw, open_session, images):
    session = open_session(graph, draw(graph))
    other = draw(graph, seed=1)
    before = session.predict(images)
    session.set_weights(other)
    found = session.weights()
    assert list(found) == list(graph.weights)
    assert all(np.array_equal(found[name], other[name]) for name in other)
    assert not np.allclose(session.predict(images), before)


def test_weights_are_a_copy(graph, draw, open_session):
    session = open_session(graph, draw(graph))
    session.weights()["fc.bias"][:] = 7.0
    assert not (session.weights()["fc.bias"] == 7.0).any()


def test_set_weights_names_everything_that_does_not_fit(graph, draw, open_session):
    session = open_session(graph, draw(graph))
    weights = draw(graph)
    weights["surplus"] = weights.pop("fc.bias")
    weights["conv.weight"] = weights["conv.weight"][:, :1]
    before = session.weights()
    with pytest.raises(UsageError) as caught:
        session.set_weights(weights)
    assert "missing: fc.bias" in str(caught.value)
    assert "not in the network: surplus" in str(caught.value)
    assert "conv.weight: expected (4, 2, 3, 3), got (4, 1, 3, 3)" in str(caught.value)
    assert all(np.array_equal(array, before[n]) for n, array in session.weights().items())


def test_device_memory_is_unknown_on_a_cpu(graph, draw, open_session):
    assert open_session(graph, draw(graph)).device_memory() is None


def test_close_frees_the_network(graph, draw, open_session, batches):
    session = open_session(graph, draw(graph))
    session.train(batches, RATES)
    module = session.native
    session.close()
    assert not hasattr(session, "_module")
    assert all(parameter.is_meta for parameter in module.parameters())
    assert "_optimizer" not in vars(session)


@pytest.mark.gpu
def test_cuda_agrees_with_the_cpu_and_reports_its_memory(graph, draw, open_session, batches):
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    weights = draw(graph)
    host, device = (open_session(graph, weights, device=name) for name in ("cpu", "cuda"))
    assert np.allclose(device.train(batches, RATES), host.train(batches, RATES), rtol=1e-10)
    memory = device.device_memory()
    assert 0 < memory.allocated <= memory.reserved


def test_device_memory_is_what_the_allocator_says_of_its_device(
    graph, draw, open_session, monkeypatch
):
    """Without a GPU: that PyTorch is asked for the right figures."""
    session = open_session(graph, draw(graph))
    monkeypatch.setattr(session, "_device", torch.device("cuda", 1))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda d: 100 + d.index)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda d: 200 + d.index)
    assert session.device_memory() == DeviceMemory(101, 201)
