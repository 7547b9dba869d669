"""What `make conformance` rests on: a difference is seen, a listed one is let be, and a list entry that nothing uses is told."""

import pytest

from tests.conformance.adaptations import adapted
from tests.conformance.compare import Difference, Family, Listed, compare, settle

GID = "gid://shopify/Order/1"


@pytest.mark.parametrize(
    ("recorded", "answered", "paths"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["a"]),
        ({"a": 1}, {"a": "1"}, ["a"]),
        ({"a": 1}, {"a": True}, ["a"]),
        ({"a": None}, {}, ["a"]),
        ({}, {"a": None}, ["a"]),
        ({"a": [1, 2]}, {"a": [1]}, ["a.length"]),
        ({"a": [1, 2]}, {"a": [2, 1]}, ["a.0", "a.1"]),
        ({"id": GID}, {"id": "gid://shopify/Order/2"}, ["id"]),
        ({"id": "gid://shopify/TaxLine/1"}, {"id": "gid://shopify/TaxLine/2"}, []),
        ({"id": "gid://shopify/TaxLine/1"}, {"id": "gid://shopify/Refund/1"}, ["id"]),
        ({"createdAt": "2026-01-01T00:00:00Z"}, {"createdAt": "2020-02-02T00:00:00Z"}, []),
        ({"createdAt": "2026-01-01T00:00:00Z"}, {"createdAt": None}, ["createdAt"]),
        ({"createdAt": "2026-01-01T00:00:00Z"}, {}, ["createdAt"]),
        ({"cursor": "x"}, {"cursor": "y"}, []),
        ({"cursor": "x"}, {"cursor": None}, ["cursor"]),
        ({"a": 0}, {"a": 0}, []),
    ],
)
def test_what_differs_is_told_by_its_path(recorded, answered, paths):
    count, found = compare("one", recorded, answered)
    assert count >= len(paths)
    assert [difference.path for difference in found] == paths


def test_a_difference_must_be_listed_and_a_list_must_be_used():
    found = [Difference("orders/a:step", "data.x", 1, 2), Difference("orders/b", "data.y", 1, 2)]
    used, idle = Listed("orders/*", "data.x", "why"), Listed("orders/*", "data.z", "why")
    verdict = settle(found, [used, idle])
    assert (verdict.unlisted, verdict.stale, verdict.is_good) == ([found[1]], [idle], False)
    assert settle(found[:1], [used]).is_good
    assert not settle([], [used]).is_good


def test_a_family_counts_recordings_not_values():
    family = Family("f", found=3, covered=2, differences=[Difference("one", path, 1, 2) for path in "ab"])
    assert family.agreeing == 1


@pytest.mark.parametrize(
    ("document", "variables", "names"),
    [
        (
            "mutation { inventorySetQuantities(input: $input) { x } }",
            {"input": {"quantities": []}},
            {"inventorySetQuantities gets @idempotent"},
        ),
        ('mutation { inventorySetQuantities(input: $input) @idempotent(key: "k") { x } }', {"input": {}}, set()),
        ("query { shop { id } }", {}, set()),
    ],
)
def test_a_request_is_changed_only_where_its_time_is_over(document, variables, names):
    from collections import Counter

    used = Counter()
    text, given = adapted(document, variables, used)
    assert set(used) == names
    assert (text == document) == (not names)
    assert given == variables


def test_a_switched_off_comparison_is_said_as_today():
    from collections import Counter

    row = {"inventoryItemId": "i", "locationId": "l", "quantity": 3}
    given = {"input": {"ignoreCompareQuantity": True, "quantities": [row]}}
    _, told = adapted('mutation { inventorySetQuantities(input: $input) @idempotent(key: "k") { x } }', given, Counter())
    assert told == {"input": {"quantities": [{**row, "changeFromQuantity": None}]}}
