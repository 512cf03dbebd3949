import yaml

from benchsuite.report.exchange.model_card import export


def front_matter(card):
    _, front, body = card.split("---\n", 2)
    return yaml.safe_load(front), body


def test_results_are_as_the_hub_wants_them(store, make_record):
    test = {"top1_fraction": 0.925, "top5_fraction": 0.99, "loss_nats": 0.3}
    matter, _ = front_matter(export([store(make_record(dataset="mnist", test=test))]))

    assert matter["pipeline_tag"] == "image-classification"
    (entry,) = matter["model-index"]
    (result,) = entry["results"]
    assert entry["name"] == "lenet5"
    assert result["task"]["type"] == "image-classification"
    assert result["dataset"] == {"type": "mnist", "name": "mnist", "split": "test"}
    assert result["metrics"] == [
        {
            "type": kind,
            "value": value,
            "name": f"{words} (lenet5, torch, fp32, matched, seed 0)",
            **arguments,
        }
        for kind, value, words, arguments in (
            ("accuracy", 0.925, "top-1 accuracy", {}),
            ("accuracy", 0.99, "top-5 accuracy", {"args": {"k": 5}}),
            ("loss", 0.3, "cross-entropy in nats", {}),
        )
    ]


def test_every_network_has_an_entry_and_every_backend_a_result(store, make_record):
    cases = [
        store(make_record(architecture=architecture, backend=backend))
        for architecture in ("vgg16", "lenet5")
        for backend in ("torch", "keras-jax")
    ]

    matter, _ = front_matter(export(cases))

    index = matter["model-index"]
    assert [(entry["name"], len(entry["results"])) for entry in index] == [
        ("lenet5", 2),
        ("vgg16", 2),
    ]


def test_what_was_not_measured_is_no_result(store, make_record):
    diverged = make_record(test={"loss_nats": None})
    untrained = make_record(seed=1, training=None)

    matter, _ = front_matter(export([store(diverged), store(untrained)]))

    (entry,) = matter["model-index"]
    (result,) = entry["results"]
    assert [metric["type"] for metric in result["metrics"]] == ["accuracy"]


def test_a_plugins_metric_keeps_its_name(store, make_record):
    matter, _ = front_matter(export([store(make_record(test={"margin: x": 2.5}))]))

    (result,) = matter["model-index"][0]["results"]
    assert {"type": "margin: x", "value": 2.5}.items() <= result["metrics"][-1].items()


def test_a_card_without_results_is_a_table_with_reasons(store, make_record):
    card = export([store(make_record(status="oom", reason="no | memory"))])

    matter, body = front_matter(card)
    assert "model-index" not in matter
    assert r"| oom | no \| memory |" in body


def test_figures_stand_in_a_table_for_people(store, make_record):
    _, body = front_matter(export([store(make_record())]))

    assert "cpu: Test CPU" in body
    assert "| torch | " in body
