"""Wrong credentials, accounts and contracts on the command line: each is told in words with its exit code, and nothing is written."""

import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connectors.netsuite.auth import M2MAuth
from contract.settings import read_settings
from flows.wiring import open_context
from sandbox.worlds import accounts
from store import watermarks
from tasks.sync_orders import stream
from tests.e2e.test_contract_edits import edit_contract

FLOWS = ("publish-inventory", "sync-orders")
TBA = {f"TRUECOUNT_NETSUITE_{name.upper()}": value for name, value in accounts.TBA.items()} | {"TRUECOUNT_NETSUITE_CLIENT_ID": ""}
NETSUITE, GROCER = "TRUECOUNT_NETSUITE_", "TRUECOUNT_SHOPIFY_GROCER_"
CONTRACT, FATAL, LATER = 3, 4, 5
WRONG = {
    "a TBA token secret": (TBA | {NETSUITE + "TOKEN_SECRET": "wr0ng-secret"}, FATAL, ("NetSuite: ", NETSUITE + "TOKEN_SECRET")),
    "a TBA consumer": (TBA | {NETSUITE + "CONSUMER_KEY": "wr0ng-key"}, FATAL, ("NetSuite: ", NETSUITE + "CONSUMER_KEY")),
    "a key of another certificate": (
        {NETSUITE + "PRIVATE_KEY_FILE": "{folder}/other.pem"},
        FATAL,
        ("NetSuite: access token", NETSUITE + "PRIVATE_KEY_FILE"),
    ),
    "a key file that is not there": (
        {NETSUITE + "PRIVATE_KEY_FILE": "{folder}/none.pem"},
        FATAL,
        ("none.pem", NETSUITE + "PRIVATE_KEY_FILE"),
    ),
    "a key file that holds none": ({NETSUITE + "PRIVATE_KEY_FILE": "{folder}/contract/contract.yaml"}, FATAL, ("PEM",)),
    "a Shopify token": ({GROCER + "TOKEN": "shpat_wr0ng"}, FATAL, ("Shopify", "GROCER", "401", GROCER + "TOKEN")),
    "a Shopify client": ({GROCER + "CLIENT_ID": "wr0ng-client"}, FATAL, ("GROCER", "access token", GROCER + "CLIENT_ID")),
    "no Shopify credentials": ({GROCER + "CLIENT_ID": ""}, FATAL, ("Shopify GROCER", GROCER + "TOKEN")),
    "a closed port": ({GROCER + "BASE_URL": "http://127.0.0.1:9"}, LATER, ("Shopify", "GROCER", "http://127.0.0.1:9")),
}


def shown(world):
    """Return what both systems show: every level's available units, and how many transactions NetSuite has."""
    with world.world.lock:
        levels = {(code, *pair): row["available"] for code, shop in world.world.shops.items() for pair, row in shop.levels.items()}
        return levels, world.world.db.execute("SELECT COUNT(*) FROM ns_transaction").fetchone()


@pytest.fixture
def refused(world, run, bodies):
    """Run both flows, and see that each ends with this code, says all of this in one paragraph, and writes nothing."""

    def check(code, *told):
        before = shown(world)
        for flow in FLOWS:
            ended, out, err = run(flow, "--write")
            assert (ended, out) == (code, ""), err
            assert err.startswith("truecount: ")
            assert "Traceback" not in err
            assert "wr0ng" not in err
            for part in told:
                assert part in err
        assert shown(world) == before

    return check


def test_what_opens_no_door_is_named(refused, monkeypatch, tmp_path):
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "other.pem").write_bytes(pem)
    for environment, code, told in WRONG.values():
        with monkeypatch.context() as patched:
            for variable, value in environment.items():
                patched.setenv(variable, value.format(folder=tmp_path))
            refused(code, *told)


def test_an_account_that_is_another_one_is_named(refused):
    edit_contract(lambda contract: contract["account"].update(account_id="7654321"))
    refused(FATAL, "NetSuite: access token refused", "that the contract names the right account")
    edit_contract(lambda contract: contract["account"].update(account_id="not an account"))
    refused(CONTRACT, "account.account_id", "'not an account'")


def test_a_clock_that_is_off_is_named_and_no_watermark_moves(world, refused, monkeypatch):
    monkeypatch.setitem(M2MAuth.__init__.__kwdefaults__, "clock", lambda: time.time() + 7200)
    refused(FATAL, "NetSuite: access token refused", "that this machine's clock is right")
    with open_context() as context:
        assert all(watermarks.get(context.engine, stream(shop)) is None for shop in context.shops)


