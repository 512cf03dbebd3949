"""What the lowered module looks like: keys, blocks, generated code, and what is refused."""

import copy
import io

import numpy as np
import pytest
import torch
from torch import fx, nn

from benchsuite.errors import UnsupportedError
from benchsuite.graph import Graph, Node
from benchsuite.graph.weights import draw_weights
from benchsuite_torch.lowering import lower


def residual_net(net, x):
    """A stem, two residual blocks of which the second is projected, a head."""
    x = net.relu(net.batch_norm(net.conv(x, 4, 3, padding=1, name="conv1"), name="bn1"))
    with net.scope("layer1"):
        for index, (filters, stride) in enumerate([(4, 1), (6, 2)]):
            with net.scope(str(index)):
                y = net.conv(x, filters, 3, stride=stride, padding=1, name="conv1")
                y = net.relu(net.batch_norm(y, name="bn1"))
                y = net.batch_norm(net.conv(y, filters, 3, padding=1, name="conv2"), name="bn2")
                with net.scope("downsample"):
                    if stride == 2:
                        x = net.conv(x, filters, 1, stride=2, bias=False, name="0")
                        x = net.batch_norm(x, name="1")
                x = net.relu(net.add(y, x))
    return net.dense(net.dropout(net.global_avg_pool(x), 0.5), 3, name="fc")


@pytest.fixture
def residual(trace):
    graph = trace((8, 8, 3), residual_net)
    return lower(graph, draw_weights(graph, 0))


def canonical(module):
    return {name for name in module.state_dict() if not name.endswith("num_batches_tracked")}


def test_lower_injects_every_weight_under_its_name(trace):
    graph = trace((8, 8, 3), residual_net)
    weights = draw_weights(graph, 0)
    module = lower(graph, weights)
    assert canonical(module) == set(graph.weights)
    assert all(np.array_equal(weights[n], module.state_dict()[n].numpy()) for n in weights)
    assert not any(tensor.is_meta for tensor in module.state_dict().values())
    trainable = {name for name, weight in graph.weights.items() if weight.trainable}
    assert {name for name, _ in module.named_parameters()} == trainable


def test_lower_writes_the_root_as_a_person_would(residual):
    lines = [line.partition(";")[0].strip() for line in residual.code.splitlines()]
    assert [line for line in lines if line] == [
        "def forward(self, x):",
        "conv1 = self.conv1(x)",
        "bn1 = self.bn1(conv1)",
        "relu = torch.relu_(bn1)",
        "layer1 = self.layer1(relu)",
        "global_avg_pool = torch.mean(layer1, (2, 3))",
        "dropout = self.dropout(global_avg_pool)",
        "fc = self.fc(dropout)",
        "return fc",
    ]


def test_lower_makes_a_module_of_every_block(residual):
    first, second = residual.layer1
    assert isinstance(residual.layer1, nn.Sequential)
    assert isinstance(first, fx.GraphModule)
    assert isinstance(second, fx.GraphModule)
    assert isinstance(second.downsample, nn.Sequential)
    assert "self.downsample(x)" in second.code
    assert "bn2 += downsample" in second.code
    assert type(second).__name__ == "layer1_1"


def test_lower_leaves_no_wrapper_around_calls(residual):
    assert all(type(module).__call__ is nn.Module.__call__ for module in residual.modules())


def test_lower_keeps_a_prefix_with_two_inputs_as_plain_attributes(trace):
    def build(net, x):
        y = net.conv(x, 4, 1, name="stem")
        with net.scope("merge"):
            y = net.add(net.conv(x, 4, 1, name="left"), net.conv(y, 4, 1, name="right"))
            with net.scope("tail"):
                y = net.batch_norm(net.conv(y, 2, 1, name="conv"), name="bn")
        return net.global_avg_pool(y)

    graph = trace((4, 4, 3), build)
    module = lower(graph, draw_weights(graph, 0))
    assert canonical(module) == set(graph.weights)
    assert "self.merge.left(x)" in module.code
    assert "self.merge.right(stem)" in module.code
    assert isinstance(module.merge.tail, nn.Sequential)
    assert module(torch.ones(1, 3, 4, 4)).shape == (1, 2)


