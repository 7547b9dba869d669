"""A sample report of a night in a mid-sized shop, as the reconciliation would tell it: `python -m tests.reports.sample FOLDER`."""

from __future__ import annotations

import random
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd

from reports.model import Chart, Column, Link, Report, Table, Tile
from reports.write import write_index, write_report

MADE_AT = datetime(2026, 11, 24, 4, 12, 7, tzinfo=UTC)
DAYS = [date(2026, 10, 26) + timedelta(days=at) for at in range(30)]
CAUSES = {
    "in_flight": 0.34,
    "unsynced_order": 0.2,
    "pending_approval": 0.13,
    "stale_publish": 0.12,
    "manual_change": 0.09,
    "oversold": 0.05,
    "unmapped": 0.04,
    "unknown": 0.03,
}
LOCATIONS = ("Harrisburg DC", "Reno DC", "Store 014 Köln", "3PL Łódź")
CHANNELS = ("US Shop", "EU Shop", "B2B")
ITEMS = (
    "Trail Jacket",
    "Merino Base Layer",
    "Canvas Duffel",
    "Enamel Mug",
    "Wool Beanie",
    "Fleece Vest",
    "Rain Shell",
    "Camp Chair",
)
COLOURS = ("Moss", "Slate", "Rust", "Ink", "Sand")


def sample_report(run_id: str = "reconcile-2026-11-24", rows: int = 164) -> Report:
    """Return a report with this many stock differences; the same for the same arguments."""
    rng = random.Random(f"{run_id} {rows}")
    stock = _stock(rng, rows)
    orders, money, drift = _orders(rng), _money(rng), _drift()
    units = int(stock["difference_qty"].abs().sum())
    unlike = money[money["difference_amount"] != 0]
    return Report(
        run_id=run_id,
        title="Reconciliation of Shopify and NetSuite",
        made_at_utc=MADE_AT,
        verdict="attention",
        headline=f"{units:,} units of {len(stock):,} SKUs and locations differ, {len(orders)} orders differ, and {len(unlike)} sums of money do not agree; "
        "nothing was written wrong.",
        actions=(
            "Map the gateway “klarna_pay_later” under payments.gateways in the contract: 14 orders wait for it.",
            "Ask who changed stock by hand in EU Shop: 9 SKUs were set in Shopify since Saturday.",
            "Approve the 21 sales orders that have waited in NetSuite for more than two days.",
        ),
        tiles=(
            Tile("Stock differences", f"{len(stock):,}", f"{units:,} units; 31 new since yesterday", "attention", "stock"),
            Tile("Orders that differ", str(len(orders)), "of 4,812 in the window; 3 stuck", "attention", "orders"),
            Tile("Money that differs", "USD 1,204.16", f"{len(unlike)} of {len(money)} sums", "attention", "money"),
            Tile("Drift", str(len(drift)), "1 halts the order stream", "halted", "drift"),
            Tile("Serial numbers", "0", "18,220 compared, all in one place", "ok"),
            Tile("Rows compared", "1,046,310", "in 41 s", "info"),
        ),
        charts=_charts(rng, stock),
        tables=(_stock_table(stock), _orders_table(orders), _money_table(money), _drift_table(drift), _serials_table()),
        notes=(
            "NetSuite was read as of 04:02 UTC, Shopify as of 04:03 to 04:05 UTC; what moved between is told as in_flight.",
            "Orders older than 60 days are closed in Shopify and were not compared.",
        ),
        links=(
            Link("Data Docs of this run", "../../data_docs/index.html"),
            Link("The run in Prefect", "http://localhost:4200/runs"),
        ),
    )


def _stock(rng: random.Random, rows: int) -> pd.DataFrame:
    made = []
    for at in range(rows):
        cause = rng.choices(list(CAUSES), list(CAUSES.values()))[0]
        netsuite = rng.randint(0, 400)
        difference = rng.choice([-1, 1]) * max(1, int(rng.paretovariate(1.1)))
        order = 70_000 + at
        made.append({
            "sku_code": f"{rng.choice('TMCEWFR')}{rng.randint(100, 999)}-{rng.choice(['S', 'M', 'L', 'XL', 'OS'])}-{at:04}",
            "item_name": f"{rng.choice(ITEMS)}, {rng.choice(COLOURS)}",
            "location_name": rng.choice(LOCATIONS),
            "channel_code": rng.choice(CHANNELS),
            "cause_code": cause,
            "netsuite_qty": netsuite,
            "ledger_qty": netsuite if rng.random() < 0.9 else None,
            "shopify_qty": netsuite + difference,
            "difference_qty": difference,
            "first_seen_at_utc": MADE_AT - timedelta(minutes=rng.randint(5, 20_000)),
            "evidence": [
                {"system": "Shopify", "document": f"order #{order}", "qty": abs(difference), "at": MADE_AT - timedelta(hours=3), "state": "paid"},
                {"system": "NetSuite", "document": f"sales order SO{order}", "qty": 0, "at": None, "state": "not found"},
            ]
            if cause != "unknown"
            else None,
        })  # fmt: skip
    frame = pd.DataFrame(made)
    return frame.sort_values("difference_qty", key=lambda values: -values.abs(), kind="stable", ignore_index=True)


