"""Tells Shopify that units have left. The call has no idempotency key: after a lost answer read before it is sent again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.shopify.client import ShopifyClient
from contract.errors import RejectedError, RetriableError


def create_fulfillment(
    client: ShopifyClient, units: Mapping[str, Mapping[str, int]], tracking: Mapping[str, str] | None, *, what: str
) -> str:
    """Create a fulfilment and return its gid.

    Args:
        client: the shop.
        units: fulfilment order to fulfilment order line to units; of one order and one location.
        tracking: company, number and url, as far as known.
        what: the object of the call, for messages.

    Raises:
        RejectedError: Shopify refuses it.
        RetriableError: no answer; `is_write_uncertain` where the units may have left nevertheless.
        FatalError: credentials or scopes.
    """
    rows = [
        {"fulfillmentOrderId": order, "fulfillmentOrderLineItems": [{"id": key, "quantity": n} for key, n in lines.items()]}
        for order, lines in units.items()
    ]
    given: dict[str, Any] = {"lineItemsByFulfillmentOrder": rows, "notifyCustomer": False}
    given |= {"trackingInfo": dict(tracking)} if tracking else {}
    variables = {"fulfillment": given}
    answer = client.execute("create_fulfillment", variables, what=what, is_write=True, may_repeat=False)
    payload = answer.data["fulfillmentCreate"]
    if payload is None:
        raise RetriableError(f"Shopify {client.shop_code}: {what}: no answer; read the order again", is_write_uncertain=True)
    if payload["userErrors"] or not payload["fulfillment"]:
        told = "; ".join(f"{'.'.join(error['field'] or [])}: {error['message']}" for error in payload["userErrors"])
        raise RejectedError(
            f"Shopify {client.shop_code}: {what}: {told}; look at its fulfilment orders", code="fulfillment_refused"
        )
    return str(payload["fulfillment"]["id"])
