"""Setting quantities over a real socket: compare-and-swap, one key a call, and rows sorted by the error's own path."""

import json
from pathlib import Path
from typing import Any

import pytest
import responses

from connectors.shopify.client import GRAPHQL_PATH, ShopifyClient
from connectors.shopify.publish import PairChange, set_available
from contract.errors import RejectedError, RetriableError
from contract.settings import ShopifySettings

URL = "https://grocer.myshopify.com" + GRAPHQL_PATH
URI = "truecount://publication/k1"
ROWS = [PairChange(f"gid://shopify/InventoryItem/{number}", "gid://shopify/Location/1", 5, 4) for number in range(3)]


def levels(sandbox) -> dict[tuple[str, str], dict[str, Any]]:
    return sandbox.world.shops["GROCER"].levels


def changes(sandbox, count: int) -> list[PairChange]:
    return [
        PairChange(*pair, level["available"], level["available"] + 7) for pair, level in sorted(levels(sandbox).items())[:count]
    ]


def shown(sandbox, rows) -> list[int]:
    return [levels(sandbox)[row.inventory_item_id, row.location_id]["available"] for row in rows]


def calls(sandbox) -> int:
    return len(sandbox.world.shops["GROCER"].idempotency)


def test_all_rows_are_accepted(sandbox, client):
    rows = changes(sandbox, 4)
    outcome = set_available(client, rows, "k1", URI)
    assert outcome.accepted == tuple(rows)
    assert (outcome.stale, outcome.rejected, outcome.untouched) == ((), (), ())
    assert outcome.read_at is not None
    assert shown(sandbox, rows) == [row.desired_qty for row in rows]


def test_stale_and_bad_rows_are_sorted_out_and_the_rest_may_go_again(sandbox, client):
    rows = changes(sandbox, 4)
    levels(sandbox)[rows[1].inventory_item_id, rows[1].location_id]["available"] -= 1
    bad = PairChange("gid://shopify/InventoryItem/404", rows[0].location_id, 0, 1)
    before = shown(sandbox, rows)
    outcome = set_available(client, [rows[0], rows[1], bad, rows[2], rows[3]], "k1", URI)
    assert outcome.accepted == ()
    assert outcome.stale == (rows[1],)
    assert [(row, code) for row, code, _ in outcome.rejected] == [(bad, "INVALID_INVENTORY_ITEM")]
    assert outcome.untouched == (rows[0], rows[2], rows[3])
    assert shown(sandbox, rows) == before
    again = set_available(client, outcome.untouched, "k2", URI)
    assert again.accepted == outcome.untouched


def test_250_rows_in_one_call(sandbox, client):
    shop = sandbox.world.shops["GROCER"]
    place = next(iter(shop.locations))
    for number in range(250):
        item = f"gid://shopify/InventoryItem/7{number:05}"
        shop.items[item] = {"inventory_item_id": item}
        shop.level(item, place)
    rows = [PairChange(item, place, 0, 3) for item in shop.items if item.startswith("gid://shopify/InventoryItem/7")]
    assert len(set_available(client, rows, "k1", URI).accepted) == 250
    assert calls(sandbox) == 1
    with pytest.raises(ValueError, match="251 rows"):
        set_available(client, [*rows, rows[0]], "k2", URI)


@pytest.mark.parametrize("kind", ["timeout_after", "truncate", "timeout_before", "disconnect"])
def test_a_lost_reply_is_asked_for_again_with_the_same_key_and_nothing_is_written_twice(sandbox, client, kind):
    rows = changes(sandbox, 2)
    client._token.current()
    sandbox.world.faults.order({"system": "shopify", "kind": kind, "seconds": 2.0, "operation": "graphql.json"})
    outcome = set_available(client, rows, "k1", URI)
    assert outcome.accepted == tuple(rows)
    assert shown(sandbox, rows) == [row.desired_qty for row in rows]
    assert calls(sandbox) == 1


def test_no_reply_at_all_leaves_the_write_in_doubt(sandbox, client):
    rows = changes(sandbox, 2)
    client._token.current()
    sandbox.world.faults.order({"system": "shopify", "kind": "truncate", "operation": "graphql.json", "times": 9})
    with pytest.raises(RetriableError) as caught:
        set_available(client, rows, "k1", URI)
    assert caught.value.is_write_uncertain
    sandbox.world.faults.clear()
    assert set_available(client, rows, "k1", URI).accepted == tuple(rows)


