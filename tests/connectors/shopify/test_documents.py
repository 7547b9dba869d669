"""Every document against the real schema, and its stated cost against the fitted rule."""

import gzip
from functools import cache
from pathlib import Path

import pytest
from graphql import DocumentNode, FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate

import sandbox
from connectors.shopify.document import FOLDER, document_names, load_document, stated_cost
from connectors.shopify.read_books import SIZES
from connectors.shopify.read_orders import _ALL_LINES, _LINES
from sandbox.shopify.cost import CostEstimate

LISTS_OF_IDS = {"levels_of", "order_journeys", "order_metafields", "order_metafield_digests", "variant_metafields"}


@cache
def schema() -> GraphQLSchema:
    text = gzip.decompress((Path(sandbox.__file__).parent / "shopify" / "schema.graphql.gz").read_bytes()).decode()
    return build_schema(text, assume_valid=True, no_location=True)


def parts(document: DocumentNode) -> tuple[OperationDefinitionNode, dict[str, FragmentDefinitionNode]]:
    (operation,) = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    return operation, {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def test_there_are_documents():
    assert {"orders", "levels", "set_available"} <= set(document_names())


@pytest.mark.parametrize("name", document_names())
def test_the_schema_accepts_it(name):
    assert validate(schema(), parse(load_document(name))) == []


@pytest.mark.parametrize("name", document_names())
def test_its_stated_cost_is_the_rules_and_below_the_limit(name):
    operation, fragments = parts(parse(load_document(name)))
    cost = CostEstimate(schema(), fragments, {"lines": _LINES if name == "orders" else _ALL_LINES, **SIZES[1]}).of(operation)
    assert stated_cost(name) < 1000
    if name in LISTS_OF_IDS:
        assert stated_cost(name) >= cost
    else:
        assert stated_cost(name) == cost


@pytest.mark.parametrize("name", document_names())
def test_nothing_deprecated_is_asked_for(name):
    operation, fragments = parts(parse(load_document(name)))
    asked = {field for node in (operation, *fragments.values()) for field in names_in(node)}
    # The schema file has no deprecation reasons; these are the ones of 2026-10 near what we read.
    assert not asked & {
        "channelInformation",
        "channel",
        "physicalLocation",
        "fulfillableQuantity",
        "fulfillmentStatus",
        "variantInventoryManagement",
    }


def names_in(node):
    selections = getattr(node.selection_set, "selections", ()) if node.selection_set else ()
    for selection in selections:
        if hasattr(selection, "name"):
            yield selection.name.value
        if getattr(selection, "selection_set", None):
            yield from names_in(selection)


def test_every_fragment_is_used():
    texts = "".join(load_document(name) for name in document_names())
    assert [path.stem for path in (FOLDER / "fragments").glob("*.graphql") if path.read_text() not in texts] == []
