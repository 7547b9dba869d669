"""Bulk reads: one query over a whole list, run by Shopify beside the rate limit, its answer a file of JSON lines.

Paging ends at 25,000 rows of a list (facts, Shopify 6), and costs a call for each 250. A row of the file was read at some
instant between the operation's start and its end: whoever asks how old it is must take the start. That fragments may be
used in such a query is not documented, so the documents in `documents/bulk/` have none.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from string import Template
from typing import Any
from urllib.parse import urlsplit

from connectors.http import HttpSession
from connectors.shopify.client import ShopifyClient
from connectors.shopify.document import FOLDER
from connectors.shopify.raw_frames import Row
from contract.errors import FatalError, RetriableError

log = logging.getLogger(__name__)
BULK_FROM = 5_000
"""Rows from which a list is read in bulk: 20 calls of 250."""
PATIENCE_SECONDS = 1_800.0
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 10.0
_OVER = frozenset({"FAILED", "CANCELED", "CANCELING", "EXPIRED"})


@dataclass(frozen=True)
class BulkRead:
    """The lines of an operation, in no order that can be relied on, and the instant from which each may be."""

    lines: list[Row]
    read_from: datetime


def read_bulk(client: ShopifyClient, document: str, *, what: str, given: Mapping[str, str] | None = None) -> BulkRead:
    """Return every line of a bulk query.

    Args:
        client: the shop.
        document: the name of a file in `documents/bulk/`.
        what: the object of the read, for messages.
        given: what the document's `$names` stand for, inside quotes: such a query takes no variables.

    Raises:
        RetriableError: the operation failed, five others run, or it is not done in half an hour; or its file is cut off.
        FatalError: the query is refused, or scopes or credentials are wrong.
    """
    text = (FOLDER / "bulk" / f"{document}.graphql").read_text(encoding="utf-8")
    query = Template(text).substitute({name: json.dumps(value)[1:-1] for name, value in (given or {}).items()})
    ends = time.monotonic() + PATIENCE_SECONDS
    begun = _begin(client, query, what, ends)
    done = _await(client, begun, what, ends)
    lines = list(_lines(client, done["url"], what)) if done["url"] else []
    if len(lines) != int(done["objectCount"]):
        told = f"the file of {begun} holds {len(lines)} of {done['objectCount']} objects: it is cut off; try again later"
        raise RetriableError(f"Shopify {client.shop_code}: {what}: {told}")
    log.info("bulk_read", extra={"shop": client.shop_code, "document": document, "lines": len(lines)})
    return BulkRead(lines, datetime.fromisoformat(done["createdAt"]))


def _begin(client: ShopifyClient, query: str, what: str, ends: float) -> str:
    """Return the id of an operation. One whose answer was lost runs on unread: it changes nothing."""
    for wait in _waits(client, ends):
        told = client.execute("bulk_run", {"query": query}, what=what, is_write=True).data["bulkOperationRunQuery"]
        errors = told["userErrors"]
        if not errors:
            return str(told["bulkOperation"]["id"])
        if any(error["code"] not in ("OPERATION_IN_PROGRESS", "LIMIT_REACHED") for error in errors):
            raise FatalError(f"Shopify {client.shop_code}: {what}: the bulk query is refused: {errors[0]['message']}")
        wait()
    raise RetriableError(f"Shopify {client.shop_code}: {what}: other bulk operations of this app take all places; try again later")


def _await(client: ShopifyClient, begun: str, what: str, ends: float) -> Row:
    for wait in _waits(client, ends):
        found = client.execute("bulk_operation", {"id": begun}, what=what).data["bulkOperation"]
        if found is None or found["status"] in _OVER:
            told = f"{found['status']}: {found['errorCode']}" if found else "gone"
            raise RetriableError(f"Shopify {client.shop_code}: {what}: bulk operation {begun} is {told}; try again later")
        if found["status"] == "COMPLETED":
            return dict(found)
        wait()
    minutes = PATIENCE_SECONDS / 60
    raise RetriableError(f"Shopify {client.shop_code}: {what}: {begun} is not done after {minutes:.0f} minutes; try again later")


def _waits(client: ShopifyClient, ends: float) -> Iterator[Any]:
    """Yield a way to wait, longer each time, until the time is over."""
    seconds = _FIRST_WAIT
    while time.monotonic() < ends:
        yield lambda seconds=seconds: client.sleep(seconds)
        seconds = min(_LONGEST_WAIT, 1.5 * seconds)


def _lines(client: ShopifyClient, url: str, what: str) -> Iterator[Row]:
    """Yield the lines of a file. Its address is signed, another host's, and takes no token of ours."""
    parts = urlsplit(url)
    session = HttpSession(f"Shopify {client.shop_code}", f"{parts.scheme}://{parts.netloc}", sleep=client.sleep)
    answer = session.send("GET", f"{parts.path}?{parts.query}", what=f"the file of {what}")
    for line in answer.content.split(b"\n"):
        if not line:
            continue
        try:
            yield json.loads(line)
        except ValueError as error:
            told = f"Shopify {client.shop_code}: {what}: a line of the file is not JSON: it is cut off; try again later"
            raise RetriableError(told) from error
