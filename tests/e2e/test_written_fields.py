"""Custom fields after the write: overwritten in NetSuite, or mapped otherwise since; found, and written again when told to."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from flows.wiring import open_context
from sandbox.netsuite.actions import act as in_netsuite
from store.snapshots import load_snapshot
from tests.e2e.order_world import place
from tests.e2e.steps import sync

SKU, SOURCE = "custcol_shopify_sku", "custbody_utm_source"
LINES = [("APPLE", 1, {"unit_price": "10.00"}), ("BREAD", 2, {"unit_price": "3.00"})]


@pytest.fixture
def booked(books):
    order = place(books, LINES, attributes={"utm_source": "mail"})
    with open_context() as context:
        sync(context)
    return f"SHOPIFY-GROCER-{order['id'].rsplit('/', 1)[1]}"


def fields(world, external_id):
    """Return an order's custom fields in NetSuite: of its body, and of its lines in their order."""
    found = world.world.db.execute("SELECT id, custom FROM ns_transaction WHERE externalid = ?", (external_id,)).fetchone()
    lines = world.world.db.execute('SELECT custom FROM ns_transactionline WHERE "transaction" = ? ORDER BY id', (found[0],))
    return json.loads(found[1]), [json.loads(row[0] or "{}") for row in lines]


def overwrite(world, external_id, field, value, **line):
    with world.world.lock:
        in_netsuite(world.world, "edit_field", {"external_id": external_id, "field": field, "value": value, **line})


def told(run, *arguments):
    code, out, _ = run(*arguments, "--json")
    return code, json.loads(out)


def differences(summary, external_id=None):
    rows = load_snapshot(Path(summary["snapshot"]))[0]["out_field_differences"].to_dict("records")
    return [row for row in rows if external_id in (None, row["external_id"])]


def test_nothing_differs_after_a_booking(booked, run, bodies):
    code, summary = told(run, "repair")
    assert (code, summary["counts"]["fields that differ"], differences(summary)) == (0, 0, [])


def test_what_was_overwritten_is_found_named_and_written_again_once_told_to(booked, books, run, bodies):
    overwrite(books, booked, SOURCE, "newsletter")
    overwrite(books, booked, SKU, "OTHER", line=2)
    before = fields(books, booked)
    code, summary = told(run, "repair")
    found = {row["field"]: row for row in differences(summary)}
    assert (code, summary["is_dry_run"], summary["set_aside"]) == (1, True, {"overwritten": 2})
    assert {name: (row["written_value"], row["found_value"], row["cause_code"]) for name, row in found.items()} == {
        SOURCE: ("mail", "newsletter", "overwritten"),
        SKU: ("BREAD", "OTHER", "overwritten"),
    }
    assert found[SKU]["order_line_id_shopify"].startswith("gid://shopify/LineItem/")
    assert found[SOURCE]["external_id"] == booked
    assert {row["changed_by"].rpartition(",")[0] for row in found.values()} == {"Account Administrator, UIF"}
    assert fields(books, booked) == before
    assert told(run, "repair", "--write")[0] == 0
    after_body, after_lines = fields(books, booked)
    assert (after_body[SOURCE], [line.get(SKU) for line in after_lines if SKU in line]) == ("mail", ["APPLE", "BREAD"])
    code, summary = told(run, "repair", "--write")
    assert (code, summary["counts"]["fields that differ"]) == (0, 0)


def test_a_changed_mapping_rewrites_nothing_by_itself(booked, books, run, bodies, tmp_path):
    path = tmp_path / "contract" / "contract.yaml"
    yaml = YAML()
    contract = yaml.load(path)
    next(row for row in contract["orders"]["fields"] if row["target"] == SOURCE)["source"] = "order.name"
    yaml.dump(contract, path)
    with open_context() as context:
        sync(context)
    assert fields(books, booked)[0][SOURCE] == "mail"
    code, summary = told(run, "repair", "--write")
    assert (code, set(summary["set_aside"]), fields(books, booked)[0][SOURCE]) == (1, {"mapping_changed", "not_as_mapped"}, "mail")
    code, summary = told(run, "remap")
    (row,) = differences(summary, booked)
    assert (code, row["cause_code"], row["written_value"], row["expected_value"][:1]) == (1, "mapping_changed", "mail", "#")
    assert fields(books, booked)[0][SOURCE] == "mail"
    assert told(run, "remap", "--write")[0] == 0
    assert fields(books, booked)[0][SOURCE] == row["expected_value"]
    assert told(run, "remap", "--write")[1]["counts"]["fields that differ"] == 0
    overwrite(books, booked, SOURCE, "someone")
    (row,) = differences(told(run, "repair")[1], booked)
    assert (row["cause_code"], row["written_value"]) == ("overwritten", row["expected_value"])


def test_a_line_closed_meanwhile_is_told_and_nothing_of_its_order_is_written(booked, books, run, bodies):
    overwrite(books, booked, SKU, "OTHER", line=2)
    with books.world.lock:
        in_netsuite(books.world, "close_line", {"external_id": booked, "line": 2})
    before = fields(books, booked)
    code, summary = told(run, "repair", "--write")
    assert (code, summary["counts"]["fields failed"], fields(books, booked)) == (1, 1, before)


def test_people_read_a_table_and_what_to_do(booked, books, run, bodies):
    overwrite(books, booked, SOURCE, "newsletter")
    code, out, _ = run("repair")
    assert code == 1
    assert "newsletter" in out
    assert "truecount repair writes it again" in " ".join(out.split())
