"""What several families share: their sizes, and blocks with weights named as torchvision's."""

from collections.abc import Callable
from functools import partial

from benchsuite.graph import Builder, Node, architecture
from benchsuite.graph.initializers import kaiming_normal_fan_out, zeros

Activation = Callable[[Node], Node]

#: Decorators of networks for ImageNet and for CIFAR, at the sizes that papers give.
imagenet = partial(architecture, input_shape=(224, 224, 3), classes=1000)
cifar = partial(architecture, input_shape=(32, 32, 3), classes=10)
#: Krizhevsky et al. 2012, section 3.3.
local_response_norm = partial(Builder.local_response_norm, size=5, alpha=1e-4, beta=0.75, k=2.0)


def conv_bn(
    net: Builder,
    x: Node,
    filters: int,
    kernel: int,
    *,
    names: tuple[str, str] = ("0", "1"),
    stride: int = 1,
    groups: int = 1,
    epsilon: float = 1e-5,
    momentum: float = 0.1,
) -> Node:
    """A convolution without bias that keeps the size at stride 1, and BatchNorm."""
    conv = partial(net.conv, bias=False, init=kaiming_normal_fan_out, name=names[0])
    x = conv(x, filters, kernel, stride=stride, padding=kernel // 2, groups=groups)
    return net.batch_norm(x, name=names[1], epsilon=epsilon, momentum=momentum)


def inverted_residual(
    net: Builder,
    x: Node,
    *,
    hidden: int,
    filters: int,
    kernel: int,
    stride: int,
    activation: Activation,
    excite: Activation | None,
    conv_bn: Callable[..., Node] = conv_bn,
) -> Node:
    """All but the shortcut of Howard et al. 2019, MobileNetV3, arXiv:1905.02244, figure 4."""
    position = 0
    with net.scope("block"):
        if hidden != x.shape[-1]:
            with net.scope("0"):
                x = activation(conv_bn(net, x, hidden, 1))
            position = 1
        with net.scope(f"{position}"):
            x = activation(conv_bn(net, x, hidden, kernel, stride=stride, groups=hidden))
        if excite is not None:
            position += 1
            with net.scope(f"{position}"):
                x = excite(x)
        with net.scope(f"{position + 1}"):
            return conv_bn(net, x, filters, 1)


def squeeze_excitation(
    net: Builder, x: Node, squeezed: int, *, activation: Activation, gate: Activation
) -> Node:
    """Weigh each channel by the averages of all (Hu et al. 2017, arXiv:1709.01507)."""
    conv = partial(net.conv, kernel=1, init=kaiming_normal_fan_out, bias_init=zeros)
    y = activation(conv(net.adaptive_avg_pool(x, 1), squeezed, name="fc1"))
    return net.multiply(x, gate(conv(y, x.shape[-1], name="fc2")))
