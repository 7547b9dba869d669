"""Stock, three ways: NetSuite's figure, ours, and what each channel shows; every difference with its cause, proven by rows.

NetSuite against ours is explained term by term, because ours is made of those terms; what is left over is `unknown`. A
channel against ours is explained by what the store has of its publications and by the expected-level ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from contract.frames import Frames, conform, empty
from domain.shadow import SAME, compare_shown

NETSUITE = "NETSUITE"
"""The `channel_code` of NetSuite's own figure."""
CAUSES = {
    "in_flight": "On its way: a sale whose order no list shows yet, a call without an answer, a number that the next run sends.",
    "unsynced_order": "Orders of the shops that NetSuite does not know, or not wholly; truecount sync-orders books them.",
    "pending_approval": "Orders that NetSuite has and has not approved: it commits nothing to them. Approve them.",
    "oversold": "Backordered, or owed beyond what there is: NetSuite's available does not take it off. Move stock there, or buy.",
    "held": "Units that a shop keeps back (reserved, damaged, safety stock, quality control). Nothing to do.",
    "blocked": "Serials and lots that are doubtful, expired or inactive: they are not offered. truecount serial shows each.",
    "partner": "Orders that a partner's count does not net yet. Nothing to do.",
    "rule": "NetSuite counts orders that the contract says not to count, or the other way. Nothing to do.",
    "stale_publish": "The channel still shows what it was last sent; a newer number waits. Look at the runs of publish-inventory.",
    "never_published": "The channel shows a number that Truecount never sent. The next run of publish-inventory replaces it.",
    "manual_change": "Somebody changed the level by hand, or an app did: nothing that is known explains it.",
    "unmapped": "The shop shows units of a SKU that NetSuite has no stock item for. Create or rename the item.",
    "identity_broken": "The figures of one system contradict each other; nothing is derived from them until they agree.",
    "unknown": "No row explains it. Look at the item's history in both systems.",
}
"""Every cause, and what to do."""
COPY_OVERSELLS, COPY_LOSES = "a_copy_would_oversell", "a_copy_would_lose_sales"
_PAIR = ["sku", "location_code"]
_KEY = ["channel_code", *_PAIR]
_TERMS = {
    "unreflected_qty": "unsynced_order",
    "unseen_qty": "in_flight",
    "held_qty": "held",
    "blocked_qty": "blocked",
    "unapproved_qty": "pending_approval",
    "backordered_qty": "oversold",
    "partner_open_qty": "partner",
}
_SHOWN = ["channel_code", "sku", "location_code", "shown_qty"]


@dataclass(frozen=True)
class Published:
    """What the store has of publications.

    Args:
        accepted: what each channel last accepted: channel_code, sku, location_code, published_qty, published_at_utc.
        unanswered: calls without an answer: channel_code, sku, location_code, change_key.
        in_outlets: what feeds and http channels show: channel_code, sku, shown_qty.
        fresh_since: when the last run that published started, where the next one is not overdue yet; else None.
    """

    accepted: pd.DataFrame
    unanswered: pd.DataFrame
    in_outlets: pd.DataFrame
    fresh_since: datetime | None = None


def find_stock_differences(numbers: Frames, published: Published) -> pd.DataFrame:
    """Return `out_stock_differences`.

    Args:
        numbers: the frames of one computation (`domain.compute`), with the raw ones.
        published: what the store has of publications.
    """
    parts = [_in_netsuite(numbers), _in_channels(numbers, published), _in_outlets(numbers, published)]
    parts.append(_unmapped(numbers))
    filled = [part for part in parts if len(part)]
    return conform("out_stock_differences", pd.concat(filled, ignore_index=True)) if filled else empty("out_stock_differences")


