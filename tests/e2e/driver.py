"""A process apart that runs the flows' own bodies, each run in a fork of its own that dies where it is told to.

`python -m tests.e2e.driver` reads one order a line from stdin, as JSON:
    flow          publish or sync
    environment   names to values
    log           a file for what the run writes to stdout and stderr
    die_before    kill -9 itself just before its n-th write: a commit of the store, or a call that writes at a vendor
and answers a line with the fork's pid at its start, and a line with its exit code and its writes at its end.
"""

import importlib
import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path

import requests
from prefect import Task
from sqlalchemy import Engine, event

import flows.publish_inventory
import flows.publish_skus
import flows.reconcile
import flows.rewrite_fields
import flows.sync_orders
import flows.trace_serials
import tasks.few_skus
import tasks.reconcile_report
import tasks.report
import tasks.serial_report
from contract.errors import TruecountError
from flows.parameters import PublishParameters, SyncParameters

BODIES = {
    "publish": lambda: flows.publish_inventory.publish_inventory.fn(PublishParameters(dry_run=False)),
    "sync": lambda: flows.sync_orders.sync_orders.fn(SyncParameters(dry_run=False)),
}


class Writes:
    """Counts the writes of a run, tells each into a file, and kills the process before the one it is told."""

    def __init__(self, die_before: int, told: Path) -> None:
        self.die_before, self.told, self.lock, self.count = die_before, told, threading.Lock(), 0

    def before(self, what: str) -> None:
        with self.lock:
            self.count += 1
            if self.count == self.die_before:
                os.kill(os.getpid(), signal.SIGKILL)
            with self.told.open("a") as file:
                file.write(what + "\n")


def without_prefect(put=setattr) -> None:
    """Let the bodies call the tasks' own functions: no Prefect server is needed."""
    for module in (
        flows.publish_inventory,
        flows.publish_skus,
        flows.reconcile,
        flows.rewrite_fields,
        flows.sync_orders,
        flows.trace_serials,
        tasks.few_skus,
    ):
        for name, value in list(vars(module).items()):
            if isinstance(value, Task):
                put(module, name, value.fn)
    for module in (tasks.report, tasks.reconcile_report, tasks.serial_report):
        for name in ("create_table_artifact", "create_markdown_artifact", "create_link_artifact"):
            if hasattr(module, name):
                put(module, name, lambda *_, **__: None)


def watch(writes: Writes) -> None:
    """Tell of every commit, and of every call that writes at a vendor, just before it."""
    event.listen(Engine, "commit", lambda connection: writes.before("commit") if is_writer(connection) else None)
    send = requests.Session.send

    def sending(self, request, **given):
        body = request.body or b""
        if b"inventorySetQuantities" in (body if isinstance(body, bytes) else body.encode()):
            writes.before("call Shopify")
        elif request.method == "POST" and "/services/rest/record/" in request.path_url:
            writes.before("call NetSuite")
        return send(self, request, **given)

    requests.Session.send = sending


def is_writer(connection) -> bool:
    return connection.get_execution_options().get("is_writer", False)


def run(order: dict) -> int:
    os.environ.update(order["environment"])  # noqa: TID251 - the fork is told what its environment is
    watch(Writes(order.get("die_before", 0), Path(order["log"] + ".writes")))
    try:
        return BODIES[order["flow"]]().exit_code
    except TruecountError as error:
        sys.stderr.write(f"truecount: {error}\n")
        return error.exit_code
    except BaseException:  # noqa: BLE001 - a fork must not go on into the parent's loop
        traceback.print_exc()
        return 99


def serve() -> None:
    without_prefect()
    # Costs seconds, and its import warns: once for all forks, and not where pytest looks for doctests.
    importlib.import_module("great_expectations")
    for line in sys.stdin:
        order = json.loads(line)
        told = Path(order["log"] + ".writes")
        told.write_text("")
        pid = os.fork()
        if pid == 0:
            handle = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            code = run(order)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(
            json.dumps({"code": os.waitstatus_to_exitcode(status), "writes": told.read_text().split("\n")[:-1]}) + "\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
