"""The tables of the reconciliation's report: what is open and resolved, and each part of both systems side by side."""

from __future__ import annotations

import pandas as pd

from contract.frames import Frames
from domain.money_totals import MEASURES
from domain.reconcile_orders import CAUSES as ORDER_CAUSES
from domain.reconcile_stock import CAUSES as STOCK_CAUSES
from domain.reconcile_stock import NETSUITE
from reports.model import Column, Table
from tasks.serial_pages import findings_table


def reconciliation_tables(still: pd.DataFrame, frames: Frames) -> tuple[Table, ...]:
    """Return the report's tables.

    Args:
        still: the findings that are open, in the order to show them.
        frames: what was found, with `resolved`, `serial_findings` and `serial_events`.
    """
    return (
        _findings_table(still),
        _resolved_table(frames["resolved"]),
        _stock_table(frames["out_stock_differences"]),
        _orders_table(frames["out_order_differences"]),
        _money_table(frames["out_money_totals"]),
        _lags_table(frames["out_stage_lags"]),
        _fields_table(frames["out_field_differences"]),
        findings_table(frames["serial_findings"], frames["serial_events"]),
    )


def _findings_table(still: pd.DataFrame) -> Table:
    return Table(
        "findings",
        "Open findings",
        "What checks found and what is still so. A finding closes by itself when the next run does not see it.",
        still,
        (
            Column("check_code", "Check", "code"),
            Column("severity_code", "Severity", "code", "warn, quarantine (its rows wait), or halt (the stream waits)."),
            Column("object_key", "Where"),
            Column("field", "Field or cause", "code"),
            Column("expected", "Should be"),
            Column("found", "Is"),
            Column("units_qty", "Units", "int"),
            Column("rows_count", "Rows", "int"),
            Column("first_seen_at_utc", "First seen (UTC)", "instant"),
            Column("seen_count", "Runs", "int", "In how many runs it was seen."),
            Column("action", "What to do", "prose"),
        ),
        "examples",
        "Nothing is open.",
    )


def _resolved_table(healed: pd.DataFrame) -> Table:
    return Table(
        "resolved",
        "Resolved since the last report",
        "What the last report had and no run finds any more.",
        healed,
        (
            Column("check_code", "Check", "code"),
            Column("object_key", "Where"),
            Column("field", "Field or cause", "code"),
            Column("expected", "Should be"),
            Column("found", "Was"),
            Column("first_seen_at_utc", "First seen (UTC)", "instant"),
            Column("resolved_at_utc", "Resolved (UTC)", "instant"),
            Column("seen_count", "Runs", "int", "In how many runs it was seen."),
        ),
        "examples",
        "Nothing was resolved.",
    )


def _stock_table(stock: pd.DataFrame) -> Table:
    told = stock.assign(what=stock["cause_code"].map(STOCK_CAUSES)).sort_values("units_qty", ascending=False, kind="stable")
    return Table(
        "stock",
        "Stock, three ways",
        "Every SKU and location where NetSuite, our number and a channel are not the same, with the cause that a row proves. "
        f"Rows of {NETSUITE} say what its own figure leaves out.",
        told,
        (
            Column("sku", "SKU"),
            Column("location_code", "Location", "code"),
            Column("channel_code", "Channel", "code"),
            Column("cause_code", "Cause", "code"),
            Column("units_qty", "Units", "int", "Units at stake."),
            Column("netsuite_qty", "NetSuite", "int", "Available, as NetSuite says it."),
            Column("atp_qty", "True", "int", "The true number of the location, before rules."),
            Column("publish_qty", "Ours", "int", "What we would publish."),
            Column("shown_qty", "Shown", "int", "What the channel shows."),
            Column("verdict_code", "Verdict", "code"),
            Column("what", "What it means", "prose"),
        ),
        "evidence",
        "All three agree everywhere.",
    )


def _orders_table(orders: pd.DataFrame) -> Table:
    return Table(
        "orders",
        "Orders, both ways",
        "Documents that are missing, doubled, foreign or different, on either side.",
        orders.assign(what=orders["cause_code"].map(ORDER_CAUSES)),
        (
            Column("order_name", "Order"),
            Column("shop_code", "Shop", "code"),
            Column("record_type", "Document", "code"),
            Column("cause_code", "Cause", "code"),
            Column("shopify_value", "Shopify"),
            Column("netsuite_value", "NetSuite"),
            Column("difference_amount", "Difference", "money"),
            Column("external_id", "External id"),
            Column("what", "What it means", "prose"),
        ),
        "evidence",
        "Every order is in both systems, and the same.",
    )


def _money_table(money: pd.DataFrame) -> Table:
    money = money.assign(measure=money["measure_code"].map(MEASURES))
    differs = money["difference_amount"].astype("object").map(bool)
    money = pd.concat([money.loc[differs], money.loc[~differs]], ignore_index=True)
    return Table(
        "money",
        "Money by day",
        "What the documents of the orders that were read come to in both systems, to the cent; the orders behind a difference are "
        "named. Orders that are set aside or that another hand booked are in no sum; of days before the span only those are that "
        "changed since. Days that differ come first.",
        money,
        (
            Column("day", "Day", "date"),
            Column("shop_code", "Shop", "code"),
            Column("channel", "Channel", "code"),
            Column("measure", "Measure", "code"),
            Column("gateway", "Gateway", "code"),
            Column("tax_titles", "Tax titles", "code", "Titles that one item or code books are compared together."),
            Column("currency_code", "Currency", "code"),
            Column("shopify_amount", "Shopify", "money"),
            Column("netsuite_amount", "NetSuite", "money"),
            Column("difference_amount", "Difference", "money"),
            Column("orders_count", "Orders", "int"),
        ),
        "examples",
        "No order was placed in the span.",
    )


def _lags_table(lags: pd.DataFrame) -> Table:
    return Table(
        "lags",
        "How long each stage takes",
        "From what happens in a shop to its document in NetSuite, of the documents in the span.",
        lags.sort_values("slowest_minutes", ascending=False, kind="stable"),
        (
            Column("stage", "Stage"),
            Column("documents_count", "Documents", "int"),
            Column("median_minutes", "Half within (minutes)", "int"),
            Column("slowest_minutes", "Slowest (minutes)", "int"),
            Column("slowest_document", "The slowest one"),
        ),
        "",
        "No document of the span has its event in the span.",
    )


def _fields_table(fields: pd.DataFrame) -> Table:
    return Table(
        "fields",
        "Custom fields, read back",
        "Fields of booked orders that are not what they should be: truecount repair and truecount remap write them again.",
        fields,
        (
            Column("external_id", "Document"),
            Column("field", "Field", "code"),
            Column("cause_code", "Cause", "code"),
            Column("written_value", "Written"),
            Column("expected_value", "Should be"),
            Column("found_value", "Is"),
            Column("modified_at_utc", "Last changed (UTC)"),
            Column("changed_by", "By", help="Who changed the field last, through what, as NetSuite's system notes tell it."),
            Column("order_line_id_shopify", "Line"),
        ),
        "",
        "Every field is what was written.",
    )
