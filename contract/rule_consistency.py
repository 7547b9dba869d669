"""What no single model can see in the channel rules: rules that never apply, contradict one another, or share out too much."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from contract.models import Channel, ChannelRule, Contract, Rule

Place = tuple[str | int, ...]
Finding = tuple[Place, str]


def find_rule_inconsistencies(contract: Contract) -> list[Finding]:
    """Return every inconsistency of rules, splits and packs: where, and what to do."""
    found: list[Finding] = []
    for index, channel in enumerate(contract.channels):
        found += [*_windows(index, channel), *_twins(index, channel), *_percent_of_a_shops_pool(contract, index, channel)]
    return [*found, *_splits(contract), *_packs(contract)]


def _windows(index: int, channel: Channel) -> Iterator[Finding]:
    for position, rule in enumerate(channel.rules):
        if rule.valid_from and rule.valid_until and rule.valid_from >= rule.valid_until:
            place: Place = ("channels", index, "rules", position, "valid_until")
            yield place, f"ends ({rule.valid_until}) before it begins ({rule.valid_from}): the rule never applies"


def _twins(index: int, channel: Channel) -> Iterator[Finding]:
    """Two rules for the same SKUs, tags, location and time that set one parameter: nothing could say which decides."""
    seen: dict[tuple[object, ...], int] = {}
    for position, rule in enumerate(channel.rules):
        for name in sorted(_parameters(rule)):
            key = (frozenset(rule.skus), frozenset(rule.tags), rule.location, rule.valid_from, rule.valid_until, name)
            first = seen.setdefault(key, position)
            if first != position:
                place: Place = ("channels", index, "rules", position, name)
                yield place, f"rules[{first}] says this for the same SKUs, tags, location and time already; keep one of them"


def _percent_of_a_shops_pool(contract: Contract, index: int, channel: Channel) -> Iterator[Finding]:
    """A percentage of a whole pool, shown per location: a sale at one location could raise the number of another."""
    if channel.kind != "shopify" or channel.buffer_per != "pool":
        return
    told = "a shop's buffer per pool is in units: with a percentage, a sale at one location could raise another's number"
    if channel.rule.buffer_percent:
        yield ("channels", index, "rule", "buffer_percent"), told
    elif contract.default_rule.buffer_percent and channel.rule.buffer_percent is None:
        yield ("channels", index, "buffer_per"), f"{told} (the percentage is default_rule's; set the channel's own to 0)"
    for position, rule in enumerate(channel.rules):
        if rule.buffer_percent:
            yield ("channels", index, "rules", position, "buffer_percent"), told


def _splits(contract: Contract) -> Iterator[Finding]:
    channels = {channel.channel_code: channel for channel in contract.channels}
    owner: dict[str, str] = {}
    codes: set[str] = set()
    for index, split in enumerate(contract.splits):
        if split.split_code in codes:
            yield ("splits", index, "split_code"), f"{split.split_code} stands there already; every code must be unique"
        codes.add(split.split_code)
        for position, code in enumerate(split.channels):
            place: Place = ("splits", index, "channels", position)
            if code not in channels:
                yield place, f"channel {code} is not in channels ({', '.join(sorted(channels))})"
            elif code in owner:
                yield place, f"channel {code} is in split {owner[code]} already; a channel shares one pool"
            owner.setdefault(code, split.split_code)
        known = [channels[code] for code in split.channels if code in channels]
        total = sum((_share(contract, channel) for channel in known), Decimal(0))
        if total > 1:
            told = ", ".join(f"{channel.channel_code} {_share(contract, channel)}" for channel in known)
            yield ("splits", index, "channels"), f"the shares add up to {total}, more than the pool: {told}; lower one"


def _share(contract: Contract, channel: Channel) -> Decimal:
    share = channel.rule.share if channel.rule.share is not None else contract.default_rule.share
    return Decimal(1) if share is None else share


def _packs(contract: Contract) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for index, pack in enumerate(contract.packs):
        if seen.setdefault(pack.sku, index) != index:
            yield ("packs", index, "sku"), f"{pack.sku} is packs[{seen[pack.sku]}] already; a SKU is one pack"
        if pack.sku == pack.stock_sku:
            yield ("packs", index, "stock_sku"), f"{pack.sku} cannot be a pack of itself"


def _parameters(rule: ChannelRule) -> set[str]:
    return {name for name in Rule.model_fields if getattr(rule, name) is not None}
