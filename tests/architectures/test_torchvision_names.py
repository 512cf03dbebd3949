"""Weights are named as torchvision's `state_dict` names them, `num_batches_tracked` aside.

The names are written out here from torchvision's published modules, apart from our code.
"""

import hashlib

import pytest

from benchsuite.hooks import load_plugins

NORM = ("weight", "bias", "running_mean", "running_var")
LINEAR = ("weight", "bias")


def weights(name):
    graph = load_plugins().architectures[name].load().trace()
    return {key: weight.shape for key, weight in graph.weights.items()}


def conv_bn(conv, norm):
    return [f"{conv}.weight", *(f"{norm}.{role}" for role in NORM)]


def resnet_names(depths, convolutions, projected):
    """`torchvision.models.ResNet`: conv1, bn1, layer1 … layer4, fc."""
    names = conv_bn("conv1", "bn1")
    for layer, depth in enumerate(depths, start=1):
        for block in range(depth):
            prefix = f"layer{layer}.{block}"
            for index in range(1, convolutions + 1):
                names += conv_bn(f"{prefix}.conv{index}", f"{prefix}.bn{index}")
            if block == 0 and layer in projected:
                names += conv_bn(f"{prefix}.downsample.0", f"{prefix}.downsample.1")
    return {*names, "fc.weight", "fc.bias"}


def test_resnet18_names_are_torchvisions():
    found = weights("resnet18")
    expected = resnet_names((2, 2, 2, 2), convolutions=2, projected=(2, 3, 4))
    assert len(expected) == 102  # 122 entries of the state_dict, 20 of them counters
    assert set(found) == expected
    assert found["conv1.weight"] == (64, 3, 7, 7)
    assert found["layer2.0.conv1.weight"] == (128, 64, 3, 3)
    assert found["layer2.0.downsample.0.weight"] == (128, 64, 1, 1)
    assert found["fc.weight"] == (1000, 512)


def test_resnet50_names_are_torchvisions():
    found = weights("resnet50")
    expected = resnet_names((3, 4, 6, 3), convolutions=3, projected=(1, 2, 3, 4))
    assert len(expected) == 267  # 320 entries of the state_dict, 53 of them counters
    assert set(found) == expected
    assert found["layer1.0.downsample.0.weight"] == (256, 64, 1, 1)
    assert found["layer4.2.conv3.weight"] == (2048, 512, 1, 1)
    assert found["layer4.2.bn3.running_var"] == (2048,)
    assert found["fc.weight"] == (1000, 2048)


def test_mobilenet_v2_names_are_torchvisions():
    """features.0 and .18 are `Conv2dNormActivation`; .1 has no expansion, .2 … .17 have."""
    names = conv_bn("features.0.0", "features.0.1") + conv_bn("features.18.0", "features.18.1")
    names += conv_bn("features.1.conv.0.0", "features.1.conv.0.1")
    names += conv_bn("features.1.conv.1", "features.1.conv.2")
    for block in range(2, 18):
        prefix = f"features.{block}.conv"
        names += conv_bn(f"{prefix}.0.0", f"{prefix}.0.1")
        names += conv_bn(f"{prefix}.1.0", f"{prefix}.1.1")
        names += conv_bn(f"{prefix}.2", f"{prefix}.3")
    names += ["classifier.1.weight", "classifier.1.bias"]
    found = weights("mobilenet_v2")
    assert len(names) == 262  # 314 entries of the state_dict, 52 of them counters
    assert set(found) == set(names)
    assert found["features.1.conv.0.0.weight"] == (32, 1, 3, 3)
    assert found["features.2.conv.0.0.weight"] == (96, 16, 1, 1)
    assert found["features.17.conv.2.weight"] == (320, 960, 1, 1)
    assert found["classifier.1.weight"] == (1000, 1280)


def test_vit_b_16_names_are_torchvisions():
    layer = [f"{part}.{role}" for part in ("ln_1", "ln_2", "mlp.0", "mlp.3") for role in LINEAR]
    layer += [f"self_attention.in_proj_{role}" for role in LINEAR]
    layer += [f"self_attention.out_proj.{role}" for role in LINEAR]
    names = {"class_token", "encoder.pos_embedding"}
    names |= {f"{part}.{r}" for part in ("conv_proj", "encoder.ln", "heads.head") for r in LINEAR}
    names |= {f"encoder.layers.encoder_layer_{i}.{part}" for i in range(12) for part in layer}
    found = weights("vit_b_16")
    assert len(names) == 152
    assert set(found) == names
    assert found["class_token"] == (1, 1, 768)
    assert found["encoder.pos_embedding"] == (1, 197, 768)
    prefix = "encoder.layers.encoder_layer_0"
    assert found[f"{prefix}.self_attention.in_proj_weight"] == (2304, 768)
    assert found[f"{prefix}.mlp.0.weight"] == (3072, 768)
    assert found["conv_proj.weight"] == (768, 3, 16, 16)


#: name -> (entries, sha256 of `key:shape;` in order of key), of torchvision 0.28.0's
#: `state_dict`, without `num_batches_tracked` and auxiliary heads.
STATE_DICTS = {
    "alexnet": (16, "be859d9d92ddcd4a"),
    "convnext_tiny": (182, "960e6ee1650e27ca"),
    "densenet121": (606, "d971850bd8694316"),
    "densenet169": (846, "dd5ad5e51e5a76b5"),
    "efficientnet_b0": (311, "e0b39bbe5ea115d9"),
    "googlenet": (287, "8d229485324895a9"),
    "inception_v3": (472, "5cab485b807c7cbb"),
    "mobilenet_v2": (262, "83d810472499c7f4"),
    "mobilenet_v3_small": (210, "de4a2cb21d87eb50"),
    "resnet101": (522, "3594e8e8c835f660"),
    "resnet152": (777, "8a27bfd87df2ffe8"),
    "resnet18": (102, "6ab2ddda649d12e5"),
    "resnet34": (182, "bdabbd7067029e04"),
    "resnet50": (267, "dcf8b61838852fd7"),
    "squeezenet1_0": (52, "523488b3558c18dd"),
    "vgg11": (22, "d5efef1c70204752"),
    "vgg11_bn": (54, "afa67cbe1850b762"),
    "vgg13": (26, "60ef894db415bdcf"),
    "vgg13_bn": (66, "d141f096ed958290"),
    "vgg16": (32, "4d6b4be247fb9e3b"),
    "vgg16_bn": (84, "bbc176c54662cfc7"),
    "vgg19": (38, "0a472fd8a756b25c"),
    "vgg19_bn": (102, "79fb7cf467fe58d0"),
    "vit_b_16": (152, "dc851e9f2496338b"),
}


@pytest.mark.parametrize(("name", "expected"), STATE_DICTS.items(), ids=STATE_DICTS)
def test_names_and_shapes_are_torchvisions(name, expected):
    found = weights(name)
    text = "".join(f"{key}:{found[key]};" for key in sorted(found))
    assert (len(found), hashlib.sha256(text.encode()).hexdigest()[:16]) == expected
