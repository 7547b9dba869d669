"""The demo: a sandbox of both vendors, a Prefect server of its own, and the main job as a user runs it.

Everything it makes is under one folder; the user's own Prefect, database and environment are never touched. The sandbox
is another process that speaks the vendors' protocols: nothing here knows its insides.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import pandas as pd
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from contract.errors import FatalError
from contract.settings import child_environment, insist
from domain.shadow import reasons
from flows import screen
from store.snapshots import load_snapshot

CONTRACT = Path("contract/contract.yaml")
MOST_LINES = 12
T = TypeVar("T")


def run_demo(folder: Path, world: str) -> int:
    """Run the demo and return its exit code.

    Args:
        folder: where everything goes; what an earlier demo left there is removed.
        world: the sandbox's world, demo or small.
    """
    began = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    home = folder.resolve()
    (home / "contract").mkdir(parents=True)
    shutil.copy(CONTRACT, home / "contract" / "contract.yaml")
    with ExitStack() as stack:
        _say("Starting a sandbox of NetSuite and two Shopify shops, and a Prefect server of the demo's own ...")
        server = stack.enter_context(_prefect_server(home))
        sandbox = stack.enter_context(_sandbox(home, world))
        # All commands run in this process: Prefect and Great Expectations are imported once, while the two start.
        insist(server.environment)
        _import_the_flows()
        urls = sandbox.wait()
        insist(_environment(home, urls))
        server.wait()
        steps = [
            ("Does everything answer?", ["doctor"]),
            ("What would be published? (dry run)", ["publish-inventory", "--dry-run"]),
            ("Publish the numbers", ["publish-inventory", "--write"]),
            ("Book the orders in NetSuite", ["sync-orders", "--write"]),
            ("Publish again: the orders are in NetSuite now, and the numbers stay true", ["publish-inventory", "--write"]),
        ]
        for title, command in steps:
            _run(title, command)
        truth = pd.DataFrame(requests.get(f"{urls['control']}/truth", timeout=60).json()["truth"])
        snapshot = _first_written(home / ".truecount" / "snapshots")
        frames, _, _ = load_snapshot(snapshot)
        sku = _show_gap(frames)
        _show_oversold(frames, truth)
        if sku:
            _run(f"Why that number? Every term of {sku}", ["explain", sku, "--run", snapshot.name])
        _run("The same run, replayed offline", ["replay", snapshot.name])
    _say(f"Done in {time.monotonic() - began:.0f} s. Everything is in {folder}/; run it again with: make demo")
    return 0


def _show_gap(frames: Mapping[str, pd.DataFrame]) -> str:
    """Show where a copied number would have offered units that are gone; return the SKU of the widest gap."""
    rows = _beside(frames)
    gap = rows.loc[rows["copied_qty"] > rows["atp_qty"].clip(lower=0)]
    gap = gap.assign(gap=gap["copied_qty"] - gap["atp_qty"].clip(lower=0)).sort_values(["gap", "sku"], ascending=[False, True])
    table = [
        {
            "sku": row["sku"],
            "location": row["location_code"],
            "a copy shows": row["copied_qty"],
            "we publish": row["publish_qty"],
            "why they differ": reasons(row),
        }
        for row in screen.rows_of(gap.head(MOST_LINES))
    ]
    units = int(gap["gap"].sum())
    screen.show(
        f"The reservation gap: {len(gap):,} of {len(rows):,} numbers, {units:,} units that a copying connector would have offered "
        f"although they are gone (the widest {len(table)})",
        table,
    )
    return str(gap["sku"].iloc[0]) if len(gap) else ""


def _beside(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return, per SKU and location of a shop, NetSuite's available (what a copy shows) beside what we publish."""
    shown = frames["out_channel_quantities"].loc[lambda rows: rows["location_code"] != "-"]
    rows = shown.merge(frames["out_atp"], on=["sku", "location_code"], validate="many_to_one")
    return rows.drop_duplicates(["sku", "location_code"]).assign(copied_qty=rows["available_qty"].clip(lower=0))


