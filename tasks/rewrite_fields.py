"""Custom fields of booked orders: read back, compared, and written again where someone says so."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import timedelta

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from connectors.netsuite.documents import change, get_expanded
from connectors.netsuite.read_fields import read_field_changes, read_order_fields
from contract.errors import RejectedError, RetriableError
from contract.frames import Frames
from domain.read_back import order_line_of
from domain.written_fields import Patch, compare_fields, expected_fields, fields_of, patches, with_authors
from store import documents
from tasks.context import Context
from tasks.read_inventory import read_shopify_orders

log = logging.getLogger(__name__)


@task(name="compare custom fields", cache_policy=NO_CACHE)
def find_field_differences(
    context: Context, run_id: str, days: int, raw: Frames | None = None, readable: Collection[str] | None = None
) -> Frames:
    """Return the orders of the last days, their fields in NetSuite, and `out_field_differences`.

    Args:
        context: the run's context.
        run_id: the run.
        days: how far back.
        raw: the order frames, where they were read already.
        readable: the fields that can be read, where some cannot: drift of the schema is told of those.
    """
    since = context.now() - timedelta(days=days)
    raw = read_shopify_orders.fn(context, run_id, since) if raw is None else raw
    written = documents.written_orders(context.engine, since)
    orders = set(raw["raw_shopify__orders"]["order_id_shopify"])
    written = written.loc[written["order_id_shopify"].isin(orders)]
    contract = context.contract
    mapped = [m for m in contract.orders.fields if readable is None or m.target.lower() in readable]
    kinds = {level: {m.target: m.type for m in mapped if m.level == level} for level in ("body", "line")}
    there = read_order_fields(
        context.netsuite,
        sorted(written["netsuite_id"]),
        body_fields=kinds["body"],
        line_fields=kinds["line"],
        line_id_column=contract.account.line_id_field,
        run_id=run_id,
        extracted_at=context.now(),
    )
    found = compare_fields(written, expected_fields(raw, contract), there, contract)
    changes = read_field_changes(
        context.netsuite,
        sorted(set(found["transaction_id_netsuite"])),
        sorted(set(found["field"])),
        run_id=run_id,
        extracted_at=context.now(),
    )
    found = with_authors(found, changes)
    log.info("fields_compared", extra={"run": run_id, "documents": len(written), "different": len(found)})
    return {**raw, "raw_netsuite__order_fields": there, "out_field_differences": found}


@task(name="rewrite custom fields", cache_policy=NO_CACHE)
def rewrite_fields(context: Context, run_id: str, frames: Frames, causes: Collection[str]) -> pd.DataFrame:
    """Return the differences with what became of each: rewritten, failed, or left (of another cause).

    Grain: as `out_field_differences`. What is written is remembered as written.
    """
    found = frames["out_field_differences"]
    is_chosen = found["cause_code"].isin(list(causes))
    told = {
        patch.external_id: _rewrite(context, run_id, patch) for patch in patches(found.loc[is_chosen], frames, context.contract)
    }
    became = [told[name] if chosen else ("left", "") for name, chosen in zip(found["external_id"], is_chosen, strict=True)]
    return found.assign(outcome=[outcome for outcome, _ in became], message=[message for _, message in became])


def _rewrite(context: Context, run_id: str, patch: Patch) -> tuple[str, str]:
    try:
        view = get_expanded(context.netsuite, patch.record_type, patch.record_id)
        numbers = {line: order_line_of((line, None, None), view, context.contract.account.line_id_field) for line in patch.lines}
        gone = sorted(line for line, number in numbers.items() if number is None)
        if gone:
            return (
                "failed",
                f"NetSuite: {patch.record_type} {patch.external_id}: line {gone[0]} is no longer open; nothing was written",
            )
        rows = [{"line": numbers[line], **fields} for line, fields in patch.lines.items()]
        # A change sets values: it may be sent twice.
        change(context.netsuite, patch.record_type, patch.record_id, patch.body | ({"item": {"items": rows}} if rows else {}))
    except (RejectedError, RetriableError) as error:
        return "failed", str(error)
    _remember(context, run_id, patch)
    return "rewritten", ""


def _remember(context: Context, run_id: str, patch: Patch) -> None:
    """Put what was written now in the place of what was written then."""
    known = documents.known_documents(context.engine)
    row = {str(k): v for k, v in known.loc[known["external_id"] == patch.external_id].iloc[0].to_dict().items()}
    named = [{"$id": line, **fields} for line, fields in patch.lines.items()]
    new_body, new_lines = fields_of({**patch.body, "item": {"items": named}}, "$id")
    old_lines = row["line_fields"] or {}
    merged = {key: {**old_lines.get(key, {}), **new_lines.get(key, {})} for key in {*old_lines, *new_lines}}
    kept = {name: row[name] for name in ("external_id", "shop_code", "order_id_shopify", "record_type", "netsuite_id", "status")}
    fields = {"body_fields": {**(row["body_fields"] or {}), **new_body}, "line_fields": merged}
    documents.record_written(
        context.engine, run_id, [{**kept, **fields, "payload_hash": None, "message": "fields rewritten"}], at_utc=context.now()
    )
