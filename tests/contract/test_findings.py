"""What is wrong with a contract is told whole: every problem at once, each with its line and what to do."""

import re
from pathlib import Path

import pytest

from contract.errors import ContractError
from contract.loading import load_contract, parse_contract

GOOD = (Path(__file__).parent.parent / "worlds" / "small_contract.yaml").read_text()


def problems(text):
    with pytest.raises(ContractError) as told:
        parse_contract(text, Path("contract.yaml"))
    return {(problem.line, problem.place, problem.message) for problem in told.value.problems}, str(told.value)


def line_of(text, part):
    return next(number for number, row in enumerate(text.splitlines(), start=1) if part in row)


def test_the_good_one_is_good():
    assert parse_contract(GOOD, Path("contract.yaml")).contract.version == 1


CASES = {
    "an unknown key": ("version: 1\n", "version: 1\ncolour: red\n", "colour"),
    "a missing part": ("version: 1\n", "", "version"),
    "another version": ("version: 1\n", "version: 2\n", "version"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_named(case):
    old, new, named = CASES[case]
    text = GOOD.replace(old, new, 1)
    found, told = problems(text)
    assert any(named in path for _, path, _ in found), found
    assert "contract.yaml" in told
    if named in text:
        assert {line for line, path, _ in found if named in path} == {line_of(text, named)}


def test_every_mistake_is_told_at_once_each_at_its_line():
    text = GOOD.replace("version: 1\n", "version: 1\ncolour: red\nsmell: sweet\n", 1)
    text = re.sub(r"account_id: .*", "account_id: ''", text, count=1)
    found, told = problems(text)
    paths = {path for _, path, _ in found}
    assert {"colour", "smell"} <= paths
    assert any("account_id" in path for path in paths)
    for line, path, _ in found:
        key = path.split(".")[-1]
        if key in ("colour", "smell", "account_id"):
            assert line == line_of(text, key)
    assert all(path.split(".")[-1] in told for path in paths)


@pytest.mark.parametrize(
    "text",
    ["", "version: 1\n  shops: [", "- a\n- b\n", "version: 1\nversion: 1\n", "\tversion: 1\n"],
    ids=["empty", "half written", "a list", "a key twice", "a tab"],
)
def test_what_cannot_be_read_is_told_as_such(text):
    found, told = problems(text)
    assert found
    assert "contract.yaml" in told


def test_a_contract_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ContractError, match=r"nowhere\.yaml"):
        load_contract(tmp_path / "nowhere.yaml")


def test_a_contract_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "contract.yaml"
    path.write_bytes(b"\xff\xfe\x00version")
    with pytest.raises(ContractError, match=r"contract\.yaml"):
        load_contract(path)


TAXES = {
    "an item of its own": ("tax_items: { City: '912' }", []),
    "the item of all titles": ("tax_items: { City: '902' }", []),
    "an item that books shipping": ("tax_items: { City: '901' }", ["item 901 is orders.items.shipping_item_id already"]),
    "items beside SuiteTax": ("tax: suitetax\n  tax_items: { City: '912' }", ["has no effect: orders.tax is suitetax"]),
}


@pytest.mark.parametrize("case", TAXES)
def test_an_item_of_a_tax_title_books_nothing_else(case):
    keys, expected = TAXES[case]
    text = GOOD.replace("  lookback_days: 60\n", f"  lookback_days: 60\n  {keys}\n", 1)
    if not expected:
        assert "City" in parse_contract(text, Path("contract.yaml")).contract.orders.tax_items
        return
    found, _ = problems(text)
    assert [(line, message.split(";")[0].split(",")[0]) for line, _, message in found] == [
        (line_of(text, "tax_items"), expected[0])
    ]