def test_lower_keeps_a_prefix_that_others_interrupt_as_plain_attributes(trace):
    def build(net, x):
        with net.scope("a"):
            x = net.conv(x, 4, 1, name="0")
        x = net.conv(x, 4, 1, name="between")
        with net.scope("a"):
            x = net.conv(x, 4, 1, name="1")
        return net.global_avg_pool(x)

    graph = trace((4, 4, 3), build)
    module = lower(graph, draw_weights(graph, 0))
    assert canonical(module) == set(graph.weights)
    assert not isinstance(module.a, fx.GraphModule | nn.Sequential)
    assert module(torch.ones(1, 3, 4, 4)).shape == (1, 4)


def test_lower_keeps_a_prefix_with_two_results_as_plain_attributes(trace):
    def build(net, x):
        with net.scope("fork"):
            left = net.conv(x, 4, 1, name="left")
            right = net.tanh(net.conv(left, 4, 1, name="right"))
        return net.global_avg_pool(net.add(left, right))

    graph = trace((4, 4, 3), build)
    module = lower(graph, draw_weights(graph, 0))
    assert "self.fork.left(x)" in module.code
    assert not isinstance(module.fork, fx.GraphModule | nn.Sequential)


def test_lower_overwrites_what_nothing_else_reads(residual):
    assert "torch.relu_(bn1)" in residual.code
    assert "torch.relu_(add)" in residual.layer1[0].code


@pytest.mark.parametrize("activation", ["relu", "relu6"])
def test_lower_does_not_overwrite_what_another_layer_reads(trace, draw, open_session, activation):
    def build(net, x):
        y = net.conv(x, 4, 1, name="conv")
        return net.add(getattr(net, activation)(y), y)

    graph = trace((4, 4, 3), build)
    weights = draw(graph)
    session = open_session(graph, weights)
    images = np.random.default_rng(0).normal(0.0, 4.0, (2, 4, 4, 3))
    conv = images @ weights["conv.weight"][:, :, 0, 0].T + weights["conv.bias"]
    cut = np.clip(conv, 0.0, 6.0 if activation == "relu6" else None)
    found = session.predict(images).transpose(0, 2, 3, 1)
    assert np.allclose(found, cut + conv, rtol=1e-12)


def test_lower_does_not_overwrite_its_input_or_what_gradients_need(trace):
    graph = trace((4, 4, 3), lambda net, x: net.relu(net.tanh(net.relu(x))))
    code = lower(graph, {}).code
    assert "torch.relu_(" not in code
    assert code.count("torch.relu(") == 2


def test_lower_adds_a_tensor_to_itself_without_overwriting(trace):
    def build(net, x):
        y = net.conv(x, 4, 1, name="conv")
        return net.add(y, y)

    graph = trace((4, 4, 3), build)
    assert "conv + conv" in lower(graph, draw_weights(graph, 0)).code


def test_lower_passes_gradients_through_overwritten_results(residual):
    images = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    residual.double().train()
    torch.manual_seed(0)
    plain = copy.deepcopy(residual)
    for block in plain.modules():
        if isinstance(block, fx.GraphModule):
            for node in block.graph.nodes:
                node.target = {torch.relu_: torch.relu}.get(node.target, node.target)
            block.recompile()
    for module in (residual, plain):
        torch.manual_seed(0)
        module(images).sum().backward()
    pairs = zip(residual.parameters(), plain.parameters(), strict=True)
    assert all(torch.equal(a.grad, b.grad) for a, b in pairs)


