"""The error bodies NetSuite answers, in the words recorded from it.

Where a sentence is ours because none was recorded, the function says so.
"""

from typing import Any

_RFC_PAGE = "https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5."
_TITLES = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed", 501: "Not Implemented"}
_SECTIONS = {400: "1", 401: "2", 404: "5", 405: "6"}


class NetSuiteError(Exception):
    """An answer other than success: HTTP status, error code, sentence and where it points."""

    def __init__(self, status: int, code: str, detail: str, **pointer: str) -> None:
        """Keep the parts; `pointer` is one of path, header, query_param, url."""
        super().__init__(detail)
        self.status, self.code, self.detail, self.pointer = status, code, detail, pointer

    def body(self) -> dict[str, Any]:
        """Return the JSON body: type, title, status, and one entry of o:errorDetails."""
        names = {"path": "o:errorPath", "header": "o:errorHeader", "query_param": "o:errorQueryParam", "url": "o:errorUrl"}
        entry = {"detail": self.detail, **{names[k]: v for k, v in self.pointer.items()}, "o:errorCode": self.code}
        # NetSuite titles its 429 "Bad Request" too (facts/netsuite.md 4.5).
        title = _TITLES.get(self.status, "Bad Request")
        kind = _RFC_PAGE + _SECTIONS.get(self.status, "1")
        return {"type": kind, "title": title, "status": self.status, "o:errorDetails": [entry]}


def search_error(description: str) -> NetSuiteError:
    """Return the refusal of a query; recorded wrapper, `description` is the part after 'Search error occurred:'."""
    detail = f"Invalid search query. Detailed unprocessed description follows. Search error occurred: {description}"
    return NetSuiteError(400, "INVALID_PARAMETER", detail, query_param="q")


def unsupported_search() -> NetSuiteError:
    """Return the refusal of syntax SuiteQL does not take (recorded sentence)."""
    return search_error("Invalid or unsupported search.")


def unknown_identifier(name: str, available: dict[str, str]) -> NetSuiteError:
    """Return the refusal of a column that is not there; `available` maps alias to record (recorded)."""
    listing = ", ".join(f"{alias}={record}" for alias, record in available.items())
    return search_error(f"Unknown identifier '{name}'. Available identifiers are: {{{listing}}}.")


def record_not_found(name: str) -> NetSuiteError:
    """Return the refusal of a table that is not there or not visible (recorded)."""
    return search_error(f"Record '{name}' was not found.")


def invalid_login() -> NetSuiteError:
    """Return the 401 of a bad or expired credential (recorded)."""
    return NetSuiteError(401, "INVALID_LOGIN", "Invalid login attempt. For more details, see the Login Audit Trail.")


def nonexistent_id(url: str) -> NetSuiteError:
    """Return the 404 of a record that is not there (Oracle's words)."""
    return NetSuiteError(404, "NONEXISTENT_ID", "The record instance does not exist. Provide a valid record instance ID.", url=url)


def too_many_requests() -> NetSuiteError:
    """Return the 429 of the account's concurrency limit (Oracle's words)."""
    return NetSuiteError(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")


def user_error(sentence: str, path: str = "") -> NetSuiteError:
    """Return a 400 USER_ERROR in the recorded frame 'Error while accessing a resource. …'."""
    pointer = {"path": path} if path else {}
    return NetSuiteError(400, "USER_ERROR", f"Error while accessing a resource. {sentence}", **pointer)


def invalid_reference(value: Any, field: str, path: str) -> NetSuiteError:
    """Return the refusal of an id or value that a field does not take (recorded)."""
    return user_error(f"You have entered an Invalid Field Value {value} for the following field: {field}.", path)


def missing_mandatory(label: str) -> NetSuiteError:
    """Return the refusal of a record without a mandatory field (recorded)."""
    return user_error(f"Please enter value(s) for: {label}.")


def already_exists(is_entity: bool) -> NetSuiteError:
    """Return the refusal of a second create with one external id (recorded, transaction and entity)."""
    return user_error(f"This {'entity' if is_entity else 'record'} already exists.")


def invalid_property(path: str) -> NetSuiteError:
    """Return the refusal of an unknown property (code from Oracle, sentence as in the samples we keep)."""
    detail = f"Error while accessing a resource. Invalid property: {path.rsplit('.', 1)[-1]}."
    return NetSuiteError(400, "INVALID_CONTENT", detail, path=path)


def invalid_content(detail: str, path: str = "") -> NetSuiteError:
    """Return a 400 INVALID_CONTENT; the sentences are ours, the code is Oracle's."""
    return NetSuiteError(400, "INVALID_CONTENT", detail, **({"path": path} if path else {}))


def not_modelled(what: str) -> NetSuiteError:
    """Return the sandbox's own answer for what NetSuite has and the sandbox lacks; never a vendor's sentence."""
    return NetSuiteError(501, "SANDBOX_NOT_MODELLED", f"The sandbox does not model this: {what}.")
