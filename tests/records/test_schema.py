import dataclasses
import math
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from benchsuite.metrics.declared import BUILD, IMPORT
from benchsuite.records import (
    Findings,
    Measurement,
    Phase,
    Record,
    RunStore,
    finite,
    join,
    read_record,
    read_records,
)
from benchsuite.records.schema import SCHEMA_VERSION


def test_record_survives_the_way_through_json(make_record):
    record = make_record()

    assert msgspec.json.decode(msgspec.json.encode(record), type=Record) == record


def test_record_carries_the_schemas_version(make_record):
    assert make_record().schema == SCHEMA_VERSION == 4


def test_record_knows_no_other_status(make_record):
    content = msgspec.json.encode(make_record(status="splendid"))

    with pytest.raises(msgspec.ValidationError, match="splendid"):
        msgspec.json.decode(content, type=Record)


@pytest.mark.parametrize(
    "change",
    [
        {"backend": "keras-jax"},
        {"seed": 1},
        {"device": "cuda:0"},
        {"input_shape": (32, 32, 1)},
        {"protocol": "full-1"},
        {"threads": 1},
    ],
)
def test_case_id_differs_with_any_field(make_record, change):
    assert make_record(**change).case.id != make_record().case.id


def test_case_id_is_the_same_for_the_same_case_and_is_a_file_name(make_record):
    case = make_record(device="cuda:1").case

    assert case.id == make_record(device="cuda:1").case.id
    assert case.id.startswith("lenet5.torch.cuda1.fp32.0.")
    assert not set(case.id) & set('/\\:*?"<>| ')


def test_measurement_is_found_by_its_metric(make_record):
    record = make_record(samples={"latency": (3.0, 1.0)})

    assert record.measurement("latency").values == (3.0, 1.0)
    assert record.measurement("energy") is None


def test_finite_is_none_for_what_json_does_not_know():
    assert finite(2.5) == 2.5
    assert [finite(x) for x in (math.nan, math.inf, -math.inf)] == [None, None, None]


def test_join_keeps_what_each_task_found(make_record):
    found = make_record().findings
    first, second = (
        Measurement.of(quantity, values=(1.0,), samples=1, value=1.0)
        for quantity in (BUILD, IMPORT)
    )
    phases = [Phase(task=t, name="open", seconds=1.0, measuring=False) for t in ("one", "two")]

    joined = join(
        [
            Findings(size=found.size, measurements=(first,), phases=(phases[0],)),
            Findings(versions={"numpy": "2"}, ledger={"one.tf32": "off"}),
            Findings(
                training=found.training,
                measurements=(second,),
                phases=(phases[1],),
                device_name="Test CPU",
                versions={"torch": "2"},
                ledger={"two.tf32": "on"},
            ),
        ]
    )

    assert joined.size == found.size
    assert joined.training == found.training
    assert joined.measurements == (first, second)
    assert joined.phases == tuple(phases)
    assert joined.versions == {"numpy": "2", "torch": "2"}
    assert joined.ledger == {"one.tf32": "off", "two.tf32": "on"}
    assert joined.device_name == "Test CPU"


def test_records_cannot_be_changed(make_record):
    with pytest.raises((AttributeError, dataclasses.FrozenInstanceError)):
        make_record().case.seed = 3
    assert replace(make_record().case, seed=3).seed == 3


def test_case_id_of_ordinary_names_is_what_it_always_was(make_record):
    """Files of earlier runs are found by it."""
    case = make_record(architecture="keras.applications/ResNet50", device="cuda:1").case
    version3 = read_record(Path(__file__).parent / "version3.json").case

    assert case.id.startswith("keras.applications-ResNet50.torch.cuda1.fp32.0.")
    assert version3.id == "cnn_basic.torch.cpu.fp32.0.1c2fc352"


HOSTILE = ["../../up", "/etc/passwd", "a/b", "..", ".hidden", "a\0b", "a\nb", "\x1b[31m", "x" * 300]


@pytest.mark.parametrize("field", ["architecture", "backend", "device", "precision"])
@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_leaves_the_results_folder(tmp_path, make_record, field, name):
    store = RunStore(tmp_path / "results", "run")
    record = make_record(**{field: name})

    path = store.write(record)
    store.log_path(record.case.id, "memory").write_text("log")
    store.samples_path(record.case.id).write_text("")

    assert path.parent == store.folder / "records"
    assert [read.case for read in read_records([tmp_path])] == [record.case]
    assert not path.name.startswith(".")
    assert {x.name for x in tmp_path.iterdir()} == {"results"}


@pytest.mark.parametrize("field", ["architecture", "backend", "device"])
def test_names_that_are_alike_have_ids_of_their_own(make_record, field):
    names = {"a-b", "a\\b", "a:b", *HOSTILE}
    assert len({make_record(**{field: name}).case.id for name in names}) == len(names)
