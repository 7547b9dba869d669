"""One small account behind a real socket, and a client that signs in as NetSuite asks."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.netsuite.account import account_of
from sandbox.server import Sandbox

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
TOKEN = "/services/rest/auth/oauth2/v1/token"
SUITEQL = "/services/rest/query/v1/suiteql"
RECORD = "/services/rest/record/v1"
TBA = {"consumer_key": "ck", "consumer_secret": "cs&%", "token_id": "tk", "token_secret": "ts"}


def new_key():
    """Return a fresh EC key and its public half as PEM."""
    private = ec.generate_private_key(ec.SECP256R1())
    return private, pem(private)


def pem(private):
    kind, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return private.public_key().public_bytes(kind, form).decode()


def account_seed(public_key_pem: str) -> dict[str, Any]:
    fields = [
        {"scriptid": "custbody_order_id", "name": "Order Id", "fieldtype": "text"},
        {"scriptid": "custbody_channel", "name": "Channel", "fieldtype": "list", "values": {"1": "Web", "2": "Till"}},
        {"scriptid": "custbody_gift", "name": "Is Gift", "fieldtype": "checkbox"},
        {"scriptid": "custcol_line_id", "name": "Line Id", "fieldtype": "text"},
    ]
    return {
        "account_id": "1234567_SB1",
        "timezone": "America/New_York",
        "date_format": "MM/DD/YYYY",
        "concurrency": 3,
        "default_order_status": "B",
        "m2m_clients": [{"client_id": "client", "certificate_id": "cert", "public_key_pem": public_key_pem}],
        "tba_tokens": [TBA],
        "custom_fields": fields,
        "locations": [{"id": 1, "name": "Main"}, {"id": 2, "name": "Store"}],
        "items": [
            {"id": 101, "itemid": "APPLE", "itemtype": "InvtPart", "baseprice": 2},
            {"id": 102, "itemid": "BREAD", "itemtype": "InvtPart"},
            {"id": 103, "itemid": "LOTTED", "itemtype": "InvtPart", "islotitem": "T"},
            {"id": 110, "itemid": "BASKET", "itemtype": "Kit"},
            {"id": 901, "itemid": "SHIPPING", "itemtype": "OthCharge"},
        ],
        "kit_members": [
            {"parentitem": 110, "item": 101, "quantity": 2},
            {"parentitem": 110, "item": 102, "quantity": 1},
        ],
        "stock": [
            {"item": 101, "location": 1, "quantityonhand": 10},
            {"item": 101, "location": 2, "quantityonhand": 4},
            {"item": 102, "location": 1, "quantityonhand": 3},
            {"item": 103, "location": 1, "quantityonhand": 2.5},
        ],
        "customers": [{"id": 501, "entityid": "Shop"}],
        "transactions": [],
    }


def assertion(key, url: str, algorithm: str = "ES256", kid: str = "cert", **claims: Any) -> str:
    """Return a client assertion for the token endpoint; claims replace the usual ones."""
    now = int(time.time())
    usual = {"iss": "client", "scope": ["rest_webservices"], "aud": url + TOKEN, "iat": now, "exp": now + 300}
    return jwt.encode({**usual, **claims}, key, algorithm=algorithm, headers={"kid": kid})


def ask_token(url: str, signed: str) -> requests.Response:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": signed,
    }
    return requests.post(url + TOKEN, data=form, timeout=10)


@dataclass
class Client:
    """Calls the account with a bearer token; `sandbox` and `key` for tests that go around it."""

    sandbox: Sandbox
    key: Any
    http: requests.Session = field(default_factory=requests.Session)

    @property
    def url(self) -> str:
        return self.sandbox.urls["netsuite"]

    def sign_in(self) -> None:
        token = ask_token(self.url, assertion(self.key, self.url)).json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self.http.request(method, self.url + path, json=body, timeout=10, **more)

    def query(self, q: str, *params: Any, **paging: int) -> requests.Response:
        body = {"q": q, "params": list(params)}
        return self.call("POST", SUITEQL, body, headers={"Prefer": "transient"}, params=paging)

    def rows(self, q: str, *params: Any, **paging: int) -> list[dict[str, str]]:
        answer = self.query(q, *params, **paging)
        assert answer.status_code == 200, answer.text
        return [{name: value for name, value in row.items() if name != "links"} for row in answer.json()["items"]]

    def create(self, kind: str, body: Any, **headers: str) -> str:
        answer = self.call("POST", f"{RECORD}/{kind}", body, headers=headers)
        assert answer.status_code == 204, answer.text
        return answer.headers["Location"].rsplit("/", 1)[1]

    def act(self, action: str, **body: Any) -> Any:
        return requests.post(f"{self.sandbox.urls['control']}/netsuite/{action}", json=body, timeout=10)

    def balance(self, item: int, location: int = 1) -> tuple[str, str, str, str]:
        """Return on hand, committed, backordered, available, as sent."""
        row = self.rows("SELECT * FROM AggregateItemLocation WHERE item = ? AND location = ?", item, location)[0]
        names = ("quantityonhand", "quantitycommitted", "quantitybackordered", "quantityavailable")
        return tuple(row[name] for name in names)  # type: ignore[return-value]


def order(*lines: dict[str, Any], status: str | None = None, **header: Any) -> dict[str, Any]:
    """Return the JSON of a sales order or cash sale."""
    body: dict[str, Any] = {"entity": {"id": "501"}, "item": {"items": list(lines)}, **header}
    return body if status is None else body | {"orderStatus": {"id": status}}


def line(item: int = 101, quantity: float = 1, location: int = 1, **more: Any) -> dict[str, Any]:
    return {"item": {"id": str(item)}, "quantity": quantity, "location": {"id": str(location)}, "rate": 2.5, **more}


def detail(answer: requests.Response) -> tuple[int, str, str]:
    """Return status, error code and sentence of an error answer."""
    entry = answer.json()["o:errorDetails"][0]
    return answer.status_code, entry["o:errorCode"], entry["detail"]


@pytest.fixture
def client(tmp_path):
    key, public = new_key()
    with Sandbox.start(tmp_path, {"clock": NOW.isoformat(), "netsuite": account_seed(public)}) as sandbox:
        made = Client(sandbox, key)
        made.sign_in()
        yield made
        made.http.close()


@pytest.fixture
def account(client):
    return account_of(client.sandbox.world)
