"""Logging in: the assertion as NetSuite asks for it, the token's life, and Oracle's own TBA signature."""

import base64
import hashlib
import hmac
import threading
from pathlib import Path
from urllib.parse import parse_qs, unquote

import jwt
import pytest
import requests
import responses
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from oauthlib.oauth1.rfc5849 import signature

from connectors.http import HttpSession
from connectors.netsuite.auth import M2MAuth, TbaAuth, account_host, make_auth
from connectors.netsuite.client import NetsuiteClient
from contract.errors import FatalError, RetriableError
from contract.settings import NetsuiteSettings
from tests.connectors.netsuite.answers import error_body, page_body

HOST = "https://1234567-sb1.suitetalk.api.netsuite.com"
TOKEN_URL = f"{HOST}/services/rest/auth/oauth2/v1/token"


def write_key(folder: Path, key) -> str:
    path = folder / "key.pem"
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(pem)
    return str(path)


@pytest.fixture(scope="module")
def rsa_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)


@pytest.fixture
def settings(tmp_path, rsa_key):
    return NetsuiteSettings(client_id="client", certificate_id="cert", private_key_file=write_key(tmp_path, rsa_key))


def session(base_url: str = HOST) -> HttpSession:
    return HttpSession("NetSuite", base_url, sleep=lambda seconds: None)


def signed_by(auth) -> str:
    return auth(requests.Request("GET", f"{HOST}/services/rest/x").prepare()).headers["Authorization"]


@pytest.mark.parametrize(
    ("account_id", "host"),
    [
        ("1234567", "1234567.suitetalk.api.netsuite.com"),
        ("1234567_SB1", "1234567-sb1.suitetalk.api.netsuite.com"),
        ("TSTDRV123", "tstdrv123.suitetalk.api.netsuite.com"),
    ],
)
def test_the_host_is_the_account_id_in_lower_case_with_a_hyphen(account_id, host):
    assert account_host(account_id) == host


@pytest.mark.parametrize("account_id", ["", "a b", "evil.example/", "1_2_3"])
def test_what_is_no_account_id_is_refused_before_any_call(account_id):
    with pytest.raises(FatalError, match="no account id"):
        account_host(account_id)


@pytest.mark.parametrize("kind", ["rsa", "ec256", "ec384"])
def test_the_assertion_is_what_netsuite_asks_for(tmp_path, rsa_key, kind):
    key = {
        "rsa": rsa_key,
        "ec256": ec.generate_private_key(ec.SECP256R1()),
        "ec384": ec.generate_private_key(ec.SECP384R1()),
    }[kind]
    algorithm = {"rsa": "PS256", "ec256": "ES256", "ec384": "ES384"}[kind]
    settings = NetsuiteSettings(client_id="client", certificate_id="cert", private_key_file=write_key(tmp_path, key))
    auth = M2MAuth(settings, "1234567_SB1", session("http://127.0.0.1:9"), clock=lambda: 1_800_000_000.0)
    with responses.RequestsMock() as mock:
        answer = {"access_token": "t", "expires_in": "3600"}
        mock.post("http://127.0.0.1:9/services/rest/auth/oauth2/v1/token", json=answer)
        assert signed_by(auth) == "Bearer t"
        form = parse_qs(mock.calls[0].request.body)
    assertion = form["client_assertion"][0]
    assert form["grant_type"] == ["client_credentials"]
    assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    assert jwt.get_unverified_header(assertion) == {"typ": "JWT", "alg": algorithm, "kid": "cert"}
    options = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(assertion, key.public_key(), algorithms=[algorithm], audience=TOKEN_URL, options=options)
    assert (claims["iss"], claims["scope"]) == ("client", ["rest_webservices"])
    # The audience is the account's own endpoint although the base URL is another.
    assert claims["aud"] == TOKEN_URL
    assert (claims["iat"], claims["exp"]) == (1_800_000_000, 1_800_000_300)


def test_a_token_is_kept_until_a_minute_before_it_expires_and_asked_for_again_after_a_renewal(settings):
    now = [1000.0]
    auth = M2MAuth(settings, "1234567_SB1", session(), clock=lambda: now[0])
    with responses.RequestsMock() as mock:
        for name in ("one", "two", "three"):
            mock.post(TOKEN_URL, json={"access_token": name, "expires_in": 3600})
        assert signed_by(auth) == "Bearer one"
        now[0] = 1000.0 + 3539
        assert signed_by(auth) == "Bearer one"
        now[0] = 1000.0 + 3540
        assert signed_by(auth) == "Bearer two"
        auth.renew()
        assert signed_by(auth) == "Bearer three"


def test_threads_that_start_together_ask_for_one_token(settings):
    auth = M2MAuth(settings, "1234567_SB1", session())
    barrier = threading.Barrier(8)
    seen = []

    def ask():
        barrier.wait()
        seen.append(signed_by(auth))

    with responses.RequestsMock() as mock:
        mock.post(TOKEN_URL, json={"access_token": "one", "expires_in": 3600})
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(mock.calls) == 1
    assert seen == ["Bearer one"] * 8


def test_a_refused_assertion_says_which_settings_to_check_and_shows_no_secret(settings):
    auth = M2MAuth(settings, "1234567_SB1", session())
    with responses.RequestsMock() as mock:
        mock.post(TOKEN_URL, json={"error": "invalid_grant"}, status=400)
        with pytest.raises(FatalError) as refused:
            signed_by(auth)
        assert len(mock.calls) == 1
    for word in ("invalid_grant", "PRIVATE_KEY_FILE", "CERTIFICATE_ID", "CLIENT_ID", "clock"):
        assert word in str(refused.value)
    assert "eyJ" not in str(refused.value)


