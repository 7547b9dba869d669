"""One Shopify shop: GraphQL over HTTP, within the rate that the shop grants.

Errors are looked for in Shopify's order: HTTP status, then top-level `errors`, then (by the caller) `userErrors`. A
throttled answer has HTTP status 200. Every reply says how many points are left and how fast they return; the budget is
kept from that, and shared by all processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import requests

from connectors.budgets import CostBudget
from connectors.http import HttpSession, error_from_status
from connectors.shopify.auth import ShopifyToken
from contract.errors import FatalError, RetriableError, TruecountError
from contract.settings import ShopifySettings

API_VERSION = "2026-10"
OnPage = Callable[[int], None]
_WAIT_CODES = frozenset({"THROTTLED", "INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE", "TIMEOUT"})


@dataclass(frozen=True)
class Answer:
    """A reply: its data, when the shop wrote it (its own clock), and errors on optional fields."""

    data: dict[str, Any]
    read_at: datetime
    errors: tuple[dict[str, Any], ...] = ()


class ShopifyClient:
    """Sends documents to one shop. Safe to share between threads.

    Args:
        shop_code: the shop's code in the contract.
        domain: its myshopify.com domain.
        settings: base URL and credentials.
        state_folder: where the rate budget is kept.
    """

    def __init__(self, shop_code: str, domain: str, settings: ShopifySettings, *, state_folder: Path, **session: Any) -> None:
        self.shop_code, self.domain = shop_code, domain
        self._session = HttpSession("Shopify", settings.base_url or f"https://{domain}", **session)
        self._token = ShopifyToken(shop_code, settings, self._session)
        self._budget = CostBudget(state_folder, f"shopify-{shop_code.lower()}")
        self._costs: dict[str, float] = {}

    def execute(self, document: str, variables: Mapping[str, Any], *, what: str, is_write: bool = False) -> Answer:
        """Return the answer to one document, within the shop's rate.

        Args:
            document: the name of a file in `documents/`.
            variables: its variables.
            what: the object of the call, for messages.
            is_write: a mutation with an idempotency key: repeated as it is after a lost reply.

        Raises:
            RetriableError: throttled, 5xx or no answer, after the bounded attempts.
            FatalError: credentials, scopes, API version or the document are wrong.
        """
        named = f"{self.shop_code}: {what}"
        body = {"query": load_document(document), "variables": dict(variables)}
        # What a document costs is what the shop said of it last; the dearest allowed before it has said anything.
        size = f"{document}/{variables.get('page', '')}/{variables.get('lines', '')}"
        reserved: list[float] = []

        def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
            cost = self._costs.get(size, 40.0)
            self._budget.take(cost)
            reserved.append(cost)
            request.headers["X-Shopify-Access-Token"] = self._token.current()
            return request

        def classify(response: requests.Response) -> TruecountError | None:
            self._settle(size, reserved, response)
            if response.status_code == 401:
                self._token.renew()
            return error_from_status("Shopify", named, response) or _version_error(named, response) or _errors(named, response)

        try:
            response = self._session.send(
                "POST",
                f"/admin/api/{API_VERSION}/graphql.json",
                json=body,
                auth=sign,
                classify=classify,
                is_write=is_write,
                repeat_writes=is_write,
                what=named,
            )
        finally:
            while reserved:
                self._budget.settle(reserved.pop(), None)
        reply = response.json()
        return Answer(reply["data"], _date(response), tuple(reply.get("errors") or ()))

    def pages(self, document: str, path: str, variables: Mapping[str, Any], *, what: str) -> Iterator[tuple[list[Any], datetime]]:
        """Yield the nodes of each page of a connection, with the instant of its reply.

        Args:
            document: the name of a file in `documents/`, with a variable `after`.
            path: where the connection is in the data, with dots.
            variables: the document's other variables.
            what: the object of the call.

        Raises:
            RetriableError: the cursor does not move, so pages would repeat.
        """
        after: str | None = None
        while True:
            answer = self.execute(document, {**variables, "after": after}, what=what)
            found: Any = answer.data
            for step in path.split("."):
                found = found[step] if found else None
            if found is None:
                raise FatalError(f"Shopify {self.shop_code}: {what}: {path} is not there; check the contract's ids")
            yield found["nodes"], answer.read_at
            page = found["pageInfo"]
            if not page["hasNextPage"]:
                return
            if page["endCursor"] == after or not page["endCursor"]:
                raise RetriableError(f"Shopify {self.shop_code}: {what}: a page repeats; try again later")
            after = page["endCursor"]

    def _settle(self, size: str, reserved: list[float], response: requests.Response) -> None:
        cost = reserved.pop() if reserved else 0.0
        try:
            told = response.json()["extensions"]["cost"]
        except (ValueError, KeyError, TypeError):
            self._budget.settle(cost, None)
            return
        self._costs[size] = float(told["requestedQueryCost"])
        self._budget.settle(cost, told["throttleStatus"])


@cache
def load_document(name: str) -> str:
    """Return the text of a GraphQL document."""
    return (resources.files("connectors.shopify") / "documents" / f"{name}.graphql").read_text(encoding="utf-8")


def _version_error(named: str, response: requests.Response) -> TruecountError | None:
    version = response.headers.get("X-Shopify-API-Version", API_VERSION)
    if version == API_VERSION:
        return None
    return FatalError(
        f"Shopify {named}: answered by API {version}, asked for {API_VERSION}: that version is retired; update Truecount"
    )


def _errors(named: str, response: requests.Response) -> TruecountError | None:
    """Return what the top-level errors mean; one on an optional field, with the data there, is no failure."""
    reply = response.json()
    errors = reply.get("errors") or []
    if isinstance(errors, str):
        return FatalError(f"Shopify {named}: {errors}")
    codes = {str((error.get("extensions") or {}).get("code")) for error in errors}
    told = "; ".join(str(error.get("message")) for error in errors[:3])
    if codes & _WAIT_CODES:
        return RetriableError(f"Shopify {named}: {told}; try again", retry_after=_throttle_wait(reply), is_write_uncertain=True)
    if errors and not (codes == {"ACCESS_DENIED"} and reply.get("data") and all(error.get("path") for error in errors)):
        return FatalError(f"Shopify {named}: {told} ({', '.join(sorted(codes))}); check the app's scopes")
    return None if reply.get("data") is not None else FatalError(f"Shopify {named}: an answer without data; check the base URL")


def _throttle_wait(reply: Mapping[str, Any]) -> float | None:
    try:
        cost = reply["extensions"]["cost"]
        status = cost["throttleStatus"]
        missing = float(cost["requestedQueryCost"]) - float(status["currentlyAvailable"])
        return max(0.0, missing / float(status["restoreRate"]))
    except (KeyError, TypeError, ZeroDivisionError):
        return None


def _date(response: requests.Response) -> datetime:
    """Return when the shop answered, by its own clock; ours where it does not say."""
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return datetime.now(UTC)
