"""Bulk reads give what paging gives, wait for their turn and their end, and never take half a file."""

import json
from datetime import timedelta

import pytest
from pandas.testing import assert_frame_equal

from connectors.shopify import bulk, read_catalog, read_orders
from connectors.shopify.read_catalog import read_variant_metafields, read_variants
from connectors.shopify.read_levels import read_levels
from contract.errors import FatalError, RetriableError
from sandbox.shopify import bulk as shop_bulk
from tests.connectors.shopify.conftest import NOW, RUN

LONG_AGO = NOW - timedelta(days=50)
EVERY = 10**9


@pytest.fixture
def shop(sandbox):
    return sandbox.world.shops["GROCER"]


def test_levels_in_bulk_are_the_levels_of_the_pages(client, shop):
    places = list(shop.locations)[:2]
    paged, whole = (read_levels(client, places, **RUN, expected_rows=rows) for rows in (bulk.BULK_FROM, bulk.BULK_FROM + 1))
    assert len(paged) > 5
    key = ["inventory_item_id_shopify", "location_id_shopify"]
    told = [frame.drop(columns="level_read_at_utc").sort_values(key, ignore_index=True) for frame in (whole, paged)]
    assert_frame_equal(*told)


def test_a_level_in_bulk_is_as_old_as_its_operation(client, shop, sandbox):
    """It is read when the operation ends: what happens meanwhile may be in it or not, so the start is what is told."""
    shop.seed["bulk_seconds"] = 1
    begun = sandbox.world.clock.now()
    found = read_levels(client, list(shop.locations), **RUN, expected_rows=EVERY)
    ended = sandbox.world.clock.now()
    told = set(found["level_read_at_utc"])
    assert len(told) == 1
    assert begun.strftime("%Y-%m-%dT%H:%M:%S") <= told.pop()[:19] < ended.strftime("%Y-%m-%dT%H:%M:%S")


def test_variants_are_read_in_bulk_where_they_are_many(client, monkeypatch):
    paged = read_variants(client, **RUN)
    monkeypatch.setattr(read_catalog, "BULK_FROM", 1)
    assert_frame_equal(read_variants(client, **RUN), paged)


def test_metafields_of_many_variants_are_read_in_bulk(client, shop, monkeypatch):
    ids = sorted(shop.variants)[:3]
    for key, value in zip(ids, ("PH-9", '["A", "B"]', "x"), strict=True):
        shop.metafields.seed(key, {"ops.number": value, "ops.other": "y"})
    names, wanted = ["ops.number", "ops.none"], [*ids[:2], "gid://shopify/ProductVariant/1", ids[0]]
    by_id = read_variant_metafields(client, names, wanted, **RUN)
    assert dict(zip(by_id["variant_id_shopify"], by_id["value"], strict=True)) == {ids[0]: "PH-9", ids[1]: '["A", "B"]'}
    assert set(by_id["metafield_key"]) == {"ops.number"}
    monkeypatch.setattr(read_catalog, "BULK_FROM", 1)
    whole = read_variant_metafields(client, names, wanted, **RUN)
    assert_frame_equal(whole.sort_values("variant_id_shopify", ignore_index=True), by_id)
    assert read_variant_metafields(client, names, [], **RUN).empty


def test_a_shop_with_nothing_has_no_file(client, shop):
    shop.levels.clear()
    shop.items.clear()
    assert read_levels(client, list(shop.locations), **RUN, expected_rows=EVERY).empty


def test_five_operations_run_and_the_sixth_waits_its_turn(client, shop, monkeypatch):
    shop.seed["bulk_seconds"] = 3600
    for _ in range(shop_bulk.MOST_AT_ONCE):
        shop_bulk.run_query(shop, schema_of(), QUERY)
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        if len(waited) == 3:
            shop.bulk.clear()
            shop.seed["bulk_seconds"] = 0

    monkeypatch.setattr(client, "sleep", sleep)
    assert len(read_levels(client, list(shop.locations), **RUN, expected_rows=EVERY))
    assert waited == sorted(waited)
    assert len(waited) >= 3


