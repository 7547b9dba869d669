"""One NetSuite account: where it is, how to log in, how many calls it takes at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from connectors.budgets import ConcurrencyBudget
from connectors.http import HttpSession
from connectors.netsuite.auth import account_host, make_auth
from connectors.netsuite.responses import QUERY_PATH, LoginRefusedError, classify
from contract.errors import RetriableError
from contract.settings import NetsuiteSettings

PAGE_ROWS = 1000
"""The most rows a SuiteQL page holds."""

RECORD_PATH = "/services/rest/record/v1"


class NetsuiteClient:
    """Sends requests to one account, each inside the account's shared concurrency budget.

    Safe to share between threads.

    Args:
        account_id: the account id of the contract, such as `1234567_SB1`.
        settings: base URL and credentials.
        state_folder: where the concurrency budget keeps its lock files, shared by every process of this installation.
        concurrency: calls at once. An account's own limit is 5 or more over all its integrations, so stay below it.
    """

    def __init__(
        self, account_id: str, settings: NetsuiteSettings, *, state_folder: Path, concurrency: int = 4, **session: Any
    ) -> None:
        host = account_host(account_id)
        self.account_id = account_id
        self._session = HttpSession("NetSuite", settings.base_url or f"https://{host}", **session)
        self._auth = make_auth(settings, account_id, self._session)
        self._budget = ConcurrencyBudget(state_folder, f"netsuite-{account_id.lower()}", concurrency)

    def send(  # noqa: PLR0913 - keyword-only, an HTTP request has that many parts
        self,
        method: str,
        path: str,
        *,
        what: str,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        is_write: bool = False,
    ) -> requests.Response:
        """Return the response to one request, repeated where that is safe.

        Args:
            method: the HTTP method.
            path: the path from the host's root.
            what: the object of the call, for messages.
            params: query parameters.
            json: the body.
            headers: headers besides `Accept-Language` and the login.
            is_write: whether a lost reply leaves it unknown if NetSuite has changed.

        Raises:
            RetriableError: throttled, 5xx or no answer, after the bounded attempts.
            RejectedError: NetSuite refuses this record.
            FatalError: login, role, query or account is wrong.
        """

        def once() -> requests.Response:
            with self._budget.slot():
                return self._session.send(
                    method,
                    path,
                    params=params,
                    json=json,
                    # Left out, an account whose language differs from the user's answers INVALID_HEADER.
                    headers={"Accept-Language": "en", **(headers or {})},
                    auth=self._auth,
                    classify=lambda response: classify(response, what),
                    is_write=is_write,
                    what=what,
                )

        try:
            return once()
        except LoginRefusedError:
            # A request refused at the door did nothing, so that a write may be sent again too.
            self._auth.renew()
            return once()

    def clock(self) -> datetime | None:
        """Return the account's clock; None where it does not say."""
        return self._session.clock()

    def query(self, sql: str, params: Sequence[str | int], what: str) -> list[dict[str, str]]:
        """Return one page of a SuiteQL query, at most 1000 rows.

        Grain: one dict per row; keys lower case, values as text as sent, null columns left out.

        Args:
            sql: Oracle syntax, `?` for each bound value.
            params: the bound values, in order.
            what: the object of the query, for messages.

        Raises:
            FatalError: an unknown field or table, or no permission; the message names it.
            RetriableError: throttled, 5xx, no answer, or an answer that is not whole.
        """
        response = self.send(
            "POST",
            QUERY_PATH,
            what=what,
            params={"limit": str(PAGE_ROWS), "offset": "0"},
            json={"q": sql, "params": list(params)},
            headers={"Prefer": "transient"},
        )
        return _read_rows(response, what)


def _read_rows(response: requests.Response, what: str) -> list[dict[str, str]]:
    try:
        # Numbers stay text to the last digit, should an account send any.
        page = response.json(parse_float=str, parse_int=str)
        items = page["items"]
        rows = [{name.lower(): value for name, value in item.items() if name.lower() != "links"} for item in items]
        count = int(page.get("count", len(items)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RetriableError(f"NetSuite: {what}: the answer is not a SuiteQL page; try again later") from error
    if count != len(rows):
        raise RetriableError(f"NetSuite: {what}: the page says {count} rows and holds {len(rows)}; try again later")
    return [{name: _text(value) for name, value in row.items() if value is not None} for row in rows]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    return str(value)
