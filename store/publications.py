"""Publications: the intent stored before a call, the receipt after it, and what each channel last accepted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, and_, bindparam, func, select, update

from contract.errors import FatalError
from store.engine import reading, writing
from store.schema import core_expected_levels, publication_batches, publication_pairs
from store.upsert import upsert
from store.values import clean_text, read_frame, records, utc_now, with_columns

INTENDED, ACCEPTED, REJECTED, UNSETTLED, SETTLED = "intended", "accepted", "rejected", "unsettled", "settled"
STATUSES = frozenset({ACCEPTED, REJECTED, UNSETTLED, SETTLED})
_UNKNOWN = ("", UNSETTLED)
"""Outcomes that leave it open what a channel shows."""
_PAIR = ("inventory_item_id_shopify", "location_id_shopify")


@dataclass(frozen=True)
class Receipt:
    """What a call that publishes came to.

    Args:
        change_key: the batch.
        status: `accepted`; `rejected`; `unsettled` (the answer was lost); `settled` (read afterwards, see outcomes).
        outcomes: per pair, where they differ: `inventory_item_id_shopify`, `location_id_shopify`, `outcome`
            (`accepted` is what counts as published; else the reason, for example `stale`), `message`. A pair that is
            not named takes the batch's status; in a settled batch every pair must be named.
        answer: what the vendor said, without payloads or secrets.
    """

    change_key: str
    status: str
    outcomes: pd.DataFrame | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)
    answered_at_utc: datetime = field(default_factory=utc_now)


@dataclass(frozen=True)
class UnsettledBatch:
    """A batch whose effect is not known: `intended` (no answer was recorded) or `unsettled` (the answer was lost)."""

    change_key: str
    run_id: str
    shop_code: str
    direction: str
    status: str
    intended_at_utc: datetime
    pairs: pd.DataFrame


def record_intent(engine: Engine, run_id: str, changes: pd.DataFrame, *, direction: str, at_utc: datetime | None = None) -> int:
    """Record, before the calls, what is about to be published; one batch per `change_key`.

    The same key again is the same intent again: it is open again, and its earlier outcomes are forgotten.

    Args:
        engine: from `open_engine`.
        run_id: the run.
        changes: `out_quantity_changes`, one row per shop, inventory item and location (ids empty for a feed); all
            rows of a `change_key` belong to one shop. Quantities in stock units.
        direction: `decrease` or `increase`.
        at_utc: the instant; now where left out.

    Returns:
        The number of batches.

    Raises:
        FatalError: one key names two shops.
    """
    batches = changes[["change_key", "shop_code"]].drop_duplicates()
    if batches["change_key"].duplicated().any():
        key = batches.loc[batches["change_key"].duplicated(), "change_key"].iloc[0]
        raise FatalError(f"store: change key {key} names two shops; a batch goes to one shop")
    told: dict[str, Any] = {
        "run_id": run_id,
        "direction": direction,
        "status": INTENDED,
        "intended_at_utc": at_utc or utc_now(),
        "answered_at_utc": None,
        "answer": None,
    }
    with writing(engine) as connection:
        count = upsert(connection, publication_batches, with_columns(batches, told))
        upsert(connection, publication_pairs, changes.assign(outcome="", message=""))
    return count


def record_receipt(engine: Engine, receipt: Receipt) -> None:
    """Record, after the call, what became of a batch and of each of its pairs.

    Args:
        engine: from `open_engine`.
        receipt: status, outcomes and answer.

    Raises:
        FatalError: the status is not one of the four, no intent has this key, or an outcome names a pair that the
            intent does not have.
    """
    if receipt.status not in STATUSES:
        raise FatalError(f"store: {receipt.status!r} is no receipt's status; it is one of {', '.join(sorted(STATUSES))}")
    batch, pair = publication_batches.c, publication_pairs.c
    values = {"status": receipt.status, "answered_at_utc": receipt.answered_at_utc, "answer": dict(receipt.answer)}
    with writing(engine) as connection:
        known = connection.execute(update(publication_batches).where(batch.change_key == receipt.change_key).values(values))
        if not known.rowcount:
            raise FatalError(f"store: change key {receipt.change_key} has no intent; record it before the call")
        query = select(publication_pairs).where(pair.change_key == receipt.change_key)
        pairs = [dict(row) for row in connection.execute(query).mappings()]
        told = _with_outcomes(pairs, receipt)
        said = {(row["outcome"], row["message"]) for row in told}
        if len(said) == 1:
            # As nearly always: one statement instead of one a row.
            outcome, message = said.pop()
            one = update(publication_pairs).where(pair.change_key == receipt.change_key)
            connection.execute(one.values(outcome=clean_text(outcome), message=clean_text(message)))
        else:
            upsert(connection, publication_pairs, told)
        _rebase(connection, [row for row, before in zip(told, pairs, strict=True) if before["outcome"] != ACCEPTED])


def unsettled_batches(engine: Engine, shop_codes: Collection[str] | None = None) -> list[UnsettledBatch]:
    """Return the batches whose effect is not known, oldest first: read the levels, then record what they settle.

    Args:
        engine: from `open_engine`.
        shop_codes: the shops; all where left out.

    Returns:
        Batches intended without an answer, or unsettled, each with its pairs (one row per inventory item and location).
    """
    batch, pair = publication_batches.c, publication_pairs.c
    query = select(publication_batches).where(batch.status.in_((INTENDED, UNSETTLED)))
    if shop_codes is not None:
        query = query.where(batch.shop_code.in_(list(shop_codes)))
    with reading(engine) as connection:
        rows = connection.execute(query.order_by(batch.intended_at_utc, batch.change_key)).mappings().all()
        return [
            UnsettledBatch(
                **{name: row[name] for name in UnsettledBatch.__annotations__ if name != "pairs"},
                pairs=read_frame(
                    connection,
                    select(publication_pairs)
                    .where(pair.change_key == row["change_key"])
                    .order_by(*publication_pairs.primary_key.columns),
                ),
            )
            for row in rows
        ]


def latest_published(engine: Engine, *, sku: str | None = None) -> pd.DataFrame:
    """Return the number that each channel last accepted.

    Args:
        engine: from `open_engine`.
        sku: only this one; all where left out.

    Returns:
        One row per channel, SKU and location: published_qty (stock units), published_at_utc, run_id, change_key.
    """
    batch, pair = publication_batches.c, publication_pairs.c
    key = (pair.channel_code, pair.sku, pair.location_code)
    newest_first = (batch.answered_at_utc.desc(), pair.change_key.desc())
    ranked = select(
        *key,
        pair.desired_qty.label("published_qty"),
        batch.answered_at_utc.label("published_at_utc"),
        batch.run_id,
        pair.change_key,
        func.row_number().over(partition_by=key, order_by=newest_first).label("place"),
    ).join_from(publication_pairs, publication_batches, pair.change_key == batch.change_key)
    ranked = ranked.where(and_(pair.outcome == ACCEPTED, pair.sku == sku) if sku is not None else pair.outcome == ACCEPTED)
    all_places = ranked.subquery()
    columns = [column for column in all_places.columns if column.name != "place"]
    with reading(engine) as connection:
        return read_frame(connection, select(*columns).where(all_places.c.place == 1).order_by(*columns[:3]))


def history_of(engine: Engine, sku: str, *, channel_code: str | None = None, limit: int = 20) -> pd.DataFrame:
    """Return what was published of a SKU, newest first.

    Args:
        engine: from `open_engine`.
        sku: the SKU.
        channel_code: only this channel; all where left out.
        limit: at most so many rows.

    Returns:
        One row per pair sent: sent_at_utc, run_id, channel_code, location_code, expected_qty, desired_qty, outcome (empty
        while nobody knows) and message.
    """
    batch, pair = publication_batches.c, publication_pairs.c
    query = select(
        batch.intended_at_utc.label("sent_at_utc"),
        batch.run_id,
        pair.channel_code,
        pair.location_code,
        pair.expected_qty,
        pair.desired_qty,
        pair.outcome,
        pair.message,
    ).join_from(publication_pairs, publication_batches, pair.change_key == batch.change_key)
    query = query.where(pair.sku == sku)
    if channel_code is not None:
        query = query.where(pair.channel_code == channel_code)
    newest = (batch.intended_at_utc.desc(), pair.channel_code, pair.location_code)
    with reading(engine) as connection:
        return read_frame(connection, query.order_by(*newest).limit(limit))


def shown_by_outlets(engine: Engine, channel_codes: Collection[str]) -> pd.DataFrame:
    """Return what feeds and http channels show: the number last accepted, and whether a later call went unanswered.

    Args:
        engine: from `open_engine`.
        channel_codes: the channels.

    Returns:
        One row per channel and SKU: shown_qty (missing where none was ever accepted) and is_certain.
    """
    batch, pair = publication_batches.c, publication_pairs.c
    at = func.max(batch.intended_at_utc)
    known = select(pair.channel_code, pair.sku, at.label("unanswered_at_utc")).group_by(pair.channel_code, pair.sku)
    known = known.join_from(publication_pairs, publication_batches, pair.change_key == batch.change_key)
    known = known.where(pair.channel_code.in_(list(channel_codes)), pair.outcome.in_(_UNKNOWN))
    with reading(engine) as connection:
        unanswered = read_frame(connection, known)
    accepted = latest_published(engine)
    accepted = accepted.loc[accepted["channel_code"].isin(list(channel_codes))].drop(columns="location_code")
    rows = accepted.merge(unanswered, on=["channel_code", "sku"], how="outer", validate="one_to_one")
    is_later = rows["unanswered_at_utc"].notna() & ~(rows["published_at_utc"] > rows["unanswered_at_utc"])
    return rows.assign(shown_qty=rows["published_qty"].astype("Int64"), is_certain=~is_later)[
        ["channel_code", "sku", "shown_qty", "is_certain"]
    ]


def supersede_outlet(engine: Engine, channel_code: str) -> None:
    """Settle the unanswered calls of a feed or http channel: every number of theirs has been sent again since, and received.

    Args:
        engine: from `open_engine`.
        channel_code: the channel.
    """
    batch, pair = publication_batches.c, publication_pairs.c
    mine = select(pair.change_key).where(
        pair.channel_code == channel_code, batch.shop_code == "", batch.status.in_((INTENDED, UNSETTLED))
    )
    mine = mine.join_from(publication_pairs, publication_batches, pair.change_key == batch.change_key).distinct()
    with writing(engine) as connection:
        keys = [row.change_key for row in connection.execute(mine)]
        told = {"outcome": "superseded", "message": "sent again by a later run"}
        connection.execute(update(publication_pairs).where(pair.change_key.in_(keys), pair.outcome.in_(_UNKNOWN)).values(told))
        connection.execute(update(publication_batches).where(batch.change_key.in_(keys)).values(status=SETTLED))


def _rebase(connection: Connection, told: list[dict[str, Any]]) -> None:
    """Expect each level where we moved it: in the receipt's own transaction, so that a killed run cannot part the two."""
    level = core_expected_levels.c
    steps = [
        {
            "at_shop": row["shop_code"],
            "at_sku": row["sku"],
            "at_location": row["location_code"],
            "step": int(row["desired_qty"]) - int(row["expected_qty"]),
        }
        for row in told
        if row["outcome"] == ACCEPTED and row["inventory_item_id_shopify"]  # a feed has no level
    ]
    if steps:
        here = (
            (level.shop_code == bindparam("at_shop"))
            & (level.sku == bindparam("at_sku"))
            & (level.location_code == bindparam("at_location"))
        )
        connection.execute(update(core_expected_levels).where(here).values(base_qty=level.base_qty + bindparam("step")), steps)


def _with_outcomes(known: list[dict[str, Any]], receipt: Receipt) -> list[dict[str, Any]]:
    wanted = (*_PAIR, "outcome", "message")
    given = [] if receipt.outcomes is None else records(receipt.outcomes, wanted)
    told: dict[tuple[str, str], tuple[str, str | None]] = {(item, location): (o, m) for item, location, o, m in given}
    keys = [(row[_PAIR[0]], row[_PAIR[1]]) for row in known]
    if strange := set(told).difference(keys):
        raise FatalError(f"store: change key {receipt.change_key} has no pair {sorted(strange)[0]}; it was not intended")
    if receipt.status == SETTLED and (untold := set(keys).difference(told)):
        raise FatalError(f"store: change key {receipt.change_key} is settled but nothing is said of {sorted(untold)[0]}")
    rows = []
    for row, key in zip(known, keys, strict=True):
        outcome, message = told.get(key, (receipt.status, ""))
        rows.append(row | {"outcome": outcome, "message": message or ""})
    return rows
