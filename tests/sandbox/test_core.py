"""The control endpoint (reset, clock, faults, log) and what the sandbox does with fields it does not model."""

import re
from email.utils import parsedate_to_datetime

import pytest
import requests

from sandbox.world import World
from tests.sandbox.conftest import ITEM, LINES, ORDER, PLACE, TOKEN, world_seed

COUNT = "query Count { orders(first: 9) { nodes { id } } }"
LEVEL = 'query Level($item: ID!) { inventoryItem(id: $item) { inventoryLevels(first: 1) { nodes { quantities(names: ["available"]) { quantity } } } } }'
SET = """mutation Set($input: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $input) @idempotent(key: "k") {
  inventoryAdjustmentGroup { id } userErrors { code } } }"""


def available(shop):
    return shop.ask(LEVEL, item=ITEM)["data"]["inventoryItem"]["inventoryLevels"]["nodes"][0]["quantities"][0]["quantity"]


def written(shop, quantity=3):
    row = {"inventoryItemId": ITEM, "locationId": PLACE, "quantity": quantity, "changeFromQuantity": None}
    return shop.post(SET, input={"name": "available", "reason": "correction", "quantities": [row]})


def at(answer):
    return parsedate_to_datetime(answer.headers["Date"])


# Reset


def test_reset_forgets_orders_levels_faults_log_and_clock(shop):
    written(shop)
    shop.act("orders", lines=[{"quantity": 1}])
    shop.control("faults", {"system": "shopify", "kind": "status", "times": 9})
    shop.control("clock", {"now": "2030-01-01T00:00:00+00:00", "frozen": True})
    assert shop.control("reset", world_seed()).status_code == 200
    assert available(shop) == 5
    assert [row["id"] for row in shop.ask(COUNT)["data"]["orders"]["nodes"]] == [ORDER]
    assert at(shop.post(COUNT)).year < 2030
    assert len(shop.control("log", method="GET").json()["requests"]) == 3


def test_reset_sets_the_clock_that_the_seed_names(shop):
    shop.control("reset", world_seed() | {"clock": "2031-05-06T07:08:09+00:00"})
    assert at(shop.post(COUNT)).isoformat().startswith("2031-05-06T07:08:")


def test_a_key_used_before_a_reset_is_new_after_it(shop):
    assert written(shop).json()["data"]["inventorySetQuantities"]["userErrors"] == []
    shop.control("reset", world_seed())
    assert written(shop, 4).json()["data"]["inventorySetQuantities"]["userErrors"] == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"shopify": {"S": {}}}, "locations"),
        ({"netsuite": {"account_id": "1", "stock": [{"nope": 1}]}}, "nope"),
        ({"clock": "yesterday"}, "yesterday"),
    ],
)
def test_a_seed_that_lacks_something_is_refused_by_its_name(shop, change, word):
    answer = shop.control("reset", world_seed() | change)
    assert answer.status_code == 400
    assert word in answer.json()["error"]


# Clock


def test_the_clock_goes_on_from_the_instant_set_or_stands_still(shop):
    shop.control("clock", {"now": "2030-01-01T00:00:00+00:00", "frozen": True})
    first = shop.control("clock", {"now": "2030-01-01T00:00:00+00:00", "frozen": True}).json()["now"]
    assert first == "2030-01-01T00:00:00+00:00"
    assert at(shop.post(COUNT)) == at(shop.post(COUNT))
    told = shop.control("clock", {"now": "2030-01-01T00:00:00+00:00"}).json()["now"]
    assert re.fullmatch(r"2030-01-01T00:00:00\.\d+\+00:00", told)
    assert at(shop.post(COUNT)).year == 2030
    shop.control("clock", {})
    assert at(shop.post(COUNT)).year < 2030


def test_both_vendors_are_dated_by_the_clock_also_where_they_refuse(shop):
    shop.control("clock", {"now": "2030-01-01T00:00:00+00:00", "frozen": True})
    urls = [shop.sandbox.urls["netsuite"] + "/services/rest/record/v1/salesOrder/1", shop.sandbox.urls["shopify"]["S"] + "/none"]
    for url in urls:
        answer = requests.get(url, timeout=10)
        assert answer.status_code in (401, 404)
        assert at(answer).year == 2030


def test_a_clock_without_its_zone_is_refused(shop):
    assert shop.control("clock", {"now": "2030-01-01T00:00:00"}).status_code == 400


# Faults


