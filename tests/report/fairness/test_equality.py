"""What a row says is proven of it: only what certificates of its own code and way prove."""

import msgspec
import pytest

from benchsuite.contract import UpdateRule
from benchsuite.hooks import Source
from benchsuite.records import Proof
from benchsuite.records.certificate import Certificate, Check
from benchsuite.report.fairness.equality import with_equality

SOURCES = {
    "backend": Source(distribution="plugin", version="1", digest="b" * 64),
    "reference": Source(distribution="benchsuite", version="1", digest="c" * 64),
}
#: Of the network in float64.
NETWORK = ("layer outputs", "logits", "loss", "gradients", "weights after steps")
RULES = {
    "update rule: sgd": UpdateRule(momentum=0.8, weight_decay=0.05),
    "update rule: nesterov": UpdateRule(nesterov=True),
    "update rule: adam": UpdateRule(optimizer="adam"),
}


def check(quantity, error=1e-15, tolerance=1e-9):
    return Check(quantity=quantity, tensors=1, error=error, tolerance=tolerance, worst="one")


@pytest.fixture
def record(make_record):
    found = make_record()
    size = msgspec.structs.replace(found.findings.size, architecture_fingerprint="f" * 64)
    findings = msgspec.structs.replace(
        found.findings, size=size, versions={"torch": "1"}, sources=SOURCES
    )
    recipe = msgspec.structs.replace(found.case.recipe, optimizer="adam")
    case = msgspec.structs.replace(found.case, recipe=recipe)
    return msgspec.structs.replace(found, findings=findings, case=case)


@pytest.fixture
def exact(record):
    """The network's certificate in float64."""
    return Certificate(
        benchsuite_version="0",
        architecture=record.case.architecture,
        fingerprint="f" * 64,
        inputs=(),
        backend=record.case.backend,
        versions=record.findings.versions,
        source=SOURCES["backend"],
        reference=SOURCES["reference"],
        device="cpu",
        device_name="",
        precision="fp64",
        verdict="exact",
        created="",
        seconds=1.0,
        checks=tuple(map(check, NETWORK)),
    )


@pytest.fixture
def rules(exact):
    """The update rules' in float64."""
    checks = tuple(map(check, RULES))
    return changed(exact, fingerprint="0" * 64, checks=checks, rules=RULES)


@pytest.fixture
def rounded(exact):
    """The network's in the row's own precision."""
    checks = (check("layer outputs", 2e-7, 1e-6), check("logits", 3.14e-7, 1e-5))
    return changed(exact, precision="fp32", verdict="within tolerance", checks=checks)


changed = msgspec.structs.replace


def equality(record, *certificates):
    return with_equality([record], certificates)[0].equality


def with_case(record, **fields):
    return changed(record, case=changed(record.case, **fields))


def with_recipe(record, **fields):
    return with_case(record, recipe=changed(record.case.recipe, **fields))


def test_row_without_certificate_is_unproven(record):
    assert equality(record) == "unproven"


def test_each_part_is_said_by_its_own_certificates(record, exact, rules, rounded):
    of_network, of_run = "exact: network, gradients, training steps", "timed path, evaluation"
    assert equality(record, exact) == (
        f"{of_network}; unproven: adam, fp32 outputs, fp32 steps, {of_run}"
    )
    assert equality(record, exact, rules) == (
        f"{of_network}, adam; unproven: fp32 outputs, fp32 steps, {of_run}"
    )
    of_outputs = "within rounding: fp32 outputs (3e-07)"
    assert equality(record, exact, rules, rounded) == (
        f"{of_network}, adam; {of_outputs}; unproven: fp32 steps, {of_run}"
    )
    own_rules = changed(rules, precision="fp32", verdict="within tolerance")
    assert equality(record, exact, rules, rounded, own_rules) == (
        f"{of_network}, adam; {of_outputs}, fp32 steps (1e-15); unproven: {of_run}"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"fingerprint": "0" * 64},
        {"fingerprint": ""},
        {"backend": "another"},
        {"versions": {"torch": "2"}},
        {"source": changed(SOURCES["backend"], digest="d" * 64)},
        {"source": changed(SOURCES["backend"], version="2")},
        {"source": Source()},
        {"reference": changed(SOURCES["reference"], digest="d" * 64)},
        {"tier": "compiled"},
        {"division": "idiomatic"},
        {"device": "cuda:0"},
        {"precision": "bf16"},
    ],
    ids=str,
)
def test_certificate_of_something_else_proves_nothing(record, exact, changes):
    assert equality(record, changed(exact, **changes)) == "unproven"


