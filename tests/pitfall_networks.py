"""Small networks with a part for every pitfall of the model."""

from benchsuite.graph import Builder
from benchsuite.graph.initializers import zeros
from benchsuite.parity.subjects import Network


def pitfalls(size, channels):
    """A small network with a part for every pitfall of the model."""
    net = Builder()
    x = net.input((size, size, channels))
    x = net.conv(x, 8, 3, stride=2, padding=1, name="stem")
    x = net.max_pool(net.batch_norm(x, name="bn1"), 3, stride=2, padding=1)
    x = net.local_response_norm(x, 3, alpha=0.1, beta=0.75, k=2.0)
    x = net.conv(x, 8, 3, padding=1, groups=8, bias=False, name="depthwise")
    with net.scope("bottleneck"):
        y = net.relu(net.batch_norm(net.conv(x, 6, 1, bias=False, name="conv1"), name="bn1"))
        y = net.conv(y, 8, 3, stride=2, padding=1, bias=False, name="conv2")
        y = net.batch_norm(y, name="bn2")
        shortcut = net.conv(x, 8, 1, stride=2, bias=False, name="downsample")
        x = net.add(y, shortcut)
    x = net.avg_pool(net.gelu(x), 3, stride=1, padding=1)
    tokens = net.layer_norm(net.image_to_sequence(x), name="ln", epsilon=1e-6)
    tokens = net.self_attention(tokens, 2, name="attention")
    tokens = net.position_embedding(tokens, name="positions", init=zeros)
    x = net.concat(net.flatten(x), net.select_token(tokens, 1))
    net.dense(net.dropout(x, 0.0), 5, name="fc")
    return net.graph("pitfalls")


def of_many_ops(size, channels):
    """What `pitfalls` has no use for."""
    net = Builder()
    stem = net.conv(net.input((size, size, channels)), 6, 3, name="stem")
    x = net.pad_channels(net.add(net.relu(stem), stem), 1, 2)
    x = net.layer_scale(net.relu6(x), name="scale", init=zeros)
    x = net.max_pool(x, 3, stride=2, ceil=True)
    gate = net.adaptive_avg_pool(x, 1)
    gate = net.hard_sigmoid(net.conv(gate, 9, 1, name="gate"))
    x = net.concat(net.multiply(x, gate), net.silu(net.conv(x, 3, 1, name="beside")))
    x = net.hard_swish(net.adaptive_avg_pool(x, (3, 2)))
    tokens = net.class_token(net.image_to_sequence(x), name="token", init=zeros)
    tokens = net.gelu(net.dense(tokens, 8, name="mlp"))
    x = net.concat(net.select_token(tokens, 0), net.tanh(net.select_token(tokens, 2)))
    net.dense(net.sigmoid(x), 5, name="fc")
    return net.graph("many_ops")


#: Each at an even and an odd size, of three channels and of one.
PITFALLS = Network("pitfalls", "", (pitfalls(32, 3), pitfalls(33, 1)))
MANY_OPS = Network("many_ops", "", (of_many_ops(12, 3), of_many_ops(13, 1)))
