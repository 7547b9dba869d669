"""The five reads of a run, one after another, without Prefect."""

from tasks.read_inventory import (
    read_catalogue,
    read_netsuite_balances,
    read_netsuite_lines,
    read_shopify_levels,
    read_shopify_orders,
    reread_netsuite_lines,
)


def read(context, run_id="r"):
    raw = read_catalogue.fn(context, run_id)
    raw |= read_netsuite_lines.fn(context, run_id)
    raw |= read_netsuite_balances.fn(context, run_id)
    raw |= reread_netsuite_lines.fn(context, run_id, raw)
    raw |= read_shopify_orders.fn(context, run_id)
    return raw | read_shopify_levels.fn(context, run_id, raw["raw_shopify__variants"])
