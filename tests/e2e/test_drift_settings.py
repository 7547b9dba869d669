"""What the contract says of drift: severities, review before writing, who is told; and the commands about it."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from ruamel.yaml import YAML

from domain.findings import CHECKS
from flows.wiring import open_context
from sandbox.netsuite.actions import act as in_netsuite
from store import findings
from tasks.notify import message, notify_new
from tests.e2e.order_world import made, place

ONE_APPLE = [("APPLE", 1, {"unit_price": "10.00"})]
SOURCE = "custbody_utm_source"


def change_contract(tmp_path, **drift):
    path, yaml = tmp_path / "contract" / "contract.yaml", YAML()
    contract = yaml.load(path)
    contract.setdefault("drift", {}).update(drift)
    yaml.dump(contract, path)


def rename(world, name):
    with world.world.lock:
        in_netsuite(world.world, "rename_field", {"scriptid": SOURCE, "name": name})


@pytest.mark.parametrize(("severity", "code"), [("halt", 4), ("warn", 0), ("ignore", 0)])
def test_a_severity_of_the_contract_decides(books, run, bodies, tmp_path, severity, code):
    change_contract(tmp_path, severities={"field_relabelled": severity})
    assert run("sync-orders", "--write")[0] == 0
    rename(books, "Campaign")
    order = place(books, ONE_APPLE)
    assert run("sync-orders", "--write")[0] == code
    assert bool(made(books, order)) is (code == 0)
    with open_context() as context:
        found = findings.open_findings(context.engine)
    assert ("field_relabelled" in set(found["check_code"])) is (severity != "ignore")


def test_an_unreviewed_contract_writes_nothing_until_it_is_applied(books, run, bodies, tmp_path):
    assert run("sync-orders", "--write")[0] == 0
    assert run("contract", "diff")[0] == 0
    change_contract(tmp_path, must_be_reviewed=True, grace_minutes=90)
    order = place(books, ONE_APPLE)
    for flow in ("sync-orders", "publish-inventory"):
        code, _, err = run(flow, "--write")
        assert (code, "The contract changed since the last run" in err, "truecount contract apply" in err) == (4, True, True)
    assert made(books, order) == {}
    code, out, _ = run("contract", "diff", "--json")
    assert code == 1
    assert {"key": "drift.grace_minutes", "was": "60", "is": "90"} in json.loads(out)
    assert run("contract", "apply", "--note", "later orders count")[0] == 0
    assert run("contract", "diff")[0] == 0
    assert run("sync-orders", "--write")[0] == 0
    assert made(books, order)


def open_checks():
    with open_context() as context:
        return set(findings.open_findings(context.engine)["check_code"])


def test_an_open_warning_stops_no_comparison_with_the_last_run(books, run, bodies):
    with books.world.lock:
        field = {"scriptid": "custbody_cost_centre", "name": "Cost centre", "fieldtype": "text", "ismandatory": True}
        in_netsuite(books.world, "add_field", field)
    assert run("sync-orders", "--write")[0] in (0, 1)
    assert open_checks() == {"field_mandatory"}
    rename(books, "Campaign")
    assert run("sync-orders", "--write")[0] in (0, 1)
    assert open_checks() == {"field_mandatory", "field_relabelled"}


def test_a_run_over_one_shop_leaves_what_is_known_of_the_others(books, run, bodies):
    order = place(books, ONE_APPLE)
    assert run("sync-orders", "--write")[0] == 0
    with books.world.lock:
        books.world.shops["EXPRESS"].act("scopes", {"revoke": ["read_draft_orders"]})
    assert run("sync-orders", "--write", "--order", f"GROCER/{order['id'].rsplit('/', 1)[1]}")[0] == 0
    assert open_checks() == set()
    assert run("sync-orders", "--write")[0] == 0
    assert open_checks() == {"scope_lost"}


def test_who_reads_the_morning_report_is_told_why_there_is_none(books, run, bodies, tmp_path, chat):
    change_contract(tmp_path, notify=["custom-webhook/ops"])
    with books.world.lock:
        books.world.shops["EXPRESS"].act("scopes", {"revoke": ["read_all_orders"]})
    assert run("reconcile", "--notify")[0] == 4
    assert len(chat.bodies) == 1
    assert "no reconciliation" in chat.bodies[0]
    assert "read_all_orders" in chat.bodies[0]


def test_what_is_accepted_is_told_no_more(books, run, bodies):
    assert run("sync-orders", "--write")[0] == 0
    rename(books, "Campaign")
    assert run("sync-orders", "--write")[0] == 0
    assert run("contract", "apply", "--note", "marketing renamed it")[0] == 0
    assert run("sync-orders", "--write")[0] == 0
    with open_context() as context:
        assert findings.open_findings(context.engine).empty


class Told(HTTPServer):
    """Answers notifications of a block, as a chat's webhook would, and keeps them."""

    def __init__(self):
        self.bodies, self.status = [], 200
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def chat(monkeypatch):
    from prefect.blocks.core import Block
    from prefect.blocks.notifications import CustomWebhookNotificationBlock

    server = Told()
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    block = CustomWebhookNotificationBlock(name="ops", url=url, json_data={"text": "{{subject}}\n{{body}}"})
    monkeypatch.setattr(Block, "load", classmethod(lambda cls, name, **_: {"custom-webhook/ops": block}[name]))
    yield server
    server.shutdown()
    server.server_close()


def test_people_are_told_of_what_is_new_and_once(books, run, bodies, tmp_path, chat):
    change_contract(tmp_path, notify=["custom-webhook/ops"])
    assert run("sync-orders", "--write")[0] == 0
    rename(books, "Campaign")
    assert run("sync-orders", "--write")[0] == 0
    with open_context() as context:
        chat.status = 500
        assert notify_new.fn(context, "Truecount", "page") == 0
        chat.status, chat.bodies = 200, []
        assert notify_new.fn(context, "Truecount", "page") == 1
        assert notify_new.fn(context, "Truecount", "page") == 0
        rows = findings.open_findings(context.engine)
    assert len(chat.bodies) == 1
    assert "Campaign" not in chat.bodies[0]
    assert CHECKS["field_relabelled"].told in chat.bodies[0]
    assert SOURCE in chat.bodies[0]
    assert rows["told_at_utc"].notna().all()
    assert message(rows, "page").endswith("page")
