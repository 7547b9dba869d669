"""Publishing: `inventorySetQuantities` with an expected value in every row and one idempotency key a call.

Whether one bad row refuses the whole call is not documented; a refused call is taken to have written nothing, and the
compare-and-swap of the next one proves it row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.shopify.client import ShopifyClient
from contract.errors import RejectedError, RetriableError

_STALE = "CHANGE_FROM_QUANTITY_STALE"
_IN_PROGRESS = "IDEMPOTENCY_CONCURRENT_REQUEST"


@dataclass(frozen=True)
class PairChange:
    """One item at one location: what we expect it to be, and what it shall be."""

    inventory_item_id: str
    location_id: str
    expected_qty: int
    desired_qty: int


@dataclass(frozen=True)
class SetOutcome:
    """What became of a call's rows; rows in none of the lists were left as they were, and may go again with a new key."""

    accepted: tuple[PairChange, ...] = ()
    stale: tuple[PairChange, ...] = ()
    rejected: tuple[tuple[PairChange, str, str], ...] = ()


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
        RejectedError: the call as a whole is refused.
        FatalError: credentials or scopes.
    """
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
    answer = client.execute("set_available", {"input": given, "key": key}, what=f"set {len(rows)} quantities", is_write=True)
    errors = answer.data["inventorySetQuantities"]["userErrors"]
    return _sort_errors(client.shop_code, rows, errors) if errors else SetOutcome(accepted=tuple(rows))


def _sort_errors(shop_code: str, rows: Sequence[PairChange], errors: Sequence[dict[str, Any]]) -> SetOutcome:
    stale: dict[int, PairChange] = {}
    rejected: dict[int, tuple[PairChange, str, str]] = {}
    for error in errors:
        code, told = str(error.get("code")), str(error.get("message"))
        place = _row_of(error.get("field"))
        if code == _IN_PROGRESS:
            raise RetriableError(f"Shopify {shop_code}: set quantities: {told}; wait, then the same key", is_write_uncertain=True)
        if place is None or place >= len(rows):
            raise RejectedError(f"Shopify {shop_code}: set quantities: {code}: {told}", code=code)
        if code == _STALE:
            stale[place] = rows[place]
        else:
            rejected[place] = (rows[place], code, told)
    kept = tuple(row for place, row in stale.items() if place not in rejected)
    return SetOutcome(stale=kept, rejected=tuple(rejected.values()))


def _row_of(field: Sequence[str] | None) -> int | None:
    """Return the row that an error's path names: ["input", "quantities", "3", ...]."""
    parts = list(field or ())
    if len(parts) >= 3 and parts[1] == "quantities" and str(parts[2]).isdigit():
        return int(parts[2])
    return None
