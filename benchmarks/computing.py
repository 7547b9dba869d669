"""The same computation three times: by us, in SQL on DuckDB, and in Polars.

All three take typed frames in memory: balances, the demand and the reflected units of order lines, drops, holds. They subtract
the ledger line by line, add up ATP, cover oversold locations in order, and give every channel its number. Ours besides checks
every frame against the catalogue, keeps each term and each row's reason, the rule and the age of its inputs; the others do not.
"""

from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd
import polars as pl

from benchmarks.frames import PLACES, Inputs
from contract.frames import empty
from domain.compute import decide_numbers
from domain.conform_netsuite import Stock
from domain.ledger import build_ledger
from tests.domain.channel_world import AT

_SQL = """
WITH reflected AS (
  SELECT l.order_line_id_shopify, s.item_id_netsuite AS sku, 'P' || (s.location_id_netsuite::INT - 1) AS location_code,
         SUM(s.reflected_qty) AS reflected
  FROM steady s JOIN links l USING (transaction_id_netsuite, line_id_netsuite) GROUP BY ALL),
gap AS (
  SELECT d.sku, d.location_code, SUM(GREATEST(d.demand_qty - COALESCE(r.reflected, 0), 0)) AS units
  FROM lines d LEFT JOIN reflected r USING (order_line_id_shopify, sku, location_code) GROUP BY ALL),
atp AS (
  SELECT s.sku, SUBSTR(s.location_code, 2)::INT AS place, s.on_hand_qty - s.committed_qty - s.backordered_qty
         - COALESCE(g.units, 0) - COALESCE(u.unseen_qty, 0) - COALESCE(h.held_qty, 0) AS units
  FROM stock s LEFT JOIN gap g USING (sku, location_code) LEFT JOIN unseen u USING (sku, location_code)
  LEFT JOIN holds h USING (sku, location_code)),
debts AS (
  SELECT *, GREATEST(units, 0) AS held,
         -SUM(LEAST(units, 0)) OVER (PARTITION BY sku) AS debt,
         SUM(GREATEST(units, 0)) OVER (PARTITION BY sku ORDER BY place) - GREATEST(units, 0) AS before
  FROM atp),
pool AS (SELECT sku, place, held - LEAST(held, GREATEST(debt - before, 0)) AS units FROM debts),
whole AS (SELECT sku, SUM(units) AS units, SUM(units * 5000 // 10000) AS half FROM pool GROUP BY sku)
SELECT 'ONE' AS channel_code, sku, 'P' || place AS location_code, LEAST(GREATEST(units - 2, 0), 50) AS publish_qty FROM pool
UNION ALL SELECT 'TWO', sku, 'P' || place, units - (units * 10 + 99) // 100 FROM pool
UNION ALL SELECT 'FEED', sku, '-', half FROM whole
UNION ALL SELECT 'MARKET', sku, '-', CASE WHEN LEAST(GREATEST(units - 5, 0), 200) <= 3 THEN 0
  ELSE LEAST(GREATEST(units - 5, 0), 200) END FROM whole
UNION ALL SELECT 'OUTLET', sku, '-', units FROM whole
"""


def by_us(given: Inputs) -> pd.DataFrame:
    """Return `out_channel_quantities`."""
    ledger = build_ledger(given.lines, given.steady, given.links, given.sku_of_item, given.contract)
    names = (
        "core_components",
        "core_other_orders",
        "core_partner_open",
        "core_blocked",
        "core_arrivals",
        "core_sales",
        "core_tags",
    )
    core = {name: empty(name) for name in names} | {
        "core_ledger": ledger,
        "core_expected_levels": given.unseen.rename(columns={"unseen_qty": "drop_qty"}),
        "core_levels": given.levels,
        "core_holds": given.holds,
    }
    nowhere = given.stock.iloc[:0][["sku", "location_code"]]
    stock = Stock(given.stock, empty("core_unresolved"), nowhere)
    return decide_numbers(core, stock, given.contract, "f", AT)[1]


def by_duckdb(given: Inputs, threads: int = 2) -> pd.DataFrame:
    """Return channel, SKU, location and number, by one SQL statement."""
    with duckdb.connect(config={"threads": threads}) as connection:
        for name in ("stock", "lines", "steady", "links", "unseen", "holds"):
            connection.register(name, getattr(given, name))
        return connection.execute(_SQL).df()


def by_polars(given: Inputs) -> pd.DataFrame:
    """Return channel, SKU, location and number, by one lazy query."""
    pair = ["sku", "location_code"]
    stock, lines, steady, links, unseen, holds = (
        pl.from_pandas(getattr(given, name)).lazy() for name in ("stock", "lines", "steady", "links", "unseen", "holds")
    )
    place = (pl.lit("P") + (pl.col("location_id_netsuite").cast(pl.Int64) - 1).cast(pl.String)).alias("location_code")
    key = ["order_line_id_shopify", *pair]
    reflected = (
        steady.join(links, on=["transaction_id_netsuite", "line_id_netsuite"])
        .with_columns(place, pl.col("item_id_netsuite").alias("sku"))
        .group_by(key)
        .agg(pl.col("reflected_qty").sum())
    )
    left = pl.col("demand_qty") - pl.col("reflected_qty").fill_null(0)
    gap = (
        lines.join(reflected, on=key, how="left").with_columns(gap=left.clip(lower_bound=0)).group_by(pair).agg(pl.col("gap").sum())
    )
    terms = stock.join(gap, on=pair, how="left").join(unseen, on=pair, how="left").join(holds, on=pair, how="left")
    less = [pl.col(name).fill_null(0) for name in ("committed_qty", "backordered_qty", "gap", "unseen_qty", "held_qty")]
    atp = terms.select(*pair, units=pl.col("on_hand_qty") - pl.sum_horizontal(less)).sort(pair)
    held = pl.col("units").clip(lower_bound=0)
    debt = -pl.col("units").clip(upper_bound=0).sum().over("sku")
    before = (held.cum_sum() - held).over("sku", order_by="location_code")
    pool = atp.select(*pair, units=held - pl.min_horizontal(held, (debt - before).clip(lower_bound=0)))
    whole = pool.group_by("sku").agg(half=(pl.col("units") // 2).sum(), units=pl.col("units").sum())
    market = (pl.col("units") - 5).clip(0, 200)
    shown = {
        "ONE": (pool, (pl.col("units") - 2).clip(0, 50)),
        "TWO": (pool, pl.col("units") - (pl.col("units") * 10 + 99) // 100),
        "FEED": (whole, pl.col("half")),
        "MARKET": (whole, pl.when(market <= 3).then(0).otherwise(market)),
        "OUTLET": (whole, pl.col("units")),
    }
    frames = [
        source.select(
            channel_code=pl.lit(code),
            sku="sku",
            location_code=pl.col("location_code") if source is pool else pl.lit("-"),
            publish_qty=number.cast(pl.Int64),
        )
        for code, (source, number) in shown.items()
    ]
    return pl.concat(frames).collect().to_pandas()


def same(left: pd.DataFrame, right: pd.DataFrame) -> bool:
    """Tell whether two answers give the same number for every channel, SKU and location."""
    key = ["channel_code", "sku", "location_code"]

    def told(frame: pd.DataFrame) -> Any:
        rows = frame[[*key, "publish_qty"]].astype({"publish_qty": "int64", **dict.fromkeys(key, "object")})
        return rows.sort_values(key, ignore_index=True)

    return bool(told(left).equals(told(right)))


WAYS = {"ours": by_us, "duckdb": by_duckdb, "polars": by_polars}
assert len(PLACES) == 10  # the SQL turns P0..P9 into numbers and back
