"""The scope of a run over a few SKUs: what of the raw frames their numbers rest on, and nothing else.

A SKU's number rests on the stock SKUs it is made of, and on everything that is sold, held or missing of any SKU made of
those. Computed from the cut frames it is the number that the whole frames give (`tests/domain/test_scope.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pandas as pd

from contract.frames import Frames, from_rows
from contract.models import Contract
from domain.components import kit_items

SCOPE = "raw_truecount__scope"
ORDER_FRAMES = (
    "raw_shopify__orders",
    "raw_shopify__order_lines",
    "raw_shopify__fulfillment_order_lines",
    "raw_shopify__fulfillments",
    "raw_shopify__refunds",
)
_ORDER = ["shop_code", "order_id_shopify"]
_LINE = ["shop_code", "order_line_id_shopify"]
_VARIANT = ["shop_code", "variant_id_shopify"]
_LEVEL = ["shop_code", "inventory_item_id_shopify"]


@dataclass(frozen=True)
class Scope:
    """SKUs by what they are to a run, each set within the next.

    Args:
        asked: the SKUs to give numbers for.
        stock: with them what they are made of: their balances count.
        sold: with them what is made of any of these: their sales and levels count.
        named: with them what those are made of: their items must be known.
    """

    asked: frozenset[str]
    stock: frozenset[str]
    sold: frozenset[str]
    named: frozenset[str]

    def frame(self) -> pd.DataFrame:
        """Return `raw_truecount__scope`: by it a replay computes what the run computed."""
        return from_rows(SCOPE, [{"sku": sku, "is_asked": str(sku in self.asked).lower()} for sku in sorted(self.stock)])


def find_scope(raw: Frames, contract: Contract, skus: Iterable[str]) -> Scope:
    """Return the scope of some SKUs.

    Args:
        raw: the catalogue: `raw_netsuite__items` and `raw_netsuite__kit_members`.
        contract: the packs.
        skus: the SKUs to give numbers for.
    """
    items = raw["raw_netsuite__items"]
    code_of = items.dropna(subset=["item_code"]).set_index("item_id_netsuite")["item_code"]
    kit_code_of = kit_items(items).set_index("item_id_netsuite")["sku"]
    members = raw["raw_netsuite__kit_members"]
    parts = pd.DataFrame(
        {"whole": members["kit_item_id_netsuite"].map(kit_code_of), "part": members["item_id_netsuite"].map(code_of)}
    ).dropna()
    packs = pd.DataFrame([(pack.sku, pack.stock_sku) for pack in contract.packs], columns=["whole", "part"], dtype="str")
    edges = pd.concat([parts, packs], ignore_index=True).drop_duplicates()
    asked = frozenset(skus)
    stock = _reach(asked, edges["whole"], edges["part"])
    sold = _reach(stock, edges["part"], edges["whole"])
    return Scope(asked, stock, sold, _reach(sold, edges["whole"], edges["part"]))


def cut(raw: Frames, scope: Scope) -> dict[str, pd.DataFrame]:
    """Return the raw frames of the scope, with the scope among them; small frames (locations, snapshots) are kept whole.

    Orders and NetSuite documents are kept with every line that may be of the scope; a document's other lines stay, for they
    say whose it is.
    """
    variants = raw["raw_shopify__variants"]
    lines = _lines(raw["raw_shopify__order_lines"], variants, scope)
    # A line is sold under its variant's SKU of today: both must be known, or it would be taken for the SKU it was sold as.
    renamed = variants.loc[_keys(variants, _VARIANT).isin(_keys(lines, _VARIANT)), "sku"].dropna()
    named = scope.named | set(renamed)
    items = raw["raw_netsuite__items"].loc[raw["raw_netsuite__items"]["item_code"].isin(list(named))]
    kept = variants.loc[variants["sku"].isin(list(named))]
    levels = raw["raw_shopify__levels"]
    sold = kept.loc[kept["sku"].isin(list(scope.sold))]
    members = raw["raw_netsuite__kit_members"]
    parts = {
        "raw_netsuite__items": items,
        "raw_netsuite__kit_members": members.loc[members["kit_item_id_netsuite"].isin(list(items["item_id_netsuite"]))],
        "raw_shopify__variants": kept,
        "raw_shopify__levels": levels.loc[_keys(levels, _LEVEL).isin(_keys(sold, _LEVEL))],
        "raw_partners__stock": raw["raw_partners__stock"].loc[raw["raw_partners__stock"]["sku"].isin(list(scope.stock))],
        SCOPE: scope.frame(),
    }
    parts |= _cut_netsuite(raw, items, scope) | _cut_orders(raw, lines)
    return {name: parts.get(name, frame).reset_index(drop=True) for name, frame in {**raw, SCOPE: parts[SCOPE]}.items()}


def item_ids(raw_netsuite__items: pd.DataFrame, skus: Collection[str]) -> list[str]:
    """Return the NetSuite items of these SKUs."""
    return sorted(raw_netsuite__items.loc[raw_netsuite__items["item_code"].isin(list(skus)), "item_id_netsuite"])


def replace_orders(base: Frames, fresh: Frames) -> dict[str, pd.DataFrame]:
    """Return the order frames of the base with every order that was read again as it is now."""
    again = _keys(fresh["raw_shopify__orders"], _ORDER)
    merged = {}
    for name in ORDER_FRAMES:
        old = base[name].loc[~_keys(base[name], _ORDER).isin(again)]
        merged[name] = pd.concat([part for part in (old, fresh[name]) if not part.empty] or [old], ignore_index=True)
    return merged


def keep_asked(frames: Frames, scope: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the frames with numbers for the SKUs asked for only, and ATP for the stock that they are made of.

    Args:
        frames: `out_atp` and `out_channel_quantities`.
        scope: `raw_truecount__scope`; without rows everything is kept.
    """
    if scope.empty:
        return dict(frames)
    asked = scope.loc[scope["is_asked"].eq("true"), "sku"]
    out_atp, numbers = frames["out_atp"], frames["out_channel_quantities"]
    return {
        "out_atp": out_atp.loc[out_atp["sku"].isin(list(scope["sku"]))].reset_index(drop=True),
        "out_channel_quantities": numbers.loc[numbers["sku"].isin(list(asked))].reset_index(drop=True),
    }


