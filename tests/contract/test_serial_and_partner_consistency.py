"""What the contract refuses of serials and of partners' notices: every problem at once, its place, and what to do."""

import pytest

from contract.consistency import find_inconsistencies
from contract.models import Contract
from tests.domain.channel_world import make_contract

FORMATS = [{"skus": ["PHONE"], "pattern": "PH-[0-9]+"}]
COLUMNS = {name: name for name in ("notice", "order", "sku", "number", "quantity", "shipped_at")}
PARTNER = {"partner_code": "P", "location": "A", "url": "p.csv", "columns": {"sku": "s", "on_hand": "q"}, "max_age_minutes": 60}


def found(**more):
    whole = Contract.model_validate({**make_contract({}).model_dump(), **more})
    return {".".join(map(str, place)): told for place, told in find_inconsistencies(whole)}


def of_serials(**section):
    return found(serials={"formats": FORMATS, **section})


SOUND = [
    {"sources": [{"source": "variant.metafield.ops.number"}, {"source": "line.property.Serial"}]},
    {"sources": [{"source": "order.metafield.ops.sold"}], "metafield": "ops.left"},
    {"returned": [{"source": "order.metafield.ops.returned"}, {"source": "refund.note"}, {"source": "order.attribute.Back"}]},
    {"sources": [{"source": "order.note", "pattern": "SN:(.+)"}], "returned": [{"source": "order.note", "pattern": "RET:(.+)"}]},
]


@pytest.mark.parametrize("section", SOUND, ids=str)
def test_what_is_allowed(section):
    assert of_serials(**section) == {}


REFUSED = {
    "a variant names nothing that came back": ({"returned": [{"source": "variant.metafield.ops.number"}]}, "serials.returned.0.source", "there are order.metafield"),
    "a refund names nothing that was sold": ({"sources": [{"source": "refund.note"}]}, "serials.sources.0.source", "variant.metafield.NAMESPACE.KEY"),
    "no key": ({"sources": [{"source": "variant.metafield.ops"}]}, "serials.sources.0.source", "is no source of numbers"),
    "a pattern that is none": ({"returned": [{"source": "refund.note", "pattern": "("}]}, "serials.returned.0.pattern", "is no regular expression"),
    "a text without formats": ({"returned": [{"source": "refund.note"}], "formats": []}, "serials.returned.0.source", "names no line"),
    "the same place for both": (
        {"sources": [{"source": "order.metafield.ops.sold"}], "returned": [{"source": "order.metafield.ops.sold"}]},
        "serials.returned.0.source", "must stand elsewhere",
    ),
    "what we write ourselves": (
        {"metafield": "ops.left", "returned": [{"source": "order.metafield.ops.left"}]}, "serials.returned.0.source", "must stand elsewhere",
    ),
    "what we write ourselves is no promise": (
        {"metafield": "ops.left", "sources": [{"source": "line.property.Serial"}, {"source": "order.metafield.ops.left"}]},
        "serials.sources.1.source", "must stand elsewhere",
    ),
    "the same place twice": ({"sources": [{"source": "order.metafield.ops.sold"}] * 2}, "serials.sources.1.source", "stands there already"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    section, place, words = REFUSED[name]
    problems = of_serials(**section)
    assert list(problems) == [place]
    assert words in problems[place]


def test_what_we_write_is_refused_in_both_sections_at_once():
    ours = {"source": "order.metafield.ops.left"}
    problems = of_serials(metafield="ops.left", sources=[ours], returned=[ours])
    assert set(problems) == {"serials.sources.0.source", "serials.returned.0.source"}


def test_the_notices_of_a_partner_are_checked_as_its_stock_is_all_at_once():
    shipments = {"url": "http://example.com/s", "format": "csv", "rows_path": "data", "columns": COLUMNS}
    problems = found(partners=[PARTNER | {"shipments": shipments, "rows_path": "x"}], serials={"returned": [{"source": "nowhere"}]})
    assert set(problems) == {
        "partners.0.rows_path",
        "partners.0.shipments.rows_path",
        "partners.0.shipments.url",
        "serials.returned.0.source",
    }
    assert found(partners=[PARTNER | {"shipments": shipments | {"url": "s.json", "format": "json"}}]) == {}
    assert found(partners=[PARTNER]) == {}
