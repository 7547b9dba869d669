"""The laws of serial and lot numbers, and what breaks them: each breach with its documents and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from contract.frames import conform, empty
from domain.serial_events import KEY, OUT, UNMATCHED, alive_of, in_order
from domain.serial_lineage import on_hand_by_documents
from domain.serial_matching import Matcher

_COLUMNS = [*KEY, "law_code", "location_code", "units_qty", "documents", "suggestions"]
_NAMING = ("sold", "refunded", "notified")
"""Stages at which people and partners name a number."""
_MOST = 6
_LIKELY = 3


@dataclass(frozen=True)
class Law:
    """What a breach says and asks for; of a doubtful number no unit is offered until it is settled."""

    told: str
    action: str
    is_doubtful: bool = False


LAWS: Mapping[str, Law] = {
    "unknown_number": Law(
        "An order or a partner's notice names a number that NetSuite does not have.",
        "Look at the likely one; correct the order or the notice.",
    ),
    "wrong_item": Law(
        "An order or a partner's notice names a number of another item.",
        "Check which unit the customer has; correct the order or the notice.",
    ),
    "twice_on_line": Law("The same number stands twice on one line.", "Scan the other unit; correct the order or the notice."),
    "count_differs": Law(
        "A line names more or fewer numbers than it has units.", "Scan what is missing, or take off what is too much."
    ),
    "sold_twice": Law("Sold to two orders, with no return between.", "Find out who has it; give the other order another unit."),
    "sold_but_gone": Law("Sold, and it has left for something else.", "Find out which unit the customer has; correct the order."),
    "not_as_promised": Law(
        "Another unit left, or left by the partner's word, than the one that the order or the partner names.",
        "Find out which unit the customer has; correct the order, the notice or the fulfilment.",
    ),
    "never_received": Law("It left before any document brought it.", "Book its receipt, or correct the number.", is_doubtful=True),
    "more_left_than_came": Law("More of the lot left than ever came.", "Book the receipt, or correct the lot.", is_doubtful=True),
    "shipped_twice": Law("It left twice, with no return between.", "Correct the fulfilment that is wrong.", is_doubtful=True),
    "left_elsewhere": Law("It left a place where it was not.", "Book the transfer, or correct the place.", is_doubtful=True),
    "two_places": Law(
        "It came in while it was there already.", "Count it, and correct the receipt that is wrong.", is_doubtful=True
    ),
    "balance_differs": Law(
        "NetSuite's balance of it is not what its documents come to.", "Count it, and adjust it in NetSuite.", is_doubtful=True
    ),
    "expired": Law(
        "On hand, and past the day that it may be sold until.", "Take it off, or move it where nothing is sold.", is_doubtful=True
    ),
    "inactive": Law("On hand, and its number is inactive in NetSuite.", "Make it active again, or take it off.", is_doubtful=True),
}
"""Every law by the code of its breach."""


def find_breaches(
    core_serial_events: pd.DataFrame, core_serial_stock: pd.DataFrame, lots: frozenset[str], last_day: str, matcher: Matcher
) -> pd.DataFrame:
    """Return `out_serial_findings`: one row per number and law that it breaks.

    Args:
        core_serial_events: every event of these numbers.
        core_serial_stock: NetSuite's balance of them.
        lots: the SKUs whose numbers are lots.
        last_day: a lot that expires on this day or before is not sold any more (YYYY-MM-DD).
        matcher: every number of NetSuite, for suggestions.
    """
    events = in_order(alive_of(core_serial_events.drop_duplicates("event_key")))
    parts = [
        *_claims(events, matcher),
        _told(events.loc[events["problem_code"].eq("count_differs")], "count_differs"),
        _sold_twice(events.loc[~events["sku"].isin(lots)]),
        *_promises(events.loc[~events["sku"].isin(lots)]),
        *_moves(events.loc[events["moved_qty"].ne(0)], lots),
        _balances(events, core_serial_stock),
        _kept(core_serial_stock, core_serial_stock["expiration_date"].fillna("9999").le(last_day), "expired"),
        _kept(core_serial_stock, core_serial_stock["is_inactive"].eq(True), "inactive"),
    ]
    filled = [part.reindex(columns=_COLUMNS) for part in parts if len(part)]
    if not filled:
        return empty("out_serial_findings")
    rows = pd.concat(filled, ignore_index=True).drop_duplicates([*KEY, "law_code"])
    doubtful = {code: law.is_doubtful for code, law in LAWS.items()}
    return conform("out_serial_findings", rows.assign(is_doubtful=rows["law_code"].map(doubtful)))


def blocked_units(out_serial_findings: pd.DataFrame, core_serial_stock: pd.DataFrame, lineage: pd.DataFrame) -> pd.DataFrame:
    """Return `core_blocked`: units on hand that must not be offered and that no order has taken yet.

    A serial that an order has (`promised`) is subtracted as its demand already.

    Args:
        out_serial_findings: the breaches that stand.
        core_serial_stock: NetSuite's balance.
        lineage: `out_serial_lineage` of the numbers.
    """
    doubtful = out_serial_findings.loc[out_serial_findings["is_doubtful"]]
    laws = doubtful.groupby(KEY)["law_code"].agg(", ".join).reset_index(name="laws")
    taken = lineage.loc[lineage["status_code"].eq("promised") & ~lineage["is_lot"], KEY].assign(is_taken=True)
    rows = core_serial_stock.loc[core_serial_stock["on_hand_qty"].gt(0)].merge(laws, on=KEY).merge(taken, on=KEY, how="left")
    return conform("core_blocked", rows.loc[rows["is_taken"].isna()].assign(blocked_qty=lambda free: free["on_hand_qty"]))


def _told(events: pd.DataFrame, code: str, units: pd.Series | int = 1) -> pd.DataFrame:
    """Return breaches of a law, one per number, with the documents of the events given."""
    if events.empty:
        return pd.DataFrame(columns=_COLUMNS)
    rows = events.assign(law_code=code, units_qty=units, suggestions=None)
    names = rows.groupby(KEY)["document_name"].agg(lambda texts: ", ".join(list(dict.fromkeys(texts))[:_MOST]))
    first = rows.drop_duplicates(KEY, keep="last").drop(columns="document_name")
    return first.merge(names.rename("documents").reset_index(), on=KEY)[_COLUMNS]


def _claims(events: pd.DataFrame, matcher: Matcher) -> Iterator[pd.DataFrame]:
    """Yield what is wrong with a number as an order or a notice names it, the likely ones beside it."""
    for code in ("unknown_number", "wrong_item", "twice_on_line"):
        rows = _told(events.loc[events["stage_code"].isin(_NAMING) & events["problem_code"].eq(code)], code)
        if code != "twice_on_line" and len(rows):
            places = rows[[*KEY, "location_code"]].itertuples(index=False, name=None)
            rows = rows.assign(suggestions=pd.Series([_likely(matcher, *one) for one in places], index=rows.index, dtype="object"))
        yield rows


def _likely(matcher: Matcher, sku: str, number: str, place: str | None) -> str | None:
    found = matcher.suggest(number, sku, place)[:_LIKELY]
    return "; ".join(f"{one.known.number} ({', '.join(one.evidence)})" for one in found) or None


def _sold_twice(events: pd.DataFrame) -> pd.DataFrame:
    sold = events.loc[events["stage_code"].eq("sold")]
    orders = sold.groupby(KEY)["order_key"].nunique()
    back = events.loc[events["stage_code"].isin(["refunded", "returned"])]
    returns = back.groupby([*KEY, "stage_code"]).size().groupby(level=[0, 1]).max().reindex(orders.index, fill_value=0)
    bad = orders.index[(orders - returns) > 1]
    return _told(sold.loc[sold.set_index(KEY).index.isin(bad)], "sold_twice")


def _promises(events: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield what left against what an order or a partner names: another unit, or one that has left for something else."""
    named = events.loc[~events["problem_code"].isin(UNMATCHED)]
    sold, notified = (named.loc[named["stage_code"].eq(stage)] for stage in ("sold", "notified"))
    left = events.loc[events["stage_code"].eq("fulfilled")]
    others = [_others(left, sold, left), _others(notified, sold, pd.concat([left, notified])), _swapped(left, notified)]
    yield _told(
        pd.concat([part for part in others if len(part)] or [left.iloc[:0]]).drop_duplicates("event_key"), "not_as_promised"
    )
    gone = events.loc[events["moved_qty"].ne(0)].drop_duplicates(KEY, keep="last").set_index(KEY)
    total = events.groupby(KEY)["moved_qty"].sum()
    served = set(left[["order_key", *KEY]].itertuples(index=False, name=None))
    waiting = sold.loc[[row not in served for row in sold[["order_key", *KEY]].itertuples(index=False, name=None)]]
    newest = waiting.drop_duplicates(KEY, keep="last")
    index = newest.set_index(KEY).index
    is_gone = (
        total.reindex(index, fill_value=0).le(0).to_numpy() & gone["stage_code"].reindex(index).isin(OUT - {"moved_out"}).to_numpy()
    )
    is_before = gone["happened_at_utc"].reindex(index).lt(pd.Series(newest["happened_at_utc"].to_numpy(), index=index)).to_numpy()
    is_elsewhere = ~gone["order_key"].reindex(index).isna().to_numpy()
    yield _told(newest.loc[is_gone & (is_before | is_elsewhere)], "sold_but_gone")


