"""The generated code as text."""

import ast

import pytest

from benchsuite.errors import UnsupportedError
from benchsuite.graph import Graph, Node
from benchsuite.hooks import load_plugins
from benchsuite_torch.backend import TorchBackend

EXPECTED = """\
class stages_0_block(nn.Module):
    # stages.0.block, stages.1.block
    #   2: Conv2d(3, 3, kernel_size=(1, 1), stride=(1, 1))
    #   norm: LayerNorm((3,), eps=1e-06)

    def forward(self, x):
        permute = x.permute(0, 2, 3, 1)
        norm = self.norm(permute)
        permute_1 = norm.permute(0, 3, 1, 2)
        conv_2 = getattr(self, "2")(permute_1)
        relu = torch.relu_(conv_2)
        return relu


class stages_0(nn.Module):
    # stages.0, stages.1
    #   scale: Parameter(3, 1, 1)
    #   block: stages_0_block

    def forward(self, x):
        block = self.block(x)
        scale = self.scale
        scale_1 = scale * block
        scale_1 += x
        add = scale_1
        return add


class net(nn.Module):
    # net
    #   stages: Sequential
    #   stages.0: stages_0
    #   stages.1: stages_0
    #   head.fc: Linear(in_features=3, out_features=2, bias=True)
    #   head.more: Linear(in_features=2, out_features=2, bias=True)

    def forward(self, x):
        stages = self.stages(x)
        global_avg_pool = torch.mean(stages, (2, 3))
        head_fc = self.head.fc(global_avg_pool)
        between = self.between(head_fc)
        head_more = self.head.more(between)
        return head_more
"""


def small_net(net, x):
    for index in range(2):
        with net.scope(f"stages.{index}"):
            with net.scope("block"):
                y = net.layer_norm(x, name="norm", epsilon=1e-6)
                y = net.relu(net.conv(y, 3, 1, name="2"))
            x = net.add(net.layer_scale(y, name="scale", init=lambda _: None), x)
    x = net.dense(net.global_avg_pool(x), 2, name="head.fc")
    return net.dense(net.dropout(x, 0.5), 2, name="head.more")


def test_source_shows_each_distinct_block_once(trace):
    found = TorchBackend().source(trace((4, 4, 3), small_net))
    expected = EXPECTED.replace("between", "dropout").replace(
        "    #   head.fc", "    #   dropout: Dropout(p=0.5, inplace=False)\n    #   head.fc"
    )
    # what else a layer's repr says depends on PyTorch's version
    found = found.replace(", elementwise_affine=True", "").replace("1e-06, bias=True", "1e-06")
    assert sorted(found.splitlines()) == sorted(expected.splitlines())
    assert found.index("class stages_0_block") < found.index("class stages_0(")


@pytest.mark.parametrize("name", sorted(load_plugins().architectures))
def test_source_is_python_of_every_architecture(name):
    graph = load_plugins().architectures[name].load().trace()
    classes = ast.parse(TorchBackend().source(graph)).body
    assert classes[-1].name == name
    assert len({each.name for each in classes}) == len(classes)


def test_source_refuses_what_cannot_be_lowered(trace):
    graph = trace((4, 4, 3), lambda net, x: net.relu(x))
    strange = Node("odd", "fold", ("relu",), {}, graph.output.shape, (), 0)
    with pytest.raises(UnsupportedError, match="no lowering for op 'fold'"):
        TorchBackend().source(Graph("net", (*graph.nodes, strange)))
