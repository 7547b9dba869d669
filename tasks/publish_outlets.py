"""Publishing to feeds and http channels: one number per SKU, what each shows remembered in the store."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from connectors.endpoints import MOST_ROWS
from connectors.feeds import write_feed
from contract.errors import RetriableError, TruecountError
from contract.frames import Frames
from contract.models import Channel
from domain.publishing import WAITS, beside_shown, held_back
from store import publications
from tasks.context import Context

log = logging.getLogger(__name__)
OUTCOME = [
    "shop_code",
    "channel_code",
    "sku",
    "location_code",
    "inventory_item_id_shopify",
    "location_id_shopify",
    "expected_qty",
    "desired_qty",
    "outcome",
    "message",
]
_NAMESPACE = uuid.UUID("0d4d5c0e-6c1c-5c53-8f1e-5a4f5f5b2a77")
_PLACE = {"shop_code": "", "location_code": "-", "inventory_item_id_shopify": "", "location_id_shopify": ""}


@dataclass(frozen=True)
class OutletResult:
    """What became of the outlets' numbers: a row per changed number, and the manifest of each feed written."""

    outcomes: pd.DataFrame
    manifests: list[dict[str, object]]


@task(name="lower split outlets", cache_policy=NO_CACHE)
def lower_outlets(context: Context, run_id: str, numbers: Frames) -> pd.DataFrame:
    """Return the numbers that fall at the outlets of a split pool, with what became of each.

    Grain: one row per channel and SKU. Only what falls is sent: the units are free for another channel once it is known.
    """
    in_split = {code for split in context.contract.splits for code in split.channels}
    rows = _beside(context, numbers)
    # What shows nothing yet cannot fall; what may show anything falls to the least it may have to.
    rows = rows.loc[rows["channel_code"].isin(in_split) & (rows["shown_qty"].notna() | ~rows["is_certain"])]
    lower = rows.assign(publish_qty=rows[["publish_qty", "shown_qty"]].fillna(0).min(axis=1).astype("int64"))
    return _Outlets(context, run_id).send(lower, only_changes=True)


@task(name="write outlets", cache_policy=NO_CACHE)
def write_outlets(context: Context, run_id: str, numbers: Frames, unconfirmed: pd.DataFrame | None = None) -> OutletResult:
    """Return what became of every outlet's numbers: feeds whole and at once, http channels by what has changed.

    Args:
        context: the store and the outlets.
        run_id: the run.
        numbers: the run's frames.
        unconfirmed: the numbers of split pools that shall fall and are not known to have fallen.
    """
    rows = _beside(context, numbers)
    waits = held_back(rows, unconfirmed, context.contract) if unconfirmed is not None else pd.Series(data=False, index=rows.index)
    low = rows[["publish_qty", "shown_qty"]].fillna(0).min(axis=1).astype("int64")
    is_held = waits & (low < rows["publish_qty"])
    outlets = _Outlets(context, run_id)
    sent = outlets.send(rows.assign(publish_qty=rows["publish_qty"].where(~is_held, low)), only_changes=False)
    held = _changes(rows.loc[is_held]).assign(outcome="held_back", message=WAITS)
    return OutletResult(pd.concat([sent, held[OUTCOME]], ignore_index=True) if len(held) else sent, outlets.manifests)


def _beside(context: Context, numbers: Frames) -> pd.DataFrame:
    codes = [channel.channel_code for channel in context.contract.channels if channel.kind != "shopify"]
    shown = publications.shown_by_outlets(context.engine, codes)
    known = {*numbers["core_items"]["sku"], *numbers["core_components"]["kit_sku"]}
    return beside_shown(numbers["out_feed_rows"], shown, known)


