"""SuiteQL read as Oracle SQL: parsed by sqlglot, refused where NetSuite refuses it."""

from sqlglot import exp, parse
from sqlglot.dialects.oracle import Oracle
from sqlglot.errors import SqlglotError
from sqlglot.parsers.oracle import OracleParser
from sqlglot.tokenizer_core import TokenType

from sandbox.netsuite.problems import NetSuiteError, unsupported_search

# sqlglot reads these into nodes that lose the Oracle format when written for SQLite; kept as plain calls.
_OWN = {
    "TO_CHAR", "TO_DATE", "TO_TIMESTAMP", "TO_TIMESTAMP_TZ", "TO_NUMBER", "TRUNC", "DECODE", "REGEXP_LIKE",
    "ADD_MONTHS", "SYS_EXTRACT_UTC",
}  # fmt: skip
# How a plain call is named in SQLite.
SQL_NAMES = {
    "TO_CHAR": "ns_to_char",
    "TO_DATE": "ns_to_date",
    "TO_TIMESTAMP": "ns_to_date",
    "TO_NUMBER": "ns_number",
    "TRUNC": "ns_trunc",
    "DECODE": "ns_decode",
    "REGEXP_LIKE": "ns_regexp_like",
    "ADD_MONTHS": "ns_add_months",
    "SYS_EXTRACT_UTC": "ns_utc",
}
DATE_CALLS = {"TO_DATE", "TO_TIMESTAMP", "SYS_EXTRACT_UTC", "ADD_MONTHS"}
_MOST_IN_MEMBERS = 1000  # facts/netsuite.md 2.3


class SuiteQL(Oracle):
    """Oracle, with the functions above left as they are written."""

    class Parser(OracleParser):
        """Oracle's parser without the rewriting of our own functions."""

        FUNCTIONS = {name: build for name, build in OracleParser.FUNCTIONS.items() if name not in _OWN}  # noqa: RUF012
        FUNCTION_PARSERS = {name: build for name, build in OracleParser.FUNCTION_PARSERS.items() if name not in _OWN}  # noqa: RUF012


def read(query: str) -> tuple[exp.Query, int]:
    """Return the parsed query, its ? named :p1, :p2 in the order of the text, and how many there are.

    Raises:
        NetSuiteError: 400, where the text is not one SELECT, or uses LIMIT, (+), WITH, or too long an IN list.
    """
    try:
        named, count = _name_parameters(query)
        statements = parse(named, read=SuiteQL)
    except SqlglotError as error:
        raise unsupported_search() from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise unsupported_search()
    tree = statements[0]
    problem = _refusal(tree)
    if problem:
        raise problem
    return tree, count


def _name_parameters(query: str) -> tuple[str, int]:
    """Return the text with each ? named; the tree alone does not keep the order of the text."""
    marks = [token.start for token in SuiteQL().tokenize(query) if token.token_type == TokenType.PLACEHOLDER]
    for number in range(len(marks), 0, -1):
        at = marks[number - 1]
        query = f"{query[:at]}:p{number}{query[at + 1 :]}"
    return query, len(marks)


def _refusal(tree: exp.Query) -> NetSuiteError | None:
    """Return why NetSuite would not take the query, if so."""
    for node in tree.walk():
        if isinstance(node, exp.Limit | exp.With | exp.Lateral):
            return unsupported_search()
        if isinstance(node, exp.Column) and node.args.get("join_mark"):
            return unsupported_search()
        if isinstance(node, exp.GroupConcat):
            return unsupported_search()
        if isinstance(node, exp.In) and len(node.expressions) > _MOST_IN_MEMBERS:
            return unsupported_search()
    return None
