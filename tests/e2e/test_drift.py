"""Drift, injected as an administrator or an app would: found by the next run, named rightly, told once, and no write harmed."""

import pytest
from ruamel.yaml import YAML

from connectors.netsuite.records import create_or_adopt
from flows.wiring import open_context
from sandbox.netsuite.actions import act as in_netsuite
from store import findings
from tests.e2e.order_world import act, made, place, variant
from tests.e2e.steps import sync

LINES = [("APPLE", 2, {"unit_price": "10.00"}), ("BREAD", 1, {"unit_price": "3.00"})]
METAFIELDS = ("ops.first", "ops.second")


def netsuite(world, action, **body):
    with world.world.lock:
        return in_netsuite(world.world, action, body)


def change_contract(tmp_path, change):
    path, yaml = tmp_path / "contract" / "contract.yaml", YAML()
    contract = yaml.load(path)
    change(contract)
    yaml.dump(contract, path)


def name_of(order):
    return f"SHOPIFY-GROCER-{order['id'].rsplit('/', 1)[1]}"


def reconcile(run):
    """Return what is open after a run: check, where, field."""
    code, _, err = run("reconcile", "--json")
    assert code in (0, 1), err
    with open_context() as context:
        rows = findings.open_findings(context.engine).to_dict("records")
    return {(row["check_code"], row["object_key"], row["field"]): row for row in rows}


def codes(found, check):
    return {(where, field) for code, where, field in found if code == check}


@pytest.fixture
def known(books, run, bodies, tmp_path):
    """A world that runs have seen, all well: two metafields are mapped, some orders are booked."""

    def map_metafields(contract):
        for key in METAFIELDS:
            target = f"custbody_{key.split('.')[1]}"
            row = {"level": "body", "source": f"order.metafield.{key}", "target": target, "purpose": "reporting"}
            contract["orders"]["fields"].append(row)

    for key in METAFIELDS:
        netsuite(books, "add_field", scriptid=f"custbody_{key.split('.')[1]}", name=key, fieldtype="text")
        given = {"do": "create", "owner_type": "ORDER", "namespace": "ops", "key": key.split(".")[1]}
        act(books, "metafield_definition", name=key, type="single_line_text_field", **given)
    change_contract(tmp_path, map_metafields)
    orders = [place(books, LINES, attributes={"utm_source": "mail"}) for _ in range(7)]
    with open_context() as context:
        sync(context)
    assert run("publish-inventory", "--write")[0] in (0, 1)
    return orders, set(reconcile(run))


def test_what_an_administrator_does_to_fields_and_shops_is_named_and_halts_the_writes(known, books, run, bodies, tmp_path):
    _, before = known
    netsuite(books, "rename_field", scriptid="custbody_utm_source", to="custbody_campaign")
    netsuite(books, "remove_field", scriptid="custbody_tax_titles")
    netsuite(books, "retype_field", scriptid="custbody_shopify_order_id", fieldtype="date")
    netsuite(books, "rename_field", scriptid="custbody_shopify_order_name", name="Legacy number")
    netsuite(books, "set_field_access", scriptid="custcol_shopify_sku", access="none")
    netsuite(books, "set_field_inactive", scriptid="custbody_second")
    netsuite(books, "add_field", scriptid="custbody_cost_centre", name="Cost centre", fieldtype="text")
    netsuite(books, "set_mandatory", scriptid="custbody_cost_centre")
    act(books, "metafield_definition", do="remove", owner_type="ORDER", namespace="ops", key="first")
    given = {"do": "retype", "owner_type": "ORDER", "namespace": "ops", "key": "second"}
    act(books, "metafield_definition", type="number_integer", **given)
    act(books, "scopes", revoke=["write_inventory", "read_draft_orders"])
    act(books, "locations", id="gid://shopify/Location/1002", name="Somewhere else", is_active=False)
    change_contract(tmp_path, lambda contract: contract["tolerances"].update(unexplained_drop_hours=12))
    found = reconcile(run)
    new = {key: row for key, row in found.items() if key not in before}
    told = {(code, where) for code, where, _ in new}
    assert told >= {
        ("field_renamed", "custbody_utm_source"),
        ("field_removed", "custbody_tax_titles"),
        ("field_retyped", "custbody_shopify_order_id"),
        ("field_relabelled", "custbody_shopify_order_name"),
        ("field_mandatory", "custbody_cost_centre"),
        ("definition_removed", "GROCER ops.first"),
        ("definition_retyped", "GROCER ops.second"),
        ("scope_missing", "GROCER"),
        ("scope_lost", "GROCER"),
        ("location_inactive", "STORE_406 in Shopify GROCER"),
        ("location_renamed", "STORE_406 in Shopify GROCER"),
        ("contract_changed", "contract"),
    }
    order, wrote = place(books, LINES), len(books.world.db.execute("SELECT id FROM ns_transaction").fetchall())
    code, _, err = run("sync-orders", "--write")
    assert code == 4
    assert "the orders stream is halted, nothing was written" in err
    assert "custbody_utm_source" in err
    assert "drift.severities" in err
    code, _, err = run("publish-inventory", "--write")
    assert (code, "the inventory stream is halted" in err) == (4, True)
    assert made(books, order) == {}
    assert len(books.world.db.execute("SELECT id FROM ns_transaction").fetchall()) == wrote
    again = reconcile(run)
    assert set(again) == set(found)
    assert all(again[key]["seen_count"] > 1 for key in new)