class _Outlets:
    """Sends one run's numbers to its outlets, and remembers what was sent and what came of it."""

    def __init__(self, context: Context, run_id: str) -> None:
        self.manifests: list[dict[str, object]] = []
        self._context, self._run_id = context, run_id

    def send(self, rows: pd.DataFrame, *, only_changes: bool) -> pd.DataFrame:
        """Return the changed numbers with what became of each."""
        parts: list[pd.DataFrame] = []
        for channel in self._context.contract.channels:
            before = len(parts)
            here = rows.loc[rows["channel_code"] == channel.channel_code]
            is_new = ~here["is_certain"] | here["shown_qty"].isna() | (here["shown_qty"] != here["publish_qty"])
            changed = here.loc[is_new.fillna(value=True)]
            if channel.kind == "feed" and not (changed.empty and only_changes):
                parts.append(self._write(channel, here, changed))
            elif channel.kind == "http":
                starts = range(0, len(changed), MOST_ROWS)
                parts += [self._post(channel, changed.iloc[start : start + MOST_ROWS]) for start in starts]
            sent = [part for part in parts[before:] if not part.empty]
            if sent and not only_changes and all(part["outcome"].eq(publications.ACCEPTED).all() for part in sent):
                publications.supersede_outlet(self._context.engine, channel.channel_code)
        filled = [part for part in parts if not part.empty]
        return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=OUTCOME)

    def _write(self, channel: Channel, rows: pd.DataFrame, changed: pd.DataFrame) -> pd.DataFrame:
        """Write a feed whole; a SKU that is no item any more has no row in it."""
        url = self._context.loaded.resolve(str(channel.url))
        whole = rows.loc[rows["is_item"], ["sku", "publish_qty"]]

        def write() -> None:
            manifest = write_feed(url, whole, run_id=self._run_id, format=channel.format)
            self.manifests.append({"channel_code": channel.channel_code, **manifest})

        return self._recorded(channel, changed, write)

    def _post(self, channel: Channel, changed: pd.DataFrame) -> pd.DataFrame:
        numbers = list(changed[["sku", "publish_qty"]].itertuples(index=False, name=None))
        endpoint, key = self._context.endpoints[channel.channel_code], self._key_of(changed)
        return self._recorded(channel, changed, partial(endpoint.post, numbers, key, run_id=self._run_id, at=self._context.now()))

    def _recorded(self, channel: Channel, changed: pd.DataFrame, send: Callable[[], None]) -> pd.DataFrame:
        """Return the changed numbers with what became of them; the intent is stored before the call, the receipt after it.

        A feed that cannot be written although no number has changed is told by one row of its own: it grows old.
        """
        engine, rows, key = self._context.engine, _changes(changed), self._key_of(changed)
        falls = bool((rows["desired_qty"] <= rows["expected_qty"].fillna(0)).all())
        direction = "decrease" if falls else "increase"
        if not rows.empty:
            told = rows.assign(change_key=key)
            publications.record_intent(engine, self._run_id, told, direction=direction, at_utc=self._context.now())
        outcome, message = publications.ACCEPTED, ""
        try:
            send()
        except TruecountError as error:
            is_open = isinstance(error, RetriableError)
            outcome, message = (publications.UNSETTLED if is_open else publications.REJECTED), str(error)
            log.warning("outlet_failed", extra={"run": self._run_id, "channel": channel.channel_code, "reason": message})
        if not rows.empty:
            receipt = publications.Receipt(key, outcome, answered_at_utc=self._context.now())
            publications.record_receipt(engine, receipt)
        elif message:
            untold = {**_PLACE, "channel_code": channel.channel_code, "sku": "-", "expected_qty": 0, "desired_qty": 0}
            rows = pd.DataFrame([untold])
        return rows.assign(outcome=outcome, message=message)[OUTCOME]

    def _key_of(self, rows: pd.DataFrame) -> str:
        content = "\n".join(map(str, rows[["channel_code", "sku", "publish_qty"]].itertuples(index=False, name=None)))
        return str(uuid.uuid5(_NAMESPACE, f"{self._run_id}/{content}"))


def _changes(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.rename(columns={"shown_qty": "expected_qty", "publish_qty": "desired_qty"}).assign(**_PLACE)
