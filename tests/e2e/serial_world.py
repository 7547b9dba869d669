"""Numbers in the small world: what is done with them in NetSuite and the shop, and what was traced of them."""

import json

from ruamel.yaml import YAML

from domain.conform_netsuite import netsuite_locations
from domain.serial_lineage import on_hand_by_documents
from flows.wiring import open_context
from sandbox.netsuite.actions import act
from sandbox.worlds.numbered import PHONE
from store import serials
from tests.e2e.order_world import act as in_shop
from tests.e2e.order_world import follow_to_settlement
from tests.e2e.steps import sync

SECTION = {
    "sources": [
        {"source": "line.property.Serial"},
        {"source": "order.metafield.truecount.serials"},
        {"source": "order.note", "pattern": "SN:([A-Z0-9-]+)"},
    ],
    "formats": [{"skus": ["PHONE"], "pattern": "PH-[0-9]{4}", "prefixes": ["S/N:"]}],
}


def keep_numbers(world, folder, section=SECTION):
    """Let the contract follow orders to their settlement, and take numbers from where a section says; return the world."""
    path = folder / "contract" / "contract.yaml"
    follow_to_settlement(world, path)
    write_section(path, section)
    return world


def write_section(path, section):
    yaml = YAML()
    contract = yaml.load(path)
    contract["serials"] = section
    yaml.dump(contract, path)


def netsuite(world, action, **body):
    with world.world.lock:
        done = act(world.world, action, body)
        world.world.db.commit()
    return done


def order_line(world, order):
    """Return the sales order of an order, and its line of phones."""
    sql = (
        'SELECT t.id, l.id FROM ns_transaction t JOIN ns_transactionline l ON l."transaction" = t.id '
        "WHERE t.externalid = ? AND l.item = ?"
    )
    return world.world.db.execute(sql, (f"SHOPIFY-GROCER-{order['id'].rsplit('/', 1)[1]}", PHONE)).fetchone()


def fulfil_in_netsuite(world, order, numbers):
    document, line = order_line(world, order)
    return netsuite(world, "fulfil", transaction=document, line=line, quantity=len(numbers), status="C", numbers=numbers)


def leave_instead(books, number, other):
    """Correct the fulfilment that a number left with: another one left."""
    sql = (
        'SELECT a."transaction", a.transactionline FROM ns_inventoryassignment a JOIN ns_inventorynumber n '
        'ON n.id = a.inventorynumber JOIN ns_transaction t ON t.id = a."transaction" '
        "WHERE t.type = 'ItemShip' AND n.inventorynumber = ?"
    )
    document, line = books.world.db.execute(sql, (number,)).fetchone()
    netsuite(books, "edit_numbers", transaction=document, line=line, numbers=[other])


def traced(run, *more):
    code, out, err = run("trace-serials", "--json", *more)
    assert code in (0, 1), err
    return json.loads(out)


def life(number, sku="PHONE"):
    with open_context() as context:
        return serials.lineage(context.engine, [(sku, number)]).to_dict("records")[0]


def stages(number, sku="PHONE"):
    with open_context() as context:
        events = serials.events_of_numbers(context.engine, [(sku, number)])
    return {row["stage_code"] + ("!" if isinstance(row["reverses_key"], str) else "") for row in events.to_dict("records")}


def breaches():
    with open_context() as context:
        rows = serials.findings(context.engine).to_dict("records")
    return {(row["sku"], row["serial_number"], row["law_code"]) for row in rows}


def told(run, *arguments):
    code, out, err = run(*arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def shipped(books, order):
    return in_shop(books, "fulfil", order_id=order["id"])


def outcomes_of(context, order):
    rows = sync(context)
    mine = rows.loc[rows["order_id_shopify"] == order["id"]]
    return {row["record_type"]: (row["outcome"], row["message"]) for row in mine.to_dict("records")}


def left_with(world):
    sql = (
        "SELECT n.inventorynumber, a.quantity FROM ns_inventoryassignment a JOIN ns_inventorynumber n ON n.id = a.inventorynumber "
        "JOIN ns_transaction t ON t.id = a.\"transaction\" WHERE t.type IN ('ItemShip', 'CashSale') ORDER BY 1"
    )
    return [tuple(row) for row in world.world.db.execute(sql).fetchall()]


def whole(world):
    """Every number is where NetSuite's balance has it, and none breaks a law."""
    return (balanced(world), breaches()) == (True, set())


def balanced(world):
    """Every number is where NetSuite's balance has it, as many units of it."""
    with open_context() as context:
        events = serials.events_of_numbers(context.engine, None)
        places = netsuite_locations(context.contract)
    rows = on_hand_by_documents(events)[["sku", "serial_number", "location_code", "traced_qty"]].itertuples(index=False, name=None)
    traced_units = {tuple(row[:3]): row[3] for row in rows if row[3]}
    sql = (
        "SELECT i.itemid, n.inventorynumber, l.location, l.quantityonhand FROM ns_inventorynumberlocation l "
        "JOIN ns_inventorynumber n ON n.id = l.inventorynumber JOIN ns_item i ON i.id = n.item WHERE l.quantityonhand != 0"
    )
    units = {(sku, number, places[str(place)]): count for sku, number, place, count in world.world.db.execute(sql).fetchall()}
    return traced_units == units
