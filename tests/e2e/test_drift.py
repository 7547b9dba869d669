"""Drift, injected as an administrator, an app, a shop's staff or an editor would: named rightly, told once, and no write harmed.

The kinds are those of `tests/worlds/drift_kinds.py`; here many of them happen in one world at once, in `make bench` each in its own.
"""

import pytest

from tests.e2e import driver
from tests.e2e.order_world import made
from tests.worlds.drift_kinds import KINDS
from tests.worlds.drifting import Kept, Scene, follow_clock, open_findings, remember_week, run_flow, settle
from tests.worlds.running import small_world_in


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A small world in which all is well, as every test begins with it."""
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch, small_world_in(folder) as (sandbox, environment):
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.delenv("TRUECOUNT_DATABASE_URL", raising=False)
        driver.without_prefect(patch.setattr)
        follow_clock(sandbox.world.clock, patch.setattr)
        scene = Scene(sandbox, folder)
        settle(scene)
        yield Kept(scene)


def found_after(scene, world):
    """Let everything of a world's list happen, and a reconciliation; return what had to be found, and all that is open."""
    before, kinds = set(open_findings()), KINDS[world]
    expected = set().union(*(kind.inject(scene) for kind in kinds))
    follows = frozenset().union(*(kind.follows for kind in kinds))
    code, told = run_flow("reconcile")
    first = open_findings()
    new = set(first) - before
    assert expected <= new, (expected - new, code, told)
    assert {key for key in new - expected if key[0] not in follows} == set()
    return expected, first


def test_what_an_administrator_does_to_both_systems_halts_the_writes_and_is_told_once(kept):
    scene = kept.restore()
    expected, first = found_after(scene, "systems")
    order, wrote = scene.place(), len(scene.rows("SELECT id FROM ns_transaction"))
    code, told = run_flow("sync")
    assert (code, "the orders stream is halted, nothing was written" in told) == (4, True)
    assert "custbody_utm_source" in told
    assert "drift.severities" in told
    code, told = run_flow("publish")
    assert (code, "the inventory stream is halted" in told) == (4, True)
    assert made(scene.sandbox, order) == {}
    assert len(scene.rows("SELECT id FROM ns_transaction")) == wrote
    run_flow("reconcile")
    again = open_findings()
    assert set(again) == set(first)
    assert all(again[key] > first[key] for key in expected)


@pytest.mark.parametrize("kind", KINDS["blind"], ids=lambda kind: kind.name)
def test_where_a_shop_cannot_be_read_every_run_stops_and_says_why(kept, kind):
    scene = kept.restore()
    before = set(open_findings())
    expected = kind.inject(scene)
    for flow in ("reconcile", "sync", "publish"):
        code, told = run_flow(flow)
        assert (code, "a shop cannot be read, nothing was written" in told) == (4, True), told
    assert set(open_findings()) - before == expected


@pytest.mark.parametrize("world", ["books", "waiting", "contract"])
def test_what_people_apps_and_editors_do_is_named(kept, world):
    scene = kept.restore()
    _, first = found_after(scene, world)
    if world == "books":
        days = {where for check, where, _ in first if check == "money_differs"}
        assert days > {"2026-01-02 GROCER web USD"}, "a day's sums name the day that the document is on now"
    run_flow("reconcile")
    assert set(open_findings()) <= set(first)


def test_orders_unlike_those_of_the_days_before_are_named(kept):
    scene = kept.restore()
    remember_week(scene)
    before = set(open_findings())
    kind = KINDS["week"][-1]
    expected = kind.inject(scene)
    run_flow("reconcile")
    new = set(open_findings()) - before
    assert expected <= new
    assert {key for key in new - expected if key[0] not in kind.follows} == set()
