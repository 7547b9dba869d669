"""HTTP: one session per system, time-outs, bounded retries with jitter, and the one place that logs a request.

A request's outcome is sorted by what to do next (`contract/errors.py`). A read, or a write that is safe to repeat, is
sent again after a wait: what the vendor asked for, else exponential with full jitter. A write whose reply was lost is
raised as uncertain, unless the caller says that repeating it is safe (the vendor knows its key).

Nothing of a body, a header or a query is ever logged: method, path, status and milliseconds only.
"""

from __future__ import annotations

import json as jsonlib
import logging
import random as randomlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError

from contract.errors import FatalError, RetriableError, TruecountError

log = logging.getLogger(__name__)
LONGEST_WAIT = 60.0
_SECRETS = re.compile(
    r"shp[a-z]{2}_\w+|whsec_[\w+/=]+|eyJ[\w-]+\.[\w.-]+|Bearer\s+\S+|[\w.+-]+@[\w-]+\.[\w.-]+"
    r"|(?:client_secret|client_assertion|access_token|oauth_\w+)[\"']?\s*[=:]\s*[\"']?[^\s&\"',]+",
    re.IGNORECASE,
)
Classify = Callable[[requests.Response], TruecountError | None]


@dataclass(frozen=True)
class Patience:
    """How long one request may take, and how often it is sent."""

    connect_seconds: float = 5.0
    read_seconds: float = 60.0
    attempts: int = 5