def _others(moved: pd.DataFrame, promises: pd.DataFrame, gone: pd.DataFrame) -> pd.DataFrame:
    """Return the events of numbers that are not among those promised, of orders that wait for a promised one of the item.

    Where all that is promised has gone, the rest left with a line that names none.
    """
    order, number = ["order_key", "sku"], ["order_key", *KEY]
    waiting = promises.loc[~_index(promises, number).isin(_index(gone, number))]
    is_waited_for = _index(moved, order).isin(_index(waiting, order))
    return moved.loc[is_waited_for & ~_index(moved, number).isin(_index(promises, number))]


def _swapped(left: pd.DataFrame, notified: pd.DataFrame) -> pd.DataFrame:
    """Return what left a partner's place and is in no notice, while a number of the notices has not left for the order.

    Where all that is told has left, the notice of the rest may only be late.
    """
    place, number = ["order_key", "sku", "location_code"], ["order_key", *KEY]
    waiting = notified.loc[~_index(notified, number).isin(_index(left, number))]
    untold = left.loc[~_index(left, number).isin(_index(notified, number))]
    return untold.loc[_index(untold, place).isin(_index(waiting, place)) & untold["order_key"].notna()]


def _index(events: pd.DataFrame, names: list[str]) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(events[names])


def _moves(moves: pd.DataFrame, lots: frozenset[str]) -> Iterator[pd.DataFrame]:
    """Yield what the running balance of each number shows, over all places and at each place."""
    running = moves.groupby(KEY)["moved_qty"].cumsum()
    here = moves.groupby([*KEY, "location_code"])["moved_qty"].cumsum()
    came = moves["moved_qty"].clip(lower=0).groupby([moves[name] for name in KEY]).cumsum()
    shipped = moves["stage_code"].eq("fulfilled").astype("int64").groupby([moves[name] for name in KEY]).cumsum()
    is_lot, is_out = moves["sku"].isin(lots), moves["moved_qty"].lt(0)
    yield _told(moves.loc[is_out & running.lt(0) & came.eq(0)], "never_received")
    yield _told(moves.loc[is_out & running.lt(0) & came.gt(0) & is_lot], "more_left_than_came", -running)
    again = moves.loc[is_out & running.lt(0) & came.gt(0) & ~is_lot & shipped.gt(1)].set_index(KEY).index
    yield _told(moves.loc[moves["stage_code"].eq("fulfilled") & moves.set_index(KEY).index.isin(again)], "shipped_twice")
    yield _told(moves.loc[is_out & running.ge(0) & here.lt(0)], "left_elsewhere", -here)
    yield _told(moves.loc[~is_out & running.gt(1) & ~is_lot], "two_places", running)


def _balances(events: pd.DataFrame, core_serial_stock: pd.DataFrame) -> pd.DataFrame:
    traced = on_hand_by_documents(events)
    both = traced.merge(core_serial_stock, on=[*KEY, "location_code"], how="outer")
    balance, documents = (both[name].fillna(0).astype("int64") for name in ("on_hand_qty", "traced_qty"))
    told = "balance " + balance.astype("str") + ", documents " + documents.astype("str")
    rows = both.assign(units_qty=(balance - documents).abs(), law_code="balance_differs", suggestions=None, documents=told)
    return rows.loc[rows["units_qty"].gt(0), _COLUMNS]


def _kept(core_serial_stock: pd.DataFrame, is_so: pd.Series, code: str) -> pd.DataFrame:
    rows = core_serial_stock.loc[is_so & core_serial_stock["on_hand_qty"].gt(0)]
    told = "expires " + rows["expiration_date"].fillna("never")
    return rows.assign(law_code=code, units_qty=rows["on_hand_qty"], documents=told, suggestions=None)[_COLUMNS]
