"""Weights are named as torchvision's `state_dict` names them, `num_batches_tracked` aside.

The names are written out here from torchvision's published modules, apart from our code.
"""

from __future__ import annotations

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
