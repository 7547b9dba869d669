"""SuiteQL: protocol, wire format, dialect, refusals in the recorded words."""

import pytest

from .conftest import SUITEQL, detail, line, order

SEARCH = "Invalid search query. Detailed unprocessed description follows. Search error occurred: "
UNSUPPORTED = SEARCH + "Invalid or unsupported search."


@pytest.fixture
def filled(client):
    """Three sales orders of external ids A, B, C."""
    for name, quantity in (("A", 1), ("B", 2), ("C", 12)):
        lines = (line(quantity=quantity, custcol_line_id=f"{name}-1"), line(901, rate=4.95))
        client.create("salesOrder", order(*lines, externalId=name, custbody_channel={"id": "1"}, tranDate="2026-11-19"))
    return client


def test_every_value_is_text_and_nulls_are_left_out(filled):
    answer = filled.query("SELECT t.ID, t.ExternalId, t.memo, t.void, t.foreigntotal FROM transaction t WHERE t.id = 1").json()
    assert answer["items"] == [{"links": [], "id": "1", "externalid": "A", "void": "F", "foreigntotal": "7.45"}]
    assert {name: answer[name] for name in ("count", "hasMore", "offset", "totalResults")} == {
        "count": 1,
        "hasMore": False,
        "offset": 0,
        "totalResults": 1,
    }


def test_prefer_transient_is_required(client):
    answer = client.call("POST", SUITEQL, {"q": "SELECT id FROM item"})
    assert detail(answer)[:2] == (400, "INVALID_HEADER")


def test_dates_lose_their_time_unless_written_out(filled):
    row = filled.rows(
        "SELECT t.createddate AS day, TO_CHAR(t.createddate, 'YYYY-MM-DD HH24:MI') AS local, MAX(t.trandate) AS traded, "
        'TO_CHAR(SYS_EXTRACT_UTC(t.lastmodifieddate), \'YYYY-MM-DD"T"HH24:MI:SS"Z"\') AS utc '
        "FROM transaction t WHERE t.id = 1 GROUP BY t.createddate, t.lastmodifieddate"
    )[0]
    assert (row["day"], row["traded"]) == ("11/20/2026", "11/19/2026")
    assert row["local"].startswith("2026-11-20 07:0")
    assert row["utc"].startswith("2026-11-20T12:0")
    assert row["utc"].endswith("Z")


def test_sales_quantities_are_negative(filled):
    rows = filled.rows("SELECT tl.quantity, -tl.quantity AS q FROM transactionline tl WHERE -tl.quantity > ?", "9")
    assert rows == [{"quantity": "-12", "q": "12"}]


def test_parameters_are_bound_in_the_order_of_the_text(filled):
    sql = "SELECT DECODE(t.externalid, ?, 'x', 'y') AS d FROM transaction t WHERE t.id >= ? ORDER BY t.id FETCH FIRST ? ROWS ONLY"
    assert filled.rows(sql, "B", 2, 1) == [{"d": "x"}]
    assert detail(filled.query(sql, "B"))[:2] == (400, "INVALID_PARAMETER")


def test_the_external_id_is_compared_with_case(filled):
    assert filled.rows("SELECT id FROM transaction WHERE externalid = ?", "a") == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            "SELECT subsidiary FROM transaction",
            "Unknown identifier 'subsidiary'. Available identifiers are: {transaction=transaction}.",
        ),
        (
            "SELECT t.custbody_nope FROM transaction t",
            "Unknown identifier 'custbody_nope'. Available identifiers are: {t=transaction}.",
        ),
        ("SELECT x.id FROM item i", "Unknown identifier 'x'. Available identifiers are: {i=item}."),
        ("SELECT id FROM classification", "Record 'classification' was not found."),
        ("SELECT id FROM item LIMIT 5", "Invalid or unsupported search."),
        ("SELECT i.id FROM item i, location l WHERE i.id = l.id(+)", "Invalid or unsupported search."),
        ("WITH a AS (SELECT id FROM item) SELECT id FROM a", "Invalid or unsupported search."),
        ("SELECT LISTAGG(id, ',') FROM item", "Invalid or unsupported search."),
        (f"SELECT id FROM item WHERE id IN ({', '.join(map(str, range(1001)))})", "Invalid or unsupported search."),
        ("DELETE FROM item", "Invalid or unsupported search."),
        ("SELECT id FROM", "Invalid or unsupported search."),
        ("SELECT TO_NUMBER(itemid) FROM item", "Invalid or unsupported search."),
    ],
)
def test_what_netsuite_refuses_is_refused_in_its_words(client, query, sentence):
    assert detail(client.query(query)) == (400, "INVALID_PARAMETER", SEARCH + sentence)


def test_a_thousand_members_pass(client):
    assert client.rows(f"SELECT id FROM item WHERE id IN ({', '.join(map(str, range(101, 1101)))})")


def test_a_function_the_sandbox_lacks_says_so(client):
    assert detail(client.query("SELECT BUILTIN.CONSOLIDATE(id) FROM item"))[:2] == (501, "SANDBOX_NOT_MODELLED")
    assert detail(client.query("SELECT FROBNICATE(itemid) FROM item"))[:2] == (501, "SANDBOX_NOT_MODELLED")


@pytest.mark.parametrize("paging", [{"limit": 0}, {"limit": 1001}, {"limit": 2, "offset": 3}, {"limit": 1, "offset": 1000}])
def test_bad_pages_are_refused(client, paging):
    assert client.query("SELECT id FROM item", **paging).status_code == 400


