from pathlib import Path

import pytest
from msgspec.structs import replace

from benchsuite.errors import UsageError
from benchsuite_mlflow.export import log_cases


def logged(client, name="20261123T083515Z"):
    """All runs of an experiment, by the id of their case."""
    runs = client.search_runs([client.get_experiment_by_name(name).experiment_id])
    return {run.data.tags["benchsuite.case_id"]: run for run in runs}


def curve(client, run, name):
    return [(one.step, one.value) for one in client.get_metric_history(run.info.run_id, name)]


def test_a_case_is_a_run(client, uri, stored, connections):
    case = stored()

    said = log_cases([case], uri)

    record = case.record
    (run,) = logged(client).values()
    assert said == f"1 runs logged to {uri}, 0 were there already\n"
    assert (run.info.run_name, run.info.status) == (record.case.id, "FINISHED")
    assert run.data.params["architecture"] == "cnn_basic"
    assert run.data.params["recipe.lr"] == "0.001"
    assert "limit" not in run.data.params
    assert run.data.metrics["latency_batch1_p50_s"] == record.measurement("latency").value
    assert run.data.metrics["parameters"] == record.findings.size.parameters
    assert run.data.metrics["test_top1_fraction"] == record.findings.training.test["top1_fraction"]
    assert run.data.metrics["input_wait_fraction"] > 0
    assert run.data.metrics.keys().isdisjoint({"seed", "input_height_px", "train_batch_size"})
    assert "device_memory_peak_bytes" not in run.data.metrics
    assert run.data.tags["benchsuite.status"] == "ok"
    assert run.data.tags["benchsuite.fingerprint"] == record.findings.size.fingerprint
    assert run.data.tags["benchsuite.data_digest"] == record.findings.training.digests.data
    assert "torch 2.13.0+cpu" in run.data.tags["benchsuite.versions"]
    assert connections == []


def test_curves_have_steps(client, uri, stored):
    case = stored()
    training = case.record.findings.training
    epochs = (training.epochs[0], replace(training.epochs[0], train_s=0.5, input_wait_s=None))
    losses = (2.5, None, *([1.0] * 1500))
    longer = replace(training, epochs=epochs, step_losses=losses)
    changed = stored(findings=replace(case.record.findings, training=longer))

    log_cases([changed], uri)

    (run,) = logged(client).values()
    steps = curve(client, run, "step_loss_nats")
    assert steps[:2] == [(1, 2.5), (3, 1.0)]
    assert len(steps) == 1501
    assert curve(client, run, "epoch_train_s") == [(1, epochs[0].train_s), (2, 0.5)]
    assert len(curve(client, run, "epoch_validation_top1_fraction")) == 2
    assert len(curve(client, run, "epoch_input_wait_s")) == 1


def test_the_record_is_an_artifact(client, uri, stored, tmp_path):
    case = stored()
    log_cases([case], uri)
    (run,) = logged(client).values()

    (artifact,) = client.list_artifacts(run.info.run_id)

    path = Path(client.download_artifacts(run.info.run_id, artifact.path, str(tmp_path)))
    assert path.read_bytes() == case.path.read_bytes()


def test_a_case_that_failed_is_a_failed_run(client, uri, stored):
    findings = replace(stored().record.findings, training=None, measurements=())

    log_cases([stored(status="oom", reason="no memory" + 9000 * "!", findings=findings)], uri)

    (run,) = logged(client).values()
    assert run.info.status == "FAILED"
    assert run.data.tags["benchsuite.reason"].startswith("no memory!")
    assert "latency_batch1_p50_s" not in run.data.metrics


def test_what_is_there_is_not_logged_again(client, uri, stored):
    log_cases([stored()], uri)

    said = log_cases([stored(), stored(seed=1)], uri)

    assert said.startswith("1 runs logged")
    assert len(logged(client)) == 2


def test_a_run_that_was_cut_short_is_logged_anew(client, uri, stored):
    log_cases([stored()], uri)
    (run,) = logged(client).values()
    client.set_terminated(run.info.run_id, "KILLED")

    assert log_cases([stored()], uri).startswith("1 runs logged")


def test_every_run_is_an_experiment(client, uri, stored):
    log_cases([stored(run="one"), stored(run="two")], uri)

    assert len(logged(client, "one")) == len(logged(client, "two")) == 1


def test_a_store_that_cannot_be_used_is_refused(stored):
    with pytest.raises(UsageError, match="MLflow cannot log to 'nonsense://x'"):
        log_cases([stored()], "nonsense://x")
