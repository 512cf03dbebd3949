import json

import msgspec
import pytest
from msgspec.structs import replace

from benchsuite.errors import BenchsuiteError
from benchsuite.measure import protocol
from benchsuite.measure.ceilings import best_copy, best_product
from benchsuite.measure.machine import host
from benchsuite.measure.machine.diagnosis import UNKNOWN, Diagnosis, read_diagnosis, write_diagnosis
from benchsuite.measure.machine.facts import cpu_name, describe_environment
from benchsuite.orchestration import doctor
from benchsuite.processes import local

HOST = str(describe_environment()["host"])


@pytest.fixture(autouse=True)
def calm(monkeypatch):
    """Nothing to complain of, and six rounds."""
    monkeypatch.setattr(local, "examine_host", list)
    monkeypatch.setitem(protocol.PROTOCOLS, "smoke-2", replace(protocol.SMOKE, rounds=(6,)))


@pytest.fixture
def examine(spec_of, plugins, watch):
    def examine(backend, **options):
        return doctor.examine(spec_of([backend], **options), plugins, watch)

    return examine


def test_case_is_measured_against_itself_in_rounds(examine, watch, tmp_path):
    diagnosis = examine("numpy-linear")

    assert diagnosis.score == 100
    assert [s.metric for s in diagnosis.sights] == [
        *("latency", "inference_throughput", "training_throughput")
    ]
    for sight in diagnosis.sights:
        assert sight.low <= sight.ratio <= sight.high
        assert sight.rounds == 6
        assert sight.detectable_fraction == max(abs(sight.low - 1), abs(sight.high - 1))
    timed = [entry for entry in watch.told if entry[0] == "task" and entry[2] == "time"]
    assert len(timed) == 12
    assert json.loads((tmp_path / "results" / "doctor.json").read_text())["host"] == HOST


def test_rounds_end_with_the_budget(examine, watch):
    assert examine("numpy-linear", budget="0.01s").sights == ()
    assert [entry for entry in watch.told if entry[0] == "round"] == [("round", 0, 6)]


def test_later_runs_of_the_same_machine_heed_it(examine, run_cases, tmp_path):
    sights = examine("numpy-linear").sights
    known = read_diagnosis(tmp_path / "results", HOST).margins
    assert known == {sight.metric: sight.detectable_fraction for sight in sights}
    assert read_diagnosis(tmp_path / "results", "another") == UNKNOWN
    assert read_diagnosis(tmp_path, HOST) == UNKNOWN

    (record,) = run_cases(["numpy-linear"]).records
    assert record.measurement("latency").margin == known["latency"]
    assert record.measurement("build").margin is None


def test_case_that_does_not_run_is_no_diagnosis(examine, tmp_path):
    with pytest.raises(BenchsuiteError, match="ended as failed: memory: ValueError"):
        examine("raises")
    assert not (tmp_path / "results" / "doctor.json").exists()


def test_points_are_taken_for_each_complaint():
    complaints = [host.Complaint(30, "a", "b"), host.Complaint(80, "c", "d")]

    assert host.score([]) == 100
    assert host.score(complaints[:1]) == 70
    assert host.score(complaints) == 0


@pytest.fixture
def look(spec_of, plugins, tmp_path):
    """Look for ceilings; what is known then, why some have none, and who was announced."""

    def run(backends, **options):
        told = []
        spec = spec_of(backends, threads=[1], **options)
        diagnosis, failures = doctor.examine_ceilings(spec, plugins, told.append)
        assert read_diagnosis(tmp_path / "results", HOST) == diagnosis
        return diagnosis, failures, told

    return run


@pytest.mark.parametrize("backend", ["modest", pytest.param("numpy", marks=pytest.mark.slow)])
def test_ceilings_of_each_backend_and_precision_are_kept(look, backend):
    diagnosis, failures, told = look([backend], precisions=["fp32", "fp64"])

    assert not failures
    assert [case.precision for case in told] == ["fp32", "fp64"]
    assert [c.precision for c in diagnosis.ceilings] == ["fp32", "fp64"]
    for ceiling in diagnosis.ceilings:
        assert (ceiling.backend, ceiling.device, ceiling.threads) == (backend, "cpu", 1)
        assert ceiling.device_name == cpu_name()
        assert best_product(ceiling.products) == (ceiling.flops_per_s, ceiling.size)
        width = {"fp32": 4, "fp64": 8}[ceiling.precision]
        assert best_copy(ceiling.copies, width) == (ceiling.bytes_per_s, ceiling.elements)
    assert (diagnosis.case, diagnosis.score, diagnosis.sights) == ("", None, ())


def test_one_process_looks_for_the_ceilings_of_several_cases(look):
    _, _, told = look(["modest"], archs=["softmax_regression", "mlp"], seeds=[0, 1])

    assert len(told) == 1


def test_backend_without_ceilings_says_so(look):
    diagnosis, failures, _ = look(["numpy-linear", "raises"])

    assert not diagnosis.ceilings
    assert failures == [
        f"{name} in fp32: backend '{name}' has no ceilings: it multiplies nothing"
        for name in ("numpy-linear", "raises")
    ]


def test_what_is_known_of_the_machine_stays(look, examine, tmp_path):
    sights = examine("numpy-linear").sights
    look(["modest"], precisions=["fp64"])
    both, _, _ = look(["modest"])

    assert both.sights == sights
    assert [ceiling.precision for ceiling in both.ceilings] == ["fp64", "fp32"]
    assert examine("numpy-linear").ceilings == both.ceilings

    write_diagnosis(msgspec.structs.replace(both, host="another"), tmp_path / "results")
    alone, _, _ = look(["modest"])
    assert [ceiling.precision for ceiling in alone.ceilings] == ["fp32"]
    assert not alone.sights


def test_a_ceiling_that_is_measured_anew_takes_the_place_of_the_old(look):
    (first,), (second,) = (look(["modest"])[0].ceilings for _ in range(2))

    assert first.products != second.products


def test_later_runs_say_what_they_achieve(look, run_cases):
    (before,) = run_cases(["modest"], threads=[1]).records
    (ceiling,) = look(["modest"])[0].ceilings
    (after,) = run_cases(["modest"], threads=[1]).records
    (elsewhere,) = run_cases(["modest"], threads=[1], precisions=["fp64"]).records

    for record in (before, after, elsewhere):
        for roofline in record.findings.rooflines:
            found = record.measurement(roofline.metric, roofline.batch_size)
            size = record.findings.size
            macs = size.training_macs if roofline.metric.startswith("training") else size.macs
            assert roofline.achieved_flops_per_s == 2 * macs * found.value
    metrics = {roofline.metric for roofline in after.findings.rooflines}
    assert metrics == {"inference_throughput", "training_throughput"}
    assert {r.ceiling_flops_per_s for r in after.findings.rooflines} == {ceiling.flops_per_s}
    assert {r.ceiling_backend for r in after.findings.rooflines} == {"modest"}
    for record in (before, elsewhere):
        assert {r.ceiling_flops_per_s for r in record.findings.rooflines} == {None}


def test_diagnosis_from_before_ceilings_is_read(tmp_path):
    old = {"host": HOST, "case": "c", "score": 90, "complaints": [], "sights": []}
    (tmp_path / "doctor.json").write_text(json.dumps(old))

    assert read_diagnosis(tmp_path, HOST) == Diagnosis(host=HOST, case="c", score=90)