def _orders(rng: random.Random) -> pd.DataFrame:
    kinds = (("missing_in_netsuite", "The order is paid in Shopify and no sales order has its name"), ("total_differs", "The tax of line 2 differs"),
             ("duplicated", "Two sales orders carry the same external id"), ("stuck_pending_approval", "Waits for approval"), ("invoice_missing", "Shipped, not invoiced"))  # fmt: skip
    made = []
    for at in range(37):
        code, words = rng.choice(kinds)
        total = _cents(rng, 1_900, 99_000)
        made.append({
            "order_name": f"#{70_412 + at * 7}",
            "channel_code": rng.choice(CHANNELS),
            "finding_code": code,
            "shopify_amount": total,
            "netsuite_amount": None if code == "missing_in_netsuite" else total - (Decimal("0.07") if code == "total_differs" else 0),
            "currency_code": "USD",
            "ordered_at_utc": MADE_AT - timedelta(hours=rng.randint(2, 300)),
            "lag_minutes": rng.randint(3, 4_000),
            "evidence": {"finding": words, "shopify_id": str(5_000_000_000_000 + at), "lines": [{"sku": f"T{at}-M", "shopify_tax": Decimal("3.15"), "netsuite_tax": Decimal("3.08")}]},
        })  # fmt: skip
    return pd.DataFrame(made)


def _money(rng: random.Random) -> pd.DataFrame:
    made = []
    for day in DAYS[-10:]:
        for channel in CHANNELS:
            for gateway in ("shopify_payments", "paypal", "klarna_pay_later"):
                shopify = _cents(rng, 40_000, 2_900_000)
                gap = rng.choice([Decimal("0.00")] * 7 + [Decimal("-0.07"), Decimal("118.40"), Decimal("-12.00")])
                made.append({"day_date": day, "channel_code": channel, "gateway_code": gateway, "currency_code": "EUR" if channel == "EU Shop" else "USD",
                             "shopify_amount": shopify, "netsuite_amount": shopify - gap, "difference_amount": gap, "orders_count": rng.randint(4, 160),
                             "evidence": f"{gateway}, {channel}, {day}: the term that differs is tax rounding per line." if gap else None})  # fmt: skip
    return pd.DataFrame(made)


def _drift() -> pd.DataFrame:
    rows = [
        ("halt", "unmapped", "payment gateway", "klarna_pay_later", "A gateway that the contract does not map; 14 orders use it.", "Map it under payments.gateways, then run book-orders."),
        ("quarantine", "became_mandatory", "NetSuite salesorder.custbody_fulfilment_region", "mandatory since 23 Nov", "An administrator made the field mandatory; 6 orders were refused.", "Give the field a default in the contract."),
        ("warn", "renamed", "NetSuite custbody_gift_note", "custbody_gift_message", "Same internal id, another script id.", "Rename it in the contract; `truecount contract diff` shows where."),
        ("warn", "overwritten", "NetSuite salesorder.custbody_channel", "31 orders", "The value that was written is no longer there; a workflow sets it since 22 Nov 18:40 UTC.", "truecount repair --field custbody_channel --dry-run"),
        ("warn", "null_rate", "Shopify orders.phone", "2 % to 38 %", "Two-proportion test against 28 days: p < 0.0001.", "Look at the checkout's settings: is the phone still asked for?"),
    ]  # fmt: skip
    columns = ["severity_code", "drift_code", "object_name", "found", "meaning", "what_to_do"]
    return pd.DataFrame(rows, columns=columns).assign(
        first_seen_at_utc=MADE_AT, evidence=[{"check": code, "samples": ["#70412", "#70419"]} for _, code, *_ in rows]
    )


def _cents(rng: random.Random, low: int, high: int) -> Decimal:
    return (Decimal(rng.randint(low, high)) / 100).quantize(Decimal("0.01"))


def _charts(rng: random.Random, stock: pd.DataFrame) -> tuple[Chart, ...]:
    trend = pd.DataFrame([
        {"day": day, "series": name, "open": max(0, int(base + rng.gauss(0, base / 7) + at * slope))}
        for name, base, slope in (("stock", 140, 1), ("orders", 60, -0.8), ("money", 18, 0.2))
        for at, day in enumerate(DAYS)
    ])  # fmt: skip
    stacked = pd.DataFrame([
        {"day": day, "cause": cause, "units": int(share * 900 * rng.uniform(0.6, 1.4) * (1.7 if cause == "manual_change" and at > 25 else 1))}
        for at, day in enumerate(DAYS)
        for cause, share in CAUSES.items()
    ])  # fmt: skip
    causes = stock.assign(units=stock["difference_qty"].abs()).groupby("cause_code", as_index=False)["units"].sum()
    money = pd.DataFrame({"day": DAYS, "usd": [None if at == 12 else _cents(rng, 100, 240_000) for at in range(30)]})
    return (
        Chart("open-findings", "Open findings", "How many differences were open after each night.", "trend", trend, "day", "open", "series", "findings"),
        Chart("causes", "Units at stake by cause", "Where the stock differences of this run come from.", "bars",
              causes.sort_values("units", ascending=False), "cause_code", "units", "", "units"),
        Chart("causes-by-day", "Units at stake, night by night", "Each cause's part; manual changes have grown since Saturday.", "stacked", stacked, "day", "units", "cause", "units"),
        Chart("money-by-day", "Money that differs", "The sum of the differences without their sign; a gap is a night without a run.", "trend", money, "day", "usd", "", "USD"),
    )  # fmt: skip


