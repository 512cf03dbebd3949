from benchsuite.records import Findings, Proof, join


def proof(error, **changes):
    told = {"part": "timed path", "name": "timed logits", "metrics": ("latency",), "detail": ""}
    passed = error is not None and error <= 1e-4
    return Proof(**{**told, "error": error, "bound": 1e-4, "passed": passed, **changes})


def test_of_several_processes_the_worst_is_kept():
    right, close, wrong = proof(0.0), proof(1e-5), proof(0.1)
    found = join([Findings(proofs=(one,)) for one in (right, wrong, close)])
    assert found.proofs == (wrong,)
    assert join([Findings(proofs=(right, close))]).proofs == (close,)


def test_what_is_not_finite_is_worse_than_any_error():
    wrong, infinite = proof(0.1), proof(None)
    assert join([Findings(proofs=(wrong, infinite))]).proofs == (infinite,)


def test_proofs_of_other_batches_are_others():
    small, large = proof(0.0, batch_size=1), proof(0.0, batch_size=64)
    assert join([Findings(proofs=(small, large))]).proofs == (small, large)
