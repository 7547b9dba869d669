"""The one state of an order: how far its documents have come, what is wrong with it, and what happens next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from contract.frames import conform
from contract.models import Contract
from domain.order_facts import OrderFacts
from domain.order_life import Life

STATES = {
    "left_alone": "Never booked: a test order, or cancelled or emptied before NetSuite had it.",
    "adopted": "NetSuite has it by another hand (an incumbent connector, a person); it is not ours to write.",
    "dismissed": "A person has taken it out of the stream, with a note; nothing is written until it is released.",
    "quarantined": "Something does not fit; nothing more is written until it does. Tried again by every run.",
    "waiting": "A call was not answered; the next run looks up what is there, and goes on.",
    "written": "NetSuite has the order; units are still to leave.",
    "fulfilled": "Everything has left, in both systems.",
    "invoiced": "Everything that left is billed, less what was credited.",
    "settled": "Every payment and refund is booked, and nothing is open on either side.",
}
"""Every state, and what it means."""
_GOES_NO_FURTHER = "nothing: the contract follows orders no further"
_ASIDE = {"set_aside": "quarantined", "failed": "quarantined"}
UNAVAILABLE = frozenset({"netsuite_unavailable", "shopify_unavailable"})
"""Reason codes of calls that were not answered: what they were to do is tried again, by itself."""


def state_row(facts: OrderFacts, rows: Iterable[Mapping[str, Any]], life: Life | None, contract: Contract) -> dict[str, Any]:
    """Return an order's row of `out_order_states`, as it is once the documents decided for it are there.

    Args:
        facts: the order.
        rows: what was decided for it, in order.
        life: its life; None where it was not played.
        contract: how far it is followed.
    """
    decided = list(rows)
    aside = next((row for row in decided if row["action_code"] == "set_aside"), None)
    row = {
        "shop_code": facts.key[0],
        "order_id_shopify": facts.key[1],
        "order_name": facts.order["name"],
        "order_updated_at_utc": facts.order["updated_at_utc"],
        "last_error": "",
    }
    if aside is not None:
        return row | {
            "state_code": "quarantined",
            "last_error": aside["reason"],
            "next_action": "mend it; the next run tries again",
        }
    first = decided[0] if decided else None
    if first is not None and first["action_code"] in ("adopt", "skip"):
        code = {"adopt": "adopted"}.get(first["action_code"], "dismissed" if first["reason_code"] == "dismissed" else "left_alone")
        return row | {"state_code": code, "next_action": f"nothing: {first['reason']}"}
    code, following = _reached(facts, life, contract)
    return row | {"state_code": code, "next_action": following}


def _reached(facts: OrderFacts, life: Life | None, contract: Contract) -> tuple[str, str]:
    """Return how far the order has come, and what it waits for."""
    follow_to = contract.orders.follow_to
    if follow_to == "order" or life is None:
        return "written", _GOES_NO_FURTHER
    if life.open_units:
        return "written", f"{life.open_units} units to ship"
    if follow_to == "fulfillment":
        return "fulfilled", _GOES_NO_FURTHER
    outstanding = Decimal(facts.order["outstanding_amount"] or 0)
    if follow_to == "invoice":
        return "invoiced", _GOES_NO_FURTHER
    if outstanding:
        what = "to be paid" if outstanding > 0 else "to be paid back"
        return "invoiced", f"{abs(outstanding)} {facts.order['currency_code']} {what}"
    return "settled", "nothing: it is done"


def with_outcomes(out_order_states: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the states after the writes: an order of which a document failed is quarantined, or waits.

    Grain: as `out_order_states`.

    Args:
        out_order_states: as decided.
        outcomes: documents with `outcome`, `reason_code` and `message`.
    """
    key = ["shop_code", "order_id_shopify"]
    bad = outcomes.loc[outcomes["outcome"].isin(list(_ASIDE))].drop_duplicates(key)
    bad = bad.assign(
        state=bad["outcome"].map(_ASIDE).where(~bad["reason_code"].isin(list(UNAVAILABLE)), "waiting"),
        error=bad["message"].fillna(""),
    )
    rows = out_order_states.merge(bad[[*key, "state", "error"]], on=key, how="left", validate="one_to_one")
    is_bad = rows["state"].notna()
    rows["next_action"] = rows["next_action"].where(~is_bad, "the next run tries again")
    rows["last_error"] = rows["error"].where(is_bad & rows["error"].ne(""), rows["last_error"])
    rows["state_code"] = rows["state"].where(is_bad, rows["state_code"])
    return conform("out_order_states", rows[list(out_order_states.columns)])
