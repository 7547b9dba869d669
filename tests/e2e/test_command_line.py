"""The command line over a real small world: what it prints where, and its exit codes."""

import json
import time
from datetime import UTC, datetime

import pytest

from flows.command_line import app
from flows.parameters import SyncParameters
from flows.wiring import open_context
from store.snapshots import load_snapshot
from tasks.publish_quantities import publish_changes
from tests.e2e.order_world import act

COMMANDS = [str(command.name or command.callback.__name__) for command in app.registered_commands]


def table(text, title):
    """Return the rows of one piped table, as mappings."""
    lines = text.split(f"# {title}")[1].split("\n# ")[0].splitlines()[1:]
    names, *rows = [line.split("\t") for line in lines]
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_doctor_finds_a_sound_world_and_says_so(world, run):
    code, out, _ = run("doctor")
    assert code == 0
    assert {row["what"]: row["state"] for row in table(out, "Doctor")} == dict.fromkeys(
        [
            "contract",
            "store",
            "NetSuite clock",
            "NetSuite",
            *(f"Shopify {shop}{look}" for shop in ("GROCER", "EXPRESS") for look in (" clock", "", " scopes")),
        ],
        "ok",
    )
    clocks = [row["found"] for row in table(out, "Doctor") if row["what"].endswith("clock")]
    assert clocks == ["within 1 s of ours"] * 3
    act(world, "scopes", revoke=["read_all_orders"])
    code, out, _ = run("doctor")
    assert code == 4
    assert "the app lacks read_all_orders" in out


def test_doctor_names_each_thing_to_fix(world, run, monkeypatch):
    monkeypatch.setenv("TRUECOUNT_SHOPIFY_GROCER_CLIENT_SECRET", "wrong")
    monkeypatch.setenv("TRUECOUNT_SHOPIFY_GROCER_TOKEN", "")
    monkeypatch.setenv("TRUECOUNT_SHOPIFY_EXPRESS_BASE_URL", "http://127.0.0.1:9")
    world.world.clock.set(world.world.clock.now().replace(year=2030))
    code, out, _ = run("doctor", "--json")
    found = {row["what"]: row for row in json.loads(out)}
    # EXPRESS would be "try again later"; what must be mended comes first.
    assert code == 4
    assert "TRUECOUNT_SHOPIFY_GROCER_CLIENT_SECRET" in found["Shopify GROCER"]["found"]
    assert "http://127.0.0.1:9" in found["Shopify EXPRESS clock"]["found"]
    assert "Shopify EXPRESS" not in found, "nothing else of it is waited for in vain"
    for system in ("NetSuite", "Shopify GROCER"):
        assert "behind the vendor's (2030-" in found[f"{system} clock"]["found"]
    assert [found[name]["state"] for name in ("contract", "store")] == ["ok", "ok"]


