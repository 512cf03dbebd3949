import keras
import numpy as np
import pytest

from benchsuite.contract import Batch, DeviceMemory, Setup
from benchsuite.errors import UsageError
from benchsuite.hooks import load_plugins
from benchsuite.testing import random_images, random_weights


def test_session_leaves_the_global_dtype_as_it_was(open_session, convnet):
    before = keras.config.floatx(), keras.config.dtype_policy().name
    session = open_session(convnet, precision="fp64")
    batch = Batch(random_images(convnet), np.zeros(3, np.int64))
    assert session.predict(batch.images).dtype == np.float64
    assert session.train([batch], [0.1]).dtype == np.float64
    assert (keras.config.floatx(), keras.config.dtype_policy().name) == before
    plain = open_session(convnet)
    assert plain.predict(batch.images).dtype == np.float32
    assert plain.native.output.dtype == "float32"


@pytest.mark.parametrize("setting", ["channels_first", "float64", "mixed_bfloat16"])
def test_session_ignores_the_users_global_settings(open_session, convnet, setting):
    weights, images = random_weights(convnet), random_images(convnet)
    expected = open_session(convnet, weights).predict(images)
    data_format, floatx = keras.config.image_data_format(), keras.config.floatx()
    try:
        if setting == "channels_first":
            keras.config.set_image_data_format(setting)
        elif setting == "float64":
            keras.config.set_floatx(setting)
        else:
            keras.config.set_dtype_policy(setting)
        logits = open_session(convnet, weights).predict(images)
    finally:
        keras.config.set_image_data_format(data_format)
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy("float32")
    np.testing.assert_array_equal(logits, expected)


def test_infer_returns_the_frameworks_own_logits_for_each_shape(open_session, convnet):
    session = open_session(convnet)
    for count in (1, 3, 1):
        images = random_images(convnet, count)
        placed = session.place(Batch(images, np.zeros(count, np.int64)))
        logits = session.infer(placed)
        session.synchronize()
        assert not isinstance(logits, np.ndarray)
        np.testing.assert_array_equal(np.asarray(logits), session.predict(images))


def test_infer_refuses_pixels(open_session, convnet):
    session = open_session(convnet)
    placed = session.place(Batch(np.zeros((1, 8, 8, 3), np.uint8), np.zeros(1, np.int64)))
    with pytest.raises(UsageError, match="infer takes normalised float32 images, got uint8"):
        session.infer(placed)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_place_copies(open_session, convnet, dtype):
    session = open_session(convnet)
    # memory that a framework may share: it starts at a multiple of 64
    memory = np.empty(256 * 8 * 8 * 3 * np.dtype(dtype).itemsize + 64, np.uint8)
    memory = memory[-memory.ctypes.data % 64 :]
    images = memory[: memory.size // 64 * 64].view(dtype)[: 256 * 8 * 8 * 3].reshape(-1, 8, 8, 3)
    images[:] = 1
    placed = session.place(Batch(images, np.zeros(256, np.int64)))
    images[:] = 0
    assert np.asarray(placed.images).min() == 1


def test_place_refuses_images_of_another_shape(open_session, convnet):
    message = r"convnet takes images of shape \(N, 8, 8, 3\), got \(2, 8, 9, 3\)"
    with pytest.raises(UsageError, match=message):
        open_session(convnet).predict(np.zeros((2, 8, 9, 3), np.float32))


@pytest.mark.filterwarnings(  # Keras' own reading of its variables, with NumPy 2
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)
def test_native_is_a_model_that_can_be_saved(open_session, convnet, tmp_path):
    session = open_session(convnet)
    images = random_images(convnet)
    session.native.save(tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(model(images, training=False)),
        session.predict(images),
        rtol=1e-5,
    )


def test_native_layers_are_named_after_the_nodes(open_session, convnet):
    names = [layer.name for layer in open_session(convnet).native.layers]
    assert names == [
        *("input", "layer-0-conv-pad", "layer-0-conv", "layer-0-bn", "relu"),
        *("max_pool-pad", "max_pool", "flatten", "dropout", "fc"),
    ]


@pytest.mark.parametrize("name", ["lenet5", "resnet18_cifar", "mobilenet_v2", "vit_b_16"])
def test_counts_equal_the_graphs_for_architectures(open_session, name):
    shape = None if name == "lenet5" else (32, 32, 3)
    graph = load_plugins().architectures[name].load().trace(shape, 10)
    weights = {name: np.zeros(weight.shape, np.float32) for name, weight in graph.weights.items()}
    counts = open_session(graph, weights).counts()
    assert (counts.parameters, counts.macs) == (graph.parameters, graph.macs)


def test_close_frees_the_model(backend, convnet):
    session = backend.open(convnet, random_weights(convnet), Setup())
    session.close()
    with pytest.raises(AttributeError):
        session.predict(random_images(convnet))


def test_settings_are_what_the_framework_says(open_session, convnet, framework):
    settings = open_session(convnet, precision="fp64").settings()
    assert settings["layout"] == "NHWC"
    assert settings["dtype_policy"] == "float64"
    assert settings["tf32"] == "off"
    assert settings["threads"]
    assert settings.get("xla") == {"tensorflow": "off", "jax": "on", "torch": None}[framework]
    own = {"tensorflow": "onednn", "jax": "matmul_precision", "torch": "cpu_capability"}
    assert settings[own[framework]]
    assert all(isinstance(value, str) for value in settings.values())


def test_synchronize_waits_for_everything_submitted(open_session, convnet, framework):
    session = open_session(convnet)
    placed = session.place(Batch(random_images(convnet, 512), np.zeros(512, np.int64)))
    submitted = [session.infer(placed) for _ in range(20)]
    session.synchronize()
    if framework == "jax":  # the others return no sooner than they have finished, on a CPU
        assert all(logits.is_ready() for logits in submitted)
    assert len({np.asarray(logits).tobytes() for logits in submitted}) == 1


def test_device_memory_is_what_the_allocator_says(open_session, convnet, framework, monkeypatch):
    """Without a GPU: that each framework is asked for the right figures."""
    session = open_session(convnet)
    monkeypatch.setattr(session, "_on_cuda" if framework == "torch" else "_on_gpu", True)
    if framework == "torch":
        torch = pytest.importorskip("torch")
        monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 100)
        monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda device: 200)
    elif framework == "tensorflow":
        tf = pytest.importorskip("tensorflow")
        said = {"current": 50, "peak": 100}
        monkeypatch.setattr(tf.config.experimental, "get_memory_info", lambda device: said)
    else:
        said = {"bytes_in_use": 50, "peak_bytes_in_use": 100, "peak_pool_bytes": 200}
        fake = type("Device", (), {"memory_stats": lambda self: said})()
        monkeypatch.setattr(session, "_jax_device", fake)
    reserved = None if framework == "tensorflow" else 200
    assert session.device_memory() == DeviceMemory(100, reserved)
