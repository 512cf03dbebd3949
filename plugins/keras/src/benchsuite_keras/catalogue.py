"""The models of `keras.applications`, as a table: Keras is not imported for it."""

from typing import NamedTuple


class Listed(NamedTuple):
    """Pixels of a side, by default and at least; GMACs at the default, by benchsuite's counter."""

    pixels: int
    smallest: int
    gmacs: float


APPLICATIONS: dict[str, Listed] = {
    "ConvNeXtBase": Listed(224, 32, 15.355),
    "ConvNeXtLarge": Listed(224, 32, 34.361),
    "ConvNeXtSmall": Listed(224, 32, 8.684),
    "ConvNeXtTiny": Listed(224, 32, 4.456),
    "ConvNeXtXLarge": Listed(224, 32, 60.921),
    "DenseNet121": Listed(224, 32, 2.834),
    "DenseNet169": Listed(224, 32, 3.360),
    "DenseNet201": Listed(224, 32, 4.291),
    "EfficientNetB0": Listed(224, 32, 0.386),
    "EfficientNetB1": Listed(240, 32, 0.687),
    "EfficientNetB2": Listed(260, 32, 0.994),
    "EfficientNetB3": Listed(300, 32, 1.827),
    "EfficientNetB4": Listed(380, 32, 4.394),
    "EfficientNetB5": Listed(456, 32, 10.266),
    "EfficientNetB6": Listed(528, 32, 19.068),
    "EfficientNetB7": Listed(600, 32, 37.746),
    "EfficientNetV2B0": Listed(224, 32, 0.718),
    "EfficientNetV2B1": Listed(240, 32, 1.197),
    "EfficientNetV2B2": Listed(260, 32, 1.698),
    "EfficientNetV2B3": Listed(300, 32, 3.011),
    "EfficientNetV2L": Listed(480, 32, 56.080),
    "EfficientNetV2M": Listed(480, 32, 24.582),
    "EfficientNetV2S": Listed(384, 32, 8.366),
    "InceptionResNetV2": Listed(299, 75, 13.156),
    "InceptionV3": Listed(299, 75, 5.713),
    "MobileNet": Listed(224, 32, 0.569),
    "MobileNetV2": Listed(224, 32, 0.301),
    "MobileNetV3Large": Listed(224, 32, 0.217),
    "MobileNetV3Small": Listed(224, 32, 0.057),
    "NASNetLarge": Listed(331, 32, 23.783),
    "NASNetMobile": Listed(224, 32, 0.564),
    "ResNet101": Listed(224, 32, 7.570),
    "ResNet101V2": Listed(224, 32, 7.194),
    "ResNet152": Listed(224, 32, 11.282),
    "ResNet152V2": Listed(224, 32, 10.907),
    "ResNet50": Listed(224, 32, 3.858),
    "ResNet50V2": Listed(224, 32, 3.482),
    "VGG16": Listed(224, 32, 15.470),
    "VGG19": Listed(224, 32, 19.632),
    "Xception": Listed(299, 71, 8.357),
}
