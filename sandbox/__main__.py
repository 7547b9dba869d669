"""`python -m sandbox`: serve a world, print its URLs as one line of JSON, until killed."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.server import Sandbox
from sandbox.worlds import accounts
from sandbox.worlds.demo import demo_world
from sandbox.worlds.numbered import numbered_world
from sandbox.worlds.small import small_world

_WORLDS: dict[str, Callable[[datetime, str], dict[str, Any]]] = {
    "demo": lambda now, key: demo_world(now, public_key_pem=key),
    "numbered": numbered_world,
    "small": small_world,
}


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="first port; 0 takes any free ones")
    parser.add_argument("--folder", type=Path, required=True, help="where the world's file is made")
    parser.add_argument("--world", choices=list(_WORLDS), default="small")
    parser.add_argument("--seed", type=Path, help="a seed of your own, as JSON, instead of a world")
    parser.add_argument("--public-key", type=Path, help="PEM file of the key that signs NetSuite's client assertions")
    options = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with Sandbox.start(options.folder, _seed(options), options.port) as running:
        sys.stdout.write(json.dumps(running.urls | {"credentials": accounts.environment(list(running.urls["shopify"]))}) + "\n")
        sys.stdout.flush()
        stopped.wait()


def _seed(options: argparse.Namespace) -> dict[str, Any]:
    if options.seed:
        return dict(json.loads(options.seed.read_text()))
    now = datetime.now(UTC)
    key = options.public_key.read_text() if options.public_key else ""
    seed = _WORLDS[options.world](now, key)
    # Building takes seconds: the world's clock is the real one, or an assertion signed now would seem to come from the future.
    return seed | {"clock": None}


if __name__ == "__main__":
    main()
