"""Files of PyTorch are read as tensors, give the same logits, and never run code."""

import pickle
import tracemalloc
import zipfile

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from torch import nn

import benchsuite
from benchsuite.errors import UsageError
from benchsuite.hooks import load_plugins
from benchsuite_torch.checkpoints import read_checkpoint

CLASSES = 5


class Block(nn.Module):
    """`torchvision.models.resnet.BasicBlock`."""

    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = None
        if stride != 1 or channels_in != channels:
            convolution = nn.Conv2d(channels_in, channels, 1, stride, bias=False)
            self.downsample = nn.Sequential(convolution, nn.BatchNorm2d(channels))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    """`torchvision.models.resnet18`, written out here: the names are those of its state_dict."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(Block(64, 64, 1), Block(64, 64, 1))
        self.layer2 = nn.Sequential(Block(64, 128, 2), Block(128, 128, 1))
        self.layer3 = nn.Sequential(Block(128, 256, 2), Block(256, 256, 1))
        self.layer4 = nn.Sequential(Block(256, 512, 2), Block(512, 512, 1))
        self.fc = nn.Linear(512, CLASSES)

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


@pytest.fixture(scope="module")
def published():
    """A network that has seen some batches, and images (N, H, W, C)."""
    torch.manual_seed(0)
    module = ResNet18()
    module.train()
    for _ in range(2):
        module(torch.randn(4, 3, 33, 32))
    assert module.bn1.num_batches_tracked == 2
    return module.eval(), np.random.default_rng(0).normal(size=(3, 33, 32, 3)).astype(np.float32)


def logits(module, images):
    with torch.inference_mode():
        return module(torch.tensor(images).permute(0, 3, 1, 2)).numpy()


def load(path, images):
    shape = images.shape[1:]
    return benchsuite.load(
        "resnet18", backend="torch", input_shape=shape, num_classes=CLASSES, weights=path
    )


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".bin"])
def test_checkpoint_gives_the_modules_logits(published, tmp_path, suffix):
    module, images = published
    path = tmp_path / f"resnet18{suffix}"
    torch.save(module.state_dict(), path)

    found = load(path, images).predict(images)

    expected = logits(module, images)
    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model"])
def test_checkpoint_of_a_training_script_is_unwrapped(published, tmp_path, key):
    """Under a key, beside other things, from DataParallel, in the older format of PyTorch."""
    module, images = published
    state = nn.DataParallel(module).state_dict()
    assert "module.conv1.weight" in state
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9).state_dict()
    content = {"epoch": 3, "arch": "resnet18", key: state, "optimizer": optimizer}
    torch.save(content, tmp_path / "c.pth", _use_new_zipfile_serialization=False)

    found = load(tmp_path / "c.pth", images).weights()

    expected = module.state_dict()
    assert all(np.array_equal(found[name], expected[name].numpy()) for name in found)


def test_checkpoint_keeps_types_and_widens_bfloat16(tmp_path):
    state = {
        "a": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
        "b": nn.Parameter(torch.ones(2, dtype=torch.float16)),
        "c": torch.ones(2, dtype=torch.float64).t(),
        "n": torch.tensor(3),
    }
    torch.save(state, tmp_path / "c.pt")

    checkpoint = read_checkpoint(tmp_path / "c.pt")

    kinds = {name: str(array.dtype) for name, array in checkpoint.arrays.items()}
    assert kinds == {"a": "float32", "b": "float16", "c": "float64", "n": "int64"}
    assert checkpoint.arrays["a"].tolist() == [1.5, -2.0]
    assert checkpoint.notes == ("1 tensors converted from bfloat16 to float32",)


class Trap:
    """Creates a file where a pickle of it is loaded."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def plain(content, path):
    with path.open("wb") as file:
        pickle.dump(content, file, protocol=2)


@pytest.mark.parametrize("save", [torch.save, plain])
@pytest.mark.parametrize("hide", [lambda trap: trap, lambda trap: {"a": 1.0, "b": [trap]}])
def test_checkpoint_that_would_run_code_is_refused(tmp_path, save, hide):
    sprung = tmp_path / "sprung"
    save(hide(Trap(sprung)), tmp_path / "c.pth")

    refusal = r"is refused: it asks for _?io\.open, and to load that may run code"
    with pytest.raises(UsageError, match=refusal) as found:
        benchsuite.load("lenet5", backend="torch", weights=tmp_path / "c.pth")

    assert not sprung.exists()
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("save", [torch.save, plain])
def test_trap_itself_works(tmp_path, save):
    """Or its refusal would prove nothing."""
    save(Trap(tmp_path / "sprung"), tmp_path / "c.pth")

    if save is plain:
        with (tmp_path / "c.pth").open("rb") as file:
            pickle.load(file).close()  # noqa: S301 - our own trap
    else:
        torch.load(tmp_path / "c.pth", weights_only=False).close()

    assert (tmp_path / "sprung").exists()


