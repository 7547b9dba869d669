"""Rows that could not be conformed: each keeps its source, the field and value, and a reason code. None vanishes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import pandas as pd

from contract.frames import conform, empty

REASONS = {
    "unmapped_sku": "The shop sells a SKU that NetSuite has no stock item for, or two; create or rename the item.",
    "unmapped_item": "A NetSuite line names an item that is no stock item of ours.",
    "unmapped_location": "The location is in no entry of the contract's locations; add it, or leave it out knowingly.",
    "duplicate_sku": "Two items carry one SKU; rename or deactivate one. Neither is published until then.",
    "no_sku": "The variant, or the partner's line, has no SKU, so nothing links it to NetSuite; give it one.",
    "untracked": "The shop does not track this variant's stock, so it takes no number.",
    "not_stocked": "The NetSuite item is no stock item (service, gift card, charge); it has no quantity.",
    "fractional_quantity": "NetSuite holds a part of a unit; mend the units of measure. The pair is left as it is.",
    "missing_quantity": "NetSuite gave other quantities but not this one. The pair is left as it is.",
    "not_a_number": "The value is not a number. The pair is left as it is.",
    "identity_broken": "on_hand is not the sum of its states: the level cannot be trusted. The pair is left as it is.",
    "manual_change": "The level fell (or rose), and no order explained it in the contract's time. It is counted no longer.",
    "kit_without_components": "The kit has no stock item in it, so nothing says how many can be sold; give it members.",
    "kit_without_quantity": "A member of the kit has no quantity above 0; mend the kit. It takes no number until then.",
    "kit_holds_itself": "The kit is among its own members, or kits are more than five deep; mend it.",
    "bundle_parent": "Shopify works this bundle's number out from its components; it takes none from us.",
    "ambiguous_rule": "Two rules that are equally specific set one parameter; the one that shows fewer units was taken.",
    "rule_matches_nothing": "The rule names SKUs or tags that no item carries, so it never applies; mend or remove it.",
    "partner_unreadable": "The partner's file cannot be used; the problem is told beside. What it told before stays as it is.",
    "partner_too_old": "The partner's snapshot is older than the contract allows; it counts as far as NetSuite has the units too.",
    "partner_unknown_sku": "The partner names a SKU that NetSuite has no stock item for; create the item or mend the SKU.",
    "partner_unknown_order": "No order has this name or id, or several have; ask the partner. The event names no order.",
    "no_notice": "The line belongs to no shipment notice, so nothing is taken of it; ask the partner for the notice's id.",
    "no_number": "The item has numbers, and the notice's line names none; the notice waits. Ask the partner.",
    "no_quantity": "The notice's quantity is no whole number of 0 or more; the notice waits. Ask the partner.",
    "no_instant": "Shipped at no instant, or yet to come; the notice waits. Check the partner's shipped_at and time_zone.",
    "notice_incomplete": "Another line of the notice cannot be used, so all of it waits; it is read again by the next run.",
    "negative_quantity": "A count below 0 cannot be; ask the partner. It counts as it stands, so the number is lower.",
    "ambiguous_link": "Several documents and orders match one another; link them by hand.",
}
"""Every reason code of this layer, and what to do."""
BY_NATURE = frozenset({"not_stocked", "untracked", "bundle_parent"})
"""Reasons that nobody needs to act on: such rows have no number to publish. They are told, and a run with only them is done."""


def unresolved(source: str, rows: pd.DataFrame, key: Sequence[str], reason: str, field: str) -> pd.DataFrame:
    """Return `core_unresolved` rows for source rows that are set aside for one reason.

    Grain: one row per source key, reason and field.

    Args:
        source: the source frame's name.
        rows: the source rows.
        key: the columns that name a row.
        reason: a code of `REASONS`.
        field: the column whose value is at fault.

    Returns:
        The rows, in the shape of `core_unresolved`.
    """
    if rows.empty:
        return empty("core_unresolved")
    first, *others = (rows[name].astype("str").fillna("") for name in key)
    joined = reduce(lambda text, column: text + "/" + column, others, first)
    frame = pd.DataFrame({"source_key": joined, "value": rows[field].astype("str")}).drop_duplicates("source_key")
    return conform("core_unresolved", frame.assign(source_frame=source, reason_code=reason, field=field))


def gather(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return all parts as one `core_unresolved` frame."""
    filled = [part for part in parts if not part.empty]
    if not filled:
        return empty("core_unresolved")
    key = ["source_frame", "source_key", "reason_code", "field"]
    return conform("core_unresolved", pd.concat(filled, ignore_index=True).drop_duplicates(key))
