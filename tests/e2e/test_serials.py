"""Serials and lots over real HTTP: every number's life across both systems, what breaks a law, and what is done about it."""

import json

import pytest
from ruamel.yaml import YAML

from flows.wiring import open_context
from sandbox.netsuite.actions import act
from sandbox.worlds.numbered import PHONE, numbered_world
from store import serials
from tests.e2e.order_world import follow_to_settlement, place
from tests.e2e.steps import sync

SECTION = {
    "sources": [
        {"source": "line.property.Serial"},
        {"source": "order.metafield.truecount.serials"},
        {"source": "order.note", "pattern": "SN:([A-Z0-9-]+)"},
    ],
    "formats": [{"skus": ["PHONE"], "pattern": "PH-[0-9]{4}", "prefixes": ["S/N:"]}],
}


@pytest.fixture
def world_made_by():
    return numbered_world


@pytest.fixture
def books(world, tmp_path, bodies):
    """The numbered world, its contract following orders to their settlement and numbers where `SECTION` says."""
    path = tmp_path / "contract" / "contract.yaml"
    follow_to_settlement(world, path)
    write_section(path, SECTION)
    return world


def write_section(path, section):
    yaml = YAML()
    contract = yaml.load(path)
    contract["serials"] = section
    yaml.dump(contract, path)


def netsuite(world, action, **body):
    with world.world.lock:
        done = act(world.world, action, body)
        world.world.db.commit()
    return done


def order_line(world, order):
    """Return the sales order of an order, and its line of phones."""
    sql = (
        'SELECT t.id, l.id FROM ns_transaction t JOIN ns_transactionline l ON l."transaction" = t.id '
        "WHERE t.externalid = ? AND l.item = ?"
    )
    return world.world.db.execute(sql, (f"SHOPIFY-GROCER-{order['id'].rsplit('/', 1)[1]}", PHONE)).fetchone()


def fulfil_in_netsuite(world, order, numbers):
    document, line = order_line(world, order)
    return netsuite(world, "fulfil", transaction=document, line=line, quantity=len(numbers), status="C", numbers=numbers)


def traced(run, *more):
    code, out, err = run("trace-serials", "--json", *more)
    assert code in (0, 1), err
    return json.loads(out)


def life(number, sku="PHONE"):
    with open_context() as context:
        return serials.lineage(context.engine, [(sku, number)]).to_dict("records")[0]


def stages(number, sku="PHONE"):
    with open_context() as context:
        events = serials.events_of_numbers(context.engine, [(sku, number)])
    return [row["stage_code"] + ("!" if isinstance(row["reverses_key"], str) else "") for row in events.to_dict("records")]


def breaches():
    with open_context() as context:
        rows = serials.findings(context.engine).to_dict("records")
    return {(row["sku"], row["serial_number"], row["law_code"]) for row in rows}


def test_what_was_received_is_on_hand(books, run):
    summary = traced(run)
    assert summary["counts"]["numbers traced"] == 7
    row = life("PH-0001")
    assert (row["status_code"], row["location_code"], row["is_complete"]) == ("on_hand", "WAREHOUSE", True)
    assert life("M-1", "MILK")["on_hand_qty"] == 6
    assert breaches() == set()
    again = traced(run)
    assert again["counts"]["events recorded"] == 0


def test_a_phone_is_sold_shipped_and_invoiced(books, run):
    traced(run)
    order = place(books, [("PHONE", 1, {"unit_price": "199.00", "properties": {"Serial": "s/n: ph-0002"}})])
    traced(run)
    row = life("PH-0002")
    assert (row["status_code"], row["order_key"]) == ("promised", f"GROCER/{order['id'].rsplit('/', 1)[1]}")
    assert breaches() == set()
    with open_context() as context:
        sync(context)
    fulfil_in_netsuite(books, order, ["PH-0002"])
    traced(run)
    assert stages("PH-0002") == ["received", "sold", "fulfilled"]
    assert life("PH-0002")["status_code"] == "left"


def test_a_garbled_number_is_told_with_the_likely_one(books, run):
    place(books, [("PHONE", 1, {"unit_price": "199.00", "properties": {"Serial": "PH-O0O3"}})])
    traced(run)
    with open_context() as context:
        (row,) = serials.findings(context.engine).to_dict("records")
    assert (row["law_code"], row["serial_number"]) == ("unknown_number", "PH-O0O3")
    assert row["suggestions"].startswith("PH-0003 (the same but for look-alike characters")
    netsuite(books, "receive", item=PHONE, location="1", quantity=1, numbers=["PH-O0O3"])
    traced(run)
    assert breaches() == set()
