"""What no single model can see of partners: their places, their columns, and two that claim one SKU."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contract.models import Contract
from contract.partners import Partner, PartnerShipments

Place = tuple[str | int, ...]
Finding = tuple[Place, str]


def find_partner_inconsistencies(contract: Contract) -> Iterator[Finding]:
    """Yield every inconsistency of the partners: where, and what to do."""
    locations = {location.location_code for location in contract.locations}
    for index, partner in enumerate(contract.partners):
        place: Place = ("partners", index)
        if partner.location not in locations:
            yield (*place, "location"), f"location {partner.location} is not in locations"
        for position, other in enumerate(contract.partners[:index]):
            if other.partner_code == partner.partner_code:
                yield (*place, "partner_code"), f"{partner.partner_code} stands there already; every code must be unique"
            elif other.location == partner.location and _may_share(other, partner):
                told = f"partners[{position}] may hold the same SKUs at {partner.location}; a SKU and location has one source"
                yield (*place, "skus"), told
        yield from _own_findings(place, partner)


def _own_findings(place: Place, partner: Partner) -> Iterator[Finding]:
    columns = partner.columns
    if partner.includes_in_transit and columns.in_transit is None:
        yield (*place, "columns", "in_transit"), "is needed: what the figure includes must be known to be taken off"
    if columns.due_date is not None and columns.in_transit is None:
        yield (*place, "columns", "due_date"), "has no effect without in_transit"
    if partner.cut_off_minutes and not partner.nets_orders:
        yield (*place, "cut_off_minutes"), "has no effect: the figure nets no orders"
    yield from _feed_findings(place, partner)
    if partner.shipments is not None:
        yield from _feed_findings((*place, "shipments"), partner.shipments)
    try:
        ZoneInfo(partner.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield (*place, "time_zone"), f"{partner.time_zone} is no time zone; write it as in Europe/Berlin"


def _feed_findings(place: Place, feed: Partner | PartnerShipments) -> Iterator[Finding]:
    if feed.rows_path and feed.format != "json":
        yield (*place, "rows_path"), "is for JSON only"
    parts = urlsplit(feed.url)
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        yield (*place, "url"), "http:// is for this machine only; use https://"


def _may_share(one: Partner, other: Partner) -> bool:
    """Return whether two partners' patterns could match one SKU: told by what stands before the first wildcard."""
    pairs = ((a.split("*")[0], b.split("*")[0], "*" in a, "*" in b) for a, b in product(one.skus, other.skus))
    return any(a == b or (is_open_a and b.startswith(a)) or (is_open_b and a.startswith(b)) for a, b, is_open_a, is_open_b in pairs)
