"""Makes schema.graphql.gz from an introspection file: `python -m sandbox.shopify.build_schema FILE`.

The source is Shopify's Admin schema 2026-10 (release candidate) as in the npm package @shopify/dev-mcp 1.16.0 (ISC
licence); names and types only, no descriptions.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

from graphql import build_client_schema, print_schema

TARGET = Path(__file__).parent / "schema.graphql.gz"


def main(source: str) -> None:
    """Write the schema's SDL, compressed the same way every time."""
    with gzip.open(source) as stream:
        introspection = json.load(stream)["data"]
    _drop_descriptions(introspection)
    sdl = print_schema(build_client_schema(introspection, assume_valid=True))
    with TARGET.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(sdl.encode())


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
