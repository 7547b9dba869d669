"""One Shopify shop: GraphQL over HTTP, within the rate that the shop grants.

Every reply says how many points are left and how fast they return; the budget is kept from that, and shared by all
processes. What a document costs is what the shop said of it last; before that, what its first line says.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from connectors.budgets import CostBudget, Reservation
from connectors.http import HttpSession, date_of
from connectors.shopify.auth import ShopifyToken
from connectors.shopify.document import load_document, stated_cost
from connectors.shopify.responses import API_VERSION, cost_of, judge, read_reply
from contract.errors import FatalError, RetriableError, TruecountError
from contract.settings import ShopifySettings

_OF_ANY_VERSION = frozenset({"access"})
"""Documents that every version answers alike: which versions there are can be asked when ours is retired."""
log = logging.getLogger(__name__)
GRAPHQL_PATH = f"/admin/api/{API_VERSION}/graphql.json"
OnPage = Callable[[int], None]


@dataclass(frozen=True)
class Answer:
    """A reply: its data, when the shop wrote it (its own clock), what it cost, and refusals of optional fields."""

    data: dict[str, Any]
    read_at: datetime
    errors: tuple[dict[str, Any], ...] = ()
    cost: float | None = None


class ShopifyClient:
    """Sends documents to one shop. Safe to share between threads.

    Args:
        shop_code: the shop's code in the contract.
        domain: its myshopify.com domain.
        settings: base URL and credentials.
        state_folder: where the rate budget is kept, shared by every process of this installation.
        session: what `HttpSession` takes besides.
    """

    def __init__(self, shop_code: str, domain: str, settings: ShopifySettings, *, state_folder: Path, **session: Any) -> None:
        self.shop_code, self.domain = shop_code, domain
        self.sleep: Callable[[float], None] = session.get("sleep", time.sleep)
        self._session = HttpSession(f"Shopify {shop_code}", settings.base_url or f"https://{domain}", **session)
        self._token = ShopifyToken(shop_code, settings, self._session)
        self._budget = CostBudget(state_folder, f"shopify-{shop_code.lower()}")
        self._costs: dict[str, float] = {}
        self._refused: set[str] = set()

    def clock(self) -> datetime | None:
        """Return the shop's clock; None where it does not say."""
        return self._session.clock()

    def execute(  # noqa: PLR0913 - keyword-only, each a part of the call
        self,
        document: str,
        variables: Mapping[str, Any],
        *,
        what: str,
        is_write: bool = False,
        may_repeat: bool = True,
        optional: Collection[str] = (),
    ) -> Answer:
        """Return the answer to one document, within the shop's rate.

        Args:
            document: the name of a file in `documents/`.
            variables: its variables.
            what: the object of the call, for messages.
            is_write: a mutation.
            may_repeat: it carries an idempotency key: repeated as it is after a lost reply.
            optional: names of fields that the app may be refused; they are null then, and the refusals in the answer.

        Raises:
            RetriableError: throttled, 5xx or no answer, after the bounded attempts.
            FatalError: credentials, scopes, API version or the document are wrong.
        """
        call = _Call(self, document, variables, what, is_write=is_write, may_repeat=may_repeat, optional=optional)
        response = call.send()
        if response.status_code == 401:
            # A token that ended early (the app was installed again): a request refused at the door did nothing.
            self._token.renew()
            response = call.send()
            if response.status_code == 401:
                names = f"TRUECOUNT_SHOPIFY_{self.shop_code.upper()}_"
                raise FatalError(
                    f"Shopify {call.named}: HTTP 401: the token is refused; check {names}TOKEN, or {names}CLIENT_ID and "
                    f"{names}CLIENT_SECRET"
                )
        reply, read_at = read_reply(response), date_of(response)
        if reply is None or read_at is None:
            raise FatalError(f"Shopify {call.named}: the answer is not GraphQL; check the base URL")
        told = cost_of(reply)
        errors = tuple(reply.get("errors") or ())
        if errors and document not in self._refused:
            # Once, not page by page: what the app may not read stays so for as long as it has its scopes.
            self._refused.add(document)
            log.info("shopify_fields_refused", extra={"shop": self.shop_code, "document": document, "fields": len(errors)})
        return Answer(reply["data"], read_at, errors, told[1] if told else None)

    def pages(
        self, document: str, path: str, variables: Mapping[str, Any], *, what: str, optional: Collection[str] = ()
    ) -> Iterator[tuple[list[Any], datetime]]:
        """Yield the nodes of each page of a connection, with the instant of its reply.

        Args:
            document: the name of a file in `documents/`, with a variable `after`.
            path: where the connection is in the data, with dots.
            variables: the document's other variables.
            what: the object of the call.
            optional: as in `execute`.

        Raises:
            RetriableError: a cursor comes again, so pages would repeat.
            FatalError: the connection's owner is not there.
        """
        after: str | None = variables.get("after")
        seen = {after}
        while True:
            answer = self.execute(document, {**variables, "after": after}, what=what, optional=optional)
            found: Any = answer.data
            for step in path.split("."):
                found = found[step] if found else None
            if found is None:
                raise FatalError(f"Shopify {self.shop_code}: {what}: {path} is not there; check the contract's ids")
            yield found["nodes"], answer.read_at
            page = found["pageInfo"]
            if not page["hasNextPage"]:
                return
            after = page["endCursor"]
            if not after or after in seen:
                raise RetriableError(f"Shopify {self.shop_code}: {what}: a page repeats (cursor {after}); try again later")
            seen.add(after)

    def _reserve(self, size: str, document: str) -> Reservation:
        return self._budget.take(self._costs.get(size, stated_cost(document)))

    def _settle(self, size: str, reserved: Reservation, response: requests.Response) -> None:
        told = cost_of(read_reply(response))
        if told is None:
            # A reply without a cost was refused before it reached the shop's GraphQL, or failed there.
            self._budget.settle(reserved, None if response.status_code >= 500 else 0.0, None)
            return
        self._costs[size] = told[0]
        self._budget.settle(reserved, told[1], told[2])


