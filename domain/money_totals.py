"""Money by day: what both systems come to by shop, channel, gateway, currency and tax title, with the orders that differ."""

from __future__ import annotations

import json
from decimal import Decimal

import pandas as pd

from contract.frames import empty, from_rows
from contract.models import Contract
from domain.document_pairs import NEGATIVE, decimals, rows_of
from domain.money import ZERO
from domain.tax_titles import tax_key, told_titles

MEASURES = {
    "ordered": "Orders",
    "billed": "Invoices and cash sales less credits",
    "tendered": "Payments less refunds",
    "ordered_tax": "Tax of orders",
    "taxed": "Tax of invoices and cash sales less credits",
}
"""What is summed, in words."""
_MEASURE_OF = {
    "salesOrder": "ordered",
    **dict.fromkeys(("invoice", "creditMemo", "cashSale", "cashRefund"), "billed"),
    **dict.fromkeys(("customerDeposit", "customerPayment", "customerRefund"), "tendered"),
}
_TAX_MEASURE = {"ordered": "ordered_tax", "billed": "taxed"}
_CELL = ["day", "shop_code", "channel", "gateway", "measure_code", "currency_code", "tax_key"]
_TAX = ["external_id", "tax_key"]
_MOST_EXAMPLES = 5


def total_by_day(pairs: pd.DataFrame, raw_netsuite__document_taxes: pd.DataFrame | None, contract: Contract) -> pd.DataFrame:
    """Return `out_money_totals`: what both systems come to by day, channel, gateway, currency and tax title; equal days too.

    Grain: as the frame. The day is that of the event (UTC) in Shopify, and the document's own date in NetSuite. A document
    that may still be on its way (`drift.grace_minutes`) counts on neither side. Titles that one item or code books are
    compared together, under their names joined.

    Args:
        pairs: `domain.document_pairs.pair_documents`.
        raw_netsuite__document_taxes: what NetSuite has of tax; None where it could not be read: then no tax is compared.
        contract: what books each title.
    """
    measure = pairs["record_type"].map(_MEASURE_OF)
    is_settled = ~pairs["is_on_its_way"] | (pairs["is_there"] & pairs["wanted_amount"].eq(_or_zero(pairs["netsuite_amount"])))
    is_counted = measure.notna() & pairs["is_written"] & is_settled
    counted = pairs.assign(measure_code=measure, tax_key="").loc[is_counted]
    is_tender = counted["measure_code"].eq("tendered")
    ours, theirs = counted["wanted_amount"], _or_zero(counted["netsuite_amount"])
    money = counted.assign(gateway=counted["gateway"].fillna("").where(is_tender, ""), ours=ours, theirs=theirs)
    titles = _titles(counted, contract)
    read = raw_netsuite__document_taxes
    dated = _by_date(money if read is None else pd.concat([money, _taxes(counted, titles, read)], ignore_index=True))
    return _totals(dated, titles, contract) if len(dated) else empty("out_money_totals")


def _titles(counted: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Return the tax of documents, as the shop counts. Grain: one row per document and title."""
    told = counted.loc[counted["taxes"].notna(), ["external_id", "taxes", "record_type"]]
    rows = [
        (name, title, -Decimal(amount) if kind in NEGATIVE else Decimal(amount))
        for name, taxes, kind in told.itertuples(index=False, name=None)
        for title, amount in json.loads(taxes).items()
    ]
    found = pd.DataFrame(rows, columns=["external_id", "tax_title", "amount"]).astype({"external_id": "str", "tax_title": "str"})
    keys = {title: tax_key(title, contract) for title in found["tax_title"].unique()}
    return found.assign(tax_key=found["tax_title"].map(keys).astype("str"))


def _taxes(counted: pd.DataFrame, titles: pd.DataFrame, raw_netsuite__document_taxes: pd.DataFrame) -> pd.DataFrame:
    """Return the tax of documents on both sides. Grain: one row per document and what books its tax.

    NetSuite's lines of a sale are below zero, and those of a credit above it: turned round, they are as the shop counts.
    """
    measured = counted.loc[counted["measure_code"].isin(list(_TAX_MEASURE))].assign(gateway="").drop(columns="tax_key")
    there = raw_netsuite__document_taxes.rename(columns={"tax_id_netsuite": "tax_key"})
    there = there.assign(theirs=-decimals(there["tax_amount"]))[["transaction_id_netsuite", "tax_key", "theirs"]]
    known = measured.loc[measured["is_there"], ["external_id", "transaction_id_netsuite"]]
    there = there.merge(known, on="transaction_id_netsuite", validate="many_to_one")
    ours = titles.groupby(_TAX, sort=False)["amount"].sum().rename("ours").reset_index()
    both: pd.DataFrame = ours.merge(there[[*_TAX, "theirs"]], on=_TAX, how="outer", validate="one_to_one")
    both = both.assign(ours=_or_zero(both["ours"]), theirs=_or_zero(both["theirs"]))
    both = both.merge(measured, on="external_id", validate="many_to_one")
    return both.assign(measure_code=both["measure_code"].map(_TAX_MEASURE))


def _by_date(entries: pd.DataFrame) -> pd.DataFrame:
    """Return each entry on its day; one whose document is on another day, on both: ours on the event's, theirs on its own."""
    theirs_on = entries["netsuite_date"].str[:10].fillna(entries["transaction_date"])
    is_moved = theirs_on.ne(entries["transaction_date"])
    told = entries.assign(day=entries["transaction_date"], differs=is_moved | entries["ours"].ne(entries["theirs"]))
    moved = told.loc[is_moved]
    nothing = pd.Series([ZERO] * len(moved), index=moved.index, dtype="object")
    parts = (told.loc[~is_moved], moved.assign(theirs=nothing), moved.assign(day=theirs_on.loc[is_moved], ours=nothing))
    dated = pd.concat(parts, ignore_index=True)
    return dated.assign(cell=dated.groupby(_CELL, sort=False).ngroup())


def _totals(dated: pd.DataFrame, titles: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    cells = dated.drop_duplicates("cell").set_index("cell")[_CELL]
    sums = dated.groupby("cell")[["ours", "theirs"]].sum()
    orders = dated.drop_duplicates(["cell", "name"])["cell"].value_counts()
    names = dated.loc[dated["differs"], ["cell", "name"]].drop_duplicates().sort_values("name").groupby("cell")["name"]
    examples = names.agg(lambda found: ", ".join(found.iloc[:_MOST_EXAMPLES]))
    of_cell = dated.loc[dated["tax_key"].ne(""), [*_TAX, "cell"]].merge(titles, on=_TAX, validate="many_to_many")
    seen = of_cell.drop_duplicates(["cell", "tax_title"]).groupby("cell")["tax_title"].agg(list).to_dict()
    keys = cells["tax_key"].to_dict()
    told = cells.assign(
        tax_titles=[told_titles(seen.get(cell, []), key, contract) for cell, key in keys.items()],
        shopify_amount=sums["ours"],
        netsuite_amount=sums["theirs"],
        difference_amount=sums["theirs"] - sums["ours"],
        orders_count=orders,
        examples=examples.reindex(cells.index).fillna(""),
    )
    return from_rows("out_money_totals", rows_of(told))


def _or_zero(amounts: pd.Series) -> pd.Series:
    return amounts.where(amounts.notna(), ZERO)
