"""The one place where a Shopify reply becomes an error, in Shopify's own order: HTTP status, then top-level `errors`.

`userErrors` are part of a mutation's data, and the caller's. A throttled reply has HTTP status 200. A field that the
app's scopes do not cover comes back as null with an ACCESS_DENIED of its path, the other data beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import requests

from connectors.http import date_of, error_from_status, redact
from contract.errors import FatalError, RetriableError, TruecountError

API_VERSION = "2026-10"
_WAIT_CODES = frozenset({"THROTTLED", "INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE", "TIMEOUT"})


def judge(
    named: str, response: requests.Response, *, is_write: bool, optional: Collection[str], is_any_version: bool = False
) -> TruecountError | None:
    """Return the error that a reply means, or None for a success.

    Args:
        named: shop and object, for messages.
        response: the reply.
        is_write: whether a failure inside the shop leaves it unknown if the shop has changed.
        optional: names of fields that the app may be refused without harm.
        is_any_version: the answer of another version of the API will do.
    """
    error = error_from_status("Shopify", named, response)
    if error is not None:
        return error
    version = response.headers.get("X-Shopify-API-Version", API_VERSION)
    if version != API_VERSION and not is_any_version:
        return FatalError(
            f"Shopify {named}: answered by API {version}, asked for {API_VERSION}: that version is retired; update Truecount"
        )
    reply = read_reply(response)
    if reply is None:
        return FatalError(f"Shopify {named}: the answer is not GraphQL; check the base URL")
    return _error_in(named, reply, is_write=is_write, optional=optional) or _ignored_term(named, reply) or _undated(named, response)


def read_reply(response: requests.Response) -> dict[str, Any] | None:
    """Return a reply's JSON object, or None where it is none."""
    try:
        reply = response.json()
    except ValueError:
        return None
    return reply if isinstance(reply, dict) else None


def cost_of(reply: Mapping[str, Any] | None) -> tuple[float, float | None, Mapping[str, Any]] | None:
    """Return requested cost, actual cost (None where nothing ran) and throttleStatus, or None where the reply tells none."""
    try:
        cost = (reply or {})["extensions"]["cost"]
        actual = cost["actualQueryCost"]
        status = {name: float(cost["throttleStatus"][name]) for name in ("maximumAvailable", "currentlyAvailable", "restoreRate")}
        return float(cost["requestedQueryCost"]), None if actual is None else float(actual), status
    except (KeyError, TypeError, ValueError):
        return None


def _error_in(named: str, reply: Mapping[str, Any], *, is_write: bool, optional: Collection[str]) -> TruecountError | None:
    errors = reply.get("errors") or []
    if not isinstance(errors, list):
        return FatalError(f"Shopify {named}: {redact(str(errors))}")
    serious = [error for error in errors if not _is_optional(error, reply, optional)]
    if not serious:
        if isinstance(reply.get("data"), dict):
            return None
        return FatalError(f"Shopify {named}: an answer without data; check the base URL")
    codes = sorted({_code(error) for error in serious})
    told = redact("; ".join(_spell(error) for error in serious[:3]))
    if set(codes) <= _WAIT_CODES:
        # That a throttled mutation has not run is nowhere promised.
        return RetriableError(f"Shopify {named}: {told}; try again", retry_after=_wait_of(reply), is_write_uncertain=is_write)
    advice = "give the app the scope that covers it" if "ACCESS_DENIED" in codes else "the request does not fit the API; report it"
    return FatalError(f"Shopify {named}: {told} ({', '.join(codes)}); {advice}")


def _is_optional(error: Any, reply: Mapping[str, Any], optional: Collection[str]) -> bool:
    path = error.get("path") if isinstance(error, Mapping) else None
    is_refused = isinstance(error, Mapping) and _code(error) == "ACCESS_DENIED" and isinstance(reply.get("data"), dict)
    return bool(is_refused and path and any(step in optional for step in path))


def _code(error: Any) -> str:
    extensions = error.get("extensions") if isinstance(error, Mapping) else None
    return str((extensions or {}).get("code", "no code"))


def _spell(error: Any) -> str:
    if not isinstance(error, Mapping):
        return str(error)
    path = ".".join(str(step) for step in error.get("path") or ())
    return f"{error.get('message')}" + (f" at {path}" if path else "")


def _ignored_term(named: str, reply: Mapping[str, Any]) -> TruecountError | None:
    """A search term that Shopify does not know is ignored, and the answer is of another question."""
    extensions = reply.get("extensions") or {}
    for search in extensions.get("search") or ():
        if search.get("warnings"):
            told = "; ".join(str(row.get("message")) for row in search["warnings"][:3])
            return FatalError(f"Shopify {named}: the search was not understood: {redact(told)}; report it")
    return None


def _undated(named: str, response: requests.Response) -> TruecountError | None:
    if date_of(response) is not None:
        return None
    return FatalError(
        f"Shopify {named}: the answer has no Date, so what it says cannot be dated; check what stands before the shop"
    )


def _wait_of(reply: Mapping[str, Any]) -> float | None:
    told = cost_of(reply)
    if told is None or told[2]["restoreRate"] <= 0:
        return None
    requested, _, status = told
    return max(0.0, (requested - float(status["currentlyAvailable"])) / float(status["restoreRate"]))
