"""Reconciliation of stock and orders: time and memory, and as a ratio to the same joins in DuckDB.

    python -m benchmarks.reconciling [--stock 1000000] [--orders 100000]

Stock: so many SKU-locations of which one in twenty differs between NetSuite and the true number, and one in fifty between a
shop and ours. Orders: so many, with a sales order and a deposit each, of which one in a hundred is missing or differs; and the
same with two tax titles each. DuckDB finds the same differing keys; it neither proves causes nor names orders, and the keys of
both are compared. Medians of three.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from contract.frames import Frames, empty
from contract.loading import load_contract
from domain.document_pairs import Books, pair_documents
from domain.money_totals import total_by_day
from domain.reconcile_orders import find_order_differences
from domain.reconcile_stock import Published, find_stock_differences

AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
CONTRACT = load_contract(Path(__file__).parents[1] / "contract" / "contract.yaml").contract
CONTRACT = CONTRACT.model_copy(update={"orders": CONTRACT.orders.model_copy(update={"tax_items": {"City": "912"}})})
_STOCK_SQL = """
SELECT 'NETSUITE' AS channel_code, sku, location_code FROM atp WHERE available_qty <> atp_qty
UNION ALL
SELECT c.channel_code, c.sku, c.location_code FROM changes c
JOIN numbers n USING (channel_code, sku, location_code) JOIN atp a USING (sku, location_code)
LEFT JOIN accepted p USING (channel_code, sku, location_code)
WHERE greatest(c.expected_qty, 0) <> c.desired_qty
"""
_ORDER_SQL = """
SELECT w.external_id FROM wanted w JOIN orders o USING (shop_code, order_id_shopify) LEFT JOIN there t USING (external_id)
WHERE t.external_id IS NULL OR abs(CAST(t.total_amount AS DECIMAL(18, 2))) <> CAST(w.total_amount AS DECIMAL(18, 2))
"""
_MONEY_SQL = """
SELECT substr(o.created_at_utc, 1, 10) AS day, o.shop_code, w.record_type, sum(CAST(w.total_amount AS DECIMAL(18, 2))),
       sum(CAST(t.total_amount AS DECIMAL(18, 2)))
FROM wanted w JOIN orders o USING (shop_code, order_id_shopify) LEFT JOIN there t USING (external_id) GROUP BY ALL
"""
_TAX_SQL = """
SELECT substr(o.created_at_utc, 1, 10) AS day, o.shop_code, s.tax_id_netsuite, sum(CAST(s.amount AS DECIMAL(18, 2))),
       sum(-CAST(x.tax_amount AS DECIMAL(18, 2)))