def test_pages_and_links(client):
    answer = client.query("SELECT id FROM item ORDER BY id", limit=2, offset=2).json()
    assert [row["id"] for row in answer["items"]] == ["103", "110"]
    links = {link["rel"]: link["href"].partition("?")[2] for link in answer["links"]}
    pages = {"self": 2, "previous": 0, "first": 0, "next": 4, "last": 4}
    assert links == {rel: f"limit=2&offset={offset}" for rel, offset in pages.items()}
    assert answer["hasMore"] is True


def test_without_an_order_each_page_has_its_own_order(client):
    found = [client.rows("SELECT id FROM item", limit=1, offset=page)[0]["id"] for page in range(5)]
    again = [client.rows("SELECT id FROM item", limit=1, offset=page)[0]["id"] for page in range(5)]
    assert found == again
    assert len(set(found)) < 5


def test_an_order_with_ties_leaves_the_ties_open(filled):
    sql = "SELECT uniquekey FROM transactionline ORDER BY mainline FETCH FIRST 9 ROWS ONLY"
    orders = {tuple(row["uniquekey"] for row in filled.rows(sql, limit=limit)) for limit in (9, 10, 11)}
    assert len(orders) == 1
    asked = {tuple(row["uniquekey"] for row in filled.rows(sql + " " * extra)) for extra in range(5)}
    assert len(asked) > 1


def test_rownum_is_taken_before_the_order(filled):
    asked = [filled.rows("SELECT id FROM transaction WHERE ROWNUM <= 2 ORDER BY id DESC" + " " * n) for n in range(12)]
    found = {tuple(row["id"] for row in rows) for rows in asked}
    assert found == {("3", "2"), ("3", "1"), ("2", "1")}
    nested = "SELECT x.id, ROWNUM AS n FROM (SELECT id FROM transaction ORDER BY id DESC) x WHERE ROWNUM < 3"
    for extra in range(8):
        assert [(row["id"], row["n"]) for row in filled.rows(nested + " " * extra)] == [("3", "1"), ("2", "2")]


def test_display_values(filled):
    row = filled.rows(
        "SELECT BUILTIN.DF(t.status) AS s, BUILTIN.DF(t.currency) AS c, BUILTIN.DF(t.entity) AS e, "
        "BUILTIN.DF(t.custbody_channel) AS ch, t.custbody_channel AS id FROM transaction t WHERE t.id = 1"
    )[0]
    assert row == {"s": "Sales Order : Pending Fulfillment", "c": "USD", "e": "Shop", "ch": "Web", "id": "1"}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("NVL(NULL, 'x')", "x"),
        ("DECODE(NULL, NULL, 'none', 'some')", "none"),
        ("TO_CHAR(TO_DATE('01.02.2026', 'DD.MM.YYYY') + 1, 'YYYY-MM-DD')", "2026-02-02"),
        ("TO_DATE('2026-03-01', 'YYYY-MM-DD') - TO_DATE('2026-02-27', 'YYYY-MM-DD')", "2"),
        ("TO_CHAR(TRUNC(TO_TIMESTAMP('2026-02-03 04:05:06', 'YYYY-MM-DD HH24:MI:SS')), 'HH24:MI')", "00:00"),
        ("TO_CHAR(ADD_MONTHS(TO_DATE('2026-01-31', 'YYYY-MM-DD'), 1), 'YYYY-MM-DD')", "2026-02-28"),
        ("TRUNC(2.9)", "2"),
        ("TO_CHAR(12)", "12"),
        ("'a' || 'b'", "ab"),
        ("5 / 2", "2.5"),
        ("CASE WHEN 'abc' LIKE 'A%' THEN 'yes' ELSE 'no' END", "no"),
        ("CASE WHEN 'abc' NOT LIKE 'a%' THEN 'yes' ELSE 'no' END", "no"),
        ("CASE WHEN REGEXP_LIKE('abc', '^a.c$') THEN 'yes' ELSE 'no' END", "yes"),
        ("TO_DATE('2026-02-01', 'YYYY-MM-DD')", "02/01/2026"),
        ("TO_CHAR(TO_DATE('2026-02-01', 'YYYY-MM-DD'))", "02/01/2026"),
        ("SYSDATE", "11/20/2026"),
    ],
)
def test_expressions(client, expression, expected):
    assert client.rows(f"SELECT {expression} AS v FROM item WHERE id = 101") == [{"v": expected}]


def test_an_empty_text_is_null(client):
    assert client.rows("SELECT id FROM item WHERE NVL(?, 'none') = 'none' AND id = 101", "") == [{"id": "101"}]


def test_subqueries_see_the_names_around_them(filled):
    rows = filled.rows(
        "SELECT x.id, x.seen FROM (SELECT t.id, t.lastmodifieddate AS seen FROM transaction t) x WHERE EXISTS "
        "(SELECT 1 FROM transactionline l WHERE l.transaction = x.id AND l.quantity < -9) "
        "AND x.id IN (SELECT id FROM transaction WHERE type = 'SalesOrd')"
    )
    assert rows == [{"id": "3", "seen": "11/20/2026"}]


def test_inventory_item_locations_leaves_out_lots(client):
    assert client.rows("SELECT item FROM AggregateItemLocation WHERE item = 103") == [{"item": "103"}]
    assert client.rows("SELECT item FROM inventoryItemLocations WHERE item = 103") == []


def test_fractions_are_sent_as_they_are(client):
    assert client.rows("SELECT quantityonhand FROM AggregateItemLocation WHERE item = 103") == [{"quantityonhand": "2.5"}]


def test_custom_fields_are_listed(client):
    sql = "SELECT scriptid, ismandatory FROM CustomField WHERE LOWER(scriptid) LIKE 'custcol%'"
    assert client.rows(sql) == [{"scriptid": "custcol_line_id", "ismandatory": "F"}]
