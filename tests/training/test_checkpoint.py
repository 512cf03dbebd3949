import numpy as np
import pytest
from training_fakes import FakeSession, batches_of

from benchsuite.errors import StorageError
from benchsuite.training.checkpoint import Checkpoints, TrainingHistory
from benchsuite.training.loop import train


class Stateful(FakeSession):
    """Its state is the number of its steps, which its loss is, too."""

    def state(self):
        return {"steps": np.array(self.weight), "a view": np.arange(6.0)[::2]}

    def set_state(self, state):
        self.weight = int(state["steps"])
        assert state["a view"].tolist() == [0.0, 2.0, 4.0]

    def train(self, batches, learning_rates):
        first = self.weight
        super().train(batches, learning_rates)
        return np.arange(first, self.weight, dtype=np.float32)

    def weights(self):
        return {"steps": np.array(self.weight)}

    def set_weights(self, weights):
        self.weight = int(weights["steps"])


@pytest.fixture
def file(tmp_path):
    return tmp_path / "new" / "case.safetensors"


def no_figures():
    return {}


def test_training_goes_on_where_the_file_has_it(file):
    whole = train(Stateful(), batches_of(9), no_figures)
    train(Stateful(), batches_of(9, epochs=2), no_figures, checkpoints=Checkpoints(file, 1, "key"))
    session = Stateful()
    resumed = train(session, batches_of(9), no_figures, checkpoints=Checkpoints(file, 1, "key"))
    assert len(session.rates) == 2 * 2
    assert resumed.losses == whole.losses
    assert [epoch.steps for epoch in resumed.epochs] == [2, 2, 2]


def test_the_last_epoch_leaves_no_newer_file(file):
    train(Stateful(), batches_of(9), no_figures, checkpoints=Checkpoints(file, 1, "key"))
    history, _ = Checkpoints(file, 1, "key").load(Stateful())
    assert len(history.epochs) == 2


@pytest.mark.parametrize(("every", "kept"), [(1, 4), (2, 4), (3, 3), (5, 0)])
def test_a_file_is_written_every_few_epochs(file, every, kept):
    train(
        Stateful(), batches_of(9, epochs=5), no_figures, checkpoints=Checkpoints(file, every, "key")
    )
    history, _ = Checkpoints(file, every, "key").load(Stateful())
    assert len(history.epochs) == kept
    assert len(history.losses) == 2 * kept


def test_another_training_s_file_is_not_gone_on_from(file, capsys):
    train(Stateful(), batches_of(9), no_figures, checkpoints=Checkpoints(file, 1, "key"))
    session = Stateful()
    assert Checkpoints(file, 1, "other").load(session) == (TrainingHistory(), None)
    assert session.weight == 0
    assert "is of another training: training starts anew" in capsys.readouterr().out


def test_the_best_weights_so_far_are_kept(file):
    losses = iter([3.0, 1.0, 2.0, 2.5])
    batches = batches_of(9, epochs=4, restore_best=True)

    def validate():
        return {"loss_nats": next(losses)}

    class KilledError(Exception):
        pass

    class Mortal(Stateful):
        def train(self, batches, learning_rates):
            if self.weight == 6:
                raise KilledError
            return super().train(batches, learning_rates)

    with pytest.raises(KilledError):
        train(Mortal(), batches, validate, checkpoints=Checkpoints(file, 1, "key"))
    session = Stateful()
    trained = train(session, batches, validate, checkpoints=Checkpoints(file, 1, "key"))
    assert session.weight == 4
    assert trained.kept == trained.epochs[1]


def test_a_file_that_is_being_written_replaces_none(file, monkeypatch):
    """Killed in between, the older one is still there."""
    checkpoints = Checkpoints(file, 1, "key")
    train(Stateful(), batches_of(9, epochs=2), no_figures, checkpoints=checkpoints)
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(StorageError, match="full"):
        checkpoints.save(Stateful(), TrainingHistory(epochs=[]), None)
    history, _ = checkpoints.load(Stateful())
    assert len(history.epochs) == 1
