"""Orders: the one state of each, as the last run that read it left it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine, case, or_, select

from store.engine import reading, writing
from store.schema import orders
from store.upsert import upsert
from store.values import Rows, parts_of, read_frame, utc_now, with_columns


def record_states(engine: Engine, run_id: str, rows: Rows, *, at_utc: datetime | None = None) -> int:
    """Record the state of orders; since when it is in that state stays where the state stays.

    Args:
        engine: from `open_engine`.
        run_id: the run.
        rows: `shop_code`, `order_id_shopify`, `order_name`, `state_code`, `last_error` (empty where none), `next_action`,
            `order_updated_at_utc` (when Shopify last changed it).
        at_utc: the instant; now where left out.

    Returns:
        The number of orders.
    """
    seen = {"run_id": run_id, "state_since_at_utc": at_utc or utc_now()}
    kept = ("order_name", "state_code", "last_error", "next_action", "run_id", "order_updated_at_utc")
    with writing(engine) as connection:
        return upsert(
            connection,
            orders,
            with_columns(rows, seen),
            assign=lambda new: (
                {name: new[name] for name in kept}
                | {
                    "state_since_at_utc": case(
                        (orders.c.state_code == new.state_code, orders.c.state_since_at_utc), else_=new.state_since_at_utc
                    )
                }
            ),
        )


def find_orders(engine: Engine, wanted: str) -> pd.DataFrame:
    """Return the orders with this name, id or gid, in any shop, one row per order."""
    gid = wanted if wanted.startswith("gid://") else f"gid://shopify/Order/{wanted}"
    known = orders.c
    query = select(orders).where(or_(known.order_name.in_([wanted, f"#{wanted}"]), known.order_id_shopify == gid))
    with reading(engine) as connection:
        return read_frame(connection, query.order_by(known.shop_code, known.order_id_shopify))


def named(engine: Engine, names: Collection[str]) -> pd.DataFrame:
    """Return shop_code, order_id_shopify, order_name of the orders with these names, in any shop, one row per order."""
    query = select(orders.c.shop_code, orders.c.order_id_shopify, orders.c.order_name)
    with reading(engine) as connection:
        query = query.order_by(orders.c.shop_code, orders.c.order_id_shopify)
        found = [read_frame(connection, query.where(orders.c.order_name.in_(part))) for part in list(parts_of(names)) or [[]]]
    return pd.concat(found, ignore_index=True)


def orders_by_state(engine: Engine, state_code: str | None = None) -> pd.DataFrame:
    """Return every order of a state (all where left out), the longest in it first, one row per order."""
    query = select(orders)
    if state_code is not None:
        query = query.where(orders.c.state_code == state_code)
    with reading(engine) as connection:
        return read_frame(connection, query.order_by(orders.c.state_since_at_utc, orders.c.shop_code, orders.c.order_id_shopify))