def _in_netsuite(numbers: Frames) -> pd.DataFrame:
    """Return NetSuite's available against the true number, a row per term that parts them."""
    atp = numbers["out_atp"]
    differs = atp.loc[atp["available_qty"].ne(atp["atp_qty"])].reset_index(drop=True)
    figure = (differs["on_hand_qty"] - differs["committed_qty"]).clip(lower=0)
    parts = {"identity_broken": differs["available_qty"] - figure}
    parts |= {cause: differs[term] for term, cause in _TERMS.items() if cause != "oversold"}
    # Where it owes more than it has, NetSuite's available stops at 0; what it owes beyond is oversold.
    parts["oversold"] = figure - (differs["on_hand_qty"] - differs["committed_qty"]) + differs["backordered_qty"]
    parts["rule"] = -differs["spared_qty"]
    explained = sum(parts.values(), start=pd.Series(0, index=differs.index))
    parts["unknown"] = differs["available_qty"] - differs["atp_qty"] - explained
    # Each part by its own rows: a series that is longer than an empty frame would fill it.
    found = [differs.loc[units.ne(0)].assign(cause_code=cause, units_qty=units.loc[units.ne(0)]) for cause, units in parts.items()]
    rows = pd.concat(found, ignore_index=True)
    verdict = pd.Series(COPY_OVERSELLS, index=rows.index).where(rows["units_qty"] > 0, COPY_LOSES)
    rows = rows.assign(channel_code=NETSUITE, netsuite_qty=rows["available_qty"], publish_qty=None, shown_qty=None)
    return _with_orders(rows.assign(verdict_code=verdict, units_qty=rows["units_qty"].abs()), numbers)


def _with_orders(rows: pd.DataFrame, numbers: Frames) -> pd.DataFrame:
    """Return the rows with their evidence: for unsynced orders those orders, else the term itself."""
    ledger = numbers["core_ledger"].loc[lambda frame: frame["unreflected_qty"] > 0].reset_index(drop=True)
    name = ledger["order_id_shopify"].str.replace(r"^.*/", "", regex=True) if len(ledger) else ledger["order_id_shopify"]
    told = ledger.assign(proof=ledger["shop_code"] + "/" + name + " (" + ledger["reason_code"] + ")")
    proofs = told.groupby(_PAIR)["proof"].agg(lambda texts: ", ".join(list(dict.fromkeys(texts))[:5])).reset_index()
    rows = rows.merge(proofs, on=_PAIR, how="left", validate="many_to_one")
    by_term = rows["cause_code"] + " " + rows["units_qty"].astype("str")
    evidence = rows["proof"].where(rows["cause_code"].eq("unsynced_order"), by_term).fillna(by_term)
    return rows.assign(evidence=evidence)[_columns()]


def _in_channels(numbers: Frames, published: Published) -> pd.DataFrame:
    """Return what shops show against our numbers, one cause a pair: the first that a row proves."""
    shown = compare_shown(numbers["out_quantity_changes"], numbers["out_channel_quantities"], numbers["out_atp"])
    rows = shown.merge(published.accepted[[*_KEY, "published_qty", "published_at_utc"]], on=_KEY, how="left", validate="one_to_one")
    rows = rows.merge(published.unanswered.drop_duplicates(_KEY)[[*_KEY, "change_key"]], on=_KEY, how="left", validate="one_to_one")
    rows = rows.merge(_unexplained(numbers), on=_KEY, how="left", validate="one_to_one")
    rows = rows.merge(numbers["out_atp"][[*_PAIR, "available_qty", "atp_qty"]], on=_PAIR, how="left", validate="many_to_one")
    moved = rows["moved_qty"].fillna(0)
    cause = pd.Series("stale_publish", index=rows.index).mask(rows["published_qty"].isna(), "never_published")
    sent = "last accepted " + rows["published_qty"].astype("Int64").astype("str") + " at " + _told(rows["published_at_utc"])
    evidence = sent.where(rows["published_qty"].notna(), "no publication of it is in the store")
    is_fresh = rows["published_qty"].notna() & (published.fresh_since is not None)
    for is_so, code, told in (
        (
            is_fresh,
            "in_flight",
            f"moved since the run of {published.fresh_since:%Y-%m-%d %H:%M UTC}" if published.fresh_since else "",
        ),
        (
            moved.ne(0),
            "manual_change",
            "the level moved by " + moved.astype("int64").astype("str") + " and nothing known explains it",
        ),
        (rows["shown_qty"] < 0, "oversold", "the level is " + rows["shown_qty"].astype("str")),
        (rows["change_key"].notna(), "in_flight", "no answer yet to call " + rows["change_key"].astype("str")),
    ):
        cause, evidence = cause.mask(is_so, code), evidence.mask(is_so, told)
    rows = rows.assign(cause_code=cause, evidence=evidence, netsuite_qty=rows["available_qty"])
    return rows.loc[rows["verdict_code"].ne(SAME), _columns()]


