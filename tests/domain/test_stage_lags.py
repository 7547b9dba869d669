"""Lags of stages, by example."""

import pandas as pd
import pytest

from contract.frames import empty
from domain.stage_lags import find_lags


def frames(documents, orders=(), fulfillments=()):
    def raw(name, rows):
        return pd.DataFrame(list(rows), columns=list(empty(name).columns), dtype="str")

    return {
        "raw_netsuite__documents": raw("raw_netsuite__documents", documents),
        "raw_shopify__orders": raw("raw_shopify__orders", orders),
        "raw_shopify__fulfillments": raw("raw_shopify__fulfillments", fulfillments),
    }


def order(number, at):
    return {"shop_code": "GROCER_2", "order_id_shopify": f"gid://shopify/Order/{number}", "created_at_utc": at}


def document(name, at):
    return {"external_id": name, "created_at_utc": at}


@pytest.mark.parametrize(
    ("made", "minutes"),
    [("2026-11-01T10:00:00Z", 0), ("2026-11-01T09:59:50Z", 0), ("2026-11-01T10:07:00Z", 7), ("2026-11-02T10:00:00Z", 1440)],
)
def test_one_order(made, minutes):
    (row,) = find_lags(frames([document("SHOPIFY-GROCER_2-1", made)], [order(1, "2026-11-01T10:00:00Z")])).to_dict("records")
    assert (row["stage"], row["slowest_minutes"], row["documents_count"]) == ("order booked", minutes, 1)


def test_the_slowest_is_named_and_strangers_are_left_out():
    documents = [document(f"SHOPIFY-GROCER_2-{n}", f"2026-11-01T10:0{n}:00Z") for n in (1, 2, 9)]
    documents += [
        document("SHOPIFY-GROCER_2-77", "2026-11-01T10:00:00Z"),
        document("EDI-1", "2026-11-01T10:00:00Z"),
        document(None, "x"),
    ]
    orders = [order(n, "2026-11-01T10:00:00Z") for n in (1, 2, 9)]
    shipped = {
        "shop_code": "GROCER_2",
        "fulfillment_id_shopify": "gid://shopify/Fulfillment/5",
        "created_at_utc": "2026-11-01T10:00:00Z",
    }
    documents.append(document("SHOPFUL-GROCER_2-5", "2026-11-01T10:30:00Z"))
    found = find_lags(frames([row for row in documents if row["created_at_utc"] != "x"], orders, [shipped])).to_dict("records")
    told = {
        row["stage"]: (row["documents_count"], row["median_minutes"], row["slowest_minutes"], row["slowest_document"])
        for row in found
    }
    assert told == {"order booked": (3, 2, 9, "SHOPIFY-GROCER_2-9"), "fulfilment booked": (1, 30, 30, "SHOPFUL-GROCER_2-5")}


def test_nothing():
    assert find_lags(frames([])).empty