def test_a_status_is_answered_so_many_times_with_its_headers_and_body_and_nothing_is_done(shop):
    rule = {"system": "shopify", "kind": "status", "status": 429, "times": 2, "headers": {"Retry-After": "2.0"}, "body": {"a": 1}}
    shop.control("faults", rule)
    for _ in range(2):
        answer = written(shop)
        assert (answer.status_code, answer.headers["Retry-After"], answer.json()) == (429, "2.0", {"a": 1})
    assert available(shop) == 5
    assert written(shop).status_code == 200
    assert available(shop) == 3


def test_a_fault_meets_only_the_operation_the_shop_and_the_system_that_it_names(shop):
    shop.control("faults", {"system": "shopify", "kind": "status", "operation": "inventorySetQuantities"})
    shop.control("faults", {"system": "shopify", "kind": "status", "shop": "OTHER"})
    shop.control("faults", {"system": "netsuite", "kind": "status"})
    assert shop.post(COUNT).status_code == 200
    assert written(shop).status_code == 503


def test_a_body_that_is_a_text_is_sent_as_a_page(shop):
    shop.control("faults", {"system": "shopify", "kind": "status", "status": 502, "body": "<html>Bad Gateway</html>"})
    answer = shop.post(COUNT)
    assert (answer.text, answer.headers["Content-Type"]) == ("<html>Bad Gateway</html>", "text/html")


@pytest.mark.parametrize(("kind", "left"), [("timeout_before", 5), ("timeout_after", 3), ("disconnect", 5)])
def test_a_request_that_gets_no_answer_is_carried_out_only_where_the_fault_says_so(shop, kind, left):
    shop.control("faults", {"system": "shopify", "kind": kind, "seconds": 0, "operation": "inventorySetQuantities"})
    with pytest.raises(requests.ConnectionError):
        written(shop)
    assert available(shop) == left


def test_an_answer_cut_off_was_carried_out(shop):
    shop.control("faults", {"system": "shopify", "kind": "truncate", "operation": "inventorySetQuantities"})
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        written(shop)
    assert available(shop) == 3


def test_a_slow_answer_comes_whole(shop):
    shop.control("faults", {"system": "shopify", "kind": "slow", "seconds": 0.01})
    assert shop.ask(COUNT)["data"]["orders"]["nodes"]
    assert [row["fault"] for row in shop.control("log", method="GET").json()["requests"]] == ["slow"]


def test_a_page_is_repeated_though_the_world_moved_on(shop):
    shop.control("faults", {"system": "shopify", "kind": "repeat_page", "operation": "query Count", "times": 1})
    first = shop.ask(COUNT)
    shop.act("orders", lines=[{"quantity": 1}])
    assert shop.ask(COUNT) == first
    assert len(shop.ask(COUNT)["data"]["orders"]["nodes"]) == 2


def test_faults_are_forgotten_on_delete(shop):
    shop.control("faults", {"system": "shopify", "kind": "status", "times": 9})
    shop.control("faults", method="DELETE")
    assert shop.post(COUNT).status_code == 200


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ({"system": "shopify", "kind": "rain"}, "rain"),
        ({"system": "shopify", "kind": "status", "colour": 1}, "colour"),
        ({}, "system"),
    ],
)
def test_a_fault_that_is_not_known_is_refused(shop, rule, word):
    answer = shop.control("faults", rule)
    assert answer.status_code == 400
    assert word in answer.json()["error"]


# The log, and what people do


def test_the_log_tells_every_request_with_its_fault_and_status(shop):
    shop.control("faults", {"system": "shopify", "kind": "status", "status": 500})
    shop.post(COUNT)
    shop.post(COUNT)
    rows = shop.control("log", method="GET").json()["requests"]
    assert [(row["system"], row["shop"], row["fault"], row["status"]) for row in rows] == [
        ("shopify", "S", "status", 0),
        ("shopify", "S", "", 200),
    ]
    assert rows[0]["operation"].startswith("POST /admin/api/2026-10/graphql.json query Count")


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("shopify/S/dance", {}, "dance"),
        ("shopify/NONE/orders", {}, "NONE"),
        ("shopify/S/orders", {}, "lines"),
        ("shopify/S/orders", {"lines": [{"quantity": 0}]}, "at least one unit"),
        ("shopify/S/fulfil", {"order_id": ORDER, "quantities": {LINES[0]: 3}}, "3 units"),
        ("shopify/S/levels", {"inventory_item_id": ITEM, "location_id": PLACE, "delta": {"committed": 1}}, "committed"),
        ("netsuite/dance", {}, "dance"),
    ],
)
def test_what_cannot_be_done_is_refused_and_named(shop, path, body, word):
    answer = shop.control(path, body)
    assert answer.status_code == 400, answer.text
    assert word in answer.json()["error"]


