"""The whole computation: one snapshot of raw frames in, decisions out. Pure, so any run can be replayed offline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from contract.frames import Frames
from contract.models import Contract
from domain import atp, channels, demand, expected_levels, ledger, order_links, publishing
from domain.conform_netsuite import conform_items, conform_stock
from domain.conform_shopify import conform_holds, conform_levels, resolve_variants
from domain.unresolved import gather, unresolved


@dataclass(frozen=True)
class Inventory:
    """What `publish_inventory` decides, with all that led there; every value is a frame of the catalogue."""

    frames: dict[str, pd.DataFrame]

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames[name]


def compute_inventory(raw: Frames, state: Frames, contract: Contract, fingerprint: str) -> Inventory:
    """Return every core and out frame of one run.

    Args:
        raw: the five reads (`raw_*`).
        state: `core_expected_levels` and `core_counted_events` as the last run left them.
        contract: the rules.
        fingerprint: the contract's version.
    """
    core_items, aside_items = conform_items(raw["raw_netsuite__items"])
    core_stock, aside_stock = conform_stock(raw["raw_netsuite__stock"], core_items, contract)
    variants, aside_variants = resolve_variants(raw["raw_shopify__variants"], core_items)
    core_levels, aside_levels = conform_levels(raw["raw_shopify__levels"], variants, contract)
    core_order_lines, aside_lines = demand.conform_order_lines(raw, variants, contract)
    core_ledger, aside_ledger = _ledger(raw, core_order_lines, core_items, contract)
    patience = timedelta(hours=contract.tolerances.unexplained_drop_hours)
    expected = expected_levels.advance(
        state["core_expected_levels"], state["core_counted_events"], core_levels, core_order_lines, patience
    )
    core_holds = conform_holds(core_levels)
    out_atp = atp.compute_atp(core_stock, core_ledger, expected.levels, core_holds, core_levels)
    quantities = channels.compute_channel_quantities(out_atp, contract, fingerprint)
    pair = ["shop_code", "sku", "location_code"]
    manual = unresolved("core_expected_levels", expected.expired, pair, "manual_change", "drop_qty")
    parts = [aside_items, aside_stock, aside_variants, aside_levels, aside_lines, aside_ledger, manual]
    return Inventory(
        {
            "core_items": core_items,
            "core_stock": core_stock,
            "core_levels": core_levels,
            "core_order_lines": core_order_lines,
            "core_ledger": core_ledger,
            "core_holds": core_holds,
            "core_expected_levels": expected.levels,
            "core_counted_events": expected.counted,
            "core_unresolved": gather(parts),
            "out_atp": out_atp,
            "out_channel_quantities": quantities,
            "out_quantity_changes": publishing.find_changes(quantities, core_levels, contract),
            "out_feed_rows": publishing.find_feed_rows(quantities, contract),
        }
    )


def _ledger(
    raw: Frames, core_order_lines: pd.DataFrame, core_items: pd.DataFrame, contract: Contract
) -> tuple[pd.DataFrame, pd.DataFrame]:
    first_lines = raw["raw_netsuite__order_lines"]
    first, aside = ledger.reflected_units(first_lines)
    second, _ = ledger.reflected_units(raw["raw_netsuite__order_lines_reread"])
    links, ambiguous = order_links.link_orders(raw["raw_shopify__orders"], first_lines, contract)
    items = core_items[["item_id_netsuite", "sku"]]
    line_links = order_links.link_lines(links, raw["raw_shopify__order_lines"], first_lines, items)
    sku_of_item = core_items.set_index("item_id_netsuite")["sku"]
    steady = ledger.steady_units(first, second)
    return ledger.build_ledger(core_order_lines, steady, line_links, sku_of_item, contract), gather([aside, ambiguous])