FROM wanted w JOIN orders o USING (shop_code, order_id_shopify) JOIN titles s USING (external_id)
LEFT JOIN there t USING (external_id) LEFT JOIN taxes x USING (transaction_id_netsuite, tax_id_netsuite) GROUP BY ALL
"""


def stock_frames(count: int, chance: np.random.Generator) -> tuple[dict[str, pd.DataFrame], Published]:
    """Return the frames of a computation over so many SKU-locations, and what was published of them."""
    sku = pd.Series(np.arange(count)).floordiv(10).map("SKU-{:07d}".format)
    place = pd.Series(np.arange(count) % 10).map("L{}".format)
    on_hand, unreflected = chance.integers(5, 50, count), np.where(np.arange(count) % 20 == 0, chance.integers(1, 5, count), 0)
    zero = dict.fromkeys(("committed_qty", "backordered_qty", "spared_qty", "unapproved_qty", "partner_open_qty", "unseen_qty"), 0)
    atp = pd.DataFrame(
        {"sku": sku, "location_code": place, "on_hand_qty": on_hand, **zero, "held_qty": 0, "blocked_qty": 0, "other_short_qty": 0}
    )
    atp = atp.assign(unreflected_qty=unreflected, available_qty=on_hand, atp_qty=on_hand - unreflected, oldest_input_at_utc=AT)
    key = {"channel_code": "SHOP", "sku": sku, "location_code": place}
    ours = atp["atp_qty"]
    rules = {"arriving_qty": 0, "share_qty": ours, "buffer_qty": 0, "cap_qty": pd.NA, "rule_code": "r", "contract_fingerprint": "f"}
    numbers = pd.DataFrame({**key, "pool_qty": ours, **rules, "publish_qty": ours})
    moved = np.arange(count) % 50 == 0
    changes = pd.DataFrame({**key, "expected_qty": ours + 1, "desired_qty": ours, "change_key": "", "shop_code": "SHOP"}).loc[moved]
    changes = changes.assign(inventory_item_id_shopify=changes["sku"], location_id_shopify=changes["location_code"])
    accepted = pd.DataFrame({**key, "published_qty": ours + 1, "published_at_utc": pd.Timestamp(AT)})
    names = (
        "out_feed_rows",
        "core_ledger",
        "core_expected_levels",
        "core_unresolved",
        "raw_shopify__variants",
        "raw_shopify__levels",
    )
    frames = {"out_atp": atp, "out_channel_quantities": numbers, "out_quantity_changes": changes.reset_index(drop=True)}
    none = pd.DataFrame(columns=["channel_code", "sku", "location_code", "change_key"], dtype="str")
    outlets = pd.DataFrame(columns=["channel_code", "sku", "shown_qty"])
    return frames | {name: empty(name) for name in names}, Published(accepted, none, outlets)


def order_frames(count: int) -> tuple[Books, dict[str, pd.DataFrame]]:
    """Return what there should be and what there is of so many orders."""
    number = pd.Series(np.arange(count)).astype("str")
    gid, cents = "gid://shopify/Order/" + number, pd.Series(np.arange(count) % 9000 + 1000)
    amount = (cents // 100).astype("str") + "." + (cents % 100).map("{:02d}".format)
    day = pd.Series(np.arange(count) % 28 + 1).map("2026-10-{:02d}".format)
    orders = pd.DataFrame({"shop_code": "GROCER", "order_id_shopify": gid, "name": "#" + number, "source_name": "web"})
    orders = orders.assign(created_at_utc=day + "T09:00:00Z", updated_at_utc=day + "T09:00:00Z", cancelled_at_utc=None)
    parts, seen = [], []
    for prefix, record, kind in (("SHOPIFY", "salesOrder", "SalesOrd"), ("SHOPDEP", "customerDeposit", "CustDep")):
        names = prefix + "-GROCER-" + number
        wanted = pd.DataFrame({"external_id": names, "shop_code": "GROCER", "order_id_shopify": gid, "record_type": record})
        wanted = wanted.assign(action_code="create", total_amount=amount, currency_code="USD", payload="{}", taxes=None)
        parts.append(wanted.assign(transaction_date=day, gateway="cards" if record == "customerDeposit" else None))
        there = pd.DataFrame({"external_id": names, "transaction_type": kind, "status_code": "B", "transaction_date": day})
        off = amount.where(np.arange(count) % 100 != 1, "0.01")
        there = there.assign(total_amount=off, closed_amount=None, other_ref_num="#" + number, memo="cards")
        there = there.assign(created_at_utc=day, modified_at_utc=day)
        seen.append(there.loc[np.arange(count) % 100 != 0])
    there = pd.concat(seen, ignore_index=True)
    there = there.assign(transaction_id_netsuite=pd.Series(np.arange(len(there))).astype("str"))
    none = pd.DataFrame(columns=["external_id", "shop_code", "order_id_shopify", "record_type", "status", "netsuite_id"])
    aside = pd.DataFrame(columns=["shop_code", "entity_key", "reason_code", "reason"])
    lines = {name: empty(name) for name in ("raw_shopify__order_lines", "raw_netsuite__order_lines")}
    return Books(pd.concat(parts, ignore_index=True), there, none, aside), {"raw_shopify__orders": orders, **lines}


def with_taxes(books: Books) -> tuple[Books, pd.DataFrame, pd.DataFrame]:
    """Return the books with two tax titles on every sales order, what NetSuite has of them, and the same as a table."""
    is_order = books.wanted["record_type"].eq("salesOrder")
    wanted = books.wanted.assign(taxes=pd.Series('{"State":"0.60","City":"0.25"}', index=books.wanted.index).where(is_order))
    there = books.there.loc[books.there["transaction_type"].eq("SalesOrd"), ["transaction_id_netsuite"]]
    titles = wanted.loc[is_order, ["external_id"]]
    booked = (("902", "0.60"), ("912", "0.25"))
    has = pd.concat([there.assign(tax_id_netsuite=item, tax_amount=f"-{amount}") for item, amount in booked], ignore_index=True)
    named = pd.concat([titles.assign(tax_id_netsuite=item, amount=amount) for item, amount in booked], ignore_index=True)
    return Books(wanted, books.there, books.known, books.aside), has, named


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that a piece of work took (the median of three), and what came of it."""
    took, result = [], None
    for _ in range(3):
        began = time.perf_counter()
        result = work()
        took.append(time.perf_counter() - began)
    return sorted(took)[1], result


