"""Sales: what was ordered when, for the velocity buffer."""

from __future__ import annotations

import pandas as pd

from contract.frames import conform
from domain.components import explode


def find_sales(core_order_lines: pd.DataFrame, core_components: pd.DataFrame) -> pd.DataFrame:
    """Return `core_sales`: units ordered, also those cancelled since (they were wanted all the same).

    Grain: one row per SKU, location and instant. A kit's units count for the kit and for each of its components.

    Args:
        core_order_lines: what was ordered.
        core_components: the kits.
    """
    lines = core_order_lines[["sku", "location_code"]].assign(
        sold_at_utc=core_order_lines["placed_at_utc"], sold_qty=core_order_lines["left_qty"]
    )
    kits = lines.loc[lines["sku"].isin(core_components["kit_sku"])]
    rows = pd.concat([part for part in (explode(lines, core_components, ["sold_qty"]), kits) if not part.empty] or [lines])
    key = ["sku", "location_code", "sold_at_utc"]
    return conform("core_sales", rows.loc[rows["sold_qty"] > 0].groupby(key, as_index=False)[["sold_qty"]].sum())