@pytest.mark.parametrize(
    "fields",
    [{"tier": "compiled"}, {"division": "idiomatic"}, {"device": "cuda:0"}, {"backend": "another"}],
    ids=str,
)
def test_row_of_another_configuration_is_unproven(record, exact, rules, rounded, fields):
    assert equality(with_case(record, **fields), exact, rules, rounded) == "unproven"


def test_row_in_another_precision_has_the_mathematics_alone(record, exact, rounded):
    said = equality(with_case(record, precision="bf16"), exact, rounded)
    assert said == (
        "exact: network, gradients, training steps; "
        "unproven: adam, bf16 outputs, bf16 steps, timed path, evaluation"
    )


def test_another_device_of_the_same_kind_is_the_same(record, exact):
    certificate = changed(exact, device="cuda:0")
    assert equality(with_case(record, device="cuda:1"), certificate).startswith("exact: network")


def test_difference_comes_first_whatever_else_holds(record, exact, rules, rounded):
    wrong = check("layer outputs", 7e-3, 1e-6)
    differs = changed(rounded, verdict="differs", checks=(wrong,))
    said = equality(record, exact, rules, differs)
    assert said.startswith("differs: fp32 outputs (layer outputs by 7.0e-03 in one); exact: ")


def test_only_the_rules_that_a_recipe_asks_for_count(record, exact, rules):
    wrong = check("update rule: nesterov", 0.3)
    some_wrong = changed(
        rules, verdict="differs", checks=(*rules.checks[:1], wrong, *rules.checks[2:])
    )
    assert "exact: network, gradients, training steps, adam" in equality(record, exact, some_wrong)
    nesterov = with_recipe(record, optimizer="sgd", nesterov=True)
    said = equality(nesterov, exact, some_wrong)
    assert said.startswith("differs: sgd (update rule: nesterov by 3.0e-01 in one)")


def test_a_rule_that_nobody_followed_is_unproven(record, exact, rules):
    clipped = with_recipe(record, clip_norm=1.0)
    assert "unproven: adam," in equality(clipped, exact, rules)
    assert "unproven: rmsprop," in equality(with_recipe(record, optimizer="rmsprop"), exact, rules)


@pytest.mark.parametrize("verdict", ["failed", "degenerate", "unsupported"])
def test_certificate_that_came_to_nothing_is_shown(record, exact, verdict):
    said = equality(record, changed(exact, verdict=verdict, reason="no luck", checks=()))
    assert said.startswith("no proof: network (no luck), gradients (no luck)")


def test_idiomatic_training_has_a_proof_of_its_own(record, exact, rules):
    idiomatic = with_case(record, division="idiomatic")
    network = changed(exact, division="idiomatic")
    steps = changed(rules, division="idiomatic", checks=(check("idiomatic steps"),))
    said = equality(
        with_case(idiomatic, recipe=changed(record.case.recipe, optimizer="sgd")), network, steps
    )
    assert said == "exact: network, sgd; unproven: fp32 outputs, timed path, evaluation"
    assert "unproven: adam" in equality(idiomatic, network, steps)


def test_certificates_of_unknown_code_say_so(record, exact):
    """As those made before they said of which code they are, beside records of then."""
    of_then = changed(record, findings=changed(record.findings, sources={}))
    certificate = changed(exact, source=Source(), reference=Source())
    said = equality(of_then, certificate)
    assert said.startswith("of unknown code: network, gradients, training steps; unproven: ")


def proof(part, error, **changes):
    told = {"part": part, "name": "", "metrics": ("latency",), "bound": 1e-4, "detail": "it lies"}
    return Proof(**{**told, "error": error, "passed": error <= 1e-4, **changes})


@pytest.mark.parametrize(
    ("proofs", "said"),
    [
        ([proof("timed path", 0.0)], "exact: timed path; unproven: "),
        (
            [proof("timed path", 2e-7), proof("timed path", 1e-8)],
            "within rounding: timed path (2e-07)",
        ),
        ([proof("timed path", 0.5)], "differs: timed path (it lies)"),
        ([proof("evaluation", 1e-6)], "within rounding: evaluation (1e-06)"),
        ([proof("timed path", 0.9, bound=4.0, passed=True, rounds=False)], "exact: timed path"),
    ],
    ids=["exact", "rounded", "differs", "evaluation", "ratio"],
)
def test_run_proves_its_own_parts_without_any_certificate(record, proofs, said):
    findings = msgspec.structs.replace(record.findings, proofs=tuple(proofs))
    found = equality(msgspec.structs.replace(record, findings=findings))
    assert found.startswith(said)
    assert "network" in found.partition("unproven: ")[2]
