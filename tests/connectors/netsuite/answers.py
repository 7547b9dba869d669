"""NetSuite's answers, in the shapes that were recorded and documented."""

import json


def error_body(status: int, code: str, detail: str, **place: str) -> dict:
    details = {"detail": detail, "o:errorCode": code} | {f"o:error{name}": value for name, value in place.items()}
    return {
        "type": "https://www.rfc-editor.org/rfc/rfc9110.html",
        "title": "Bad Request",
        "status": status,
        "o:errorDetails": [details],
    }


def page_body(rows: list[dict], **more: object) -> dict:
    items = [{"links": [], **row} for row in rows]
    return {
        "links": [],
        "count": len(items),
        "hasMore": False,
        "items": items,
        "offset": 0,
        "totalResults": len(items),
    } | more


def sent(call) -> dict:
    return json.loads(call.request.body)
