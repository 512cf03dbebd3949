"""The networks as one writes them in Keras by hand, with Keras' own layers throughout."""

from functools import partial

import keras
from keras import layers

conv = partial(layers.Conv2D, use_bias=False)
batch_norm = partial(layers.BatchNormalization, epsilon=1e-5, momentum=0.9)


def lenet5():
    images = keras.Input((28, 28, 1))
    x = layers.Conv2D(6, 5, padding="same", activation="tanh")(images)
    x = layers.AveragePooling2D(2)(x)
    x = layers.Conv2D(16, 5, activation="tanh")(x)
    x = layers.Flatten()(layers.AveragePooling2D(2)(x))
    x = layers.Dense(120, activation="tanh")(x)
    x = layers.Dense(84, activation="tanh")(x)
    return keras.Model(images, layers.Dense(10)(x))


def _basic_block(x, width, stride):
    shortcut = x
    if stride == 1:
        y = conv(width, 3, padding="same")(x)
    else:
        y = conv(width, 3, strides=stride)(layers.ZeroPadding2D(1)(x))
        shortcut = batch_norm()(conv(width, 1, strides=stride)(x))
    y = layers.ReLU()(batch_norm()(y))
    y = batch_norm()(conv(width, 3, padding="same")(y))
    return layers.ReLU()(layers.Add()([y, shortcut]))


def resnet18_cifar():
    images = keras.Input((32, 32, 3))
    x = layers.ReLU()(batch_norm()(conv(64, 3, padding="same")(images)))
    for width in (64, 128, 256, 512):
        x = _basic_block(x, width, 1 if width == 64 else 2)
        x = _basic_block(x, width, 1)
    return keras.Model(images, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))


def _conv_bn_relu6(x, filters, kernel, stride=1):
    padding = "same" if stride == 1 else "valid"
    x = x if stride == 1 else layers.ZeroPadding2D(1)(x)
    return layers.ReLU(6.0)(batch_norm()(conv(filters, kernel, strides=stride, padding=padding)(x)))


def _inverted_residual(x, filters, expansion, stride):
    y = x if expansion == 1 else _conv_bn_relu6(x, x.shape[-1] * expansion, 1)
    padding = "same" if stride == 1 else "valid"
    y = y if stride == 1 else layers.ZeroPadding2D(1)(y)
    y = layers.DepthwiseConv2D(3, strides=stride, padding=padding, use_bias=False)(y)
    y = layers.ReLU(6.0)(batch_norm()(y))
    y = batch_norm()(conv(filters, 1)(y))
    return layers.Add()([x, y]) if stride == 1 and x.shape[-1] == filters else y


def mobilenet_v2():
    """For images (64, 64, 3) and ten classes; Sandler et al. 2018, table 2."""
    images = keras.Input((64, 64, 3))
    x = _conv_bn_relu6(images, 32, 3, stride=2)
    for expansion, filters, count, stride in (
        *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
        *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
    ):
        for index in range(count):
            x = _inverted_residual(x, filters, expansion, stride if index == 0 else 1)
    x = layers.GlobalAveragePooling2D()(_conv_bn_relu6(x, 1280, 1))
    return keras.Model(images, layers.Dense(10)(layers.Dropout(0.2)(x)))


MODELS = {"lenet5": lenet5, "resnet18_cifar": resnet18_cifar, "mobilenet_v2": mobilenet_v2}
