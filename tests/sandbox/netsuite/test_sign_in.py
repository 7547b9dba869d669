"""Sign-in: assertions are really verified, bearer tokens expire by the world's clock, signatures are checked."""

import time
import uuid
from urllib.parse import quote

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.netsuite.signatures import authorization_parameters, signature

from .conftest import NOW, RECORD, SUITEQL, TBA, account_seed, ask_token, assertion, detail, new_key, pem

HOST = "https://1234567-sb1.suitetalk.api.netsuite.com"


def test_a_token_is_for_an_hour_and_says_so_in_text(client):
    answer = ask_token(client.url, assertion(client.key, client.url)).json()
    assert (answer["expires_in"], answer["token_type"]) == ("3600", "bearer")


def test_the_audience_may_be_the_accounts_own_host(client):
    assert ask_token(client.url, assertion(client.key, HOST)).status_code == 200


@pytest.mark.parametrize(
    ("claims", "code", "status"),
    [
        ({"aud": "https://other.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"}, "invalid_grant", 400),
        ({"iss": "nobody"}, "invalid_client", 401),
        ({"iat": int(time.time()) - 900, "exp": int(time.time()) - 600}, "invalid_grant", 400),
        ({"exp": int(time.time()) + 7200}, "invalid_grant", 400),
        ({"exp": "soon"}, "invalid_grant", 400),
        ({"scope": ["restlets"]}, "invalid_scope", 400),
    ],
)
def test_an_assertion_with_a_wrong_claim_is_refused(client, claims, code, status):
    answer = ask_token(client.url, assertion(client.key, client.url, **claims))
    assert (answer.status_code, answer.json()) == (status, {"error": code})


def test_another_key_or_certificate_is_refused(client):
    stranger, _ = new_key()
    assert ask_token(client.url, assertion(stranger, client.url)).json() == {"error": "invalid_grant"}
    assert ask_token(client.url, assertion(client.key, client.url, kid="old")).json() == {"error": "invalid_client"}
    assert ask_token(client.url, "not.a.jwt").json() == {"error": "invalid_grant"}


def test_ps256_passes_and_rs256_does_not(client):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    seed = {"clock": NOW.isoformat(), "netsuite": account_seed(pem(key))}
    requests.post(client.sandbox.urls["control"] + "/reset", json=seed, timeout=10).raise_for_status()
    assert ask_token(client.url, assertion(key, client.url, algorithm="PS256")).status_code == 200
    assert ask_token(client.url, assertion(key, client.url, algorithm="RS256")).json() == {"error": "invalid_grant"}


def test_no_token_or_a_made_up_one_is_an_invalid_login(client):
    for header in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}):
        answer = requests.get(f"{client.url}{RECORD}/salesOrder/1", headers=header, timeout=10)
        sentence = "Invalid login attempt. For more details, see the Login Audit Trail."
        assert detail(answer) == (401, "INVALID_LOGIN", sentence)


def test_a_token_expires_by_the_worlds_clock(client):
    assert client.query("SELECT id FROM item").status_code == 200
    client.sandbox.world.clock.set(NOW.replace(hour=13, minute=1))
    assert client.query("SELECT id FROM item").status_code == 401
    client.sign_in()
    assert client.query("SELECT id FROM item").status_code == 200


def test_answers_are_dated_by_the_worlds_clock(client):
    assert client.query("SELECT id FROM item").headers["Date"].startswith("Fri, 20 Nov 2026 12:00")


def test_oracles_own_vector():
    """The example of Oracle's help, section_1534941088."""
    parameters = {
        "oauth_token": "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
        "oauth_consumer_key": "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
        "oauth_nonce": "fjaLirsIcCGVZWzBX0pg",
        "oauth_timestamp": "1508242306",
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_version": "1.0",
        "realm": "123456",
    }
    signed = signature(
        "GET",
        "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40",
        parameters,
        "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
        "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
    )
    assert signed == "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY="


def signed_header(url, method="POST", secret=TBA["token_secret"], **changes):
    parameters = {
        "realm": "1234567_SB1",
        "oauth_consumer_key": TBA["consumer_key"],
        "oauth_token": TBA["token_id"],
        "oauth_nonce": uuid.uuid4().hex,
        "oauth_timestamp": str(int(time.time())),
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_version": "1.0",
    } | changes
    signed = signature(method, url, parameters, TBA["consumer_secret"], secret)
    pairs = {**parameters, "oauth_signature": signed}
    return "OAuth " + ", ".join(f'{name}="{quote(value, safe="")}"' for name, value in pairs.items())


def ask(client, header, path=SUITEQL + "?limit=2&offset=0"):
    headers = {"Authorization": header, "Prefer": "transient"}
    return requests.post(client.url + path, json={"q": "SELECT id FROM item"}, headers=headers, timeout=10)


def test_a_signed_request_passes_by_the_called_url_or_the_accounts_own(client):
    path = SUITEQL + "?limit=2&offset=0"
    assert ask(client, signed_header(client.url + path)).status_code == 200
    assert ask(client, signed_header(HOST + path)).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": "wrong"},
        {"realm": "1234567-sb1"},
        {"oauth_timestamp": str(int(time.time()) - 900)},
        {"oauth_timestamp": "now"},
        {"oauth_signature_method": "HMAC-SHA1"},
        {"oauth_token": "other"},
        {"oauth_nonce": ""},
    ],
)
def test_a_signature_that_is_wrong_in_one_part_is_an_invalid_login(client, changes):
    url = client.url + SUITEQL + "?limit=2&offset=0"
    assert ask(client, signed_header(url, **changes)).status_code == 401


def test_the_query_is_signed_and_a_nonce_serves_once(client):
    assert ask(client, signed_header(client.url + SUITEQL)).status_code == 401
    header = signed_header(client.url + SUITEQL + "?limit=2&offset=0")
    assert [ask(client, header).status_code for _ in range(2)] == [200, 401]


def test_the_header_is_read_decoded():
    assert authorization_parameters('realm="A", oauth_signature="a%2Bb%3D"') == {"realm": "A", "oauth_signature": "a+b="}