def test_a_refused_contract_is_told_with_its_lines_and_exits_3(world, run, monkeypatch, tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("version: 1\nshops: []\ncolour: red\n")
    monkeypatch.setenv("TRUECOUNT_CONTRACT", str(path))
    code, out, err = run("check-contract")
    assert (code, out) == (3, "")
    assert "line 3: colour" in err
    assert "broken.yaml is refused" in err
    code, out, _ = run("doctor")
    assert code == 3
    assert [row["state"] for row in table(out, "Doctor")] == ["FIX"]


def test_a_sound_contract_is_told_with_its_fingerprint(world, run):
    code, out, _ = run("check-contract", "--json")
    assert code == 0
    assert json.loads(out)[0]["shops"] == 2


def test_explain_shows_every_term_and_the_order_behind_it(finished_run, run):
    code, out, _ = run("explain", "EGGS", "--channel", "GROCER_SHOP")
    assert code == 0
    terms = {row["term"]: row for row in table(out, "EGGS: what can truly")}
    assert [terms[name]["STORE_406"] for name in ("+ on_hand", "- unreflected", "= ATP", "NetSuite says")] == ["10", "1", "9", "10"]
    assert all(terms[name]["read"] for name in terms if name[0] in "+-")
    assert {row["location"]: row["publish"] for row in table(out, "EGGS: the number")} == {"STORE_406": "9", "WAREHOUSE": "29"}
    (line,) = table(out, "Order lines that NetSuite")
    assert (line["order"], line["unreflected"], line["reason"]) == ("#G1006", "1", "order_not_in_netsuite")


def test_explain_of_a_sku_without_a_number_says_why(finished_run, run):
    code, out, err = run("explain", "NOPE")
    assert (code, out) == (1, "")
    assert f"NOPE has no number in run {finished_run}" in err
    with open_context() as context:
        aside = load_snapshot(context.state_folder / "snapshots" / finished_run)[0]["core_unresolved"]
    unmapped = aside.loc[aside["reason_code"] == "unmapped_sku", "value"].iloc[0]
    code, out, _ = run("explain", unmapped)
    assert code == 1
    assert table(out, "Set aside")[0]["reason"] == "unmapped_sku"


def test_replay_decides_the_same_and_writes_the_frames(finished_run, run, tmp_path):
    code, out, _ = run("replay", finished_run, "--out", str(tmp_path / "out"))
    assert code == 0
    assert {row["same as then"] for row in table(out, "Replay")} == {"True"}
    assert (tmp_path / "out" / "out_atp.csv").exists()


def test_a_snapshot_that_is_not_there_is_an_error_in_words(finished_run, run):
    code, _, err = run("replay", "20200101T000000-nothing")
    assert code == 4
    assert "20200101T000000-nothing" in err
    assert "Traceback" not in err


def test_an_unknown_option_is_usage(world, run):
    assert run("explain", "EGGS", "--colour", "red")[0] == 2


def test_explain_tells_what_was_published_and_what_the_shop_answered(world, run, finished_run):
    with open_context() as context:
        changes = load_snapshot(context.state_folder / "snapshots" / finished_run)[0]["out_quantity_changes"]
        publish_changes.fn(context, finished_run, changes.loc[changes["sku"] == "APPLE"])
    _, out, _ = run("explain", "APPLE", "--channel", "GROCER_SHOP", "--run", finished_run, "--json")
    told = json.loads(out)["published"]
    assert [(row["run_id"], row["location_code"], row["desired_qty"], row["outcome"]) for row in told] == [
        (finished_run, "WAREHOUSE", 15, "accepted")
    ]
    _, out, _ = run("explain", "APPLE", "--run", finished_run)
    rows = table(out, "Published lately, newest first")
    assert {row["channel"] for row in rows} == {"GROCER_SHOP", "EXPRESS_SHOP"}


@pytest.mark.parametrize("command", ["publish-inventory", "sync-orders"])
def test_what_is_wrong_before_a_run_is_told_without_prefect(world, run, monkeypatch, command):
    monkeypatch.setenv("TRUECOUNT_NETSUITE_CLIENT_ID", "")
    for name in ("CONSUMER_KEY", "CONSUMER_SECRET", "TOKEN_ID", "TOKEN_SECRET"):
        monkeypatch.setenv(f"TRUECOUNT_NETSUITE_{name}", "")
    code, out, err = run(command)
    assert (code, out) == (4, "")
    assert err.startswith("truecount: NetSuite: credentials: not set: TRUECOUNT_NETSUITE_CONSUMER_KEY, ")
    assert len(err.splitlines()) == 1


def test_a_shop_that_is_not_in_the_contract_is_refused(world, run):
    code, out, err = run("publish-inventory", "--shop", "MOON")
    assert (code, out) == (3, "")
    assert "MOON: no such shop; the contract has GROCER, EXPRESS" in err


def test_help_is_plain_and_names_every_command_and_exit_code(run):
    code, out, _ = run("--help")
    assert code == 0
    assert out.isascii()
    assert "..." not in out.split("Commands:")[1]
    for told in (*COMMANDS, "3 contract refused", "5 try again later"):
        assert told in out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_and_argument_is_explained(run, command):
    code, out, _ = run(command, "--help")
    assert code == 0
    options = [line.split() for line in out.splitlines() if line.startswith("  -")]
    assert options
    assert all(len(words) >= 5 for words in options if words[0] not in ("--help",)), out


def test_a_world_that_the_demo_does_not_have_is_usage(run, tmp_path):
    code, _, err = run("demo", "--world", "moon", "--folder", str(tmp_path / "demo"))
    assert code == 2
    assert "'demo', 'small'" in err


def test_an_instant_without_a_zone_is_utc(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        since = SyncParameters(since=datetime.fromisoformat("2026-11-20T00:00:00")).since
        assert since == datetime(2026, 11, 20, tzinfo=UTC)
        assert SyncParameters(since="2026-11-20T00:00:00-05:00").since == datetime(2026, 11, 20, 5, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()
