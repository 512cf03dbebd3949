"""What a network from the graph costs against the same network written by hand.

    pytest plugins/torch/tests/benchmarks --benchmark-only -s

Both sides run the same loop in one process, in alternating blocks, so that a drift of the
machine's speed meets both. The table's last column is the ratio of the medians.
"""

from __future__ import annotations

import time
from statistics import median

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import avg_pool2d, cross_entropy

from benchsuite.contract import Batch, Setup
from benchsuite.graph.weights import draw_weights
from benchsuite.hooks import load_plugins
from benchsuite_torch.backend import TorchBackend

ROUNDS = 30
WARM_UP_ROUNDS = 3
#: A block of calls lasts about this long: above the clock's error, below most disturbances.
BLOCK_S = 0.05
TRAINING_BATCH = 16


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = avg_pool2d(torch.tanh(self.conv2(x)), 2)
        x = torch.tanh(self.fc1(torch.flatten(x, 1)))
        return self.fc3(torch.tanh(self.fc2(x)))


class BasicBlock(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.downsample = None
        if stride != 1 or channels != filters:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)
            )

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)


class ResNet18Cifar(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = nn.Sequential(BasicBlock(64, 64, 1), BasicBlock(64, 64, 1))
        self.layer2 = nn.Sequential(BasicBlock(64, 128, 2), BasicBlock(128, 128, 1))
        self.layer3 = nn.Sequential(BasicBlock(128, 256, 2), BasicBlock(256, 256, 1))
        self.layer4 = nn.Sequential(BasicBlock(256, 512, 2), BasicBlock(512, 512, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(512, 10)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def conv_bn_relu6(channels, filters, kernel, stride=1, groups=1):
    padding = kernel // 2
    return nn.Sequential(
        nn.Conv2d(channels, filters, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(filters),
        nn.ReLU6(inplace=True),
    )


class InvertedResidual(nn.Module):
    def __init__(self, channels, filters, stride, expansion):
        super().__init__()
        hidden = channels * expansion
        expand = [conv_bn_relu6(channels, hidden, 1)] if expansion != 1 else []
        self.conv = nn.Sequential(
            *expand,
            conv_bn_relu6(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, filters, 1, bias=False),
            nn.BatchNorm2d(filters),
        )
        self.is_residual = stride == 1 and channels == filters

    def forward(self, x):
        return x + self.conv(x) if self.is_residual else self.conv(x)


class MobileNetV2(nn.Module):
    STAGES = (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    )

    def __init__(self):
        super().__init__()
        channels, layers = 32, [conv_bn_relu6(3, 32, 3, 2)]
        for expansion, filters, count, stride in self.STAGES:
            for index in range(count):
                step = stride if index == 0 else 1
                layers.append(InvertedResidual(channels, filters, step, expansion))
                channels = filters
        self.features = nn.Sequential(*layers, conv_bn_relu6(channels, 1280, 1))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, 10))

    def forward(self, x):
        x = nn.functional.adaptive_avg_pool2d(self.features(x), (1, 1))
        return self.classifier(torch.flatten(x, 1))


HAND_WRITTEN = {
    "lenet5": (LeNet5, (28, 28, 1)),
    "resnet18_cifar": (ResNet18Cifar, (32, 32, 3)),
    "mobilenet_v2": (MobileNetV2, (64, 64, 3)),
}


def open_both(name):
    """The session, and the hand-written module with the very same weights."""
    make, shape = HAND_WRITTEN[name]
    graph = load_plugins().architectures[name].load().trace(shape, 10)
    weights = draw_weights(graph, 0)
    session = TorchBackend().open(graph, weights, Setup())
    module = make()
    counters = {n: t for n, t in module.state_dict().items() if n.endswith("num_batches_tracked")}
    module.load_state_dict({n: torch.tensor(a) for n, a in weights.items()} | counters)
    return session, module.eval()


def draw_batch(shape, size):
    random = np.random.default_rng(0)
    images = random.normal(size=(size, *shape)).astype(np.float32)
    return Batch(images, random.integers(0, 10, size))


def inference(module, images, labels):
    """run(calls): forward passes of a single image."""
    image = images[:1].clone()

    def run(calls):
        with torch.inference_mode():
            for _ in range(calls):
                module(image)

    return run


def training(module, images, labels):
    """run(calls): steps of SGD with momentum."""
    module.train()
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-4, momentum=0.9)

    def run(calls):
        for _ in range(calls):
            optimizer.zero_grad(set_to_none=True)
            cross_entropy(module(images), labels).backward()
            optimizer.step()

    return run


TASKS = {"inference at batch 1": inference, f"training step at batch {TRAINING_BATCH}": training}


def seconds_per_call(run, calls):
    start = time.perf_counter()
    run(calls)
    return (time.perf_counter() - start) / calls


def compare(benchmark, pair):
    """Medians of the seconds per call of two `run(calls)`, timed in alternating blocks."""
    for run in pair:
        run(3)
    calls = max(1, round(BLOCK_S / seconds_per_call(pair[1], 3)))
    seconds = ([], [])

    def one_round():
        order = (0, 1) if len(seconds[0]) % 2 else (1, 0)
        for side in order:
            seconds[side].append(seconds_per_call(pair[side], calls))

    benchmark.pedantic(one_round, rounds=ROUNDS, warmup_rounds=WARM_UP_ROUNDS)
    return tuple(median(side[WARM_UP_ROUNDS:]) for side in seconds)


def ratio_table(rows):
    """Rows of (network, task, seconds from the graph, seconds by hand) as text."""
    lines = [f"{'network':<16}{'task':<28}{'graph ms':>10}{'by hand ms':>12}{'ratio':>8}"]
    lines += [f"{n:<16}{t:<28}{g * 1e3:>10.3f}{h * 1e3:>12.3f}{g / h:>8.3f}" for n, t, g, h in rows]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def rows():
    collected = []
    yield collected
    print(f"\n{ratio_table(collected)}" if collected else "", end="")


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", HAND_WRITTEN)
def test_graph_costs_what_a_hand_written_module_does(benchmark, rows, name, task):
    session, module = open_both(name)
    placed = session.place(draw_batch(session.graph.input_shape, TRAINING_BATCH))
    pair = [TASKS[task](side, placed.images, placed.labels) for side in (session.native, module)]
    graph, by_hand = compare(benchmark, pair)
    benchmark.extra_info.update(graph_s=graph, by_hand_s=by_hand, ratio_of_medians=graph / by_hand)
    rows.append((name, task, graph, by_hand))


def test_session_costs_microseconds_a_call(benchmark):
    session, _ = open_both("lenet5")
    placed = session.place(draw_batch(session.graph.input_shape, 1))

    def by_session(calls):
        for _ in range(calls):
            session.infer(placed)

    infer, forward = compare(
        benchmark, (by_session, inference(session.native, placed.images, placed.labels))
    )
    benchmark.extra_info.update(infer_s=infer, forward_s=forward, overhead_s=infer - forward)
    print(f"\ninfer adds {(infer - forward) * 1e6:.1f} µs to a call")


@pytest.mark.parametrize("name", HAND_WRITTEN)
def test_both_sides_compute_the_same(name):
    session, module = open_both(name)
    batch = draw_batch(session.graph.input_shape, 4)
    placed = session.place(batch)
    with torch.inference_mode():
        expected = module(placed.images)
    assert torch.allclose(session.infer(placed), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["lenet5", "resnet18_cifar"])
def test_both_sides_train_the_same(name):
    session, module = open_both(name)
    placed = session.place(draw_batch(session.graph.input_shape, 4))
    loss = cross_entropy(module.train()(placed.images), placed.labels)
    assert session.train([placed], [0.0])[0] == pytest.approx(loss.item(), rel=1e-5)
