"""One shop's client: what a reply means, whose token it carries, and what it spends. Over a socket, and on set replies."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import responses

from connectors.shopify.client import GRAPHQL_PATH, ShopifyClient
from contract.errors import FatalError, RetriableError
from contract.settings import ShopifySettings
from sandbox.shopify.bucket import Bucket
from sandbox.worlds.accounts import STATIC_TOKEN

HOST = "https://grocer.myshopify.com"
URL = HOST + GRAPHQL_PATH
DATE = "Mon, 23 Nov 2026 15:00:07 GMT"
COST = {
    "requestedQueryCost": 13,
    "actualQueryCost": 4,
    "throttleStatus": {"maximumAvailable": 200, "currentlyAvailable": 190, "restoreRate": 100},
}
EMPTY = {"locations": {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}}


@pytest.fixture
def mocked():
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def shop(tmp_path: Path) -> ShopifyClient:
    settings = ShopifySettings(token="shpat_abc123")
    return ShopifyClient("GROCER", "grocer.myshopify.com", settings, state_folder=tmp_path, sleep=lambda seconds: None)


def reply(
    mock: responses.RequestsMock, data: Any = None, status: int = 200, headers: dict[str, str] | None = None, **more: Any
) -> None:
    body = {**({"data": data} if data is not None else {}), "extensions": {"cost": COST}, **more}
    mock.post(URL, json=body, status=status, headers={"Date": DATE, "X-Shopify-API-Version": "2026-10", **(headers or {})})


def error(code: str, path: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"message": f"{code} said", "extensions": {"code": code}} | ({"path": path} if path else {}) | more


def ask(shop: ShopifyClient, **more: Any) -> Any:
    return shop.execute("locations", {"after": None}, what="locations", **more)


def test_a_success_carries_its_cost_and_the_shops_own_instant(mocked, shop):
    reply(mocked, EMPTY)
    answer = ask(shop)
    assert answer.data == EMPTY
    assert answer.cost == 4
    assert answer.read_at == datetime(2026, 11, 23, 15, 0, 7, tzinfo=UTC)
    sent = mocked.calls[0].request
    assert sent.headers["X-Shopify-Access-Token"] == "shpat_abc123"
    assert json.loads(sent.body)["variables"] == {"after": None}


@pytest.mark.parametrize("code", ["THROTTLED", "INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE"])
def test_what_passes_is_asked_again(mocked, shop, code):
    reply(mocked, errors=[error(code)])
    reply(mocked, EMPTY)
    assert ask(shop).data == EMPTY


def test_a_throttled_reply_tells_how_long_to_wait(mocked, tmp_path):
    waits: list[float] = []
    shop = ShopifyClient(
        "GROCER", "grocer.myshopify.com", ShopifySettings(token="t"), state_folder=tmp_path, sleep=waits.append, random=lambda: 0.0
    )
    low = {
        "requestedQueryCost": 150,
        "actualQueryCost": None,
        "throttleStatus": COST["throttleStatus"] | {"currentlyAvailable": 120},
    }
    reply(mocked, errors=[error("THROTTLED")], extensions={"cost": low})
    reply(mocked, EMPTY)
    ask(shop)
    assert waits == [pytest.approx(0.3)]


def test_a_throttled_mutation_may_have_run(mocked, tmp_path):
    from connectors.http import Patience

    shop = ShopifyClient(
        "GROCER", "grocer.myshopify.com", ShopifySettings(token="t"), state_folder=tmp_path, patience=Patience(attempts=1)
    )
    reply(mocked, errors=[error("THROTTLED")])
    with pytest.raises(RetriableError) as caught:
        ask(shop, is_write=True)
    assert caught.value.is_write_uncertain


@pytest.mark.parametrize(
    "code",
    [
        "MAX_COST_EXCEEDED",
        "undefinedField",
        "missingRequiredArguments",
        "INVALID_VARIABLE",
        "BAD_REQUEST",
        "RESOURCE_NOT_FOUND",
        "NEW_CODE",
    ],
)
def test_what_no_repeat_will_change_stops(mocked, shop, code):
    reply(mocked, errors=[error(code)])
    with pytest.raises(FatalError, match=f"Shopify GROCER: locations: {code} said"):
        ask(shop)


def test_one_serious_error_among_passing_ones_stops(mocked, shop):
    reply(mocked, errors=[error("THROTTLED"), error("undefinedField")])
    with pytest.raises(FatalError, match="undefinedField"):
        ask(shop)


def test_a_field_we_can_do_without_may_be_refused(mocked, shop):
    refused = error("ACCESS_DENIED", ["orders", "nodes", 0, "staffMember"])
    reply(mocked, EMPTY, errors=[refused])
    assert ask(shop, optional={"staffMember"}).errors == (refused,)


def test_a_refused_field_is_logged_once_and_not_page_by_page(mocked, shop, caplog):
    reply(mocked, EMPTY, errors=[error("ACCESS_DENIED", ["orders", "nodes", 0, "staffMember"])])
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            ask(shop, optional={"staffMember"})
    assert [record.message for record in caplog.records if "refused" in record.message] == ["shopify_fields_refused"]


@pytest.mark.parametrize(
    ("data", "path"), [(EMPTY, ["locations", "nodes", 0, "name"]), (EMPTY, None), (None, ["orders", "nodes", 0, "staffMember"])]
)
def test_a_field_we_need_may_not(mocked, shop, data, path):
    reply(mocked, data, errors=[error("ACCESS_DENIED", path)])
    with pytest.raises(FatalError, match="scope that covers it"):
        ask(shop, optional={"staffMember"})


def test_another_api_version_stops(mocked, shop):
    reply(mocked, EMPTY, headers={"X-Shopify-API-Version": "2027-01"})
    with pytest.raises(FatalError, match="answered by API 2027-01, asked for 2026-10"):
        ask(shop)


def test_a_search_term_that_shopify_ignores_stops(mocked, shop):
    warned = {"path": ["orders"], "query": "updatd_at:>1", "warnings": [{"field": "updatd_at", "message": "Invalid search field"}]}
    reply(mocked, EMPTY, extensions={"cost": COST, "search": [warned]})
    with pytest.raises(FatalError, match="Invalid search field"):
        ask(shop)


@pytest.mark.parametrize("body", ['{"data": null}', "[]", "<html>", '{"errors": "Not Found"}', "{}"])
def test_an_answer_that_is_no_graphql_stops(mocked, shop, body):
    mocked.post(URL, body=body, headers={"Date": DATE}, content_type="text/plain")
    with pytest.raises(FatalError, match="Shopify GROCER: locations"):
        ask(shop)


@pytest.mark.parametrize("date", [None, "yesterday"])
def test_an_answer_that_cannot_be_dated_stops(mocked, shop, date):
    mocked.post(URL, json={"data": EMPTY}, headers={"Date": date} if date else {})
    with pytest.raises(FatalError, match="no Date"):
        ask(shop)


def test_nothing_secret_is_told(mocked, shop, caplog):
    reply(mocked, errors=[error("BAD_REQUEST", message="token shpat_abc123 of jo@example.com")])
    with caplog.at_level(logging.DEBUG), pytest.raises(FatalError) as caught:
        ask(shop)
    told = str(caught.value) + json.dumps(
        [record.__dict__ for record in caplog.records if record.name.startswith("connectors")], default=str
    )
    assert "abc123" not in told
    assert "example.com" not in told


def test_pages_that_repeat_stop(mocked, shop):
    for cursor in ("a", "b", "a"):
        reply(mocked, {"locations": {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": cursor}}})
    with pytest.raises(RetriableError, match=r"a page repeats \(cursor a\)"):
        list(shop.pages("locations", "locations", {}, what="locations"))


def test_no_credentials_stop_before_any_call(tmp_path):
    shop = ShopifyClient("GROCER", "grocer.myshopify.com", ShopifySettings(), state_folder=tmp_path)
    with pytest.raises(FatalError, match="TRUECOUNT_SHOPIFY_GROCER_TOKEN"):
        ask(shop)


# Over a real socket


def spent(sandbox, shop="GROCER"):
    return sandbox.world.shops[shop].bucket


def test_a_client_credentials_token_is_asked_for_once_and_shared(sandbox, client):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ask(client), range(16)))
    assert sum(token.startswith("shpca_") for token in sandbox.world.shops["GROCER"].tokens) == 1


def test_a_token_is_renewed_before_it_expires(sandbox, client):
    ask(client)
    client._token._ends -= 86399 - 200
    ask(client)
    assert sum(token.startswith("shpca_") for token in sandbox.world.shops["GROCER"].tokens) == 2


def test_a_token_that_ended_early_is_renewed_at_once(sandbox, client):
    ask(client)
    sandbox.world.shops["GROCER"].tokens.clear()
    assert ask(client).data["locations"]["nodes"]


def test_a_static_token(make_client):
    assert ask(make_client(token=STATIC_TOKEN)).data["locations"]["nodes"]


def test_a_refused_static_token_names_what_to_fix(make_client):
    with pytest.raises(FatalError, match="TRUECOUNT_SHOPIFY_GROCER_TOKEN"):
        ask(make_client(token="shpat_wrong"))


def test_a_refused_secret_names_what_to_fix(make_client):
    with pytest.raises(FatalError, match="GROCER_CLIENT_SECRET"):
        ask(make_client(client_secret="wrong"))


@pytest.mark.parametrize("kind", ["disconnect", "truncate", "timeout_before", "timeout_after"])
def test_a_lost_reply_is_asked_for_again(sandbox, client, kind):
    ask(client)
    sandbox.world.faults.order({"system": "shopify", "kind": kind, "seconds": 2.0, "operation": "graphql.json"})
    assert ask(client).data["locations"]["nodes"]


def test_a_shop_that_stays_down_ends_in_an_error_that_says_so(sandbox, client):
    ask(client)
    sandbox.world.faults.order({"system": "shopify", "kind": "status", "status": 503, "times": 9, "operation": "graphql.json"})
    with pytest.raises(RetriableError, match="GROCER: locations: HTTP 503"):
        ask(client)


def test_a_shops_whole_rate_is_spent_and_nothing_is_throttled(sandbox, make_client):
    clients = [make_client() for _ in range(3)]
    shop = sandbox.world.shops["GROCER"]
    place = next(iter(shop.locations))
    ask(clients[0])
    shop.bucket = bucket = Bucket(200, 100)
    # What earlier runs knew of the bucket is out of date now.
    clients[0]._budget._path.unlink()
    with ThreadPoolExecutor(6) as pool:
        turns = pool.map(
            lambda turn: clients[turn % 3].execute("levels", {"location": place, "after": None}, what="levels"), range(60)
        )
        costs = [answer.cost for answer in turns]
    left = bucket.status()["currentlyAvailable"]
    assert bucket.throttled == 0
    assert bucket.spent == sum(costs)
    # A request must find its whole estimate (36) in the bucket; a client that slept longer than that would leave more.
    assert left < 36 + 36