def test_a_body_that_is_no_json_is_refused(shop):
    answer = requests.post(f"{shop.sandbox.urls['control']}/reset", data="{", timeout=10)
    assert answer.status_code == 400
    assert "error" in answer.json()


def test_the_order_search_lags_behind_the_orders(shop):
    shop.control("clock", {"now": "2030-01-01T00:00:00+00:00", "frozen": True})
    shop.act("lag", seconds=60)
    made = shop.act("orders", lines=[{"quantity": 1}])["id"]
    assert shop.ask("query O($id: ID!) { order(id: $id) { id } }", id=made)["data"]["order"] == {"id": made}
    assert len(shop.ask(COUNT)["data"]["orders"]["nodes"]) == 1
    shop.control("clock", {"now": "2030-01-01T00:01:00+00:00", "frozen": True})
    assert len(shop.ask(COUNT)["data"]["orders"]["nodes"]) == 2


# What is not modelled

REFUSED = [
    ("a field of the root", "{ products(first: 1) { nodes { id } } }", "QueryRoot.products"),
    ("a field of an object", f'{{ order(id: "{ORDER}") {{ id phone }} }}', "Order.phone"),
    ("an argument", f'{{ order(id: "{ORDER}") {{ lineItems(first: 1, last: null) {{ nodes {{ id }} }} fulfillments(query: "x") {{ id }} }} }}', "Order.fulfillments(query:)"),
    ("a type behind an id", '{ node(id: "gid://shopify/Product/1") { id } }', "node of type Product"),
    ("a sort key", "{ orders(first: 1, sortKey: TOTAL_PRICE) { nodes { id } } }", "orders by TOTAL_PRICE"),
    ("a search term", '{ orders(first: 1, query: "channel_id:7") { nodes { id } } }', "channel_id"),
    ("a state of a level", f'{{ inventoryItem(id: "{ITEM}") {{ inventoryLevels(first: 1) {{ nodes {{ quantities(names: ["lost"]) {{ name }} }} }} }} }}', "quantity name 'lost'"),
    ("a mutation", f'mutation {{ orderClose(input: {{id: "{ORDER}"}}) {{ order {{ id }} }} }}', "Mutation.orderClose"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "named"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_valid_and_not_modelled_is_refused_by_its_name_and_never_invented(shop, query, named):
    answer = shop.ask(query)
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "NOT_MODELLED"
    assert error["message"].startswith(named) or named in error["message"]
    assert error["message"].endswith("is not modelled by the sandbox")


def test_beside_a_field_that_is_not_modelled_the_others_are_answered(shop):
    answer = shop.ask("query O($id: ID!) { order(id: $id) { id phone name } }", id=ORDER)
    assert answer["data"]["order"] == {"id": ORDER, "phone": None, "name": "#1"}
    assert answer["errors"][0]["path"] == ["order", "phone"]


def test_netsuite_refuses_what_it_does_not_model_by_its_path(shop):
    url = shop.sandbox.urls["netsuite"] + "/services/rest/async/v1/job/1"
    assert requests.get(url, timeout=10).status_code == 401


@pytest.mark.parametrize("token", ["", "shpat_other", TOKEN.upper()])
def test_a_token_that_the_shop_does_not_know_opens_nothing(shop, token):
    url = shop.sandbox.urls["shopify"]["S"] + "/admin/api/2026-10/graphql.json"
    answer = requests.post(url, json={"query": COUNT}, headers={"X-Shopify-Access-Token": token}, timeout=10)
    assert answer.status_code == 401
    assert "Invalid API key or access token" in answer.json()["errors"]


def test_another_version_of_the_api_is_not_there(shop):
    url = shop.sandbox.urls["shopify"]["S"] + "/admin/api/2025-01/graphql.json"
    assert requests.post(url, json={"query": COUNT}, headers={"X-Shopify-Access-Token": TOKEN}, timeout=10).status_code == 404


def test_a_world_begins_its_file_anew(tmp_path):
    for _ in range(2):
        world = World(tmp_path)
        world.reset(world_seed())
        assert world.db.execute("SELECT count(*) FROM ns_transaction").fetchone() == (0,)
        world.db.execute("INSERT INTO ns_transaction (id) VALUES (7)")
        world.db.commit()
        world.db.close()