def peak_megabytes(work: Callable[[], Any]) -> float:
    """Return how much memory a piece of work takes at most beside what is there already (Python's and pandas' own)."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def compare_stock(count: int, duck: duckdb.DuckDBPyConnection) -> None:
    """Print the measure of stock."""
    frames, published = stock_frames(count, np.random.default_rng(7))
    ours, found = timed(lambda: find_stock_differences(frames, published))
    for name, frame in (("atp", frames["out_atp"]), ("numbers", frames["out_channel_quantities"].drop(columns="cap_qty"))):
        duck.register(name, frame)
    duck.register("changes", frames["out_quantity_changes"])
    duck.register("accepted", published.accepted)
    theirs, keys = timed(lambda: duck.execute(_STOCK_SQL).fetchall())
    same = set(found[["channel_code", "sku", "location_code"]].itertuples(index=False, name=None)) == set(keys)
    memory = peak_megabytes(lambda: find_stock_differences(frames, published))
    print(
        f"stock: {count:,} SKU-locations, {len(found):,} differ: {ours:.2f} s, {memory:,.0f} MB; "
        f"{ours / theirs:.1f} x DuckDB ({theirs:.2f} s), {'the same keys' if same else 'OTHER KEYS'}"
    )


def compare_orders(what: str, given: tuple[Books, pd.DataFrame], raw: Frames, duck: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Print the measure of orders and money: `given` are the books and NetSuite's taxes, `sql` sums what DuckDB sums of them."""
    books, taxes = given

    def reconcile() -> tuple[pd.DataFrame, pd.DataFrame]:
        pairs = pair_documents(books, raw, CONTRACT, AT)
        return find_order_differences(books, raw, pairs), total_by_day(pairs, taxes, CONTRACT)

    ours, both = timed(reconcile)
    for name, frame in (("wanted", books.wanted), ("there", books.there), ("orders", raw["raw_shopify__orders"]), ("taxes", taxes)):
        duck.register(name, frame)
    theirs, keys = timed(lambda: (duck.execute(_ORDER_SQL).fetchall(), [duck.execute(x).fetchall() for x in sql.split(";")])[0])
    same = set(both[0]["external_id"]) == {row[0] for row in keys}
    print(
        f"{what}: {raw['raw_shopify__orders'].shape[0]:,} orders, {len(books.wanted):,} documents, {len(both[0]):,} differ: "
        f"{ours:.2f} s, {peak_megabytes(reconcile):,.0f} MB; {ours / theirs:.1f} x DuckDB ({theirs:.2f} s), "
        f"{'the same documents' if same else 'OTHER DOCUMENTS'}"
    )


def main() -> None:
    """Print the measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stock", type=int, default=1_000_000)
    parser.add_argument("--orders", type=int, default=100_000)
    given = parser.parse_args()
    duck = duckdb.connect()
    compare_stock(given.stock, duck)
    books, raw = order_frames(given.orders)
    compare_orders("orders", (books, empty("raw_netsuite__document_taxes")), raw, duck, _MONEY_SQL)
    taxed, taxes, titles = with_taxes(books)
    duck.register("titles", titles)
    compare_orders("orders with taxes", (taxed, taxes), raw, duck, f"{_MONEY_SQL};{_TAX_SQL}")


if __name__ == "__main__":
    main()
