"""Orders of other origin: sales orders that no shop has sold (phone, EDI), and which of their units count.

What NetSuite has committed to them counts always. Their backorders, and the units of those that nobody has approved yet,
count as the contract says; and what they are short of is never taken from another location.

An order is of other origin only if nothing about it looks like a shop's: no line of it carries a Shopify line id, and
none of the contract's `order_links` patterns could have written it. So an order of ours that is out of the window read
is never taken for one.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pandas as pd

from contract.frames import conform
from contract.models import Contract
from domain.conform_netsuite import netsuite_locations, whole_numbers
from domain.ledger import steady_units

_TRANSACTION = "transaction_id_netsuite"
_LINE = [_TRANSACTION, "line_id_netsuite"]
PENDING_APPROVAL = "A"
"""The status of a sales order that commits nothing yet."""
_SPELLINGS = {"order_id": r"\d+", "order_number": r"\d+", "order_name": r"#\S+"}
"""What the placeholders of a pattern may stand for; an order's name begins with # in a shop that has not changed it."""


def find_other_orders(
    first: pd.DataFrame, second: pd.DataFrame, core_items: pd.DataFrame, contract: Contract, at: datetime
) -> pd.DataFrame:
    """Return `core_other_orders`.

    Grain: one row per line of an order of other origin with units backordered or not approved. Both readings of a line
    must agree before its backorder is spared; a line whose units are counted needs the first only: both err to the
    smaller number.

    Args:
        first: `raw_netsuite__order_lines` of read 1.
        second: the same of read 3.
        core_items: the stock items.
        contract: `other_orders`, `order_links`, and the mapping of locations.
        at: the run's instant: due dates count from there.
    """
    rows = first.loc[first["transaction_type"].eq("SalesOrd") & first["is_closed"].ne("T")]
    rows = rows.loc[~rows[_TRANSACTION].isin(_from_shops(first, contract))]
    numbers, _ = whole_numbers("raw_netsuite__order_lines", rows, ["ordered_qty", "shipped_qty", "backordered_qty"], _LINE)
    is_pending = rows["status_code"].eq(PENDING_APPROVAL)
    lines = rows.assign(
        sku=rows["item_id_netsuite"].map(core_items.set_index("item_id_netsuite")["sku"]),
        location_code=rows["location_id_netsuite"].map(netsuite_locations(contract)),
        backordered_qty=numbers["backordered_qty"].clip(lower=0),
        unapproved_qty=(numbers["ordered_qty"] - numbers["shipped_qty"]).clip(lower=0).where(is_pending, 0),
        due_date=rows["ship_date"],
    ).dropna(subset=["sku", "location_code"])
    is_due = _is_due(lines["due_date"], contract.other_orders.due_days, at)
    counts = {"all": pd.Series(data=True, index=lines.index), "due": is_due, "none": ~is_due & is_due}
    spared = lines["backordered_qty"].where(~counts[contract.other_orders.backorders], 0)
    lines = lines.assign(
        spared_qty=_steady(lines.assign(reflected_qty=spared), second),
        unapproved_qty=lines["unapproved_qty"].where(counts[contract.other_orders.unapproved], 0),
    )
    return conform("core_other_orders", lines.loc[(lines["backordered_qty"] > 0) | (lines["unapproved_qty"] > 0)])


def short_units(core_other_orders: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Return what each counted order of other origin is short of (`other_short_qty`): no other location covers it.

    Not at a partner whose figure nets orders: what it is short of is not NetSuite's backorder.

    Args:
        core_other_orders: `find_other_orders`.
        contract: the partners.
    """
    netted = [partner.location for partner in contract.partners if partner.nets_orders]
    rows = core_other_orders.loc[~core_other_orders["location_code"].isin(netted)]
    return rows.assign(other_short_qty=rows["backordered_qty"] - rows["spared_qty"] + rows["unapproved_qty"])


def _steady(lines: pd.DataFrame, second: pd.DataFrame) -> pd.Series:
    """Return the units that may be spared: the smaller of both readings, 0 where a line is gone or has moved."""
    numbers, _ = whole_numbers("raw_netsuite__order_lines_reread", second, ["backordered_qty"], _LINE)
    agreed = steady_units(
        lines[[*_LINE, "transaction_modified_at_utc", "line_modified_at_utc", "location_id_netsuite", "reflected_qty"]],
        second.assign(reflected_qty=numbers["backordered_qty"].clip(lower=0)),
    )
    return pd.Series(agreed["reflected_qty"].to_numpy(), index=lines.index, dtype="int64")


def _from_shops(lines: pd.DataFrame, contract: Contract) -> list[str]:
    """Return the transactions that a shop's order could be."""
    is_ours = lines["order_line_id_shopify"].notna()
    for link in contract.orders.order_links:
        column = f"custom_{link.field}" if link.by == "custom_field" else _COLUMNS[link.by]
        pattern = _as_regex(link.pattern, [shop.shop_code for shop in contract.shops])
        is_ours |= lines[column].fillna("").astype("str").str.fullmatch(pattern)
    return list(lines.loc[is_ours, _TRANSACTION].unique())


_COLUMNS = {"external_id": "external_id", "other_reference": "other_ref_num"}


def _as_regex(pattern: str, shop_codes: list[str]) -> str:
    r"""Return what the documents of a link's pattern look like.

    >>> _as_regex("{shop_code}/{order_id}", ["A", "B"])
    '(?:A|B)/\\d+'
    """
    spelled = re.escape(pattern)
    shops = "|".join(map(re.escape, shop_codes))
    for name, regex in {**_SPELLINGS, "shop_code": f"(?:{shops})"}.items():
        spelled = spelled.replace(re.escape("{" + name + "}"), regex)
    return spelled


def _is_due(due_dates: pd.Series, due_days: int | None, at: datetime) -> pd.Series:
    """Return which lines are due; one without a date is."""
    last: date = (at + timedelta(days=due_days or 0)).date()
    return due_dates.isna() | (due_dates <= last.isoformat())
