"""When each number came on sale, and where: it was on hand at a place, and a channel that sells from there showed a number above 0.

An event for each stay of a number at a place and each channel. A stay begins when units of the number come to be on hand there
and ends when none is left, so that a number that came back is listed again. What a channel showed is told by the receipts of
our publications. Where a receipt has been let go of (`tolerances.keep_history_days`), what was recorded by it stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from domain.serial_events import KEY, alive_of, in_order, keyed, no_events

_PLACE = ["sku", "location_code"]
_OUTLET = ["channel_code", *_PLACE]


def listed_events(core_serial_events: pd.DataFrame, receipts: pd.DataFrame, pools: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return `core_serial_events` (`listed`) of these numbers, not yet journalled: what stands, and what is to stand.

    Args:
        core_serial_events: every event of these numbers.
        receipts: what channels showed of their SKUs: channel_code, sku, location_code (empty where a channel takes one number),
            shown_qty, shown_at_utc, change_key; those that changed nothing may be left out.
        pools: the places that a channel sells from, by channel: where its number is for all of them.
    """
    alive = alive_of(core_serial_events.drop_duplicates("event_key"))
    stays = _stays(alive)
    told = _told(stays, _showings(receipts, pools)) if len(stays) and len(receipts) else no_events()
    known = alive.loc[alive["stage_code"].eq("listed")]
    # What rests on a receipt that is still there is told anew; the rest cannot be, and holds while its stay does.
    lost = known.loc[~known["document_key"].isin("PUBLICATION/" + receipts["change_key"])]
    name = [*KEY, "line_key"]
    earlier = (
        told.set_index(name)["happened_at_utc"].reindex(lost.set_index(name).index).to_numpy() <= lost["happened_at_utc"].to_numpy()
    )
    kept = _within(lost.loc[~earlier], stays)
    fresh = told.loc[~told.set_index(name).index.isin(kept.set_index(name).index)]
    parts = [part for part in (kept.assign(modified_at_utc=kept["happened_at_utc"]), fresh) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else no_events()


def _stays(alive: pd.DataFrame) -> pd.DataFrame:
    """Return sku, serial_number, location_code, stay_key, begins, ends (missing while it lasts); one row per stay."""
    moves = in_order(alive.loc[alive["moved_qty"].ne(0)])
    number = [*KEY, "location_code"]
    here = moves.groupby(number, dropna=False)["moved_qty"].cumsum()
    before = here - moves["moved_qty"]
    turns = moves.loc[here.gt(0).ne(before.gt(0))].assign(is_there=here.gt(0))
    turns = turns.assign(ends=turns.groupby(number, dropna=False)["happened_at_utc"].shift(-1))
    stays = turns.loc[turns["is_there"]]
    key = stays["document_key"] + "/" + stays["line_key"] + "/" + stays["location_code"]
    return stays.assign(stay_key=key, begins=stays["happened_at_utc"])[[*number, "stay_key", "begins", "ends"]]


def _showings(receipts: pd.DataFrame, pools: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return _OUTLET, shown_from, shown_until (missing while it lasts), shown_qty, change_key; one row per time on sale."""
    places = pd.DataFrame(
        [(channel, place) for channel, pool in pools.items() for place in pool], columns=["channel_code", "place"]
    )
    is_whole = receipts["location_code"].eq("")
    spread = receipts.loc[is_whole].drop(columns="location_code").merge(places.astype("str"), on="channel_code")
    parts = [receipts.loc[~is_whole], spread.rename(columns={"place": "location_code"})]
    rows = pd.concat([part for part in parts if len(part)] or [receipts.iloc[:0]], ignore_index=True)
    rows = rows.sort_values([*_OUTLET, "shown_at_utc", "change_key"], kind="stable", ignore_index=True)
    is_on = rows["shown_qty"].gt(0)
    was_on = is_on.groupby([rows[name] for name in _OUTLET]).shift(1, fill_value=False)
    turns = rows.loc[is_on.ne(was_on)].assign(is_on=is_on, shown_from=rows["shown_at_utc"])
    turns = turns.assign(shown_until=turns.groupby(_OUTLET)["shown_at_utc"].shift(-1))
    return turns.loc[turns["is_on"], [*_OUTLET, "shown_from", "shown_until", "shown_qty", "change_key"]]


def _told(stays: pd.DataFrame, showings: pd.DataFrame) -> pd.DataFrame:
    """Return the event of each stay and channel that showed its SKU meanwhile: at its begin, or when the channel first did."""
    each = stays.merge(showings[_OUTLET].drop_duplicates(), on=_PLACE).sort_values("begins", kind="stable", ignore_index=True)
    if each.empty:
        return no_events()
    shown = showings.sort_values("shown_from", kind="stable")
    at_begin = pd.merge_asof(each, shown, left_on="begins", right_on="shown_from", by=_OUTLET)
    later = pd.merge_asof(
        each, shown, left_on="begins", right_on="shown_from", by=_OUTLET, direction="forward", allow_exact_matches=False
    )
    is_on = at_begin["shown_from"].notna() & ~(at_begin["shown_until"] <= at_begin["begins"])
    found = at_begin.where(is_on, later)
    happened = found["shown_from"].where(~is_on, each["begins"])
    is_in_time = happened.notna() & ~(happened >= each["ends"])
    rows, happened = found.loc[is_in_time], happened.loc[is_in_time]
    if rows.empty:
        return no_events()
    events = pd.DataFrame(
        {
            "sku": rows["sku"],
            "serial_number": rows["serial_number"],
            "given_number": rows["serial_number"],
            "stage_code": "listed",
            "happened_at_utc": happened,
            "modified_at_utc": happened,
            "location_code": rows["location_code"],
            "moved_qty": 0,
            "line_qty": 0,
            "document_key": "PUBLICATION/" + rows["change_key"],
            "document_name": rows["channel_code"] + " shows " + rows["shown_qty"].astype("int64").astype("str"),
            "line_key": rows["channel_code"] + "/" + rows["stay_key"],
            "order_key": None,
            "problem_code": None,
        }
    )
    return keyed(events)


def _within(known: pd.DataFrame, stays: pd.DataFrame) -> pd.DataFrame:
    """Return the events that lie in a stay of their number."""
    if known.empty:
        return known
    keyed_stays = known.assign(stay_key=known["line_key"].str.replace(r"^[^/]*/", "", regex=True), place=known.index)
    pairs = keyed_stays.merge(stays[[*KEY, "stay_key", "begins", "ends"]], on=[*KEY, "stay_key"])
    is_in = pairs["happened_at_utc"].ge(pairs["begins"]) & ~pairs["happened_at_utc"].ge(pairs["ends"])
    return known.loc[known.index.isin(pairs.loc[is_in, "place"])]
