"""Reads of orders, with everything that hangs on them: lines, routing, fulfilments, refunds.

Page sizes are those at which the next larger page of the fitted cost rule begins (2 ln n steps up at 2, 4, 7, 12, 20,
33, 54): 33 orders of 12 lines cost 794 of the 1,000 that one query may. An order that has more of anything is read again
by itself and then completed by further calls, so that half an order is never counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from connectors.shopify.client import OnPage, ShopifyClient
from connectors.shopify.order_rows import line_rows, order_row, refunded_rows, routed_rows, shipped_rows
from connectors.shopify.raw_frames import dig, to_raw_frame
from contract.errors import FatalError, RetriableError

OPTIONAL = frozenset({"staffMember"})
"""Fields that many apps cannot have: staff members need a Plus or Advanced shop and Shopify's consent."""
_LINES = 12
_ALL_LINES = 250
MOST_ORDERS = 20_000
"""Orders of one list: paging ends at 25,000 rows (facts, Shopify 6)."""
_LIST_SIZE = 10
_LONGEST_LIST = 250
_IDS_A_CALL = 100
Order = dict[str, Any]
Read = dict[str, pd.DataFrame]


def read_orders(  # noqa: PLR0913 - keyword-only
    client: ShopifyClient,
    *,
    updated_since: datetime,
    run_id: str,
    extracted_at: datetime,
    updated_until: datetime | None = None,
    metafields: Sequence[str] = (),
    has_journeys: bool = False,
    on_page: OnPage | None = None,
) -> Read:
    """Return the orders of any status updated since an instant, as the order frames of `contract/tables.py`.

    The search lags behind the orders: one placed a moment ago may be missing. An app without `read_all_orders` sees the
    last 60 days only.

    Args:
        client: the shop.
        updated_since: the start of the window, inclusive.
        run_id: the run.
        extracted_at: the instant of the read.
        updated_until: the end of the window, exclusive. An order that is updated while we read then leaves the window
            and may be missed, so leave it open where completeness matters.
        metafields: namespace.key of each metafield to read.
        has_journeys: whether to read the UTM parameters of the buyer's last visit.
        on_page: told how many orders are read so far.

    Raises:
        RetriableError: a page repeats, or the shop does not answer.
        FatalError: scopes or credentials.
    """
    orders: dict[str, Order] = {}
    start: str | None = _instant(updated_since)
    while start is not None:
        query = f"updated_at:>='{start}'"
        if updated_until is not None:
            query += f" AND updated_at:<'{_instant(updated_until)}'"
        start = _read_window(client, query, orders, on_page, start)
    return _frames(client, list(orders.values()), (run_id, extracted_at), metafields, has_journeys=has_journeys)


def read_orders_by_id(  # noqa: PLR0913 - keyword-only
    client: ShopifyClient,
    order_ids: Sequence[str],
    *,
    run_id: str,
    extracted_at: datetime,
    metafields: Sequence[str] = (),
    has_journeys: bool = False,
) -> Read:
    """Return the orders of these ids (see `read_orders`); an id that is gone has no row. The search's lag has no part in it.

    Args:
        client: the shop.
        order_ids: their full gids; one that stands twice is read once.
        run_id: the run.
        extracted_at: the instant of the read.
        metafields: namespace.key of each metafield to read.
        has_journeys: whether to read the UTM parameters of the buyer's last visit.
    """
    found = []
    for order_id in dict.fromkeys(order_ids):
        node = _read_order(client, order_id)
        if node is not None:
            found.append(node)
    return _frames(client, found, (run_id, extracted_at), metafields, has_journeys=has_journeys)


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_window(client: ShopifyClient, query: str, orders: dict[str, Order], on_page: OnPage | None, start: str) -> str | None:
    """Read one window of orders, the oldest update first; return where the next one starts if it is too long for one list."""
    window: dict[str, Order] = {}
    for nodes, _ in client.pages("orders", "orders", {"query": query, "lines": _LINES}, what="orders", optional=OPTIONAL):
        for node in nodes:
            _add(client, window, node)
        orders |= window
        if on_page is not None:
            on_page(len(orders))
        if len(window) >= MOST_ORDERS:
            last = str(nodes[-1]["updatedAt"])
            if last <= start:
                told = f"{len(window)} orders were updated at {last}: they cannot be read in parts; ask Shopify why"
                raise FatalError(f"Shopify {client.shop_code}: orders: {told}")
            return last
    return None


def _add(client: ShopifyClient, orders: dict[str, Order], node: Order) -> None:
    """Keep an order; one that is updated while we page comes again at the end, and the newer one stands."""
    before = orders.get(node["id"])
    if before is not None and before["updatedAt"] == node["updatedAt"]:
        raise RetriableError(f"Shopify {client.shop_code}: orders: {node['name']} comes twice: a page repeats; try again later")
    orders[node["id"]] = node


def _frames(
    client: ShopifyClient, orders: Sequence[Order], stamp: tuple[str, datetime], metafields: Sequence[str], *, has_journeys: bool
) -> Read:
    for order in orders:
        if _is_cut(order):
            _read_again(client, order)
        _complete(client, order)
    shop = client.shop_code
    values = _read_metafields(client, orders, metafields)
    utm = _read_journeys(client, orders) if has_journeys else {}
    rows = {
        "raw_shopify__orders": [order_row(order, values.get(order["id"], {}), utm.get(order["id"], {})) for order in orders],
        "raw_shopify__order_lines": [row for order in orders for row in line_rows(order)],
        "raw_shopify__fulfillment_order_lines": [row for order in orders for row in routed_rows(order)],
        "raw_shopify__fulfillments": [row for order in orders for row in shipped_rows(order)],
        "raw_shopify__refunds": [row for order in orders for row in refunded_rows(order)],
    }
    return {name: to_raw_frame(name, ({"shop_code": shop, **row} for row in found), *stamp) for name, found in rows.items()}


