"""The suites of a reconciliation on large frames: time and memory, and as a ratio to the same checks as SQL on DuckDB.

    python -m benchmarks.suites [--rows 100000]

Each frame has so many rows: once sound, once with every row broken in many ways, which must cost no more. Great Expectations
keeps results and draws the Data Docs besides; DuckDB only counts the rows that fail, and the counts of both are compared.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from contract.frames import conform
from contract.loading import load_contract
from contract.tables import TABLES
from domain.serial_laws import LAWS
from expectations.docs import validate
from expectations.engine import Law, Suite, great_expectations
from expectations.suites import REVIEWED, Given, make_suites

AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
CONTRACT = load_contract(Path(__file__).parents[1] / "contract" / "contract.yaml").contract
_COUNT = {
    "ExpectColumnsToBeFilled": lambda given: " OR ".join(f"{name} IS NULL" for name in given["column_list"]),
    "ExpectColumnValuesToBeInSet": lambda given: f"{given['column']} NOT IN ({', '.join(map(repr, given['value_set']))})",
    "ExpectColumnPairValuesToBeEqual": lambda given: f"{given['column_A']} <> {given['column_B']}",
    "ExpectDocumentsToEqualOrders": lambda given: f"{given['column_A']} <> {given['column_B']}",
    "ExpectColumnPairValuesAToBeGreaterThanB": lambda given: f"{given['column_A']} < {given['column_B']}",
    "ExpectNumbersToKeepLaw": lambda given: f"' ' || law_codes || ' ' LIKE '% {given['law_code']} %'",
    "ExpectTermsToAddUp": lambda given: (
        f"{given['column_list'][0]} <> "
        + " + ".join(f"{sign} * {term}" for sign, term in zip(given["signs"], given["column_list"][1:], strict=True))
    ),
    "ExpectColumnValuesToBeBetween": lambda given: " OR ".join(
        f"{given['column']} {sign} {given[bound]}" for bound, sign in (("min_value", "<"), ("max_value", ">")) if bound in given
    ),
}
"""What fails an expectation, as SQL; what is no row's (columns, types, row counts) is left out on both sides."""


def sound_frames(count: int) -> dict[str, pd.DataFrame]:
    """Return the reviewed frames of so many rows each, as the catalogue has them, breaking no law."""
    number = np.arange(count)
    place, shop = CONTRACT.channels[0].pool[0], CONTRACT.shops[0].shop_code
    sku, order = pd.Series(number).map("SKU-{:07d}".format), pd.Series(number).map("gid://shopify/Order/{}".format)
    known: dict[str, Any] = {
        "sku": sku,
        "kit_sku": "KIT-" + sku,
        "serial_number": sku,
        "location_code": place,
        "shop_code": shop,
        "channel_code": CONTRACT.channels[0].channel_code,
        "order_id_shopify": order,
        "order_line_id_shopify": order,
        "day": sku,
        "external_id": "SHOPIFY-" + order,
        "transaction_id_netsuite": number.astype("str"),
        "record_type": "salesOrder",
        "action_code": "create",
        "cause_code": "unknown",
        "measure_code": "billed",
        "read_at_utc": AT,
        "oldest_input_at_utc": AT,
        "total_amount": Decimal("10.00"),
    }
    by_kind: dict[str, Any] = {"_qty": 0, "_count": 0, "_amount": Decimal(0), "_at_utc": AT}
    serials = {"out_serial_lineage", "out_serial_findings"}
    found = {}
    for name in (*REVIEWED, "raw_netsuite__documents", *serials):
        columns = {column: known.get(column, _neutral(column, by_kind)) for column in TABLES[name].columns}
        found[name] = conform(name, pd.DataFrame(columns, index=range(0 if name == "out_serial_findings" else count)))
    return found


def _neutral(column: str, by_kind: dict[str, Any]) -> Any:
    if column.startswith(("is_", "has_")) or column == "orders_count":
        return 0
    return next((value for suffix, value in by_kind.items() if column.endswith(suffix)), "x")


