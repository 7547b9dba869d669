"""Makes the recorded mistakes again in the sandbox's NetSuite account over HTTP, and compares its answers with the recorded.

Compared are status, title, error code, the pointer to what is wrong, and the sentence with its values blanked. `type` is
compared by being an address where one was recorded, since two different pages have been seen; bodies whose wrapper is not
recorded (their `kind` says so) are told apart in no other way.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.server import Sandbox
from tests.conformance.compare import Family, compare

RECORD, SUITEQL = "/services/rest/record/v1", "/services/rest/query/v1/suiteql"
TOKEN, LIMITS = "/services/rest/auth/oauth2/v1/token", "/services/rest/system/v1/governanceLimits"
CROWDED = "concurrency_exceeded"
Ask = Callable[..., requests.Response]

NOT_PROVOKED = {
    "suiteql_no_workbook_permission": "roles and their permissions are not modelled",
    "record_locked_by_workflow": "workflows are not modelled",
    "accept_language": "the languages of users are not modelled",
    "idempotency_conflict": "asynchronous requests are not modelled",
    "unexpected": "the sandbox has no failure of its own; the control endpoint's faults answer what they are told to",
    "frequency_limit": "limits over time windows are not modelled, the concurrency limit is",
    "apply_refnum_is_read_only": "recorded of a vendor payment, and those are not modelled",
    "async_accept": "asynchronous requests are not modelled",
    "async_job": "asynchronous requests are not modelled",
    "batch_request": "batches are not modelled",
    "fulfillment_with_serials": "serial numbers are not modelled yet",
    "customer_refund": "the sample has no answer to compare with",
    "schema_custom_field": "the metadata catalogue is not modelled",
}


def replay_netsuite(samples: Path) -> list[Family]:
    """Return what became of the recorded error bodies and of the protocol samples."""
    errors = json.loads((samples / "error_bodies.json").read_text())["errors"]
    protocol = json.loads((samples / "protocol_samples.json").read_text())
    bodies, shapes = Family("NetSuite error bodies"), Family("NetSuite protocol samples")
    key = ec.generate_private_key(ec.SECP256R1())
    account = _account(key)
    with TemporaryDirectory() as folder, Sandbox.start(Path(folder), {"netsuite": account}) as sandbox:
        ask = _signed_in(sandbox.urls["netsuite"], key)
        for name, sample in protocol.items():
            if isinstance(sample, dict) and not name.startswith("jwt_"):
                _replay_sample(name, sample, ask, shapes)
        # Last, since it begins the account anew.
        for error in sorted(errors, key=lambda row: row["name"] == CROWDED):
            crowd = _provoke_crowd(ask, sandbox, account) if error["name"] == CROWDED else None
            _replay_error(error, ask, crowd, bodies)
    return [bodies, shapes]


def _replay_error(error: dict[str, Any], ask: Ask, crowd: requests.Response | None, family: Family) -> None:
    name = error["name"]
    family.found += 1
    if name in NOT_PROVOKED:
        family.left_out[NOT_PROVOKED[name]] += 1
        return
    answer = MISTAKES[name](ask) if crowd is None else crowd
    family.covered += 1
    recorded = {"http": error["http"], "body": _blanked(error["body"])}
    count, found = compare(name, recorded, {"http": answer.status_code, "body": _blanked(answer.json(), like=error["body"])})
    family.values += count
    family.differences += found


def _replay_sample(name: str, sample: dict[str, Any], ask: Ask, family: Family) -> None:
    family.found += 1
    if name in NOT_PROVOKED:
        family.left_out[NOT_PROVOKED[name]] += 1
        return
    recorded, answered = SAMPLES[name](ask, sample)
    family.covered += 1
    count, found = compare(name, recorded, answered)
    family.values += count
    family.differences += found


def _unknown_identifier(ask: Ask) -> requests.Response:
    return _query(ask, "SELECT subsidiary FROM transaction")


def _unknown_record(ask: Ask) -> requests.Response:
    return _query(ask, "SELECT id FROM nosuchrecord")


def _invalid_reference(ask: Ask) -> requests.Response:
    return ask("POST", f"{RECORD}/salesOrder", _order(item="9999"))


def _missing_mandatory(ask: Ask) -> requests.Response:
    return ask("POST", f"{RECORD}/salesOrder", {"item": {"items": []}})


def _duplicate_entity(ask: Ask) -> requests.Response:
    ask("POST", f"{RECORD}/customer", {"externalId": "TWICE", "companyName": "One"})
    return ask("POST", f"{RECORD}/customer", {"externalId": "TWICE", "companyName": "Two"})


def _duplicate_transaction(ask: Ask) -> requests.Response:
    ask("POST", f"{RECORD}/salesOrder", _order(externalId="TWICE"))
    return ask("POST", f"{RECORD}/salesOrder", _order(externalId="TWICE"))


def _unknown_property(ask: Ask) -> requests.Response:
    strict = {"X-NetSuite-PropertyNameValidation": "Error"}
    return ask("POST", f"{RECORD}/salesOrder", _order(custbody_nope="x"), headers=strict)


def _unknown_id(ask: Ask) -> requests.Response:
    return ask("GET", f"{RECORD}/salesOrder/999999")


def _bad_login(ask: Ask) -> requests.Response:
    return ask("GET", f"{RECORD}/salesOrder/1", headers={"Authorization": "Bearer wrong"})


def _unknown_serial(ask: Ask) -> requests.Response:
    body = _order()
    assigned = {"items": [{"issueInventoryNumber": {"id": "430"}, "quantity": 1}]}
    body["item"]["items"][0] |= {"item": {"id": "102"}, "inventoryDetail": {"quantity": 1, "inventoryAssignment": assigned}}
    return ask("POST", f"{RECORD}/cashSale", body)


MISTAKES: dict[str, Callable[[Ask], requests.Response]] = {
    "suiteql_unknown_identifier": _unknown_identifier,
    "suiteql_record_not_visible_to_role": _unknown_record,
    "record_invalid_reference": _invalid_reference,
    "record_missing_mandatory": _missing_mandatory,
    "record_duplicate_external_id": _duplicate_entity,
    "record_duplicate_external_id_transaction": _duplicate_transaction,
    "invalid_property_name": _unknown_property,
    "nonexistent_id": _unknown_id,
    "invalid_login": _bad_login,
    "invalid_serial_on_issue": _unknown_serial,
}


def _provoke_crowd(ask: Ask, sandbox: Sandbox, account: dict[str, Any]) -> requests.Response:
    """Return what one request too many gets: from an account begun anew that allows none at once."""
    crowded = {"netsuite": account | {"concurrency": 0}}
    requests.post(f"{sandbox.urls['control']}/reset", json=crowded, timeout=30).raise_for_status()
    return ask("GET", f"{RECORD}/salesOrder/1")


def _token(ask: Ask, sample: dict[str, Any]) -> tuple[Any, Any]:
    answer = ask("TOKEN", TOKEN)
    body, recorded = answer.json(), sample["body"]
    # expires_in has been seen as a number and as a text.
    told = body | {"expires_in": str(body["expires_in"]), "access_token": recorded["access_token"]}
    return {"http": sample["http"], "body": recorded}, {"http": answer.status_code, "body": told}


def _created(ask: Ask, sample: dict[str, Any]) -> tuple[Any, Any]:
    answer = ask("POST", f"{RECORD}/salesOrder", _order())
    told = {"http": answer.status_code, "body": answer.text or None, "location": _place(answer.headers["Location"])}
    return {"http": sample["http"], "body": sample["body"], "location": _place(sample["headers"]["Location"])}, told


def _fulfilled(ask: Ask, sample: dict[str, Any]) -> tuple[Any, Any]:
    """Fulfil an order of two lines as the sample does, its first line whole and its second left out."""
    body = _order()
    body["item"]["items"].append({"item": {"id": "103"}, "quantity": 1, "rate": 1, "location": {"id": "1"}})
    made = ask("POST", f"{RECORD}/salesOrder", body).headers["Location"].rsplit("/", 1)[1]
    items = [{"orderLine": 1, "location": 1, "quantity": 1}, {"orderLine": 2, "location": 1, "itemreceive": False}]
    answer = ask("POST", f"{RECORD}/salesOrder/{made}/!transform/itemFulfillment", {"item": {"items": items}})
    places = [re.sub(r"\d+$", "<id>", _place(address)) for address in (sample["headers"]["Location"], answer.headers["Location"])]
    return {"http": sample["http"], "location": places[0]}, {"http": answer.status_code, "location": places[1]}


def _limits(ask: Ask, sample: dict[str, Any]) -> tuple[Any, Any]:
    kinds = {name: type(value).__name__ for name, value in sample["body"].items()}
    return kinds, {name: type(value).__name__ for name, value in ask("GET", LIMITS).json().items()}


def _page(ask: Ask, sample: dict[str, Any]) -> tuple[Any, Any]:
    request = sample["request"]["body"]
    answer = ask("POST", f"{SUITEQL}?limit=2&offset=0", request, headers={"Prefer": "transient"}).json()
    return _page_told(sample["response"]), _page_told(answer)


def _page_told(page: dict[str, Any]) -> dict[str, Any]:
    """Return a page with its links by their meaning, and of its rows the names and kinds: the values are invented."""
    links = {link["rel"]: _place(link["href"]) for link in page["links"]}
    rows = [{name: type(value).__name__ for name, value in row.items()} for row in page["items"]]
    return page | {"links": links, "items": rows}


SAMPLES: dict[str, Callable[[Ask, dict[str, Any]], tuple[Any, Any]]] = {
    "token_response": _token,
    "create_response": _created,
    "governance_limits": _limits,
    "transform_fulfillment": _fulfilled,
    "suiteql_page": _page,
}


def _place(address: str) -> str:
    """Return an address without its host and the number of a record."""
    return re.sub(r"(salesOrder/)\d+$", r"\1<id>", re.sub(r"^https?://[^/]+", "", address))


def _blanked(body: dict[str, Any], like: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return an error body with the values in its sentence blanked; `type` only where a recorded body has one."""
    told = {key: value for key, value in body.items() if key != "type"}
    told["o:errorDetails"] = [
        {key: _sentence(value) if key == "detail" else _place(str(value)) for key, value in entry.items()}
        for entry in body["o:errorDetails"]
    ]
    if "type" in (like or body):
        told["type"] = "an address" if str(body.get("type", "")).startswith("https://") else body.get("type")
    return told


