"""The deployments of prefect.yaml on a real Prefect server: scheduled by cron, run by a process worker over real HTTP."""

import copy
import json
import shutil
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from prefect.exceptions import MissingFlowError, ScriptError
from prefect.flows import Flow, load_flow_from_entrypoint
from ruamel.yaml import YAML
from sqlalchemy import select

from domain.unresolved import BY_NATURE
from store.engine import open_engine, reading
from store.runs import Run, latest_run
from store.schema import documents, publication_pairs
from tests.flows.conftest import ROOT

DEPLOYMENTS = YAML(typ="safe").load((ROOT / "prefect.yaml").read_text())["deployments"]
MINUTES = {"publish-what-changed": 5, "book-new-orders": 10}
NIGHTLY, SERIALS, BY_HAND = "reconcile-every-night", "trace-serials", "rewrite-fields"
BY_NAME = {row["name"]: row for row in DEPLOYMENTS}


def load(entrypoint):
    """Load a flow as a worker does: never the placeholder that Prefect makes of a module that cannot be imported."""
    return load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)


def test_the_deployments_are_those_that_are_tested_here():
    assert {name for name in BY_NAME if BY_NAME[name]["schedules"]} == {*MINUTES, NIGHTLY, SERIALS}
    assert {name for name in BY_NAME if not BY_NAME[name]["schedules"]} == {BY_HAND}


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_an_entry_point_imports_and_takes_the_parameters_it_is_given(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    flow = load(BY_NAME[name]["entrypoint"])
    assert isinstance(flow, Flow)
    by_hand = flow.validate_parameters(BY_NAME[name].get("parameters", {}))
    assert not by_hand or name == NIGHTLY or by_hand["parameters"].dry_run
    for schedule in BY_NAME[name]["schedules"]:
        given = flow.validate_parameters(schedule["parameters"])["parameters"]
        assert given.notify if name == NIGHTLY else given.dry_run is False


@pytest.mark.parametrize(
    ("entrypoint", "slip", "error"),
    [
        ("flows/publish_inventory.py:publish_inventory", "import no_such_module_of_ours\n", ScriptError),
        ("flows/publish_inventory.py:publish_everything", "", MissingFlowError),
    ],
)
def test_a_broken_entry_point_is_found(entrypoint, slip, error, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "flows", tmp_path / "flows")
    path = tmp_path / "flows" / "publish_inventory.py"
    path.write_text(path.read_text().replace("import pandas as pd\n", f"import pandas as pd\n{slip}"))
    with pytest.raises(error):
        load(entrypoint)


@pytest.mark.parametrize("name", sorted(MINUTES))
def test_cron_runs_are_scheduled_and_write(prefect, name):
    deployment_id = prefect.deployments()[name]["id"]
    runs = [row for row in prefect.cron_runs if row["deployment_id"] == deployment_id]
    times = [datetime.fromisoformat(row["expected_start_time"]) for row in runs]
    assert len(times) >= 3
    assert {after - before for before, after in pairwise(times)} == {timedelta(minutes=MINUTES[name])}
    assert {(at.minute % MINUTES[name], at.second) for at in times} == {(0, 0)}
    assert all(row["parameters"]["parameters"]["dry_run"] is False for row in runs)


def test_the_reconciliation_is_scheduled_every_night_and_tells_people(prefect):
    deployment_id = prefect.deployments()[NIGHTLY]["id"]
    runs = [row for row in prefect.cron_runs if row["deployment_id"] == deployment_id]
    times = [datetime.fromisoformat(row["expected_start_time"]) for row in runs]
    assert {after - before for before, after in pairwise(times)} == {timedelta(days=1)}
    assert all(row["parameters"]["parameters"] == {"notify": True} for row in runs)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_the_form_explains_every_parameter_and_starts_dry(prefect, name):
    deployment = prefect.deployments()[name]
    assert deployment["description"]
    assert deployment["tags"]
    schema = deployment["parameter_openapi_schema"]
    (parameter,) = schema["properties"].values()
    (model,) = schema["definitions"].values()
    assert parameter["description"]
    assert parameter["default"].get("dry_run", True) is True, "what writes starts dry"
    assert "dry_run" in parameter["default"] or name == NIGHTLY, "only the reconciliation writes nowhere"
    assert set(parameter["default"]) == set(model["properties"])
    for field, told in model["properties"].items():
        assert told["title"] != field
        assert len(told["description"]) > 20, field
        assert "default" in told, field
    assert deployment["parameters"] == {}
    assert deployment["enforce_parameter_schema"]


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_deployment_runs_once_at_a_time(prefect, name):
    deployment = prefect.deployments()[name]
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"


def test_a_run_started_by_hand_is_dry_and_a_second_one_beside_it_is_cancelled(worker):
    before = levels(worker)
    started = [worker.start("publish-what-changed") for _ in range(2)]
    runs = {run["state"]["type"]: run for run in map(worker.ended, started)}
    assert set(runs) == {"COMPLETED", "CANCELLED"}, worker.tail("worker")
    done = runs["COMPLETED"]
    told = worker.artifacts(done["id"])
    rows = json.loads(told["quantity-changes"]["data"])
    aside = json.loads(told["set-aside"]["data"])
    assert rows
    assert done["name"] == f"would change {len(rows)} numbers, {for_a_person(aside)} rows set aside"
    assert {row["outcome"] for row in rows} == {"planned"}
    assert list(rows[0]) == ["sku", "channel", "location", "was", "new", "change", "outcome", "message"]
    changes = [int(row["new"]) - int(row["was"]) for row in rows]
    assert [int(row["change"]) for row in rows] == changes
    assert [abs(change) for change in changes] == sorted(map(abs, changes), reverse=True)
    assert told["quantity-changes"]["description"].startswith("All changed numbers")
    assert levels(worker) == before


def test_the_scheduled_runs_publish_and_book_and_say_so(worker):
    given = {name: BY_NAME[name]["schedules"][0]["parameters"]["parameters"] for name in MINUTES}
    started = {name: worker.start(name, **given[name]) for name in MINUTES}
    runs = {name: worker.ended(run_id) for name, run_id in started.items()}
    assert {run["state"]["type"] for run in runs.values()} == {"COMPLETED"}, worker.tail("worker")
    told = worker.artifacts(started["publish-what-changed"])
    assert {key for key in told if told[key]["type"] == "progress"} >= {
        "progress-netsuite-balances",
        "progress-shopify-levels",
        "progress-shopify-orders",
    }
    assert {float(row["data"]) for row in told.values() if row["type"] == "progress"} == {100.0}
    rows, aside = (json.loads(told[key]["data"]) for key in ("quantity-changes", "set-aside"))
    name = f"published {len(rows)} numbers, {for_a_person(aside)} rows set aside"
    assert runs["publish-what-changed"]["name"] == name
    page = told["publication-summary"]["data"]
    assert page.startswith(f"# {name[:1].upper()}{name[1:]}\n\n`publish-inventory`, run `")
    assert "| unmapped_sku |" in page
    assert "| ok | No number is above its pool. | 0 |" in page
    run = recorded(worker, "publish-inventory")
    assert (run.status, run.run_id in page, run.summary["set_aside"]["unmapped_sku"]) == ("done", True, 2)
    pairs = select(publication_pairs.c.sku, publication_pairs.c.desired_qty).where(publication_pairs.c.outcome == "accepted")
    assert sorted(in_store(worker, pairs)) == sorted((row["sku"], int(row["new"])) for row in rows)
    assert {row["outcome"] for row in rows} == {"accepted"}
    orders = worker.artifacts(started["book-new-orders"])
    booked = [row for row in json.loads(orders["order-documents"]["data"]) if row["outcome"] == "written"]
    assert runs["book-new-orders"]["name"] == f"wrote {len(booked)} documents of 13 orders, 0 orders set aside"
    assert orders["orders-summary"]["data"].startswith(f"# Wrote {len(booked)} documents of 13 orders")
    written = select(documents.c.external_id, documents.c.netsuite_id).where(documents.c.status == "written")
    assert sorted(in_store(worker, written)) == sorted((row["external id"], row["NetSuite id"]) for row in booked)
    assert recorded(worker, "sync-orders").status == "done"


def test_a_failing_run_says_why_in_prefect_and_in_the_store(worker):
    refused = {"system": "shopify", "shop": "EXPRESS", "operation": "graphql", "kind": "status", "status": 401, "times": 1000}
    worker.world.world.faults.order(refused)
    try:
        run = worker.ended(worker.start("publish-what-changed", dry_run=True))
    finally:
        worker.world.world.faults.clear()
    assert run["state"]["type"] == "FAILED", worker.tail("worker")
    why = "Shopify EXPRESS: scopes and versions: HTTP 401: the token is refused; check TRUECOUNT_SHOPIFY_EXPRESS_TOKEN"
    assert why in run["state"]["message"]
    assert run["name"] == "publish all shops (dry run)"
    failed = recorded(worker, "publish-inventory")
    assert (failed.status, failed.finished_at_utc is not None) == ("failed", True)
    assert why in failed.summary["error"]
    assert worker.environment["TRUECOUNT_SHOPIFY_EXPRESS_CLIENT_SECRET"] not in run["state"]["message"]


def for_a_person(aside):
    return sum(row["reason"] not in BY_NATURE for row in aside)


def levels(worker):
    with worker.world.world.lock:
        return {code: copy.deepcopy(shop.levels) for code, shop in worker.world.world.shops.items()}


def in_store(worker, query):
    engine = open_engine(f"sqlite:///{worker.folder / '.truecount' / 'truecount.sqlite3'}")
    with reading(engine) as connection:
        rows = [tuple(row) for row in connection.execute(query)]
    engine.dispose()
    return rows


def recorded(worker, flow_name) -> Run:
    engine = open_engine(f"sqlite:///{worker.folder / '.truecount' / 'truecount.sqlite3'}")
    found = latest_run(engine, flow_name)
    engine.dispose()
    return found