def _reach(start: frozenset[str], sources: pd.Series, targets: pd.Series) -> frozenset[str]:
    """Return the start with everything that the edges lead to, however far."""
    found = start
    while True:
        more = found | set(targets.loc[sources.isin(list(found))])
        if more == found:
            return found
        found = more


def _lines(lines: pd.DataFrame, variants: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    mine = variants.loc[variants["sku"].isin(list(scope.sold))]
    is_mine = _keys(lines, _VARIANT).isin(_keys(mine, _VARIANT)) | lines["sku"].isin(list(scope.sold))
    return lines.loc[is_mine]


def _cut_orders(raw: Frames, lines: pd.DataFrame) -> dict[str, pd.DataFrame]:
    orders = raw["raw_shopify__orders"]
    of_lines = {name: raw[name].loc[_keys(raw[name], _LINE).isin(_keys(lines, _LINE))] for name in ORDER_FRAMES[2:]}
    mine = orders.loc[_keys(orders, _ORDER).isin(_keys(lines, _ORDER))]
    return {"raw_shopify__orders": mine, "raw_shopify__order_lines": lines, **of_lines}


def _cut_netsuite(raw: Frames, items: pd.DataFrame, scope: Scope) -> dict[str, pd.DataFrame]:
    sold, stock = item_ids(items, scope.sold), item_ids(items, scope.stock)
    found: dict[str, pd.DataFrame] = {}
    for name in ("raw_netsuite__order_lines", "raw_netsuite__order_lines_reread", "raw_netsuite__order_lines_since"):
        frame = raw[name]
        documents = frame.loc[frame["item_id_netsuite"].isin(sold), "transaction_id_netsuite"]
        found[name] = frame.loc[frame["transaction_id_netsuite"].isin(list(documents))]
    for name in ("raw_netsuite__stock", "raw_netsuite__sellable", "raw_netsuite__transfers_in_transit"):
        found[name] = raw[name].loc[raw[name]["item_id_netsuite"].isin(stock)]
    return found


def _keys(frame: pd.DataFrame, columns: list[str]) -> pd.Index:
    return pd.MultiIndex.from_frame(frame[columns])
