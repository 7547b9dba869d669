"""The whole computation: one snapshot of raw frames in, decisions out. Pure, so any run can be replayed offline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd

from contract.frames import Frames, empty
from contract.models import Contract
from domain import atp, channels, demand, expected_levels, ledger, order_links, publishing
from domain.arrivals import conform_arrivals
from domain.components import conform_components, explode, sold_items
from domain.conform_netsuite import Stock, conform_items, conform_stock
from domain.conform_serials import conform_blocked
from domain.conform_shopify import conform_holds, conform_levels, conform_tags, resolve_variants
from domain.other_orders import find_other_orders, short_units
from domain.partners import find_open_units, merge_arrivals, with_partners
from domain.sales import find_sales
from domain.scope import SCOPE, keep_asked
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
        raw: the five reads (`raw_*`); of a run over a few SKUs those of its scope, with the scope (`domain/scope.py`).
        state: `core_expected_levels` and `core_counted_events` as the last run left them.
        contract: the rules.
        fingerprint: the contract's version.
    """
    core, stock, variants, aside = _conform(raw, contract)
    core_ledger, aside_ledger = _ledger(raw, core, contract)
    patience = timedelta(hours=contract.tolerances.unexplained_drop_hours)
    expected = expected_levels.advance(
        state["core_expected_levels"], state["core_counted_events"], core["core_levels"], core["core_order_lines"], patience
    )
    pair = ["shop_code", "sku", "location_code"]
    over = ((expected.expired.loc[expected.expired[name] > 0], name) for name in ("drop_qty", "rise_qty"))
    manual = [unresolved("core_expected_levels", rows, pair, "manual_change", name) for rows, name in over]
    core |= {"core_ledger": core_ledger, "core_expected_levels": expected.levels, "core_counted_events": expected.counted}
    order_lines = (raw["raw_netsuite__order_lines"], raw["raw_netsuite__order_lines_reread"])
    core["core_other_orders"] = find_other_orders(*order_lines, core["core_items"], contract, _newest(core))
    scope = raw.get(SCOPE, empty(SCOPE))
    out_atp, numbers, aside_rules = decide_numbers(core, stock, contract, fingerprint, _newest(core))
    decided = keep_asked({"out_atp": out_atp, "out_channel_quantities": numbers}, scope)
    numbers = decided["out_channel_quantities"]
    core_unresolved = gather([*aside, aside_ledger, *manual, aside_rules])
    if len(scope):
        # What the contract names and no item carries is for a whole run to say.
        core_unresolved = core_unresolved.loc[core_unresolved["source_frame"] != "contract"].reset_index(drop=True)
    return Inventory(
        {
            **core,
            "core_unresolved": core_unresolved,
            **decided,
            "out_quantity_changes": publishing.find_changes(numbers, core["core_levels"], contract),
            "out_activations": publishing.find_activations(numbers, core["core_levels"], variants, contract),
            "out_feed_rows": publishing.find_feed_rows(numbers, contract),
        }
    )


