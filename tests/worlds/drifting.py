"""A small world that runs have seen, all well, for something to drift in; it can be kept and brought back, and its clock moved.

`Scene` is what an injection acts on: the sandbox's actions as an administrator, the staff of a shop or an app would do them, and
the contract as its editor would change it.
"""

import copy
import shutil
import sqlite3
from collections import defaultdict
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from connectors.http import HttpSession
from connectors.netsuite.auth import M2MAuth
from contract.errors import TruecountError
from contract.frames import conform
from domain.distribution import LEAST_DAYS
from flows.parameters import PublishParameters, ReconcileParameters, SyncParameters, TraceParameters
from flows.wiring import open_context
from sandbox.netsuite.account import account_of
from sandbox.netsuite.actions import act as in_netsuite
from store import findings, observations
from tasks.context import Context
from tests.e2e import driver
from tests.e2e.order_world import follow_to_settlement, variant

METAFIELDS = ("ops.first", "ops.second")
LINES = [("APPLE", 2, {"unit_price": "10.00"}), ("BREAD", 1, {"unit_price": "3.00"})]
TILL = "gid://shopify/Location/1001"
PHONES = [{"skus": ["PHONE"], "pattern": "PH-[0-9]{4}"}]
_KEEPS_TIME = ("documents", "history", "orders", "publications", "quarantine", "runs", "snapshots")


