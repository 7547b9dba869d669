"""What the contract refuses in channel rules, splits and packs: the place, and words that say what to do."""

from datetime import UTC, datetime

import pytest

from contract.consistency import find_inconsistencies
from tests.domain.channel_world import make_contract

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REFUSED = {
    "a window that ends before it begins": (
        {"channels": {"ONE": {"rules": [{"location": "A", "cap": 1, "valid_from": NOW, "valid_until": NOW}]}}},
        ("channels", 0, "rules", 0, "valid_until"),
        "never applies",
    ),
    "a location outside the pool": (
        {"channels": {"ONE": {"pool": ["A"], "rules": [{"location": "B", "cap": 1}]}}},
        ("channels", 0, "rules", 0, "location"),
        "never applies",
    ),
    "a rule for everything": (
        {"channels": {"ONE": {"rules": [{"cap": 1}]}}},
        ("channels", 0, "rules", 0),
        "the channel's own rule",
    ),
    "two rules for the same thing": (
        {"channels": {"ONE": {"rules": [{"skus": ["X", "Y"], "cap": 1}, {"skus": ["Y", "X"], "cap": 2}]}}},
        ("channels", 0, "rules", 1, "cap"),
        "rules[0]",
    ),
    "a percentage of a shop's whole pool": (
        {"channels": {"ONE": {"buffer_per": "pool", "rule": {"buffer_percent": 5}}}},
        ("channels", 0, "rule", "buffer_percent"),
        "in units",
    ),
    "a percentage of a shop's whole pool from the default": (
        {"channels": {"ONE": {"buffer_per": "pool"}}, "default_rule": {"buffer_percent": 5}},
        ("channels", 0, "buffer_per"),
        "default_rule",
    ),
    "shares above the pool": (
        {
            "channels": {"ONE": {"rule": {"share": "0.6"}}, "TWO": {"rule": {"share": "0.5"}}},
            "splits": [{"split_code": "S", "channels": ["ONE", "TWO"]}],
        },
        ("splits", 0, "channels"),
        "1.1",
    ),
    "a split of an unknown channel": (
        {"channels": {"ONE": {"rule": {"share": 0}}}, "splits": [{"split_code": "S", "channels": ["ONE", "NINE"]}]},
        ("splits", 0, "channels", 1),
        "NINE",
    ),
    "a channel in two splits": (
        {
            "channels": {code: {"rule": {"share": "0.1"}} for code in ("ONE", "TWO", "FEED")},
            "splits": [{"split_code": "S", "channels": ["ONE", "TWO"]}, {"split_code": "T", "channels": ["TWO", "FEED"]}],
        },
        ("splits", 1, "channels", 0),
        "split S",
    ),
    "a pack of itself": (
        {"channels": {}, "packs": [{"sku": "X", "stock_sku": "X", "units": 6}]},
        ("packs", 0, "stock_sku"),
        "itself",
    ),
    "a SKU in two packs": (
        {"channels": {}, "packs": [{"sku": "X6", "stock_sku": "X", "units": 6}, {"sku": "X6", "stock_sku": "Y", "units": 6}]},
        ("packs", 1, "sku"),
        "packs[0]",
    ),
}
ALLOWED = {
    "shares that add up to one": {
        "channels": {"ONE": {"rule": {"share": "0.6"}}, "TWO": {"rule": {"share": "0.4"}}},
        "splits": [{"split_code": "S", "channels": ["ONE", "TWO"]}],
    },
    "the same SKUs at two locations": {
        "channels": {"ONE": {"rules": [{"skus": ["X"], "location": "A", "cap": 1}, {"skus": ["X"], "location": "B", "cap": 2}]}}
    },
    "a percentage of a shop's pool that the channel itself sets to nothing": {
        "channels": {"ONE": {"buffer_per": "pool", "rule": {"buffer_percent": 0}}},
        "default_rule": {"buffer_percent": 5},
    },
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_is_refused(case):
    given, place, words = REFUSED[case]
    found = find_inconsistencies(make_contract(**given))
    assert [at for at, _ in found] == [place]
    assert words in found[0][1]


@pytest.mark.parametrize("case", ALLOWED, ids=str)
def test_what_is_allowed(case):
    assert find_inconsistencies(make_contract(**ALLOWED[case])) == []