def _sentence(detail: str) -> str:
    """Return a sentence without what was named in it."""
    detail = re.sub(r"'[^']*'", "'<name>'", detail)
    detail = re.sub(r"Invalid Field Value \S+ for", "Invalid Field Value <value> for", detail)
    return re.sub(r"Please enter value\(s\) for: .+\.$", "Please enter value(s) for: <labels>.", detail)


def _query(ask: Ask, q: str) -> requests.Response:
    return ask("POST", SUITEQL, {"q": q}, headers={"Prefer": "transient"})


def _order(item: str = "101", **more: Any) -> dict[str, Any]:
    line = {"item": {"id": item}, "quantity": 1, "rate": 2.5, "location": {"id": "1"}}
    return {"entity": {"id": "501"}, "item": {"items": [line]}, **more}


def _account(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    goods = [{"id": 101 + index, "itemid": name, "itemtype": "InvtPart"} for index, name in enumerate("ABCDE")]
    goods[1]["isserialitem"] = "T"
    return {
        "account_id": "1234567",
        "timezone": "America/New_York",
        "date_format": "MM/DD/YYYY",
        "concurrency": 5,
        "default_order_status": "B",
        "m2m_clients": [{"client_id": "client", "certificate_id": "cert", "public_key_pem": public}],
        "locations": [{"id": 1, "name": "Main"}],
        "items": goods,
        "stock": [{"item": row["id"], "location": 1, "quantityonhand": 10} for row in goods],
        "customers": [{"id": 501, "entityid": "Shop"}],
    }


def _signed_in(url: str, key: ec.EllipticCurvePrivateKey) -> Ask:
    """Return a function that calls the account as a client that has signed in."""

    def sign_in() -> requests.Response:
        now = int(time.time())
        claims = {"iss": "client", "scope": ["rest_webservices"], "aud": url + TOKEN, "iat": now, "exp": now + 300}
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode(claims, key, algorithm="ES256", headers={"kid": "cert"}),
        }
        return requests.post(url + TOKEN, data=form, timeout=30)

    token = sign_in().json()["access_token"]

    def ask(method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> requests.Response:
        if method == "TOKEN":
            return sign_in()
        sent = {"Authorization": f"Bearer {token}"} | (headers or {})
        return requests.request(method, url + path, json=body, headers=sent, timeout=30)

    return ask
