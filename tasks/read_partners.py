"""Reads what partners tell: what each holds, and which serials and lots have left it. A file that cannot be read is a row."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import pandas as pd

from connectors.partners import PartnerRead, read_partner, read_shipments
from contract.frames import Frames, from_rows
from domain.partner_notices import Notices, read_notices
from domain.serial_matching import Matcher
from store import orders
from tasks.context import Context

log = logging.getLogger(__name__)
_FILES = "raw_partners__shipment_files"


def read_partner_stock(context: Context, run_id: str) -> dict[str, pd.DataFrame]:
    """Return every partner's snapshot; one that cannot be read is a row that says why."""
    reads = (
        read_partner(partner, _resolved(context, partner.url), token=context.partner_tokens[partner.partner_code])
        for partner in context.contract.partners
    )
    return _frames(context, run_id, reads, ("raw_partners__snapshots", "raw_partners__stock"))


def read_partner_shipments(context: Context, run_id: str) -> dict[str, pd.DataFrame]:
    """Return the shipment notices of every partner that sends any; those that cannot be read are a row that says why."""
    reads = (
        read_shipments(
            partner.partner_code,
            partner.shipments,
            _resolved(context, partner.shipments.url),
            token=context.partner_tokens[partner.partner_code],
        )
        for partner in context.contract.partners
        if partner.shipments is not None
    )
    return _frames(context, run_id, reads, (_FILES, "raw_partners__shipments"))


def told_by_partners(context: Context, raw: Frames, core_items: pd.DataFrame, matcher: Matcher) -> Notices:
    """Return what the notices say, each with its order: of those read now, and of those recorded before.

    Args:
        context: the store and the contract.
        raw: the notices, and the orders that this run has read.
        core_items: which SKUs have numbers.
        matcher: every number of NetSuite.
    """
    names = set(raw["raw_partners__shipments"]["order"].dropna())
    known = orders.named(context.engine, sorted({*names, *(f"#{name}" for name in names)}))
    here = raw.get("raw_shopify__orders", known).rename(columns={"name": "order_name"})
    by_name: dict[str, frozenset[str]] = {}
    for frame in (known, here):
        for shop, gid, name in frame[["shop_code", "order_id_shopify", "order_name"]].itertuples(index=False, name=None):
            by_name[name] = by_name.get(name, frozenset()) | {f"{shop}/{gid.rsplit('/', 1)[-1]}"}
    return read_notices(raw, core_items, by_name, matcher, context.contract)


def _resolved(context: Context, url: str) -> str:
    return url if url.startswith(("http://", "https://")) else context.loaded.resolve(url)


def _frames(context: Context, run_id: str, reads: Iterable[PartnerRead], names: tuple[str, str]) -> dict[str, pd.DataFrame]:
    stamp = {"run_id": run_id, "extracted_at_utc": context.now().isoformat()}
    files, rows = [], []
    for read in reads:
        if read.problem:
            log.warning("partner_unreadable", extra={"partner": read.partner_code, "problem": read.problem})
        key = {"partner_code": read.partner_code, **stamp}
        files.append(
            {**key, "written_at_utc": read.written_at.isoformat() if read.written_at else None, "problem": read.problem or None}
        )
        rows += [{**key, **row} for row in read.rows]
    return {names[0]: from_rows(names[0], files), names[1]: from_rows(names[1], rows)}
