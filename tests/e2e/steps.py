"""The steps of the flows, one after another, without Prefect."""

from tasks.push_fulfillments import push_fulfillments
from tasks.read_inventory import (
    read_catalogue,
    read_netsuite_balances,
    read_netsuite_lines,
    read_shopify_levels,
    read_shopify_orders,
    reread_netsuite_lines,
    stack,
)
from tasks.record_run import begin_run
from tasks.sync_orders import build_order_documents, capture_orders, read_booked, record_orders, regular_window, write_documents


def read(context, run_id="r"):
    raw = read_catalogue.fn(context, run_id)
    raw |= read_netsuite_lines.fn(context, run_id)
    raw |= read_netsuite_balances.fn(context, run_id)
    raw |= reread_netsuite_lines.fn(context, run_id, raw)
    raw |= read_shopify_orders.fn(context, run_id)
    return raw | read_shopify_levels.fn(context, run_id, raw["raw_shopify__variants"])


def sync(context, window=None):
    """Book the orders of a window (the regular one where left out); return what became of every document."""
    run_id = begin_run(context, "sync-orders", {})
    started, window = context.now(), window or regular_window(context)
    raw = capture_orders.fn(context, run_id, window) | read_catalogue.fn(context, run_id)
    raw |= read_booked.fn(context, run_id, raw, window)
    pushed = push_fulfillments.fn(context, run_id, raw)
    decided = build_order_documents.fn(context, run_id, raw)
    outcomes = write_documents.fn(context, run_id, decided.documents)
    record_orders.fn(context, run_id, raw, stack([outcomes, pushed]), decided.states, started, window)
    return stack([outcomes, pushed])
