"""What a network from the graph costs against the same network written by hand.

    pytest plugins/torch/tests/benchmarks --benchmark-only -s

Both sides run the same loop.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import avg_pool2d, cross_entropy

from benchsuite.contract import Batch, Setup
from benchsuite.graph.weights import draw_weights
from benchsuite.hooks import load_plugins
from benchsuite_torch.backend import TorchBackend

ALLOWED = 1.02
#: Of a session's own, for each call.
ALLOWED_S = 20e-6
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


def open_session(name):
    _, shape = HAND_WRITTEN[name]
    graph = load_plugins().architectures[name].load().trace(shape, 10)
    return TorchBackend().open(graph, draw_weights(graph, 0), Setup())


def write_by_hand(name):
    """The hand-written module with the very same weights."""
    module = HAND_WRITTEN[name][0]()
    counters = {n: t for n, t in module.state_dict().items() if n.endswith("num_batches_tracked")}
    weights = {n: torch.tensor(a) for n, a in open_session(name).weights().items()}
    module.load_state_dict(weights | counters)
    return module.eval()


def draw_batch(shape, size):
    random = np.random.default_rng(0)
    images = random.normal(size=(size, *shape)).astype(np.float32)
    return Batch(images, random.integers(0, 10, size))


def inference(module, batch):
    """run(calls): forward passes of a single image."""
    image = batch.images[:1].clone()

    def run(calls):
        with torch.inference_mode():
            for _ in range(calls):
                module(image)

    return run


def training(module, batch):
    """run(calls): steps of SGD with momentum."""
    module.train()
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-4, momentum=0.9)

    def run(calls):
        for _ in range(calls):
            optimizer.zero_grad(set_to_none=True)
            cross_entropy(module(batch.images), batch.labels).backward()
            optimizer.step()

    return run


@pytest.mark.parametrize("task", [inference, training])
@pytest.mark.parametrize("name", HAND_WRITTEN)
def test_graph_costs_what_a_hand_written_module_does(ratio_of, name, task):
    shape = HAND_WRITTEN[name][1]
    batch = open_session(name).place(draw_batch(shape, TRAINING_BATCH))
    ratio = ratio_of(
        f"{task.__name__} of {name} from the graph, beside by hand",
        lambda: task(open_session(name).native, batch),
        lambda: task(write_by_hand(name), batch),
    )
    assert ratio.low <= ALLOWED


def test_session_costs_microseconds_a_call(ratio_of):
    session = open_session("lenet5")
    batch = session.place(draw_batch(session.graph.input_shape, 1))

    def by_session(calls):
        for _ in range(calls):
            session.infer(batch)

    ratio = ratio_of(
        "infer beside a call of the module",
        lambda: by_session,
        lambda: inference(session.native, batch),
    )
    assert ratio.ours_s - ratio.theirs_s < ALLOWED_S


@pytest.mark.parametrize("name", HAND_WRITTEN)
def test_both_sides_compute_the_same(name):
    session, module = open_session(name), write_by_hand(name)
    batch = draw_batch(session.graph.input_shape, 4)
    placed = session.place(batch)
    with torch.inference_mode():
        expected = module(placed.images)
    assert torch.allclose(session.infer(placed), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["lenet5", "resnet18_cifar"])
def test_both_sides_train_the_same(name):
    session, module = open_session(name), write_by_hand(name)
    placed = session.place(draw_batch(session.graph.input_shape, 4))
    loss = cross_entropy(module.train()(placed.images), placed.labels)
    assert session.train([placed], [0.0])[0] == pytest.approx(loss.item(), rel=1e-5)