def test_what_never_ends_is_given_up_in_time(client, shop, monkeypatch):
    shop.seed["bulk_seconds"] = 3600
    monkeypatch.setattr(bulk, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(client, "sleep", lambda seconds: None)
    with pytest.raises(RetriableError, match=r"GROCER: levels: gid://shopify/BulkOperation/\d+ is not done"):
        read_levels(client, list(shop.locations), **RUN, expected_rows=EVERY)


def test_a_failed_operation_is_told(client, shop, monkeypatch):
    monkeypatch.setattr(shop_bulk, "_run", lambda *given: given[2].update(failed="INTERNAL_SERVER_ERROR"))
    with pytest.raises(RetriableError, match=r"is FAILED: INTERNAL_SERVER_ERROR; try again later"):
        read_levels(client, list(shop.locations), **RUN, expected_rows=EVERY)


@pytest.mark.parametrize("cut", ["a line", "half a line"])
def test_a_file_that_is_cut_off_is_not_taken(client, shop, monkeypatch, cut):
    whole = shop_bulk.file_of

    def shorter(*given):
        content = whole(*given)
        return content and (content[: content[:-1].rindex(b"\n") + 1] if cut == "a line" else content[:-30])

    monkeypatch.setattr(shop_bulk, "file_of", shorter)
    with pytest.raises(RetriableError, match="cut off"):
        read_levels(client, list(shop.locations), **RUN, expected_rows=EVERY)


def test_the_token_is_not_sent_to_where_the_file_is(client, shop, sandbox, monkeypatch):
    asked = []
    send = bulk.HttpSession.send
    monkeypatch.setattr(bulk.HttpSession, "send", lambda self, *a, **k: asked.append((a, k)) or send(self, *a, **k))
    read_levels(client, list(shop.locations), **RUN, expected_rows=EVERY)
    path, given = next((a, k) for a, k in asked if a[0] == "GET")
    assert "/bulk/" in path[1]
    assert set(given) == {"what"}
    assert "signature" not in given["what"]


def test_orders_beyond_one_list_are_read_in_windows_each_once(client, monkeypatch):
    whole = read_orders.read_orders(client, updated_since=LONG_AGO, **RUN)
    monkeypatch.setattr(read_orders, "MOST_ORDERS", 3)
    small_pages(monkeypatch)
    parts = read_orders.read_orders(client, updated_since=LONG_AGO, **RUN)
    for name, frame in whole.items():
        assert_frame_equal(parts[name], frame)
    assert len(whole["raw_shopify__orders"]) > 6


def test_a_window_that_does_not_advance_ends_the_read(client, shop, monkeypatch):
    at = shop.clock.now()
    for order in shop.orders.values():
        order["updated_at"] = at
    monkeypatch.setattr(read_orders, "MOST_ORDERS", 3)
    small_pages(monkeypatch)
    with pytest.raises(FatalError, match="they cannot be read in parts"):
        read_orders.read_orders(client, updated_since=at, **RUN)


def small_pages(monkeypatch):
    from connectors.shopify import client as module

    load = module.load_document
    monkeypatch.setattr(module, "load_document", lambda name: load(name).replace("orders(first: 33", "orders(first: 2"))


def test_every_row_of_a_file_has_its_parent_in_it(shop, sandbox):
    shop.origin = "http://x"
    begun = shop_bulk.run_query(shop, schema_of(), QUERY)["bulkOperation"]["id"]
    shop_bulk.find(shop, schema_of(), begun, shop_bulk.Context(None))
    number = begun.rsplit("/", 1)[1]
    lines = [json.loads(line) for line in shop_bulk.file_of(shop, number, shop_bulk._signature(shop.bulk[begun])).splitlines()]
    ids = {line["id"] for line in lines}
    assert all(line["__parentId"] in ids for line in lines if "__parentId" in line)
    assert [("__parentId" in line) for line in lines] != sorted("__parentId" in line for line in lines)
    assert shop_bulk.file_of(shop, number, "wrong") is None


QUERY = "{ inventoryItems { edges { node { id inventoryLevels { edges { node { id } } } } } } }"


def schema_of():
    from sandbox.shopify.app import schema

    return schema()


REFUSED = {
    "no connection": ("{ shop { id } }", "at least one connection"),
    "a node at the top": ('{ node(id: "gid://shopify/Order/1") { id } }', "top level `node`"),
    "nested three deep": (
        "{ orders { edges { node { id fulfillmentOrders { edges { node { id lineItems { edges { node { id } } } } } } } } } }",
        "nesting depth greater than 2",
    ),
    "nodes instead of edges": ("{ orders { nodes { id } } }", "edges { node }"),
    "a parent without id": (
        "{ orders { edges { node { name lineItems { edges { node { id } } } } } } }",
        "must select the 'id' field",
    ),
    "six connections": (
        "{ " + " ".join(f"o{n}: orders {{ edges {{ node {{ id }} }} }}" for n in range(6)) + " }",
        "more than 5 connections",
    ),
    "not GraphQL": ("{ orders", "Invalid bulk query"),
    "an unknown field": ("{ orders { edges { node { id nope } } } }", "Invalid bulk query"),
    "too long": ("{ orders { edges { node { id } } } } #" + "x" * 65_536, "65535 bytes"),
}


@pytest.mark.parametrize("query", REFUSED)
def test_what_cannot_run_in_bulk_is_refused(shop, query):
    text, told = REFUSED[query]
    answer = shop_bulk.run_query(shop, schema_of(), text)
    assert answer["bulkOperation"] is None
    assert [(error["code"], told in error["message"]) for error in answer["userErrors"]] == [("INVALID", True)]
