"""The reads in their order, with their witness: never a unit too many, and the truth after quiet. Every other way fails."""

import pytest

from tests.domain.read_order import PAGE, RIGHT, page, run_all

CHANGED_OR_MOVED = ("changed by hand", "moved", "committed here, shipped there")


@pytest.fixture(scope="module")
def results():
    return run_all()


def test_never_a_unit_too_many(results):
    right = results[RIGHT, True]
    assert right.publishes > 10_000
    assert right.too_many == set(), right.worst


def test_after_quiet_the_numbers_are_the_truth(results):
    right = results[RIGHT, True]
    assert right.left_after_patience == {}
    assert all(gap > 0 for gap in right.left_over)
    assert all(any(kind in told for kind in CHANGED_OR_MOVED) for told in right.left_by), right.left_by


@pytest.mark.parametrize(
    ("reads", "with_ledger"),
    [(RIGHT, False), ("PBOLx", True), ("BPQOLx", True)],
    ids=["no ledger", "no second read", "balances first"],
)
def test_every_other_way_shows_a_unit_too_many(results, reads, with_ledger):
    assert len(results[reads, with_ledger].too_many) > 10


def test_the_table_in_the_docs_is_of_today(results):
    assert PAGE.read_text() == page(results), "write it anew: python -m tests.domain.read_order"
