"""Money by day: what both systems come to, as the last reconciliation found it, for plain SQL (view `money_by_day`)."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
from sqlalchemy import Engine, delete

from store.engine import writing
from store.schema import money_totals
from store.upsert import upsert
from store.values import with_columns

_AMOUNTS = ("shopify_amount", "netsuite_amount", "difference_amount")


def record(engine: Engine, run_id: str, out_money_totals: pd.DataFrame, *, at_utc: datetime) -> int:
    """Record what a run found, in the place of what the run before it did; return the number of rows.

    Args:
        engine: from `open_engine`.
        run_id: the run.
        out_money_totals: what it found; amounts are kept as exact text.
        at_utc: the instant.
    """
    texts = out_money_totals.assign(**{name: [str(amount) for amount in out_money_totals[name]] for name in _AMOUNTS})
    with writing(engine) as connection:
        connection.execute(delete(money_totals))
        return upsert(connection, money_totals, with_columns(texts, {"run_id": run_id, "compared_at_utc": at_utc}))
