"""NetSuite documents: what we mean to write, wrote or adopted, by external id."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine, func, select

from store.engine import reading, writing
from store.schema import documents
from store.upsert import upsert
from store.values import Rows, parts_of, read_frame, utc_now, with_columns

INTENDED, WRITTEN, ADOPTED, FAILED, SKIPPED = "intended", "written", "adopted", "failed", "skipped"


def intend(engine: Engine, run_id: str, rows: Rows, *, at_utc: datetime | None = None) -> int:
    """Record, before the call, that documents are about to be written.

    A document known already becomes intended again (an update) and keeps its NetSuite id and first instant.

    Args:
        engine: from `open_engine`.
        run_id: the run.
        rows: `external_id`, `shop_code`, `order_id_shopify`, `record_type`, `payload_hash` (None where there is none).
            Where an order's own document: `body_fields`, `line_fields`, the custom fields as text (None keeps those known).
        at_utc: the instant; now where left out.

    Returns:
        The number of documents.
    """
    return _save(engine, run_id, with_columns(rows, {"status": INTENDED, "message": ""}), at_utc)


def record_written(engine: Engine, run_id: str, rows: Rows, *, at_utc: datetime | None = None) -> int:
    """Record, after the call or the look-up, what became of documents.

    Args:
        engine: from `open_engine`.
        run_id: the run.
        rows: as for `intend`, and `netsuite_id` (None keeps the one known), `status` (`written`, `adopted`, `failed`
            or `skipped`) and `message`.
        at_utc: the instant; now where left out.

    Returns:
        The number of documents.
    """
    return _save(engine, run_id, rows, at_utc)


def known_documents(engine: Engine, shop_codes: Collection[str] | None = None) -> pd.DataFrame:
    """Return every document of some shops (all where left out), one row per external id."""
    query = select(documents)
    if shop_codes is not None:
        query = query.where(documents.c.shop_code.in_(list(shop_codes)))
    with reading(engine) as connection:
        return read_frame(connection, query.order_by(documents.c.external_id))


def written_orders(engine: Engine, since: datetime) -> pd.DataFrame:
    """Return the orders' own documents that were written or looked at since an instant, one row per document."""
    known = documents.c
    mine = (
        known.record_type.in_(("salesOrder", "cashSale")),
        known.status.in_((WRITTEN, ADOPTED)),
        known.last_seen_at_utc >= since,
    )
    query = select(documents).where(*mine, known.netsuite_id.is_not(None)).order_by(known.external_id)
    with reading(engine) as connection:
        return read_frame(connection, query)


def cash_sales_of(engine: Engine, order_ids: Collection[str]) -> dict[str, str]:
    """Return the cash sales of these orders (gids) that NetSuite has, those of exchanges too: external id to internal id."""
    known = documents.c
    query = select(known.external_id, known.netsuite_id).where(known.record_type == "cashSale", known.netsuite_id.is_not(None))
    with reading(engine) as connection:
        rows = (row for part in parts_of(order_ids) for row in connection.execute(query.where(known.order_id_shopify.in_(part))))
        return {str(name): str(number) for name, number in rows}


def unsettled(engine: Engine) -> pd.DataFrame:
    """Return the documents whose call has no recorded answer: look each up by external id before writing again."""
    query = select(documents).where(documents.c.status == INTENDED).order_by(documents.c.external_id)
    with reading(engine) as connection:
        return read_frame(connection, query)


def _save(engine: Engine, run_id: str, rows: Rows, at_utc: datetime | None) -> int:
    at = at_utc or utc_now()
    seen = {"run_id": run_id, "first_seen_at_utc": at, "last_seen_at_utc": at}
    with writing(engine) as connection:
        return upsert(
            connection,
            documents,
            with_columns(rows, seen),
            assign=lambda new: {
                "shop_code": new.shop_code,
                "order_id_shopify": new.order_id_shopify,
                "record_type": new.record_type,
                "netsuite_id": func.coalesce(new.netsuite_id, documents.c.netsuite_id),
                "status": new.status,
                "payload_hash": func.coalesce(new.payload_hash, documents.c.payload_hash),
                "body_fields": func.coalesce(new.body_fields, documents.c.body_fields),
                "line_fields": func.coalesce(new.line_fields, documents.c.line_fields),
                "run_id": new.run_id,
                "last_seen_at_utc": new.last_seen_at_utc,
                "message": new.message,
            },
        )