def _show_oversold(frames: Mapping[str, pd.DataFrame], truth: pd.DataFrame) -> None:
    """Show both connectors against the sandbox's own truth: physical units less open demand."""
    rows = _beside(frames).merge(truth, on=["sku", "location_code"], how="inner", validate="one_to_one")
    real = rows["truth_qty"].clip(lower=0)
    table = [
        {
            "who": who,
            "numbers": len(rows),
            "above the truth": int((number > real).sum()),
            "units that could be oversold": int((number - real).clip(lower=0).sum()),
            "exactly true, less the buffer": int((number == (real - buffer).clip(lower=0)).sum()),
        }
        for who, number, buffer in (
            ("copying connector", rows["copied_qty"], 0),
            ("Truecount", rows["publish_qty"], rows["buffer_qty"]),
        )
    ]
    screen.show("Against the truth of the sandbox (physical units less open demand)", table)


@dataclass(frozen=True)
class _Starting(Generic[T]):
    """A process of the demo's that is starting: what points a run at it, and how to wait until it answers."""

    environment: Mapping[str, str]
    wait: Callable[[], T]


@contextmanager
def _sandbox(home: Path, world: str) -> Iterator[_Starting[dict[str, Any]]]:
    key = ec.generate_private_key(ec.SECP256R1())
    (home / "netsuite.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public = home / "netsuite.pub.pem"
    public.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    given = {"--port": "0", "--folder": str(home / "sandbox"), "--world": world, "--public-key": str(public)}
    command = [sys.executable, "-m", "sandbox", *(word for option in given.items() for word in option)]
    with _process(command, None, home / "sandbox.log") as process:

        def wait() -> dict[str, Any]:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise FatalError(f"demo: the sandbox did not start; its log is {home / 'sandbox.log'}")
            return dict(json.loads(line))

        yield _Starting({}, wait)


@contextmanager
def _prefect_server(home: Path) -> Iterator[_Starting[None]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    environment = {
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_API_URL": url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "DO_NOT_TRACK": "1",
    }
    own = {**environment, "PREFECT_API_URL": ""}
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with _process(command, own, home / "prefect.log"):
        yield _Starting(environment, lambda: _wait_for(f"{url}/health", home / "prefect.log"))


def _import_the_flows() -> None:
    import flows.publish_inventory  # noqa: PLC0415 - after the environment is set, which Prefect reads when it is imported
    import flows.sync_orders  # noqa: F401, PLC0415


def _environment(home: Path, urls: Mapping[str, Any]) -> dict[str, str]:
    """Return what points a run at the sandbox: the credentials are the sandbox's own."""
    shops = {f"TRUECOUNT_SHOPIFY_{code}_BASE_URL": url for code, url in urls["shopify"].items()}
    secrets = {name: value for name, value in urls["credentials"].items() if name.startswith("TRUECOUNT_")}
    return {
        "TRUECOUNT_CONTRACT": str(home / "contract" / "contract.yaml"),
        "TRUECOUNT_DATABASE_URL": "",
        "TRUECOUNT_NETSUITE_BASE_URL": urls["netsuite"],
        "TRUECOUNT_NETSUITE_PRIVATE_KEY_FILE": str(home / "netsuite.pem"),
        **shops,
        **secrets,
    }


def _run(title: str, arguments: list[str]) -> None:
    from flows.command_line import app  # noqa: PLC0415 - it imports this module in turn

    _say(f"{title}\n  $ truecount {' '.join(arguments)}")
    code = app(arguments, standalone_mode=False)
    if code not in (None, 0, 1):
        raise FatalError(f"demo: truecount {' '.join(arguments)} ended with exit code {code}")


@contextmanager
def _process(command: list[str], environment: Mapping[str, str] | None, log: Path) -> Iterator[subprocess.Popen[str]]:
    with (
        log.open("w") as errors,
        subprocess.Popen(  # noqa: S603
            command,
            env=child_environment(environment or {}),
            stdout=subprocess.PIPE if environment is None else errors,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for(url: str, log: Path) -> None:
    for _ in range(240):
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.5)
    raise FatalError(f"demo: the Prefect server did not start in two minutes; its log is {log}")


def _first_written(snapshots: Path) -> Path:
    """Return the snapshot of the first publishing run: it shows the gap before the orders were booked."""
    runs = [folder for folder in sorted(snapshots.iterdir()) if (folder / "out_quantity_changes.csv.gz").exists()]
    return runs[1]


def _say(text: str) -> None:
    sys.stdout.write(f"\n{text}\n")
    sys.stdout.flush()