def _stock_table(frame: pd.DataFrame) -> Table:
    return Table(
        "stock",
        "Stock differences",
        "One row per SKU, location and channel where NetSuite, the ledger and Shopify do not agree. Open a row to see the documents that prove its cause.",
        frame,
        (
            Column("sku_code", "SKU"),
            Column("item_name", "Item"),
            Column("location_name", "Location", "code"),
            Column("channel_code", "Channel", "code"),
            Column(
                "cause_code",
                "Cause",
                "code",
                "Proven by rows: in_flight is a movement between the two reads; unknown is what no row explains.",
            ),
            Column("netsuite_qty", "NetSuite", "int", "Available in NetSuite, in units."),
            Column("ledger_qty", "Ledger", "int", "What our own ledger says, in units."),
            Column("shopify_qty", "Shopify", "int", "What the channel shows, in units."),
            Column("difference_qty", "Difference", "int", "Shopify less NetSuite: above zero, Shopify promises what is not there."),
            Column("first_seen_at_utc", "First seen (UTC)", "instant"),
        ),
        "evidence",
        "Every SKU agrees in all three places.",
    )


def _orders_table(frame: pd.DataFrame) -> Table:
    return Table(
        "orders",
        "Orders that differ",
        "One row per order and finding.",
        frame,
        (
            Column("order_name", "Order"),
            Column("channel_code", "Channel", "code"),
            Column("finding_code", "Finding", "code"),
            Column("shopify_amount", "Shopify", "money"),
            Column("netsuite_amount", "NetSuite", "money"),
            Column("currency_code", "Currency", "code"),
            Column("ordered_at_utc", "Ordered (UTC)", "instant"),
            Column("lag_minutes", "Lag, minutes", "int", "From the order in Shopify to its last stage in NetSuite."),
        ),
        "evidence",
    )


def _money_table(frame: pd.DataFrame) -> Table:
    return Table(
        "money",
        "Money by day, channel and gateway",
        "One row per day, channel, gateway and currency, to the cent.",
        frame,
        (
            Column("day_date", "Day", "date"),
            Column("channel_code", "Channel", "code"),
            Column("gateway_code", "Gateway", "code"),
            Column("currency_code", "Currency", "code"),
            Column("shopify_amount", "Shopify", "money"),
            Column("netsuite_amount", "NetSuite", "money"),
            Column("difference_amount", "Difference", "money", "Shopify less NetSuite."),
            Column("orders_count", "Orders", "int"),
        ),
        "evidence",
    )


def _drift_table(frame: pd.DataFrame) -> Table:
    columns = (
        Column("severity_code", "Severity", "code", "halt stops the stream, quarantine sets rows aside, warn only tells."),
        Column("drift_code", "Kind", "code"),
        Column("object_name", "Where"),
        Column("found", "Found"),
        Column("meaning", "What it means"),
        Column("what_to_do", "What to do"),
        Column("first_seen_at_utc", "First seen (UTC)", "instant"),
    )
    return Table(
        "drift", "Drift findings", "What somebody changed in either system since it was mapped.", frame, columns, "evidence"
    )


def _serials_table() -> Table:
    frame = pd.DataFrame({"serial_code": pd.Series(dtype=str)})
    return Table(
        "serials",
        "Serial numbers in two places",
        "One row per serial number.",
        frame,
        (Column("serial_code", "Serial"),),
        "",
        "Every serial number is in one place.",
    )


def main(folder: str) -> None:
    """Write the sample, three earlier nights, and their index."""
    home = Path(folder)
    for day in (21, 22, 23):
        made_at = datetime(2026, 11, day, 4, 10, tzinfo=UTC)
        write_report(
            Report(f"reconcile-2026-11-{day}", "Reconciliation of Shopify and NetSuite", made_at, "halted" if day == 22 else "ok",
                   "The order stream is halted: NetSuite refused the role's token." if day == 22 else "Shopify, NetSuite and the ledger agree."), home)  # fmt: skip
    write_report(sample_report(), home)
    sys.stdout.write(f"{write_index(home)}\n")


if __name__ == "__main__":
    main(sys.argv[1])