PAGE = "<html><h1>Please sign in to the proxy</h1></html>"
PROXIES = {
    "a page for NetSuite's token": ("netsuite", "oauth2/v1/token", 200, LATER, ("NetSuite: access token",)),
    "a page for rows": ("netsuite", "/suiteql", 200, LATER, ("NetSuite: items: the answer is not a SuiteQL page",)),
    "a refusal of rows": ("netsuite", "/suiteql", 403, FATAL, ("NetSuite: items", "403")),
    "a page for Shopify's token": ("shopify", "access_token", 200, FATAL, ("GROCER", "without a token; check the base URL")),
    "a page for a shop": ("shopify", "graphql", 200, FATAL, ("GROCER", "the answer is not GraphQL; check the base URL")),
    "a refusal of a shop": ("shopify", "graphql", 403, FATAL, ("GROCER", "HTTP 403")),
    "another place for a shop": ("shopify", "graphql", 302, FATAL, ("GROCER", "HTTP 302", "the base URL")),
}


def test_a_page_of_a_proxy_is_not_taken_for_an_answer(world, refused):
    for system, operation, status, code, told in PROXIES.values():
        world.world.faults.clear()
        fault = {"system": system, "operation": operation, "kind": "status", "status": status, "body": PAGE, "times": 1000}
        world.world.faults.order(fault | ({"shop": "GROCER"} if system == "shopify" else {}))
        refused(code, *told)


BROKEN = {
    "half written": (lambda text: text[: text.index("url: ../.truecount/feeds") + 20], ("contract.yaml is refused", "line ")),
    "half written, in a word": (
        lambda text: text[: text.index("splits") if "splits" in text else text.index("orders:")],
        ("orders",),
    ),
    "an unknown key": (
        lambda text: text.replace("  overlap_minutes: 30", "  overlap_minuets: 30"),
        ("line ", "orders.overlap_minuets", "is not a key of the contract; remove it or mend its spelling"),
    ),
    "a list that does not end": (lambda text: text.replace('["11"]', '["11"'), ("line ", "is not valid YAML")),
    "nothing": (lambda text: "", ("line 1: file: must be a mapping",)),
    "a page of a proxy": (lambda text: PAGE, ("must be a mapping",)),
}


def test_a_contract_that_is_broken_is_told_before_any_call(world, refused):
    path = Path(read_settings().contract_path)
    sound = path.read_text()
    for break_it, told in BROKEN.values():
        path.write_text(break_it(sound))
        assert path.read_text() != sound
        refused(CONTRACT, "contract.yaml is refused", *told)
    path.write_bytes(sound.replace("marketplace", "marketpl\xe4ce").encode("latin-1"))
    refused(CONTRACT, "file: cannot be read", "TRUECOUNT_CONTRACT")
    path.unlink()
    refused(CONTRACT, "file: cannot be read", "TRUECOUNT_CONTRACT")
    path.mkdir()
    refused(CONTRACT, "file: cannot be read", "TRUECOUNT_CONTRACT")
    assert world.world.log() == []


ECHO = "no such session: Bearer eyJhbGciOi.eyJpc3Mi.c2ln of jo@example.com, oauth_signature=abc123SIGNATURE"
LEAKED = ("eyJhbGciOi", "jo@example.com", "abc123SIGNATURE")


@pytest.mark.parametrize("status", [400, 401, 403, 429])
def test_what_a_vendor_echoes_is_told_without_secrets_and_kept_nowhere(world, run, bodies, status, caplog):
    """An error body that repeats our request, as some gateways send it."""
    refusal = {"title": "Bad Request", "o:errorDetails": [{"detail": ECHO, "o:errorCode": "USER_ERROR"}]}
    fault = {"kind": "status", "status": status, "times": 1000}
    world.world.faults.order(fault | {"system": "netsuite", "operation": "/suiteql", "body": refusal})
    with caplog.at_level("DEBUG"):
        told = [run(flow, "--write") for flow in FLOWS]
        world.world.faults.clear()
        world.world.faults.order(fault | {"system": "shopify", "operation": "graphql", "body": {"errors": ECHO}})
        told += [run(flow, "--write") for flow in FLOWS]
        world.world.faults.clear()
        world.world.faults.order(fault | {"system": "netsuite", "operation": "POST /services/rest/record/", "body": refusal})
        told += [run("sync-orders", "--write")]
    assert {code for code, _, _ in told} <= {1, 4, 5}
    state = Path(read_settings().contract_path).parent.parent / ".truecount"
    kept = b"".join(path.read_bytes() for path in state.rglob("*") if path.is_file())
    assert kept
    everything = kept.decode("latin-1") + caplog.text + "".join(out + err for _, out, err in told)
    assert [secret for secret in LEAKED if secret in everything] == []
