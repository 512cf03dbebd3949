"""The models that Keras' benchmarks compare with: imports Keras only when one is written."""

SHAPES = {"lenet5": (28, 28, 1), "resnet18_cifar": (32, 32, 3), "mobilenet_v2": (64, 64, 3)}


def write_by_hand(name):
    from handwritten.in_keras import MODELS

    return MODELS[name]()
