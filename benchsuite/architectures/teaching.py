"""Teaching networks: small CNNs that differ in one thing at a time, and an MLP.

Convolutions are 3×3, pools 2×2. Weights start as PyTorch's defaults do.
"""

from collections.abc import Callable

from benchsuite.graph import Architecture, Builder, Node, Shape, architecture
from benchsuite.graph.architecture import BuildFunction

_TUTORIAL = "TensorFlow tutorials, Convolutional Neural Network (CNN); after LeCun et al. 1998"


def _teaching(
    *, after: str = "LeCun et al. 1998", input_shape: Shape = (32, 32, 3)
) -> Callable[[BuildFunction], Architecture]:
    paper = f"Teaching network, published as code only; after {after}"
    return architecture(input_shape=input_shape, classes=10, paper=paper)


def _conv_relu(net: Builder, x: Node, filters: int, name: str, padding: int = 0) -> Node:
    return net.relu(net.conv(x, filters, 3, padding=padding, name=name))


def _dense_relu(net: Builder, x: Node, units: int, name: str) -> Node:
    return net.relu(net.dense(x, units, name=name))


@_teaching(
    after="Rumelhart et al. 1986, Learning representations by back-propagating errors",
    input_shape=(28, 28, 1),
)
def mlp(net: Builder, images: Node, classes: int) -> Node:
    """One hidden layer of 512 units, with dropout."""
    x = _dense_relu(net, net.flatten(images), 512, "fc1")
    return net.dense(net.dropout(x, 0.2), classes, name="fc2")


@_teaching(input_shape=(28, 28, 1))
def simple_cnn(net: Builder, images: Node, classes: int) -> Node:
    """Three padded convolutions, each with BatchNorm and a pool; dropout around the head."""
    x = images
    for number, filters in enumerate((32, 64, 128), start=1):
        x = net.conv(x, filters, 3, padding=1, name=f"conv{number}")
        x = net.relu(net.batch_norm(x, name=f"bn{number}"))
        x = net.max_pool(x, 2)
    x = net.dropout(net.flatten(x), 0.25)
    x = net.dropout(_dense_relu(net, x, 256, "fc1"), 0.5)
    return net.dense(x, classes, name="fc2")


@_teaching(input_shape=(28, 28, 1))
def cnn_mnist(net: Builder, images: Node, classes: int) -> Node:
    """Two convolutions with max pools, one hidden dense layer: for handwritten digits."""
    x = net.max_pool(_conv_relu(net, images, 32, "conv1"), 2)
    x = net.max_pool(_conv_relu(net, x, 64, "conv2"), 2)
    x = _dense_relu(net, net.flatten(x), 128, "fc1")
    return net.dense(x, classes, name="fc2")


def _three_convolutions(
    net: Builder, images: Node, classes: int, *, padding: int, units: int
) -> Node:
    x = net.max_pool(_conv_relu(net, images, 32, "conv1", padding), 2)
    x = net.max_pool(_conv_relu(net, x, 64, "conv2", padding), 2)
    x = _conv_relu(net, x, 64, "conv3", padding)
    x = _dense_relu(net, net.flatten(x), units, "fc1")
    return net.dense(x, classes, name="fc2")


@architecture(input_shape=(32, 32, 3), classes=10, paper=_TUTORIAL)
def cnn_basic(net: Builder, images: Node, classes: int) -> Node:
    """Three convolutions without padding, one hidden dense layer."""
    return _three_convolutions(net, images, classes, padding=0, units=64)


@_teaching()
def cnn_same(net: Builder, images: Node, classes: int) -> Node:
    """As cnn_basic, with convolutions that keep the size and a wider hidden layer."""
    return _three_convolutions(net, images, classes, padding=1, units=128)


def _two_convolutions(
    net: Builder, images: Node, classes: int, pool: Callable[[Node, int], Node]
) -> Node:
    x = pool(_conv_relu(net, images, 32, "conv1"), 2)
    x = pool(_conv_relu(net, x, 64, "conv2"), 2)
    return net.dense(net.flatten(x), classes, name="fc")


@_teaching()
def cnn_pool_max(net: Builder, images: Node, classes: int) -> Node:
    """Two convolutions, each followed by a max pool."""
    return _two_convolutions(net, images, classes, net.max_pool)


@_teaching()
def cnn_pool_avg(net: Builder, images: Node, classes: int) -> Node:
    """Two convolutions, each followed by an average pool."""
    return _two_convolutions(net, images, classes, net.avg_pool)


@_teaching(after="Lin et al. 2013, Network in network")
def cnn_pool_global(net: Builder, images: Node, classes: int) -> Node:
    """Two convolutions and one global average pool: a head without spatial weights."""
    x = _conv_relu(net, images, 32, "conv1")
    x = _conv_relu(net, x, 64, "conv2")
    return net.dense(net.global_avg_pool(x), classes, name="fc")


@_teaching()
def cnn_advanced(net: Builder, images: Node, classes: int) -> Node:
    """Five convolutions with BatchNorm after the activation, and dropout throughout."""
    x = net.batch_norm(_conv_relu(net, images, 32, "conv1"), name="bn1")
    x = net.dropout(net.max_pool(_conv_relu(net, x, 32, "conv2"), 2), 0.25)
    x = net.batch_norm(_conv_relu(net, x, 64, "conv3"), name="bn2")
    x = net.dropout(net.max_pool(_conv_relu(net, x, 64, "conv4"), 2), 0.25)
    x = net.batch_norm(_conv_relu(net, x, 128, "conv5"), name="bn3")
    x = net.flatten(net.dropout(x, 0.25))
    x = net.batch_norm(_dense_relu(net, x, 512, "fc1"), name="bn4")
    return net.dense(net.dropout(x, 0.5), classes, name="fc2")


@_teaching(
    after="Simonyan and Zisserman 2014, Very deep convolutional networks for large-scale image "
    "recognition"
)
def cnn_deep(net: Builder, images: Node, classes: int) -> Node:
    """Two pairs of convolutions with max pools, one hidden dense layer."""
    x = _conv_relu(net, images, 64, "conv1")
    x = net.max_pool(_conv_relu(net, x, 64, "conv2"), 2)
    x = _conv_relu(net, x, 128, "conv3")
    x = net.max_pool(_conv_relu(net, x, 128, "conv4"), 2)
    x = _dense_relu(net, net.flatten(x), 128, "fc1")
    return net.dense(x, classes, name="fc2")


@_teaching(after="Ioffe and Szegedy 2015, Batch normalization")
def cnn_bn(net: Builder, images: Node, classes: int) -> Node:
    """Two pairs of convolutions, BatchNorm after the first activation of each."""
    x = net.batch_norm(_conv_relu(net, images, 32, "conv1"), name="bn1")
    x = net.max_pool(_conv_relu(net, x, 32, "conv2"), 2)
    x = net.batch_norm(_conv_relu(net, x, 64, "conv3"), name="bn2")
    x = net.max_pool(_conv_relu(net, x, 64, "conv4"), 2)
    x = _dense_relu(net, net.flatten(x), 64, "fc1")
    return net.dense(x, classes, name="fc2")
