"""Token-based authentication: the OAuth 1.0a signature of RFC 5849 with HMAC-SHA256, written anew here.

Not taken from a library, so that the client's library is checked against a second reading of the RFC.
"""

import base64
import hashlib
import hmac
import re
from urllib.parse import parse_qsl, quote, unquote, urlsplit


def authorization_parameters(header: str) -> dict[str, str]:
    """Return the parameters of an `Authorization: OAuth …` header, decoded."""
    return {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header)}


def signature(method: str, url: str, parameters: dict[str, str], consumer_secret: str, token_secret: str) -> str:
    """Return the base64 signature of a request.

    Args:
        method: HTTP method.
        url: as called; its query is signed with the oauth_* parameters, its fragment is not.
        parameters: of the header; realm and oauth_signature are left out of the base string.
        consumer_secret: of the integration.
        token_secret: of the token.
    """
    parts = urlsplit(url)
    signed = [(name, value) for name, value in parameters.items() if name not in ("realm", "oauth_signature")]
    signed += parse_qsl(parts.query, keep_blank_values=True)
    pairs = sorted((_encode(name), _encode(value)) for name, value in signed)
    host = (parts.hostname or "") + (f":{parts.port}" if parts.port not in (None, 80, 443) else "")
    address = f"{parts.scheme.lower()}://{host}{parts.path or '/'}"
    base = "&".join((method.upper(), _encode(address), _encode("&".join(f"{name}={value}" for name, value in pairs))))
    key = f"{_encode(consumer_secret)}&{_encode(token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()


def _encode(text: str) -> str:
    return quote(text, safe="-._~")