def test_a_key_used_for_something_else_refuses_the_call(sandbox, client):
    rows = changes(sandbox, 2)
    set_available(client, rows[:1], "k1", URI)
    with pytest.raises(RejectedError) as caught:
        set_available(client, rows[1:], "k1", URI)
    assert caught.value.code == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"


# What the sandbox does not do, on set replies


@pytest.fixture
def mocked():
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def shop(tmp_path: Path, waits: list[float]) -> ShopifyClient:
    return ShopifyClient("GROCER", "grocer.myshopify.com", ShopifySettings(token="t"), state_folder=tmp_path, sleep=waits.append)


def reply(mock: responses.RequestsMock, *errors: dict[str, Any], payload: Any = ...) -> None:
    told = {"inventoryAdjustmentGroup": None, "userErrors": list(errors)} if payload is ... else payload
    mock.post(URL, json={"data": {"inventorySetQuantities": told}}, headers={"Date": "Mon, 23 Nov 2026 15:00:07 GMT"})


def user_error(code: str, *field: str) -> dict[str, Any]:
    return {"code": code, "field": list(field) or None, "message": f"{code} said"}


def test_a_call_still_running_is_waited_for_with_the_same_key(mocked, shop, waits):
    reply(mocked, user_error("IDEMPOTENCY_CONCURRENT_REQUEST"))
    reply(mocked, user_error("IDEMPOTENCY_CONCURRENT_REQUEST"))
    reply(mocked)
    assert set_available(shop, ROWS, "k1", URI).accepted == tuple(ROWS)
    assert waits == [0.5, 1.0]
    assert {json.loads(call.request.body)["variables"]["key"] for call in mocked.calls} == {"k1"}


def test_a_call_that_runs_for_ever_is_left_in_doubt(mocked, shop, waits):
    for _ in range(5):
        reply(mocked, user_error("IDEMPOTENCY_CONCURRENT_REQUEST"))
    with pytest.raises(RetriableError) as caught:
        set_available(shop, ROWS, "k1", URI)
    assert caught.value.is_write_uncertain
    assert len(waits) == 4


def test_a_key_whose_first_attempt_failed_wrote_nothing(mocked, shop):
    reply(mocked, user_error("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"))
    outcome = set_available(shop, ROWS, "k1", URI)
    assert outcome.untouched == tuple(ROWS)
    assert outcome.accepted == ()


@pytest.mark.parametrize(
    "error",
    [
        user_error("INVALID_REASON", "input", "reason"),
        user_error("INVALID_LOCATION"),
        user_error("INVALID_LOCATION", "input", "quantities", "9", "locationId"),
        user_error("INVALID_LOCATION", "input", "quantities"),
    ],
    ids=["another field", "no field", "a row that was not sent", "no row"],
)
def test_an_error_that_names_no_row_refuses_the_call(mocked, shop, error):
    reply(mocked, user_error("CHANGE_FROM_QUANTITY_STALE", "input", "quantities", "0", "changeFromQuantity"), error)
    with pytest.raises(RejectedError) as caught:
        set_available(shop, ROWS, "k1", URI)
    assert caught.value.code == error["code"]


def test_a_row_both_stale_and_refused_is_refused(mocked, shop):
    reply(
        mocked,
        user_error("CHANGE_FROM_QUANTITY_STALE", "input", "quantities", "1", "changeFromQuantity"),
        user_error("INVALID_QUANTITY_TOO_HIGH", "input", "quantities", "1", "quantity"),
    )
    outcome = set_available(shop, ROWS, "k1", URI)
    assert outcome.stale == ()
    assert outcome.rejected == ((ROWS[1], "INVALID_QUANTITY_TOO_HIGH", "INVALID_QUANTITY_TOO_HIGH said"),)
    assert outcome.untouched == (ROWS[0], ROWS[2])


def test_an_answer_without_a_result_is_in_doubt(mocked, shop):
    reply(mocked, payload=None)
    with pytest.raises(RetriableError) as caught:
        set_available(shop, ROWS, "k1", URI)
    assert caught.value.is_write_uncertain


def test_the_expected_quantity_is_always_sent(mocked, shop):
    reply(mocked)
    set_available(shop, ROWS, "k1", URI)
    sent = json.loads(mocked.calls[0].request.body)
    assert [row["changeFromQuantity"] for row in sent["variables"]["input"]["quantities"]] == [5, 5, 5]
    assert "inventorySetQuantities(input: $input) @idempotent(key: $key)" in sent["query"]
