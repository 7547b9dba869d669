"""Reads what orders came to: the sales of their agreements, and their payments. The search's lag has no part in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pandas as pd

from connectors.shopify.client import ShopifyClient
from connectors.shopify.raw_frames import dig, to_raw_frame
from contract.errors import FatalError

SIZES = ({"agreements": 10, "sales": 33}, {"agreements": 54, "sales": 250})
"""Page sizes, first and (for an order that has more) last; both at a step of the fitted cost rule."""
_TRANSACTIONS = 100
_AT_ONCE = 4
Row = dict[str, Any]


def read_books(client: ShopifyClient, order_ids: Sequence[str], *, run_id: str, extracted_at: datetime) -> dict[str, pd.DataFrame]:
    """Return `raw_shopify__sales` and `raw_shopify__transactions` of these orders; one that is gone has no row.

    Grain: one row per shop and sale; one row per shop and transaction.

    Args:
        client: the shop.
        order_ids: their full gids.
        run_id: the run.
        extracted_at: the instant of the read.

    Raises:
        FatalError: an order has more than can be read whole; scopes or credentials.
        RetriableError: the shop does not answer.
    """
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        orders = [order for order in pool.map(lambda key: _read(client, key), dict.fromkeys(order_ids)) if order is not None]
    found = {
        "raw_shopify__sales": [row for order in orders for row in sale_rows(order)],
        "raw_shopify__transactions": [row for order in orders for row in transaction_rows(order)],
    }
    shop = {"shop_code": client.shop_code}
    return {name: to_raw_frame(name, ({**shop, **row} for row in rows), run_id, extracted_at) for name, rows in found.items()}


def sale_rows(order: Mapping[str, Any]) -> Iterator[Row]:
    """Yield an order's rows of `raw_shopify__sales`, amounts in shop currency, signed as Shopify signs them."""
    for agreement in order["agreements"]["nodes"]:
        for sale in agreement["sales"]["nodes"]:
            yield {
                "sale_id_shopify": sale["id"],
                "order_id_shopify": order["id"],
                "agreement_id_shopify": agreement["id"],
                "refund_id_shopify": dig(agreement, "refund.id"),
                "happened_at_utc": agreement["happenedAt"],
                "action_code": sale["actionType"],
                "line_type": sale["lineType"],
                "order_line_id_shopify": dig(sale, "lineItem.id"),
                "sale_qty": sale["quantity"],
                "total_amount": dig(sale, "totalAmount.shopMoney.amount"),
                "discount_amount": dig(sale, "totalDiscountAmountBeforeTaxes.shopMoney.amount"),
                "tax_amount": dig(sale, "totalTaxAmount.shopMoney.amount"),
                "taxes": [
                    {
                        "title": tax["taxLine"]["title"],
                        "rate": tax["taxLine"]["rate"],
                        "amount": dig(tax, "amount.shopMoney.amount"),
                    }
                    for tax in sale["taxes"]
                ],
                "order_updated_at_utc": order["updatedAt"],
            }


def transaction_rows(order: Mapping[str, Any]) -> Iterator[Row]:
    """Yield an order's rows of `raw_shopify__transactions`, amounts in shop currency."""
    for node in order["transactions"]:
        yield {
            "transaction_id_shopify": node["id"],
            "order_id_shopify": order["id"],
            "kind": node["kind"],
            "status_code": node["status"],
            "gateway": node["gateway"],
            "total_amount": dig(node, "amountSet.shopMoney.amount"),
            "rounding_amount": dig(node, "amountRoundingSet.shopMoney.amount"),
            "created_at_utc": node["createdAt"],
            "is_test": node["test"],
        }


def _read(client: ShopifyClient, order_id: str) -> Row | None:
    for size in SIZES:
        found: Row | None = client.execute("order_books", {"id": order_id, **size}, what=f"books of {order_id}").data["order"]
        if found is None or not _is_cut(found):
            return found
    raise FatalError(
        f"Shopify {client.shop_code}: order {order_id} has more agreements, sales or payments than can be read whole; book it by "
        "hand and leave it out of the window"
    )


def _is_cut(order: Row) -> bool:
    parts = [order["agreements"], *(one["sales"] for one in order["agreements"]["nodes"])]
    return any(part["pageInfo"]["hasNextPage"] for part in parts) or len(order["transactions"]) >= _TRANSACTIONS