def _read_order(client: ShopifyClient, order_id: str) -> Order | None:
    given = {"id": order_id, "lines": _ALL_LINES}
    found: Order | None = client.execute("order", given, what=order_id, optional=OPTIONAL).data["order"]
    return found


def _is_cut(order: Order) -> bool:
    """Whether the order has a list of lines that goes on after its page."""
    parts = [order["lineItems"], *(routed["lineItems"] for routed in order["fulfillmentOrders"]["nodes"])]
    parts += [shipped["fulfillmentLineItems"] for shipped in order["fulfillments"]]
    parts += [refund["refundLineItems"] for refund in order["refunds"]]
    return any(part["pageInfo"]["hasNextPage"] for part in parts)


def _read_again(client: ShopifyClient, order: Order) -> None:
    """Read one order by itself, in place, with pages of 250: one call instead of one for each list."""
    found = _read_order(client, order["id"])
    if found is None:
        raise RetriableError(f"Shopify {client.shop_code}: order {order['name']} went away while it was read; try again later")
    order.update(found)


def _complete(client: ShopifyClient, order: Order) -> None:
    """Read on, in place, wherever the order's page ended before its list did."""
    _read_on(client, order["lineItems"], "order_lines", "order.lineItems", order)
    _read_on(client, order["shippingLines"], "order_shipping_lines", "order.shippingLines", order)
    _read_on(client, order["fulfillmentOrders"], "order_fulfillment_orders", "order.fulfillmentOrders", order)
    for routed in order["fulfillmentOrders"]["nodes"]:
        _read_on(client, routed["lineItems"], "fulfillment_order_lines", "fulfillmentOrder.lineItems", routed)
    order["fulfillments"] = _whole_list(client, order, "fulfillments", "order_fulfillments")
    for shipped in order["fulfillments"]:
        _read_on(client, shipped["fulfillmentLineItems"], "fulfillment_lines", "fulfillment.fulfillmentLineItems", shipped)
    order["refunds"] = _whole_list(client, order, "refunds", "order_refunds")
    for refund in order["refunds"]:
        _read_on(client, refund["refundLineItems"], "refund_lines", "refund.refundLineItems", refund)


def _read_on(client: ShopifyClient, part: dict[str, Any], document: str, path: str, owner: Order) -> None:
    page = part["pageInfo"]
    if not page["hasNextPage"]:
        return
    given = {"id": owner["id"], "after": page["endCursor"]}
    if document == "order_fulfillment_orders":
        given["lines"] = _ALL_LINES
    for nodes, _ in client.pages(document, path, given, what=f"{path} of {owner['id']}"):
        part["nodes"] += nodes
    part["pageInfo"] = {"hasNextPage": False, "endCursor": None}


def _whole_list(client: ShopifyClient, order: Order, field: str, document: str) -> list[Any]:
    """Return a list that Shopify does not page: a full one may be cut, and is read again at its largest."""
    rows: list[Any] = order[field]
    if len(rows) < _LIST_SIZE:
        return rows
    found = client.execute(document, {"id": order["id"], "lines": _ALL_LINES}, what=f"{field} of {order['id']}").data["order"]
    if found is None:
        raise RetriableError(f"Shopify {client.shop_code}: order {order['name']} went away while it was read; try again later")
    rows = found[field]
    if len(rows) >= _LONGEST_LIST:
        raise FatalError(
            f"Shopify {client.shop_code}: order {order['name']} ({order['id']}) has {len(rows)} {field} or more: it cannot be read "
            "whole, and half an order must not be counted; leave it out of the window"
        )
    return rows


def _read_metafields(client: ShopifyClient, orders: Sequence[Order], metafields: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return each order's metafield values by namespace.key; 100 orders a call, one metafield at a time."""
    found: dict[str, dict[str, str]] = {}
    ids = [order["id"] for order in orders]
    for name in metafields:
        namespace, _, key = name.partition(".")
        for start in range(0, len(ids), _IDS_A_CALL):
            given = {"ids": ids[start : start + _IDS_A_CALL], "namespace": namespace, "key": key}
            for node in client.execute("order_metafields", given, what=f"metafield {name}").data["nodes"]:
                if node and node.get("metafield"):
                    found.setdefault(node["id"], {})[name] = node["metafield"]["value"]
    return found


def _read_journeys(client: ShopifyClient, orders: Sequence[Order]) -> dict[str, dict[str, str]]:
    """Return the UTM parameters of each order's last visit; an order without a journey (till, draft) has none."""
    found: dict[str, dict[str, str]] = {}
    ids = [order["id"] for order in orders]
    for start in range(0, len(ids), _IDS_A_CALL):
        given = {"ids": ids[start : start + _IDS_A_CALL]}
        for node in client.execute("order_journeys", given, what="customer journeys").data["nodes"]:
            utm = dig(node or {}, "customerJourneySummary.lastVisit.utmParameters")
            if utm:
                found[node["id"]] = {name: value for name, value in utm.items() if value}
    return found