def test_a_token_endpoint_that_is_down_is_worth_another_try(settings):
    auth = M2MAuth(settings, "1234567_SB1", session())
    with responses.RequestsMock() as mock:
        mock.post(TOKEN_URL, status=503)
        with pytest.raises(RetriableError):
            signed_by(auth)


def test_an_answer_without_a_token_is_worth_another_try(settings):
    auth = M2MAuth(settings, "1234567_SB1", session())
    with responses.RequestsMock() as mock:
        mock.post(TOKEN_URL, json={"token_type": "bearer"})
        with pytest.raises(RetriableError, match="cannot be read"):
            signed_by(auth)


@pytest.mark.parametrize("content", [None, b"not a key"])
def test_a_key_file_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "missing.pem"
    if content is not None:
        path.write_bytes(content)
    settings = NetsuiteSettings(client_id="client", certificate_id="cert", private_key_file=str(path))
    with pytest.raises(FatalError, match=r"missing\.pem.*PRIVATE_KEY_FILE"):
        signed_by(M2MAuth(settings, "1234567", session()))


def test_a_key_that_netsuite_does_not_take_is_refused(tmp_path):
    key = dsa.generate_private_key(key_size=2048)
    settings = NetsuiteSettings(client_id="client", certificate_id="cert", private_key_file=write_key(tmp_path, key))
    with pytest.raises(FatalError, match="only RSA and NIST"):
        signed_by(M2MAuth(settings, "1234567", session()))


ORACLE = NetsuiteSettings(
    consumer_key="ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
    consumer_secret="d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
    token_id="2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
    token_secret="c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
)


def header_parts(header: str) -> dict[str, str]:
    pairs = (part.strip().split("=", 1) for part in header.removeprefix("OAuth ").split(","))
    return {name: unquote(value.strip('"')) for name, value in pairs}


def test_oracles_own_signature():
    """Oracle's example, DOC section_1534941088."""
    url = "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40"
    auth = TbaAuth(ORACLE, "123456", nonce="fjaLirsIcCGVZWzBX0pg", timestamp="1508242306")
    parts = header_parts(auth(requests.Request("GET", url).prepare()).headers["Authorization"])
    assert parts["oauth_signature"] == "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY="
    assert parts["oauth_signature_method"] == "HMAC-SHA256"
    assert parts["realm"] == "123456"


def test_query_parameters_are_signed_and_a_json_body_is_not():
    url = f"{HOST}/services/rest/query/v1/suiteql"
    signatures = set()
    for params, body in (
        ({"limit": "1000"}, {"q": "a"}),
        ({"limit": "1000"}, {"q": "b"}),
        ({"limit": "5"}, {"q": "a"}),
    ):
        auth = TbaAuth(ORACLE, "1234567_SB1", nonce="n", timestamp="1508242306")
        parts = header_parts(auth(requests.Request("POST", url, params=params, json=body).prepare()).headers["Authorization"])
        assert "oauth_body_hash" not in parts
        signatures.add(parts["oauth_signature"])
    assert len(signatures) == 2
    # An independent base string, by RFC 5849 with the query parameters among the others.
    given = {name: value for name, value in parts.items() if name not in ("oauth_signature", "realm")} | {"limit": "5"}
    base = signature.signature_base_string("POST", url, signature.normalize_parameters(list(given.items())))
    key = f"{ORACLE.consumer_secret}&{ORACLE.token_secret}".encode()
    digest = hmac.new(key, base.encode(), hashlib.sha256).digest()
    assert parts["oauth_signature"] == base64.b64encode(digest).decode()


def test_the_realm_keeps_the_underscore_and_each_signature_has_its_own_nonce():
    auth = TbaAuth(ORACLE, "1234567_sb1")
    parts = [header_parts(signed_by(auth)) for _ in range(2)]
    assert [each["realm"] for each in parts] == ["1234567_SB1"] * 2
    assert parts[0]["oauth_nonce"] != parts[1]["oauth_nonce"]


def test_m2m_goes_before_tba_and_what_is_missing_is_named(settings):
    assert isinstance(make_auth(settings, "1234567", session()), M2MAuth)
    assert isinstance(make_auth(ORACLE, "1234567", session()), TbaAuth)
    with pytest.raises(FatalError, match=r"TRUECOUNT_NETSUITE_CONSUMER_KEY, .*TOKEN_SECRET"):
        make_auth(NetsuiteSettings(), "1234567", session())
    with pytest.raises(FatalError, match="TRUECOUNT_NETSUITE_CERTIFICATE_ID"):
        make_auth(NetsuiteSettings(client_id="x", private_key_file="y"), "1234567", session())


def test_a_token_that_is_refused_is_replaced_once(settings, tmp_path):
    client = NetsuiteClient("1234567_SB1", settings, state_folder=tmp_path)
    query = f"{HOST}/services/rest/query/v1/suiteql"
    with responses.RequestsMock() as mock:
        for name in ("one", "two"):
            mock.post(TOKEN_URL, json={"access_token": name, "expires_in": 3600})
        mock.post(query, json=error_body(401, "INVALID_LOGIN", "Invalid login attempt."), status=401)
        mock.post(query, json=page_body([{"a": "1"}]))
        assert client.query("SELECT 1", [], "t") == [{"a": "1"}]
        tokens = [call.request.headers["Authorization"] for call in mock.calls if call.request.url.startswith(query)]
    assert tokens == ["Bearer one", "Bearer two"]
