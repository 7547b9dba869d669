"""`python -m tests.conformance SHARED`: the sandbox and the parsers against recordings; what is covered, and what agrees.

Recorded requests of Shopify and recorded mistakes of NetSuite are made again against the sandbox over HTTP; webhook samples
are held against the rules that our parsers rest on; inventory cases of other projects are computed by our own rules.
A difference fails unless `differences.py` has it with a reason, and so does an entry there that nothing uses.
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
from tests.conformance.adaptations import ADAPTATIONS
from tests.conformance.compare import Family, settle
from tests.conformance.differences import KNOWN
from tests.conformance.netsuite_replay import replay_netsuite
from tests.conformance.oracles import oracles
from tests.conformance.running import running_shop
from tests.conformance.shopify_replay import replay_shopify
from tests.conformance.webhooks import rounded_ids, webhooks

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


def families(shared: Path) -> tuple[list[Family], list[str], list[str]]:
    """Return what became of every recording, lines to print, and adaptations that no recording needs."""
    netsuite_replayed = replay_netsuite(shared / "schemas/netsuite/samples")
    with running_shop() as shop:
        replayed = replay_shopify(shared / "data/shopify_recordings_2025-01.tar.xz", shop)
        hooks = webhooks(shared / "data/shopify_webhooks_2026-07.tar.xz", shop)
    told = [f"  adapted: {name} ({count} requests)" for name, count in sorted(replayed.adaptations.items())]
    count, rounded = rounded_ids(shared / "data/shopify_webhooks_2026-07.tar.xz")
    told.append(f"  {len(rounded)} of {count} webhook payloads tell their id rounded, as a float: ids are taken from the gid")
    idle = [row.name for row in ADAPTATIONS if row.name not in replayed.adaptations]
    others = [hooks, *oracles(shared / "data/oracle_samples")]
    return [*netsuite_replayed, replayed.refusals, replayed.answers, *others], told, idle


def main(arguments: list[str]) -> int:
    shared = Path(arguments[0])
    if not shared.is_dir():
        sys.stderr.write(f"{shared} is not there; say where the recordings are: make conformance SHARED=...\n")
        return 2
    wrong = []
    for name, check in (("NetSuite error bodies, classified", netsuite), ("Shopify levels, by their identity", shopify)):
        count, found = check(shared)
        wrong += found if count else [f"{name}: nothing was covered"]
        sys.stdout.write(f"{name}: {count} covered, {count - len(found)} agree\n")
    found_families, told, idle = families(shared)
    for family in found_families:
        sys.stdout.write(
            f"{family.name}: {family.found} found, {family.covered} covered, {family.agreeing} agree, {family.values} values\n"
        )
        sys.stdout.writelines(f"  {count} left out: {reason}\n" for reason, count in family.left_out.most_common())
        wrong += [] if family.covered else [f"{family.name}: nothing was covered"]
    sys.stdout.writelines(f"{line}\n" for line in told)
    differences = [found for family in found_families for found in family.differences]
    verdict = settle(differences, KNOWN)
    sys.stdout.write(f"{len(differences)} values differ, {len(differences) - len(verdict.unlisted)} of them for a listed reason\n")
    wrong += [f"adapted nothing: {name}" for name in idle]
    wrong += [f"not listed: {found.told()}" for found in verdict.unlisted]
    wrong += [f"listed, and differs no more: {entry.recording} {entry.path} ({entry.reason})" for entry in verdict.stale]
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
