"""AlexNet.

Krizhevsky 2014, One weird trick for parallelizing convolutional neural networks,
arXiv:1404.5997 (`alexnet`, torchvision's: names, structure and initial weights).

Krizhevsky et al. 2012, ImageNet classification with deep convolutional neural networks,
NIPS 2012 (`alexnet_paper`: the filters of figure 2 in one tower, with local response
normalisation by section 3.3; initial weights by section 5, with its biases of one).
"""

from functools import partial

from benchsuite.architectures.blocks import imagenet, local_response_norm
from benchsuite.graph import Builder, Node
from benchsuite.graph.initializers import Rule, constant, fan_in_uniform, normal, zeros


def _classifier(
    net: Builder,
    x: Node,
    classes: int,
    *,
    init: Rule = fan_in_uniform,
    hidden_bias: Rule = fan_in_uniform,
    last_bias: Rule = fan_in_uniform,
) -> Node:
    x = net.flatten(x)
    with net.scope("classifier"):
        for name in ("1", "4"):
            x = net.dense(net.dropout(x, 0.5), 4096, name=name, init=init, bias_init=hidden_bias)
            x = net.relu(x)
        return net.dense(x, classes, name="6", init=init, bias_init=last_bias)


@imagenet(paper="Krizhevsky 2014, One weird trick for parallelizing convolutional neural networks")
def alexnet(net: Builder, images: Node, classes: int) -> Node:
    """AlexNet with one tower, as torchvision has it."""
    with net.scope("features"):
        x = net.relu(net.conv(images, 64, 11, stride=4, padding=2, name="0"))
        x = net.max_pool(x, 3, stride=2)
        x = net.relu(net.conv(x, 192, 5, padding=2, name="3"))
        x = net.max_pool(x, 3, stride=2)
        x = net.relu(net.conv(x, 384, 3, padding=1, name="6"))
        x = net.relu(net.conv(x, 256, 3, padding=1, name="8"))
        x = net.relu(net.conv(x, 256, 3, padding=1, name="10"))
        x = net.max_pool(x, 3, stride=2)
    # The pool is torchvision's, so that inputs of other sizes fit the classifier too.
    return _classifier(net, net.adaptive_avg_pool(x, 6), classes)


@imagenet(paper="Krizhevsky et al. 2012, ImageNet classification with deep convolutional networks")
def alexnet_paper(net: Builder, images: Node, classes: int) -> Node:
    """AlexNet as published, its two towers joined: 96, 256, 384, 384, 256 filters."""
    conv = partial(net.conv, init=normal(0.01))
    with net.scope("features"):
        x = net.relu(conv(images, 96, 11, stride=4, padding=2, name="conv1", bias_init=zeros))
        x = net.max_pool(local_response_norm(net, x), 3, stride=2)
        x = net.relu(conv(x, 256, 5, padding=2, name="conv2", bias_init=constant(1.0)))
        x = net.max_pool(local_response_norm(net, x), 3, stride=2)
        x = net.relu(conv(x, 384, 3, padding=1, name="conv3", bias_init=zeros))
        x = net.relu(conv(x, 384, 3, padding=1, name="conv4", bias_init=constant(1.0)))
        x = net.relu(conv(x, 256, 3, padding=1, name="conv5", bias_init=constant(1.0)))
        x = net.max_pool(x, 3, stride=2)
    rules = {"init": normal(0.01), "hidden_bias": constant(1.0), "last_bias": zeros}
    return _classifier(net, x, classes, **rules)