def broken_frames(frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the frames with every row of every frame broken, in as many ways as it has laws of rows."""
    changes: dict[str, Any] = {"shop_code": "NOWHERE", "channel_code": "NOWHERE", "cause_code": "magic", "record_type": None}
    changes |= {"publish_qty": -1, "demand_qty": -1, "atp_qty": 7, "on_hand_qty": 9, "read_at_utc": AT.replace(year=2025)}
    broken = {}
    for name, frame in frames.items():
        wrong = {column: value for column, value in changes.items() if column in frame and name != "out_netsuite_documents"}
        if "sku" in frame and name not in ("core_items", "out_serial_lineage"):
            wrong["sku"] = "?" + frame["sku"]
        broken[name] = frame.assign(**wrong)
    broken["raw_netsuite__documents"] = frames["raw_netsuite__documents"].assign(total_amount="11.00")
    lives = frames["out_serial_lineage"]
    law = next(iter(LAWS))
    more = {"law_code": law, "location_code": None, "units_qty": 1, "documents": "x", "suggestions": None, "is_doubtful": True}
    broken["out_serial_findings"] = conform("out_serial_findings", lives[["sku", "serial_number"]].assign(**more))
    return broken


def count_in_duckdb(suites: list[Suite]) -> int:
    """Return the rows that fail, over all laws of rows."""
    duck, total = duckdb.connect(), 0
    duck.execute("SET TimeZone = 'UTC'")
    for suite in suites:
        duck.register("frame", suite.frame)
        for law in suite.laws:
            if law.kind == "ExpectColumnValuesToBeUnique":
                sql = "SELECT COALESCE(SUM(n), 0) FROM (SELECT COUNT(*) AS n FROM frame GROUP BY key HAVING COUNT(*) > 1)"
            elif law.kind in _COUNT:
                sql = f"SELECT COUNT(*) FROM frame WHERE {_COUNT[law.kind](law.given)}"
            else:
                continue
            total += int(duck.execute(sql).fetchall()[0][0])
    return total


def is_of_rows(law: Law) -> bool:
    """Return whether a law is counted in rows on both sides."""
    return law.kind in _COUNT or law.kind == "ExpectColumnValuesToBeUnique"


def measure(name: str, frames: dict[str, pd.DataFrame]) -> str:
    """Return what the suites of some frames cost, from making them to the Data Docs."""
    given = Given(CONTRACT, AT, {"core_stock": len(frames["core_stock"])})
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        suites = make_suites(frames, given)
        done = validate(suites, Path(folder), "20261102T120000-x", AT, keep_days=14)
        ours = time.perf_counter() - began
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.json")) / 1e6
    began = time.perf_counter()
    theirs = count_in_duckdb(suites)
    in_sql = time.perf_counter() - began
    laws = {(suite.name, law.name) for suite in suites for law in suite.laws if is_of_rows(law)}
    failing = sum(result.failing_count for suite, result in done.results if (suite, result.name) in laws)
    same = "the same rows fail" if failing == theirs else f"OTHER ROWS FAIL ({failing:,} and {theirs:,})"
    return (
        f"{name}: {len(suites)} suites, {sum(len(suite.laws) for suite in suites)} laws: {ours:.1f} s; "
        f"{ours / in_sql:.0f} x DuckDB ({in_sql:.2f} s), {same}: {failing:,}; results of {size:.1f} MB"
    )


def main() -> None:
    """Print the measures of sound frames and of broken ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    count = parser.parse_args().rows
    with great_expectations():  # its import, once
        pass
    frames = sound_frames(count)
    measure("warm-up", {name: frame.head(10) for name, frame in frames.items()})
    print(measure(f"{count:,} rows each, sound", frames), flush=True)
    print(measure(f"{count:,} rows each, all broken", broken_frames(frames)), flush=True)
    tracemalloc.start()
    measure("memory", frames)
    print(f"peak memory beside the frames: {tracemalloc.get_traced_memory()[1] / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
