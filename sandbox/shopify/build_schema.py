"""Makes schema.graphql.gz and scopes.json.gz from an introspection file: `python -m sandbox.shopify.build_schema FILE`.

The source is Shopify's Admin schema 2026-10 (release candidate) as in the npm package @shopify/dev-mcp 1.16.0 (ISC
licence); names and types only, no descriptions. The scopes are its `offline_scopes`: of every type and field that needs
any, the scopes of which one will do, and Shopify's sentence about it.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

from graphql import build_client_schema, print_schema

TARGET = Path(__file__).parent / "schema.graphql.gz"
SCOPES = Path(__file__).parent / "scopes.json.gz"


def main(source: str) -> None:
    """Write the schema's SDL, compressed the same way every time."""
    with gzip.open(source) as stream:
        whole = json.load(stream)
    introspection = whole["data"]
    _drop_descriptions(introspection)
    sdl = print_schema(build_client_schema(introspection, assume_valid=True))
    _write(TARGET, sdl)
    _write(SCOPES, json.dumps(_scopes(whole["offline_scopes"]["items"]), indent=0))


def _scopes(items: list[dict[str, Any]]) -> list[list[Any]]:
    """Return place, scopes and sentence of every row that names a scope; a place is a type, or a type and its field."""
    return [
        [".".join(filter(None, (row["typeName"], row.get("fieldName")))), row["offlineScopes"], row["requiredAccess"]]
        for row in items
        if row["offlineScopes"]
    ]


def _write(target: Path, text: str) -> None:
    with target.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(text.encode())


def _drop_descriptions(node: Any) -> None:
    if isinstance(node, dict):
        for name in ("description", "deprecationReason"):
            if name in node:
                node[name] = None if name == "description" else (node[name] and "deprecated")
        for value in node.values():
            _drop_descriptions(value)
    elif isinstance(node, list):
        for value in node:
            _drop_descriptions(value)


if __name__ == "__main__":
    main(sys.argv[1])