def test_what_people_and_apps_do_to_documents_levels_and_orders_is_named(known, books, run, bodies):
    orders, before = known
    names = [name_of(order) for order in orders]
    netsuite(books, "edit_field", external_id=names[0], field="custbody_utm_source", value="newsletter")
    netsuite(books, "edit_field", external_id=names[0], field="custcol_shopify_sku", value="OTHER", line=2)
    netsuite(books, "delete", external_id=names[1])
    netsuite(books, "edit_field", external_id=names[2], field="rate", value=11, line=1)
    netsuite(books, "edit_field", external_id=names[3], field="tranDate", value="2026-01-02")
    netsuite(books, "close_line", external_id=names[4], line=1)
    with open_context() as context:
        customer = context.contract.shop("GROCER").customer_id
        line = {"item": {"id": "101"}, "quantity": 1, "location": {"id": "1"}, "rate": 10}
        for external_id, reference in (("SHOPIFY-GROCER-4242", "#4242"), ("BY-HAND", orders[5]["name"])):
            body = {"externalId": external_id, "entity": {"id": customer}, "otherRefNum": reference, "item": {"items": [line]}}
            create_or_adopt(context.netsuite, "salesOrder", body)
    level = books.world.shops["GROCER"].variants[variant(books.world.shops["GROCER"], "CHEESE")]["inventory_item_id"]
    act(books, "levels", inventory_item_id=level, location_id="gid://shopify/Location/1001", delta={"available": 7})
    place(books, LINES, source_name="a marketplace")
    place(books, LINES, gateway="klarna")
    found = reconcile(run)
    new = {key: row for key, row in found.items() if key not in before}
    causes = {(where.split(" ")[-1], field) for where, field in codes(new, "order_differs")}
    assert causes >= {
        (names[1], "deleted"),
        (names[2], "total_differs"),
        (names[3], "date_differs"),
        (names[4], "closed_in_netsuite"),
        ("SHOPIFY-GROCER-4242", "missing_in_shopify"),
        (names[5], "doubled"),
    }
    assert codes(new, "overwritten") == {("custbody_utm_source", ""), ("custcol_shopify_sku", "")}
    assert ("custbody_sales_channel", "a marketplace") in codes(new, "unmapped_value")
    assert ("GROCER", "klarna") in codes(new, "unmapped_gateway")
    assert ("GROCER_SHOP/CHEESE/WAREHOUSE", "manual_change") in codes(new, "stock_differs")
    assert {where for where, _ in codes(new, "money_differs")} > {"2026-01-02 GROCER web USD"}