# What torch.compile says of an interpreter with that release's own flaw is no matter of ours.
@pytest.mark.filterwarnings("ignore:Guards may run slower on Python 3.13.0:RuntimeWarning")
def test_lowered_module_can_be_copied_saved_exported_and_compiled(residual):
    images = torch.randn(2, 3, 8, 8)
    expected = residual.eval()(images)
    buffer = io.BytesIO()
    torch.save(copy.deepcopy(residual).state_dict(), buffer)
    buffer.seek(0)
    residual.load_state_dict(torch.load(buffer))
    exported = torch.export.export(residual, (images,)).module()
    assert torch.equal(exported(images), expected)
    assert torch.equal(torch.compile(residual, backend="eager")(images), expected)


def test_lower_refuses_an_op_that_it_does_not_know(trace):
    graph = trace((4, 4, 3), lambda net, x: net.relu(x))
    node = graph.output
    strange = Node("odd", "fold", (node.name,), {}, node.shape, (), 0)
    with pytest.raises(
        UnsupportedError,
        match=r"^backend 'torch' has no lowering for op 'fold', which layer 'odd' needs; "
        r"it lowers: adaptive_avg_pool, add, avg_pool, ",
    ):
        lower(Graph("net", (*graph.nodes, strange)), {})


def test_lower_refuses_batch_norm_of_tokens(trace):
    graph = trace((4, 4, 3), lambda net, x: net.batch_norm(net.image_to_sequence(x), name="odd"))
    with pytest.raises(UnsupportedError, match=r"1 or 3 axes; layer 'odd' yields \("):
        lower(graph, draw_weights(graph, 0))


def statements(module):
    lines = (line.partition(";")[0].strip() for line in module.code.splitlines())
    return [line for line in lines if line]


def test_lower_permutes_once_around_layers_of_positions(trace):
    def build(net, x):
        x = net.layer_norm(net.conv(x, 4, 1, name="conv"), name="norm", epsilon=1e-6)
        x = net.dense(net.silu(net.dense(x, 8, name="wide")), 4, name="narrow")
        return net.max_pool(net.relu(x), 2)

    graph = trace((4, 4, 3), build)
    assert statements(lower(graph, draw_weights(graph, 0)))[1:] == [
        "conv = self.conv(x)",
        "permute = conv.permute(0, 2, 3, 1)",
        "norm = self.norm(permute)",
        "wide = self.wide(norm)",
        "silu = torch.nn.functional.silu(wide)",
        "narrow = self.narrow(silu)",
        "relu = torch.relu(narrow)",
        "permute_1 = relu.permute(0, 3, 1, 2)",
        "max_pool = torch.max_pool2d(permute_1, 2)",
        "return max_pool",
    ]


def test_lower_permutes_a_shared_result_once(trace):
    def build(net, x):
        x = net.conv(x, 4, 1, name="conv")
        return net.add(net.dense(x, 4, name="left"), net.dense(x, 4, name="right"))

    graph = trace((4, 4, 3), build)
    code = lower(graph, draw_weights(graph, 0)).code
    assert code.count("conv.permute(") == 1
    assert "self.left(permute)" in code
    assert "self.right(permute)" in code


def test_lower_overwrites_through_what_passes_its_input_on(trace):
    def build(net, x):
        y = net.stochastic_depth(net.batch_norm(net.conv(x, 3, 1, name="conv"), name="bn"), 0.1)
        return net.add(y, x)

    graph = trace((4, 4, 3), build)
    assert "stochastic_depth += x" in lower(graph, draw_weights(graph, 0)).code


def test_lower_does_not_overwrite_through_it_what_another_layer_reads(trace):
    def build(net, x):
        y = net.conv(x, 3, 1, name="conv")
        return net.add(net.relu(net.stochastic_depth(y, 0.1)), y)

    graph = trace((4, 4, 3), build)
    code = lower(graph, draw_weights(graph, 0)).code
    assert "torch.relu(stochastic_depth)" in code
