import pytest

from benchsuite.records.predictions import read_predictions


def test_run_trains_on_no_more_images_than_the_limit(run_cases):
    (record,) = run_cases(["numpy-linear"], limit=50, batch_size=8).records
    assert record.findings.training.split_sizes == {"train": 36, "validation": 4, "test": 10}


def test_run_keeps_what_was_said_of_each_test_image(run_cases):
    run = run_cases(["numpy-linear"])
    (record,) = run.records
    predictions = read_predictions(run.folder / "predictions" / f"{record.case.id}.npz")
    right = predictions.predicted == predictions.labels
    test = record.findings.training.test
    assert len(right) == 40
    assert right.mean() == pytest.approx(test["top1_fraction"])
    assert predictions.losses.mean() == pytest.approx(test["loss_nats"], rel=1e-5)
    recalls = [right[predictions.labels == label].mean() for label in (0, 1)]
    assert record.findings.training.test_recall_by_class == pytest.approx(recalls)
    assert len(set(predictions.positions.tolist())) == 40


def test_run_goes_on_from_a_checkpoint(run_cases, tmp_path):
    """Killed in its third epoch, a case takes the steps that it would have taken."""
    asked = {"epochs": 5, "checkpoint_epochs": 1}
    checkpoints = tmp_path / "results" / "checkpoints"
    (whole,) = run_cases(["numpy-linear"], **asked).records
    (killed,) = run_cases(["diesintraining"], **asked).records
    assert (killed.status, killed.findings.training) == ("failed", None)
    assert [path.name for path in checkpoints.iterdir()] == [f"{killed.case.id}.safetensors"]
    (resumed,) = run_cases(["diesintraining"], **asked).records
    training = resumed.findings.training
    assert resumed.status == "ok"
    assert training.step_losses == whole.findings.training.step_losses
    assert training.test == whole.findings.training.test
    assert [epoch.steps for epoch in training.epochs] == [4] * 5
    assert list(checkpoints.iterdir()) == []


def test_run_writes_no_checkpoint_unasked(run_cases, tmp_path):
    run_cases(["diesintraining"], epochs=5)
    assert not (tmp_path / "results" / "checkpoints").exists()


def test_run_says_where_there_is_no_idiomatic_division(run_cases):
    (record,) = run_cases(["numpy-linear"], division="idiomatic").records
    assert (record.status, record.findings.training) == ("unsupported", None)
    assert "'numpy-linear' has no idiomatic division" in record.reason


def test_run_tells_the_time_to_an_accuracy(run_cases):
    (record,) = run_cases(["numpy-linear"], epochs=30, target_accuracy=0.7).records
    training = record.findings.training
    assert record.case.recipe.target_top1 == 0.7
    assert training.ended == "target"
    assert len(training.epochs) < 30
    assert training.epochs[-1].validation["top1_fraction"] >= 0.7
    assert training.time_to_target_s == sum(epoch.train_s for epoch in training.epochs)


def test_run_tells_its_observer_how_training_goes_on(run_cases, watch):
    """Not of epochs that follow each other within seconds."""
    run_cases(["numpy-linear"], watch, epochs=3, isolation="spawn")
    assert [each for each in watch.told if each[0] == "epoch"] == []
    (record,) = run_cases(["dawdles"], watch, epochs=3).records
    (told,) = (each for each in watch.told if each[0] == "epoch")
    assert told == ("epoch", "dawdles", 2, record.findings.training.epochs[1])
