"""What no single model can see: references between the contract's parts, and values that must be unique."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from contract.models import Channel, Contract
from contract.partner_consistency import find_partner_inconsistencies
from contract.rule_consistency import find_rule_inconsistencies
from contract.serial_consistency import find_serial_inconsistencies
from contract.sources import source_problem

Place = tuple[str | int, ...]
Finding = tuple[Place, str]


def find_inconsistencies(contract: Contract) -> list[Finding]:
    """Return every inconsistency: where, and what to do."""
    return [
        *_duplicates("shops", "shop_code", [shop.shop_code for shop in contract.shops]),
        *_duplicates("locations", "location_code", [location.location_code for location in contract.locations]),
        *_duplicates("channels", "channel_code", [channel.channel_code for channel in contract.channels]),
        *_location_findings(contract),
        *_shop_findings(contract),
        *(finding for index, channel in enumerate(contract.channels) for finding in _channel(contract, index, channel)),
        *_order_findings(contract),
        *_tax_findings(contract),
        *_link_findings(contract),
        *_other_order_findings(contract),
        *find_rule_inconsistencies(contract),
        *find_partner_inconsistencies(contract),
        *find_serial_inconsistencies(contract),
    ]


def _duplicates(section: str, field: str, codes: Iterable[str]) -> Iterator[Finding]:
    codes = list(codes)
    counts = Counter(codes)
    for index, code in enumerate(codes):
        if counts[code] > 1 and codes.index(code) != index:
            yield (section, index, field), f"{code} stands there already; every code must be unique"


def _location_findings(contract: Contract) -> Iterator[Finding]:
    shops = {shop.shop_code for shop in contract.shops}
    netsuite: dict[str, str] = {}
    shopify: dict[tuple[str, str], str] = {}
    for index, location in enumerate(contract.locations):
        for position, netsuite_id in enumerate(location.netsuite_locations):
            owner = netsuite.setdefault(netsuite_id, location.location_code)
            if owner != location.location_code or location.netsuite_locations.index(netsuite_id) != position:
                place: Place = ("locations", index, "netsuite_locations", position)
                yield (
                    place,
                    f"NetSuite location {netsuite_id} belongs to {owner} already; it may belong to one location",
                )
        for shop_code, gid in location.shopify_locations.items():
            place = ("locations", index, "shopify_locations", shop_code)
            if shop_code not in shops:
                yield place, f"shop {shop_code} is not in shops ({', '.join(sorted(shops))})"
            if shopify.setdefault((shop_code, gid), location.location_code) != location.location_code:
                yield place, f"{gid} belongs to {shopify[shop_code, gid]} already; one Shopify location is one location"


def _shop_findings(contract: Contract) -> Iterator[Finding]:
    domains = [shop.domain for shop in contract.shops]
    yield from _duplicates("shops", "domain", domains)
    locations = {location.location_code: location for location in contract.locations}
    for index, shop in enumerate(contract.shops):
        place: Place = ("shops", index, "unrouted_location")
        location = locations.get(shop.unrouted_location)
        if location is None or shop.shop_code not in location.shopify_locations:
            yield place, f"{shop.unrouted_location} is no location of {shop.shop_code}; add it, or name another"


def _channel(contract: Contract, index: int, channel: Channel) -> Iterator[Finding]:
    place: Place = ("channels", index)
    locations = {location.location_code: location for location in contract.locations}
    for position, code in enumerate(channel.pool):
        if code not in locations:
            yield (*place, "pool", position), f"location {code} is not in locations"
        elif channel.kind == "shopify" and channel.shop and channel.shop not in locations[code].shopify_locations:
            yield (*place, "pool", position), f"location {code} has no Shopify location in shop {channel.shop}"
        if channel.pool.index(code) != position:
            yield (*place, "pool", position), f"location {code} stands in the pool twice"
    yield from _kind_findings(contract, index, channel)
    for position, rule in enumerate(channel.rules):
        if not (rule.location or rule.skus or rule.tags or rule.valid_from or rule.valid_until):
            told = "names no location, SKUs, tags or time; put it in the channel's own rule"
            yield (*place, "rules", position), told
        if rule.location is not None and rule.location not in channel.pool:
            yield (
                (*place, "rules", position, "location"),
                f"{rule.location} is not in the channel's pool: the rule never applies",
            )


def _kind_findings(contract: Contract, index: int, channel: Channel) -> Iterator[Finding]:
    if channel.kind == "shopify":
        yield from _shop_channel(contract, index, channel)
    else:
        yield from _outlet(("channels", index), channel)


def _shop_channel(contract: Contract, index: int, channel: Channel) -> Iterator[Finding]:
    place: Place = ("channels", index)
    shops = {shop.shop_code for shop in contract.shops}
    if channel.shop not in shops:
        yield (*place, "shop"), f"{channel.shop} is not in shops ({', '.join(sorted(shops))})"
    earlier = [other.channel_code for other in contract.channels[:index] if other.shop == channel.shop]
    if channel.shop and earlier:
        yield (
            (*place, "shop"),
            f"{channel.shop} is published by {earlier[0]} already; Shopify keeps one number per location",
        )
    if channel.url:
        yield (*place, "url"), "only a feed or an http channel has a URL"


def _outlet(place: Place, channel: Channel) -> Iterator[Finding]:
    if channel.shop:
        yield (*place, "shop"), f"a channel of kind {channel.kind} belongs to no shop"
    if channel.activate:
        yield (*place, "activate"), "only a shop stocks SKUs at locations"
    if channel.kind == "http" and not _is_safe_endpoint(channel.url or ""):
        yield (*place, "url"), "an http channel needs an https:// URL (http:// is for this machine only)"
    elif not channel.url:
        yield (*place, "url"), "a feed needs a URL: a path, or an fsspec URL"


def _is_safe_endpoint(url: str) -> bool:
    parts = urlsplit(url)
    is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_here))


def _order_findings(contract: Contract) -> Iterator[Finding]:
    targets: Counter[tuple[str, str]] = Counter()
    for index, mapping in enumerate(contract.orders.fields):
        place: Place = ("orders", "fields", index)
        prefix = {"body": "custbody_", "line": "custcol_", "customer": "custentity_"}[mapping.level]
        if not mapping.target.startswith(prefix):
            yield (*place, "target"), f"a {mapping.level} field's script id starts with {prefix}"
        problem = source_problem(mapping.level, mapping.source)
        if problem:
            yield (*place, "source"), problem
        if mapping.level == "customer" and "own" not in (contract.orders.customers, contract.orders.guests):
            yield (*place, "level"), "has no effect: orders are booked on the shop's customer (orders.customers, orders.guests)"
        if mapping.type in ("list", "multi_select", "record") and not mapping.values:
            yield (*place, "values"), f"a {mapping.type} needs values: what Shopify says, to NetSuite's internal id"
        targets[mapping.level, mapping.target] += 1
        if targets[mapping.level, mapping.target] > 1 or mapping.target == contract.account.line_id_field:
            yield (*place, "target"), f"{mapping.target} is written already; one source per field"


def _tax_findings(contract: Contract) -> Iterator[Finding]:
    orders = contract.orders
    others = {item: name for name, item in orders.items if item is not None and name != "tax_item_id"}
    if orders.tax_items and orders.tax == "suitetax":
        yield ("orders", "tax_items"), "has no effect: orders.tax is suitetax, which books titles by orders.tax_codes"
    for title, item in orders.tax_items.items():
        if item in others:
            told = f"item {item} is orders.items.{others[item]} already; a tax needs an item of its own"
            yield ("orders", "tax_items", title), told


def _link_findings(contract: Contract) -> Iterator[Finding]:
    for index, link in enumerate(contract.orders.order_links):
        if (link.by == "custom_field") != (link.field is not None):
            yield ("orders", "order_links", index, "field"), "a custom_field link needs a field, and no other does"
        if "{order_" not in link.pattern:
            yield ("orders", "order_links", index, "pattern"), "must hold {order_id}, {order_number} or {order_name}"


def _other_order_findings(contract: Contract) -> Iterator[Finding]:
    other = contract.other_orders
    is_used = "due" in (other.backorders, other.unapproved)
    if is_used and other.due_days is None:
        yield ("other_orders", "due_days"), "is needed where backorders or unapproved units count when `due`"
    if not is_used and other.due_days is not None:
        yield ("other_orders", "due_days"), "has no effect: neither backorders nor unapproved units are counted when `due`"