def test_whole_module_is_refused_with_advice(tmp_path):
    torch.save(nn.Linear(2, 2), tmp_path / "c.pth")

    with pytest.raises(UsageError, match=r"asks for torch\.nn.*save the model's state_dict\(\)"):
        read_checkpoint(tmp_path / "c.pth")


def test_torchscript_is_refused_with_advice(tmp_path):
    with zipfile.ZipFile(tmp_path / "c.pt", "w") as file:
        for name in ("data.pkl", "constants.pkl", "version"):
            file.writestr(f"c/{name}", b"3\n")

    with pytest.raises(UsageError, match=r"TorchScript program, .*save the model's state_dict\(\)"):
        read_checkpoint(tmp_path / "c.pt")


def test_another_formats_file_is_refused(tmp_path):
    save_file({"a": np.ones(3, np.float32)}, tmp_path / "c.pth")

    with pytest.raises(UsageError, match=r"c\.pth' is refused: it is no pickle of tensors alone"):
        read_checkpoint(tmp_path / "c.pth")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"weights": torch.ones(1), "epoch": 3, "name": "x"}, "no tensor: epoch, name$"),
        ([torch.ones(1)], "no state_dict, but list$"),
        (torch.ones(1), "no state_dict, but Tensor$"),
    ],
)
def test_checkpoint_without_a_state_dict_is_refused(tmp_path, content, message):
    torch.save(content, tmp_path / "c.pth")

    with pytest.raises(UsageError, match=message):
        read_checkpoint(tmp_path / "c.pth")


def test_damaged_checkpoint_is_one_clear_line(tmp_path):
    state = {name: torch.zeros(array) for name, array in (("a", 1000), ("b", 3))}
    torch.save(state, tmp_path / "new.pth")
    torch.save(state, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    np.savez(tmp_path / "a.npz", a=np.zeros(3))
    files = {
        "cut.pth": (tmp_path / "new.pth").read_bytes()[:-200],
        "cut_old.pth": (tmp_path / "old.pth").read_bytes()[:-5],
        "empty.pth": b"",
        "text.pth": b"hello world, no pickle",
        "archive.pth": (tmp_path / "a.npz").read_bytes(),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError) as refused:
            benchsuite.load("lenet5", backend="torch", weights=tmp_path / name)
        assert f"{name}' cannot be read: it is damaged, or no .pth file (" in str(refused.value)
        assert "\n" not in str(refused.value)


def test_readers_are_offered_without_importing_pytorch():
    offered = load_plugins().weight_readers

    assert [name for name in offered if offered[name].plugin == "torch"] == [".bin", ".pt", ".pth"]
    assert offered[".pth"].target.requires == ("torch",)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_read_checkpoint_refuses_tensors_that_repeat_what_is_stored(tmp_path, kind):
    """Ten thousand million numbers in two bytes: as an array they would be all there."""
    swollen = torch.ones(1, dtype=kind).expand(100_000, 100_000)
    torch.save({"fc.weight": swollen, "fc.bias": torch.zeros(2)}, tmp_path / "w.pt")
    assert (tmp_path / "w.pt").stat().st_size < 10_000

    with pytest.raises(UsageError, match=r"larger than what is stored of them: fc\.weight; save"):
        read_checkpoint(tmp_path / "w.pt")


def test_read_checkpoint_takes_tensors_that_share_what_is_stored(tmp_path):
    whole = torch.arange(6.0)
    torch.save({"a": whole[:4], "b": whole[2:].reshape(2, 2).T}, tmp_path / "w.pt")

    arrays = read_checkpoint(tmp_path / "w.pt").arrays

    assert arrays["b"].tolist() == [[2.0, 4.0], [3.0, 5.0]]


def test_length_that_a_pickle_claims_is_not_believed(tmp_path):
    """A text of 64 MiB, in a file of five bytes."""
    (tmp_path / "c.pt").write_bytes(b"X" + (64 << 20).to_bytes(4, "little"))
    tracemalloc.start()
    with pytest.raises(EOFError):
        read_checkpoint(tmp_path / "c.pt")
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert used < 1 << 20
