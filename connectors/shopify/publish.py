"""Publishing: `inventorySetQuantities` with an expected value in every row and one idempotency key a call.

Whether one bad row refuses the whole call is not documented; a refused call is taken to have written nothing, and the
compare-and-swap of the next one proves it row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connectors.http import redact
from connectors.shopify.client import ShopifyClient
from contract.errors import RejectedError, RetriableError

MOST_ROWS = 250
"""The largest input of a call, by Shopify's general limit on arrays."""
_STALE = frozenset({"CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE"})
_WAITS = (0.5, 1.0, 2.0, 4.0)
"""Seconds between repeats of a call that the shop says is still running."""
_IN_PROGRESS = "IDEMPOTENCY_CONCURRENT_REQUEST"
_FAILED_BEFORE = "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"


@dataclass(frozen=True)
class PairChange:
    """One item at one location: what we expect it to be, and what it shall be."""

    inventory_item_id: str
    location_id: str
    expected_qty: int
    desired_qty: int


@dataclass(frozen=True)
class SetOutcome:
    """What became of a call's rows; the untouched were left as they were, and may go again with a new key.

    `read_at` is the shop's own instant of the reply.
    """

    accepted: tuple[PairChange, ...] = ()
    stale: tuple[PairChange, ...] = ()
    rejected: tuple[tuple[PairChange, str, str], ...] = ()
    untouched: tuple[PairChange, ...] = ()
    read_at: datetime | None = None


def set_available(client: ShopifyClient, rows: Sequence[PairChange], key: str, reference: str) -> SetOutcome:
    """Set the available quantity of at most 250 pairs, each only where it is what we expect.

    Args:
        client: the shop.
        rows: the pairs.
        key: the idempotency key: the same for every repeat of the same intent.
        reference: a URI that names the intent in the shop's own history.

    Returns:
        All rows accepted, or the rows at fault.

    Raises:
        RetriableError: no answer, or the same call is still running: wait, same key.
        RejectedError: the call as a whole is refused; nothing was written.
        FatalError: credentials or scopes.
    """
    if len(rows) > MOST_ROWS:
        raise ValueError(f"Shopify {client.shop_code}: {len(rows)} rows in a call of at most {MOST_ROWS}")
    quantities = [
        {
            "inventoryItemId": row.inventory_item_id,
            "locationId": row.location_id,
            "quantity": row.desired_qty,
            "changeFromQuantity": row.expected_qty,
        }
        for row in rows
    ]
    given = {"name": "available", "reason": "correction", "referenceDocumentUri": reference, "quantities": quantities}
    for wait in (*_WAITS, None):
        answer = client.execute("set_available", {"input": given, "key": key}, what=f"set {len(rows)} quantities", is_write=True)
        errors = _user_errors(client.shop_code, answer.data)
        if wait is None or not any(error.get("code") == _IN_PROGRESS for error in errors):
            break
        client.sleep(wait)
    outcome = _sort_errors(client.shop_code, rows, errors) if errors else SetOutcome(accepted=tuple(rows))
    return replace(outcome, read_at=answer.read_at)


def activate_level(client: ShopifyClient, inventory_item_id: str, location_id: str, key: str) -> None:
    """Stock an item at a location; a level that was stocked there before keeps its old quantity. A repeat changes nothing.

    Args:
        client: the shop.
        inventory_item_id: the item.
        location_id: the location.
        key: the idempotency key: the same for every repeat of the same intent.

    Raises:
        RetriableError: no answer; the same key tells what became of it.
        RejectedError: the shop refuses it.
        FatalError: credentials or scopes.
    """
    given = {"item": inventory_item_id, "location": location_id, "key": key}
    what = f"stock {inventory_item_id} at {location_id}"
    payload = client.execute("activate_level", given, what=what, is_write=True).data.get("inventoryActivate")
    if payload is None:
        raise RetriableError(f"Shopify {client.shop_code}: {what}: an answer without a result", is_write_uncertain=True)
    if payload["userErrors"]:
        told = redact("; ".join(str(error.get("message")) for error in payload["userErrors"]))
        raise RejectedError(f"Shopify {client.shop_code}: {what}: {told}")


def _user_errors(shop_code: str, data: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    payload = data.get("inventorySetQuantities")
    if payload is None:
        told = f"Shopify {shop_code}: set quantities: an answer without a result; the same key tells what became of it"
        raise RetriableError(told, is_write_uncertain=True)
    errors: Sequence[dict[str, Any]] = payload["userErrors"]
    return errors


def _sort_errors(shop_code: str, rows: Sequence[PairChange], errors: Sequence[dict[str, Any]]) -> SetOutcome:
    stale: set[int] = set()
    rejected: dict[int, tuple[str, str]] = {}
    for error in errors:
        code, told = str(error.get("code")), redact(str(error.get("message")))
        place = _row_of(error.get("field"))
        if code == _IN_PROGRESS:
            raise RetriableError(f"Shopify {shop_code}: set quantities: {told}; wait, then the same key", is_write_uncertain=True)
        if code == _FAILED_BEFORE:
            # The key is used up by an attempt that wrote nothing.
            return SetOutcome(untouched=tuple(rows))
        if place is None or place >= len(rows):
            path = ".".join(map(str, error.get("field") or ()))
            raise RejectedError(f"Shopify {shop_code}: set quantities: {code}: {told}", code=code, path=path)
        if code in _STALE:
            stale.add(place)
        else:
            rejected[place] = (code, told)
    return SetOutcome(
        stale=tuple(row for place, row in enumerate(rows) if place in stale and place not in rejected),
        rejected=tuple((rows[place], *why) for place, why in sorted(rejected.items())),
        untouched=tuple(row for place, row in enumerate(rows) if place not in stale and place not in rejected),
    )


def _row_of(field: Sequence[str] | None) -> int | None:
    """Return the row that an error's path names: ["input", "quantities", "3", ...]."""
    parts = list(field or ())
    if len(parts) >= 3 and parts[1] == "quantities" and str(parts[2]).isdigit():
        return int(parts[2])
    return None
