"""Laws that other checks find the breaches of, one by one: here each is a sentence of the Data Docs, over every row there is.

1. Document equality: every document in NetSuite comes to what its order does. 2. The laws of serial and lot numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from domain.document_pairs import booked_amount, decimals
from domain.reconcile_orders import WITHOUT_TOTAL
from domain.serial_laws import LAWS
from expectations.engine import Law, Suite, joined

_NUMBER = ["sku", "serial_number"]


def document_suite(frames: Mapping[str, pd.DataFrame]) -> Suite:
    """Return document equality, over the documents that both systems have and that are of an amount.

    Args:
        frames: `out_netsuite_documents` (what there should be) and `raw_netsuite__documents` (what there is).
    """
    wanted, there = frames["out_netsuite_documents"], frames["raw_netsuite__documents"]
    ours = wanted.loc[~wanted["action_code"].isin(["skip", "adopt"]) & ~wanted["record_type"].isin([*WITHOUT_TOTAL, None])]
    booked = there.dropna(subset="external_id").drop_duplicates("external_id")
    both = ours[["external_id", "record_type", "total_amount"]].rename(columns={"total_amount": "order_amount"})
    both = both.merge(booked[["external_id", "total_amount", "closed_amount"]], on="external_id", validate="one_to_one")
    order = decimals(both["order_amount"]).map(abs)
    amounts = zip(decimals(both["total_amount"]), decimals(both["closed_amount"]), order, strict=True)
    seen = pd.Series([booked_amount(*one) for one in amounts], index=both.index, dtype="object")
    rows = both[["external_id", "record_type"]].assign(order_amount=order, booked_amount=seen, key=both["external_id"])
    told = "Every document comes to what its order does, to the cent."
    law = Law("document_equality", told, "ExpectDocumentsToEqualOrders", {"column_A": "booked_amount", "column_B": "order_amount"})
    return Suite("law_documents", rows, (law,), is_told_elsewhere=True)


def serial_suite(frames: Mapping[str, pd.DataFrame]) -> Suite | None:
    """Return the laws of serial and lot numbers, over every number of the last trace; None where there are no numbers.

    Args:
        frames: `out_serial_lineage` and `out_serial_findings`.
    """
    lineage, broken = frames["out_serial_lineage"], frames["out_serial_findings"]
    if lineage.empty and broken.empty:
        return None
    codes = broken.groupby(_NUMBER, as_index=False).agg(law_codes=("law_code", " ".join))
    rows = lineage[_NUMBER].merge(codes, on=_NUMBER, how="outer", validate="one_to_one").fillna({"law_codes": ""})
    laws = tuple(
        Law(code, law.told, "ExpectNumbersToKeepLaw", {"column": "law_codes", "law_code": code, "breach": law.told})
        for code, law in LAWS.items()
    )
    return Suite("law_serials", rows.assign(key=joined(rows, _NUMBER)), laws, is_told_elsewhere=True)