def _unexplained(numbers: Frames) -> pd.DataFrame:
    """Return by how much levels moved that no event explains, by channel: of the ledger, and what expired in this run."""
    expired = numbers["core_unresolved"].loc[lambda frame: frame["reason_code"].eq("manual_change")]
    parts = expired["source_key"].str.split("/", n=1, expand=True) if len(expired) else pd.DataFrame({0: [], 1: []}, dtype="str")
    place = parts[1].str.rsplit("/", n=1, expand=True) if len(expired) else pd.DataFrame({0: [], 1: []}, dtype="str")
    sign = expired["field"].eq("drop_qty").map({True: -1, False: 1})
    units = pd.to_numeric(expired["value"], errors="coerce").fillna(0) * sign
    gone = pd.DataFrame({"shop_code": parts[0], "sku": place[0], "location_code": place[1], "moved_qty": units})
    ledger = numbers["core_expected_levels"]
    known = ledger.assign(moved_qty=ledger["rise_qty"] - ledger["drop_qty"])[["shop_code", *_PAIR, "moved_qty"]]
    both = pd.concat([gone, known], ignore_index=True) if len(gone) else known
    summed = both.groupby(["shop_code", *_PAIR], as_index=False)["moved_qty"].sum()
    owners = numbers["out_quantity_changes"][["shop_code", *_KEY]]
    return owners.merge(summed, on=["shop_code", *_PAIR], how="inner", validate="many_to_one")[[*_KEY, "moved_qty"]]


def _in_outlets(numbers: Frames, published: Published) -> pd.DataFrame:
    """Return what feeds and http channels show against our numbers."""
    feeds = numbers["out_feed_rows"].merge(published.in_outlets, on=["channel_code", "sku"], how="inner", validate="one_to_one")
    rows = feeds.loc[feeds["shown_qty"].notna() & feeds["shown_qty"].ne(feeds["publish_qty"])]
    at = published.accepted.drop_duplicates(["channel_code", "sku"], keep="last")[["channel_code", "sku", "published_at_utc"]]
    rows = rows.merge(at, on=["channel_code", "sku"], how="left", validate="one_to_one")
    evidence = "last accepted " + rows["shown_qty"].astype("str") + " at " + _told(rows["published_at_utc"])
    units = (rows["shown_qty"] - rows["publish_qty"]).astype("int64")
    verdict = pd.Series("would_oversell", index=rows.index).where(units > 0, "would_lose_sales")
    more = {
        "location_code": "",
        "netsuite_qty": None,
        "atp_qty": None,
        "cause_code": "in_flight" if published.fresh_since else "stale_publish",
    }
    return rows.assign(evidence=evidence, units_qty=units.abs(), verdict_code=verdict, **more)[_columns()]


def _unmapped(numbers: Frames) -> pd.DataFrame:
    """Return units that a shop shows of SKUs that no stock item has."""
    aside = numbers["core_unresolved"].loc[lambda frame: frame["reason_code"].eq("unmapped_sku")]
    variants = numbers["raw_shopify__variants"]
    key = variants["shop_code"] + "/" + variants["variant_id_shopify"]
    mine = variants.loc[key.isin(aside["source_key"]) & variants["is_tracked"].eq("true")]
    item = ["shop_code", "inventory_item_id_shopify"]
    levels = numbers["raw_shopify__levels"].merge(mine[[*item, "sku"]].dropna(), on=item, how="inner", validate="many_to_one")
    units = pd.to_numeric(levels["available_qty"], errors="coerce").fillna(0)
    shown = levels.assign(units_qty=units.astype("int64")).loc[units > 0]
    rows = shown.groupby(["shop_code", "sku"], as_index=False).agg(units_qty=("units_qty", "sum"))
    more = {"location_code": "", "netsuite_qty": None, "atp_qty": None, "publish_qty": None, "cause_code": "unmapped"}
    told = {"verdict_code": "would_oversell", "evidence": "no stock item of this SKU was read from NetSuite"}
    return rows.assign(channel_code=rows["shop_code"], shown_qty=rows["units_qty"], **more, **told)[_columns()]


def _told(instants: pd.Series) -> pd.Series:
    return pd.to_datetime(instants, utc=True).dt.strftime("%Y-%m-%d %H:%M UTC")


def _columns() -> list[str]:
    return [*_KEY, "cause_code", "netsuite_qty", "atp_qty", "publish_qty", "shown_qty", "units_qty", "verdict_code", "evidence"]