class HttpSession:
    """A pooled session to one system. Safe to share between threads.

    Args:
        system: the vendor's name, for messages.
        base_url: scheme, host and port.
        patience: time-outs and attempts.
        sleep: waits between attempts.
        random: a number in [0, 1) for the jitter.
    """

    def __init__(
        self,
        system: str,
        base_url: str,
        *,
        patience: Patience = Patience(),
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = randomlib.random,
    ) -> None:
        self.system = system
        self.base_url = base_url.rstrip("/")
        self._patience = patience
        self._sleep = sleep
        self._random = random
        self._session = requests.Session()
        # The environment's proxies and .netrc have no say in where credentials go.
        self._session.trust_env = False
        adapter = HTTPAdapter(pool_connections=8, pool_maxsize=32)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def send(  # noqa: PLR0913 - keyword-only, each a part of one request
        self,
        method: str,
        path: str,
        *,
        what: str,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        data: Mapping[str, str] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        auth: Callable[[requests.PreparedRequest], requests.PreparedRequest] | None = None,
        classify: Classify | None = None,
        is_write: bool = False,
        repeat_writes: bool = False,
    ) -> requests.Response:
        """Return the whole response to one request, sent again where that is safe and useful.

        Args:
            method: the HTTP method.
            path: the path from the host's root.
            what: the object of the call, for messages and logs.
            params: query parameters.
            json: a body as JSON.
            data: a body as a form, or as it is.
            headers: request headers.
            auth: signs the prepared request, anew at each attempt.
            classify: turns a response into an error, or None where it is a success; `error_from_status` where left out.
            is_write: whether a lost reply leaves it unknown if the vendor has changed.
            repeat_writes: a write may be sent again although it may have been carried out.

        Raises:
            RetriableError: no good answer after all attempts, or an uncertain write.
            RejectedError: the vendor refused the row.
            FatalError: the vendor refused us.
        """
        request = requests.Request(method, self.base_url + path, params=params, json=json, data=data, headers=headers)
        judge = classify or (lambda response: error_from_status(self.system, what, response))
        is_uncertain = False
        for attempt in range(1, self._patience.attempts + 1):
            response, error = self._once(request, auth, judge, what, is_write)
            if response is not None:
                return response
            if isinstance(error, RetriableError):
                # One lost reply leaves the write in doubt, whatever later attempts are told.
                error.is_write_uncertain = is_uncertain = is_uncertain or error.is_write_uncertain
            is_last = attempt == self._patience.attempts
            may_repeat = isinstance(error, RetriableError) and (repeat_writes or not error.is_write_uncertain)
            if error is not None and (is_last or not may_repeat):
                raise error
            wait = self._wait(attempt, error)
            told = {"system": self.system, "what": redact(what), "attempt": attempt, "seconds": round(wait, 2)}
            log.info("http_again", extra=told)
            self._sleep(wait)
        raise RetriableError(f"{self.system}: {what}: not attempted")

    def clock(self) -> datetime | None:
        """Return the vendor's clock, by the `Date` of its answer to a request without credentials; None where it says none.

        Raises:
            RetriableError: it does not answer.
        """
        dated: list[datetime | None] = []

        def look(response: requests.Response) -> None:
            dated.append(date_of(response))

        self.send("HEAD", "/", what="clock", classify=look)
        return dated[-1]

    def _once(
        self,
        request: requests.Request,
        auth: Callable[[requests.PreparedRequest], requests.PreparedRequest] | None,
        judge: Classify,
        what: str,
        is_write: bool,
    ) -> tuple[requests.Response | None, TruecountError | None]:
        """Send once; return the response or the error."""
        began = time.monotonic()
        prepared = self._session.prepare_request(request)
        if auth is not None:
            prepared = auth(prepared)
        timeouts = (self._patience.connect_seconds, self._patience.read_seconds)
        try:
            response = self._session.send(prepared, timeout=timeouts, allow_redirects=False)
            error = _incomplete(self.system, what, response, is_write=is_write) or judge(response)
        except requests.ConnectionError as failure:
            return None, self._lost(what, failure, uncertain=is_write and _was_sent(failure))
        except (requests.Timeout, requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as failure:
            return None, self._lost(what, failure, uncertain=is_write)
        except requests.RequestException as failure:
            return None, FatalError(f"{self.system}: {what}: {self.base_url} cannot be asked ({type(failure).__name__})")
        elapsed = round((time.monotonic() - began) * 1000)
        log.debug("http", extra={"system": self.system, "what": redact(what), "status": response.status_code, "ms": elapsed})
        if isinstance(error, RetriableError) and is_write and response.status_code >= 500:
            # A failure inside the vendor says nothing about what it did before it failed.
            error.is_write_uncertain = True
        return (None, error) if error is not None else (response, None)

    def _lost(self, what: str, failure: Exception, *, uncertain: bool) -> RetriableError:
        told = f"{self.system}: {what}: no answer from {self.base_url} ({type(failure).__name__}); try again"
        return RetriableError(told, is_write_uncertain=uncertain)

    def _wait(self, attempt: int, error: TruecountError | None) -> float:
        asked = error.retry_after if isinstance(error, RetriableError) else None
        if asked is not None:
            # A little on top, so that all who were told the same do not come back together.
            return min(asked, LONGEST_WAIT) + self._random() * 0.25
        return self._random() * min(LONGEST_WAIT, 0.5 * float(2**attempt))


def error_from_status(system: str, what: str, response: requests.Response) -> TruecountError | None:
    """Return the error that plain HTTP gives by its status, or None for a success.

    Args:
        system: the vendor's name.
        what: the object of the call.
        response: the answer.
    """
    status = response.status_code
    if 200 <= status < 300:
        return None
    where = f"{system}: {what}: HTTP {status}"
    if status == 429 or status >= 500:
        return RetriableError(f"{where}; try again", retry_after=retry_after(response))
    if status in (401, 403):
        return FatalError(f"{where}: the credentials are refused; check their environment variables, and the app's scopes")
    if status in (301, 302, 307, 308, 404):
        return FatalError(f"{where}: nothing answers there; check the account or shop in the contract, and the base URL")
    return FatalError(f"{where}: the request is refused")


def date_of(response: requests.Response) -> datetime | None:
    """Return when the vendor answered, by its own clock, to the second below; None where it does not say."""
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return None


def retry_after(response: requests.Response) -> float | None:
    """Return the seconds that the vendor asked to wait, or None (an HTTP date is not read: no vendor here sends one)."""
    try:
        return float(response.headers["Retry-After"])
    except (KeyError, ValueError):
        return None


def redact(text: str) -> str:
    """Return a text without tokens, signatures and e-mail addresses: everything that is logged or told goes through here.

    Args:
        text: ours or a vendor's.

    >>> redact("refused: shpat_12ab34 for jo@example.com, client_secret=s3cret&x=1")
    'refused: *** for ***, ***&x=1'
    """
    return _SECRETS.sub("***", text)


def _was_sent(failure: requests.ConnectionError) -> bool:
    """Whether a broken connection may have carried the request: not where it was never made."""
    cause = failure.args[0] if failure.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return not isinstance(failure, requests.ConnectTimeout) and not isinstance(reason, NewConnectionError)


def _incomplete(system: str, what: str, response: requests.Response, *, is_write: bool) -> RetriableError | None:
    """Return the error of a body that is cut off: shorter than announced, or JSON that does not end."""
    told = f"{system}: {what}: the answer is cut off; try again"
    announced = response.headers.get("Content-Length")
    is_encoded = "Content-Encoding" in response.headers
    if (
        announced
        and announced.isdigit()
        and not is_encoded
        and response.request.method != "HEAD"
        and len(response.content) < int(announced)
    ):
        return RetriableError(told, is_write_uncertain=is_write)
    if response.ok and response.content and "json" in response.headers.get("Content-Type", ""):
        try:
            jsonlib.loads(response.content)
        except ValueError:
            return RetriableError(told, is_write_uncertain=is_write)
    return None
