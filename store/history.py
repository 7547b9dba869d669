"""History that is let go: runs, publications and healed quarantine older than the contract keeps."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, and_, delete, exists, func, or_, select

from store.engine import writing
from store.publications import ACCEPTED, INTENDED, UNSETTLED
from store.runs import RUNNING
from store.schema import explanations, publication_batches, publication_pairs, quarantine, runs, snapshots, steps
from store.values import utc_now


def prune_history(engine: Engine, *, keep_days: int, now_utc: datetime | None = None) -> dict[str, int]:
    """Remove what is older than so many days and nothing still rests on.

    Kept however old: the number that a channel accepted last, a call whose effect is not known, the run of either, the
    newest run of each flow, a run under way, one whose snapshot is there, and what is still set aside.

    Args:
        engine: from `open_engine`.
        keep_days: how many days of history stay.
        now_utc: the instant; now where left out.

    Returns:
        Rows removed, by table.
    """
    before = (now_utc or utc_now()) - timedelta(days=keep_days)
    removed: dict[str, int] = {}
    with writing(engine) as connection:
        old = and_(publication_batches.c.intended_at_utc < before, publication_batches.c.status.not_in((INTENDED, UNSETTLED)))
        pair = publication_pairs.c
        is_old = pair.change_key.in_(select(publication_batches.c.change_key).where(old))
        outdated = or_(pair.outcome != ACCEPTED, _is_accepted_again())
        removed["publication_pairs"] = connection.execute(delete(publication_pairs).where(is_old, outdated)).rowcount
        is_empty = ~exists().where(pair.change_key == publication_batches.c.change_key).correlate(publication_batches)
        removed["publication_batches"] = connection.execute(delete(publication_batches).where(old, is_empty)).rowcount
        is_needed = or_(
            runs.c.run_id.in_(select(publication_batches.c.run_id)),
            runs.c.run_id.in_(select(snapshots.c.run_id)),
            runs.c.run_id.in_(select(func.max(runs.c.run_id)).group_by(runs.c.flow_name)),
        )
        is_gone = and_(runs.c.started_at_utc < before, runs.c.status != RUNNING, ~is_needed)
        gone = select(runs.c.run_id).where(is_gone)
        for table in (steps, explanations):
            removed[table.name] = connection.execute(delete(table).where(table.c.run_id.in_(gone))).rowcount
        removed["runs"] = connection.execute(delete(runs).where(runs.c.run_id.in_(gone))).rowcount
        healed = delete(quarantine).where(quarantine.c.resolved_at_utc < before)
        removed["quarantine"] = connection.execute(healed).rowcount
    return removed


def _is_accepted_again() -> ColumnElement[bool]:
    """Return whether a channel has accepted a later number for the place of a pair: the order of `latest_published`."""
    own, later, batch, later_batch = (
        publication_pairs.c,
        publication_pairs.alias("later"),
        publication_batches.alias("own_batch"),
        publication_batches.alias("later_batch"),
    )
    answered = (
        select(batch.c.answered_at_utc).where(batch.c.change_key == own.change_key).correlate(publication_pairs).scalar_subquery()
    )
    same_place = [later.c[name] == own[name] for name in ("sku", "channel_code", "location_code")]
    is_later = or_(
        later_batch.c.answered_at_utc > answered,
        and_(later_batch.c.answered_at_utc == answered, later.c.change_key > own.change_key),
    )
    return (
        exists()
        .where(*same_place, later.c.outcome == ACCEPTED, later_batch.c.change_key == later.c.change_key, is_later)
        .correlate(publication_pairs)
    )
