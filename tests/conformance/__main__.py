"""`python -m tests.conformance SHARED`: the parsers against recordings; prints how many it covers and how many agree.

Covered: every recorded NetSuite error body through our classifier, and the identity of the quantity states on every
complete level in the Shopify recordings, through our own conforming. The sandbox is not replayed against them yet.
"""

import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from connectors.netsuite.responses import classify
from contract.errors import FatalError, RejectedError, RetriableError

STATES = ("available", "committed", "reserved", "damaged", "quality_control", "safety_stock")
EXPECTED = {429: RetriableError, 500: RetriableError, 401: FatalError}


def netsuite(shared: Path) -> tuple[int, list[str]]:
    recorded = json.loads((shared / "schemas/netsuite/samples/error_bodies.json").read_text())["errors"]
    wrong = []
    for error in recorded:
        response = requests.Response()
        response.status_code, response._content = error["http"], json.dumps(error["body"]).encode()
        response.headers["Content-Type"] = "application/json"
        path = "query/v1/suiteql" if "suiteql" in error["name"] else "record/v1/salesOrder"
        response.request = requests.Request("POST", f"https://x.invalid/services/rest/{path}").prepare()
        response.url = str(response.request.url)
        found = classify(response, error["name"])
        wanted = EXPECTED.get(error["http"], (RejectedError, FatalError))
        if not isinstance(found, wanted):
            wrong.append(f"NetSuite {error['name']}: {type(found).__name__}")
    return len(recorded), wrong


def shopify(shared: Path) -> tuple[int, list[str]]:
    count, wrong = 0, []
    with tarfile.open(shared / "data/shopify_recordings_2025-01.tar.xz") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name.endswith(".json") else None
            for level in _levels(json.load(stream)) if stream else ():
                count += 1
                if level["on_hand"] != sum(level[state] for state in STATES):
                    wrong.append(f"Shopify {member.name}: {level}")
    return count, wrong


def _levels(node: Any) -> Iterator[dict[str, int]]:
    if isinstance(node, dict):
        rows = node.get("quantities")
        if isinstance(rows, list) and all(isinstance(row, dict) and "quantity" in row and "name" in row for row in rows):
            level = {row["name"]: row["quantity"] for row in rows}
            if {"on_hand", *STATES} <= set(level):
                yield level
        for value in node.values():
            yield from _levels(value)
    elif isinstance(node, list):
        for value in node:
            yield from _levels(value)


def main(arguments: list[str]) -> int:
    shared = Path(arguments[0])
    if not shared.is_dir():
        sys.stderr.write(f"{shared} is not there; say where the recordings are: make conformance SHARED=...\n")
        return 2
    wrong = []
    for name, check in (("NetSuite error bodies", netsuite), ("Shopify levels", shopify)):
        count, found = check(shared)
        wrong += found
        sys.stdout.write(f"{name}: {count} covered, {count - len(found)} agree\n")
        if not count:
            wrong.append(f"{name}: nothing was covered")
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