class Scene:
    """One world, its contract, and the orders of it that nothing has been done to yet, by what became of them."""

    def __init__(self, sandbox: Any, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.orders: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.taken: set[str] = set()

    def netsuite(self, action: str, **body: Any) -> dict[str, Any]:
        with self.sandbox.world.lock:
            return in_netsuite(self.sandbox.world, action, body)

    def shop(self, action: str, *, shop: str = "GROCER", **body: Any) -> dict[str, Any]:
        with self.sandbox.world.lock:
            return self.sandbox.world.shops[shop].act(action, body)

    def contract(self, change: Any) -> None:
        path, yaml = self.folder / "contract" / "contract.yaml", YAML()
        contract = yaml.load(path)
        change(contract)
        yaml.dump(contract, path)

    def place(self, lines: Any = LINES, **body: Any) -> dict[str, Any]:
        shop = self.sandbox.world.shops["GROCER"]
        rows = [{"variant_id": variant(shop, sku), "quantity": count, **more} for sku, count, more in lines]
        given = {"lines": rows, "location_id": TILL, "tax_rate": "0.0825", "attributes": {"utm_source": "mail"}}
        return self.shop("orders", **given | body)

    def take(self, state: str = "open") -> dict[str, Any]:
        """Return an order that is booked, and in a state: open, shipped, returned, till."""
        order = self.orders[state].pop()
        self.taken.add(order["id"].rsplit("/", 1)[1])
        return order

    def later(self, **time: float) -> None:
        clock = self.sandbox.world.clock
        clock.set(clock.now() + timedelta(**time))

    def rows(self, sql: str, *values: Any) -> list[Any]:
        return self.sandbox.world.db.execute(sql, values).fetchall()

    def document(self, order: dict[str, Any], kind: str) -> int:
        """Return the id of the newest document of an order, by the number of what it stands for in the shop."""
        state = self.sandbox.world.shops["GROCER"].orders[order["id"]]
        events = [order["id"], *(one["id"] for name in ("fulfillments", "refunds") for one in state[name])]
        wanted = " OR ".join("externalid || '-' LIKE ?" for _ in events)
        numbers = [f"%-{event.rsplit('/', 1)[1]}-%" for event in events]
        sql = f"SELECT id FROM ns_transaction WHERE type = ? AND ({wanted}) ORDER BY id DESC"
        return self.rows(sql, kind, *numbers)[0][0]


def name_of(order: dict[str, Any]) -> str:
    """Return the external id of an order's own document."""
    return f"SHOPIFY-GROCER-{order['id'].rsplit('/', 1)[1]}"


def follow_clock(clock: Any, put: Any = setattr) -> None:
    """Let everything of ours read the time off a world's clock, and wait for nothing."""
    put(Context.__init__, "__defaults__", (clock.now,))
    put(M2MAuth.__init__, "__kwdefaults__", {"clock": lambda: clock.now().timestamp()})
    put(HttpSession.__init__, "__kwdefaults__", {**HttpSession.__init__.__kwdefaults__, "sleep": lambda seconds: None})
    for name in _KEEPS_TIME:
        put(import_module(f"store.{name}"), "utc_now", clock.now)


_BODIES = {
    "publish": lambda: driver.flows.publish_inventory.publish_inventory.fn(PublishParameters(dry_run=False)),
    "sync": lambda: driver.flows.sync_orders.sync_orders.fn(SyncParameters(dry_run=False)),
    "reconcile": lambda: driver.flows.reconcile.reconcile.fn(ReconcileParameters()),
    "trace": lambda: driver.flows.trace_serials.trace_serials.fn(TraceParameters(dry_run=False)),
}


def run_flow(name: str) -> tuple[int, str]:
    """Run a flow's body as its schedule does; return its exit code, and what it says where it stops."""
    try:
        return _BODIES[name]().exit_code, ""
    except TruecountError as error:
        return error.exit_code, str(error)


def open_findings() -> dict[tuple[str, str, str], int]:
    """Return what is open, check, object and field, with how often it was seen."""
    with open_context() as context:
        rows = findings.open_findings(context.engine).to_dict("records")
    return {(row["check_code"], row["object_key"], row["field"]): row["seen_count"] for row in rows}


def settle(scene: Scene) -> None:
    """Map two metafields, book orders in every state, publish, and reconcile: all is well, but for what the world has by itself."""
    follow_to_settlement(scene.sandbox, scene.folder / "contract" / "contract.yaml")
    for key in METAFIELDS:
        namespace, name = key.split(".")
        scene.netsuite("add_field", scriptid=f"custbody_{name}", name=key, fieldtype="text")
        given = {"do": "create", "owner_type": "ORDER", "namespace": namespace, "key": name, "name": key}
        scene.shop("metafield_definition", type="single_line_text_field", **given)
    scene.contract(lambda contract: contract["orders"]["fields"].extend(_mapped(key) for key in METAFIELDS))
    for state, count in {"open": 10, "shipped": 6, "returned": 2, "till": 2}.items():
        scene.orders[state] = [scene.place(**{"kind": "till"} if state == "till" else {}) for _ in range(count)]
    for order in [*scene.orders["shipped"], *scene.orders["returned"]]:
        scene.shop("fulfil", order_id=order["id"])
    run_flow("sync")
    scene.shop("cancel", order_id=scene.orders["open"].pop()["id"])
    for order in scene.orders["returned"]:
        given = {"quantities": {order["line_ids"][0]: 1}, "restock_type": "RETURN", "location_id": TILL}
        scene.shop("refund", order_id=order["id"], **given)
    for name in ("sync", "publish", "reconcile"):
        code, told = run_flow(name)
        assert code in (0, 1), told


def remember_week(scene: Scene) -> None:
    """Let a day of twenty honest orders pass, and let the days before it have been like it, as a run measured it."""
    scene.later(days=1)
    for _ in range(20):
        scene.place([("APPLE", 1, {"unit_price": "10.00"})])
    for name in ("sync", "publish"):
        run_flow(name)
    scene.later(days=1)
    run_flow("reconcile")
    today = scene.sandbox.world.clock.now().date()
    with open_context() as context:
        measured = observations.before(context.engine, today, days=1)
        for ago in range(2, 2 + LEAST_DAYS):
            # Orders come and go by one; the rest is as on the day that was measured.
            rows = [
                (metric, key, hits + (ago % 2 if metric == "volume" else 0), total)
                for (metric, key), [(hits, total)] in measured.items()
            ]
            frame = pd.DataFrame(rows, columns=["metric_code", "object_key", "hit_count", "total_count"])
            kept = conform("out_observations", frame)
            observations.record(context.engine, "week", kept, today - timedelta(days=ago), keep_days=90)


def numbered(scene: Scene) -> None:
    """Let the contract say where orders name serial numbers, and let all of them be traced."""
    scene.contract(lambda contract: contract.update(serials={"sources": [{"source": "line.property.Serial"}], "formats": PHONES}))
    settle(scene)
    run_flow("trace")


def _mapped(key: str) -> dict[str, Any]:
    return {"level": "body", "source": f"order.metafield.{key}", "target": f"custbody_{key.split('.')[1]}", "purpose": "reporting"}


class Kept:
    """A scene as it is: both vendors, our store and the contract; `restore` brings it back."""

    def __init__(self, scene: Scene) -> None:
        world = scene.sandbox.world
        self._scene, self._orders = scene, copy.deepcopy(scene.orders)
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        world.db.backup(self._db)
        self._shops = _copied(world)
        self._clock = (world.clock._offset, world.clock._frozen)
        self._folder = scene.folder / "kept"
        for name in ("contract", ".truecount"):
            shutil.copytree(scene.folder / name, self._folder / name, dirs_exist_ok=True)

    def restore(self) -> Scene:
        """Bring everything back."""
        scene, world = self._scene, self._scene.sandbox.world
        with world.lock:
            self._db.backup(world.db)
            world.shops = self._shops
            world.shops = _copied(world)
            world.faults.clear()
            world.clock._offset, world.clock._frozen = self._clock
            account_of(world).forget_fields()
        for name in ("contract", ".truecount"):
            shutil.rmtree(scene.folder / name)
            shutil.copytree(self._folder / name, scene.folder / name)
        scene.orders, scene.taken = copy.deepcopy(self._orders), set()
        return scene


def _copied(world: Any) -> dict[str, Any]:
    """Return a world's shops anew, on its own clock and rate limit."""
    shared = [world.clock, *(shop.bucket for shop in world.shops.values())]
    return copy.deepcopy(world.shops, {id(one): one for one in shared})


def state_of(scene: Scene) -> dict[str, Any]:
    """Return what both vendors have: every document with its total and lines, every level's units to sell."""
    sql = 'SELECT item, quantity, foreignamount, custom FROM ns_transactionline WHERE "transaction" = ? ORDER BY id'
    found: dict[str, Any] = {}
    for number, name, kind, total, custom, status in scene.rows(
        "SELECT id, externalid, type, foreigntotal, custom, status FROM ns_transaction"
    ):
        found[f"{kind} {name or number}"] = (total, custom, status, tuple(scene.rows(sql, number)))
    for code, shop in scene.sandbox.world.shops.items():
        found |= {f"level {code} {item} {place}": row["available"] for (item, place), row in shop.levels.items()}
    return found
