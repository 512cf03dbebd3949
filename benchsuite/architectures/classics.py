"""Classics for small images, as their papers have them."""

from benchsuite.graph import Builder, Node, architecture


@architecture(
    input_shape=(28, 28, 1),
    classes=10,
    paper="LeCun et al. 1998, Gradient-based learning applied to document recognition",
)
def lenet5(net: Builder, images: Node, classes: int) -> Node:
    """LeNet-5 with a full third layer and plain average pools."""
    # The paper has its digits of 28×28 in the middle of 32×32: hence the padding.
    x = net.tanh(net.conv(images, 6, 5, padding=2, name="conv1"))
    x = net.avg_pool(x, 2)
    x = net.tanh(net.conv(x, 16, 5, name="conv2"))
    x = net.flatten(net.avg_pool(x, 2))
    x = net.tanh(net.dense(x, 120, name="fc1"))
    x = net.tanh(net.dense(x, 84, name="fc2"))
    return net.dense(x, classes, name="fc3")