def decide_numbers(
    core: Frames, stock: Stock, contract: Contract, fingerprint: str, at: datetime
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return `out_atp`, `out_channel_quantities`, and what is wrong with the rules: everything after the evidence.

    Args:
        core: `core_ledger`, `core_expected_levels`, `core_levels`, `core_holds`, `core_components`, `core_arrivals`,
            `core_other_orders`, `core_partner_open`, `core_blocked`, `core_sales` and `core_tags`.
        stock: NetSuite's balances.
        contract: the rules.
        fingerprint: the contract's version.
        at: the run's instant.
    """
    kits = core["core_components"]
    unseen = core["core_expected_levels"].rename(columns={"drop_qty": "unseen_qty"})
    terms = {
        "unreflected_qty": core["core_ledger"],
        "unseen_qty": explode(unseen, kits, ["unseen_qty"]),
        "held_qty": explode(core["core_holds"], kits, ["held_qty"]),
        "spared_qty": core["core_other_orders"],
        "unapproved_qty": core["core_other_orders"],
        "partner_open_qty": core["core_partner_open"],
        "blocked_qty": core["core_blocked"],
        "other_short_qty": short_units(core["core_other_orders"], contract),
    }
    out_atp = atp.compute_atp(stock, explode(core["core_levels"], kits, []), terms)
    numbers, findings = channels.compute_channel_quantities(out_atp, core, contract, fingerprint, at)
    return out_atp, numbers, findings


def _conform(raw: Frames, contract: Contract) -> tuple[dict[str, pd.DataFrame], Stock, pd.DataFrame, list[pd.DataFrame]]:
    """Return the core frames that follow from the raw ones alone, the balances, the variants, and what was set aside."""
    items, aside_items = conform_items(raw["raw_netsuite__items"])
    netsuite = conform_stock(raw["raw_netsuite__stock"], raw["raw_netsuite__sellable"], items, contract)
    partners = with_partners(raw, netsuite, items, contract, _read_at(raw))
    stock = partners.stock
    kits, aside_kits = conform_components(raw["raw_netsuite__kit_members"], raw["raw_netsuite__items"], items, contract)
    known = {*items["sku"], *kits["kit_sku"]}
    variants, aside_variants = resolve_variants(raw["raw_shopify__variants"], known)
    levels, aside_levels = conform_levels(raw["raw_shopify__levels"], variants, contract)
    lines, aside_lines = demand.conform_order_lines(raw, known, contract)
    core = {
        "core_items": items,
        "core_components": kits,
        "core_tags": conform_tags(raw["raw_shopify__variants"]),
        "core_stock": stock.core,
        "core_arrivals": merge_arrivals(
            conform_arrivals(raw["raw_netsuite__transfers_in_transit"], items, netsuite.core, contract), partners.arrivals, contract
        ),
        "core_partner_open": find_open_units(
            raw["raw_netsuite__order_lines"], raw["raw_netsuite__order_lines_since"], items, partners.as_of, contract
        ),
        "core_levels": levels,
        "core_order_lines": lines,
        "core_sales": find_sales(lines, kits),
        "core_holds": conform_holds(levels),
        "core_blocked": conform_blocked(raw, items),
    }
    return core, stock, variants, [aside_items, stock.aside, aside_kits, aside_variants, aside_levels, aside_lines]


def _ledger(raw: Frames, core: Frames, contract: Contract) -> tuple[pd.DataFrame, pd.DataFrame]:
    first_lines = raw["raw_netsuite__order_lines"]
    first, aside = ledger.reflected_units(first_lines)
    second, _ = ledger.reflected_units(raw["raw_netsuite__order_lines_reread"])
    links, ambiguous = order_links.link_orders(raw["raw_shopify__orders"], first_lines, contract)
    sold = sold_items(core["core_items"], raw["raw_netsuite__items"])
    line_links = order_links.link_lines(links, raw["raw_shopify__order_lines"], first_lines, sold)
    demanded = explode(core["core_order_lines"], core["core_components"], ["demand_qty"])
    steady = ledger.steady_units(first, second)
    sku_of_item = core["core_items"].set_index("item_id_netsuite")["sku"]
    return ledger.build_ledger(demanded, steady, line_links, sku_of_item, contract), gather([aside, ambiguous])


def _newest(core: Frames) -> datetime:
    """Return the run's instant: its newest read, so that a replay has the same."""
    newest = pd.concat([core["core_stock"]["read_at_utc"], core["core_levels"]["read_at_utc"]]).max()
    return datetime(1970, 1, 1, tzinfo=UTC) if pd.isna(newest) else newest.to_pydatetime()


def _read_at(raw: Frames) -> datetime:
    """Return when the balances were read: the instant from which the age of a partner's snapshot counts."""
    read = raw["raw_netsuite__stock"]["extracted_at_utc"].dropna()
    read = read if len(read) else raw["raw_partners__snapshots"]["extracted_at_utc"].dropna()
    return pd.Timestamp(read.max()).to_pydatetime() if len(read) else datetime(1970, 1, 1, tzinfo=UTC)