class _Call:
    """One call: each attempt has its own token and its own points, given back when its reply has told what it cost."""

    def __init__(  # noqa: PLR0913 - the parts of one call
        self,
        client: ShopifyClient,
        document: str,
        variables: Mapping[str, Any],
        what: str,
        *,
        is_write: bool,
        may_repeat: bool,
        optional: Collection[str],
    ) -> None:
        self._what, self.named = what, f"{client.shop_code}: {what}"
        self._client, self._document, self._variables = client, document, dict(variables)
        self._is_write, self._optional, self._may_repeat = is_write, optional, may_repeat
        lengths = [str(len(value)) for value in self._variables.values() if isinstance(value, list)]
        numbers = [str(value) for value in self._variables.values() if isinstance(value, int)]
        self._size = "/".join([document, *lengths, *numbers])
        self._reserved: Reservation | None = None

    def send(self) -> requests.Response:
        """Return the reply: a success, or 401."""
        try:
            return self._client._session.send(
                "POST",
                GRAPHQL_PATH,
                json={"query": load_document(self._document), "variables": self._variables},
                auth=self._prepare,
                classify=self._classify,
                is_write=self._is_write,
                repeat_writes=self._is_write and self._may_repeat,
                what=self._what,
            )
        finally:
            self._give_up()

    def _prepare(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        self._give_up()
        request.headers["X-Shopify-Access-Token"] = self._client._token.current()
        self._reserved = self._client._reserve(self._size, self._document)
        return request

    def _classify(self, response: requests.Response) -> TruecountError | None:
        if self._reserved is not None:
            self._client._settle(self._size, self._reserved, response)
            self._reserved = None
        if response.status_code == 401:
            return None
        is_any = self._document in _OF_ANY_VERSION
        return judge(self.named, response, is_write=self._is_write, optional=self._optional, is_any_version=is_any)

    def _give_up(self) -> None:
        """Count the points of an attempt without a reply as spent."""
        if self._reserved is not None:
            self._client._budget.settle(self._reserved, None, None)
            self._reserved = None
