"""The world with numbered goods: its numbers add up to what is on hand and to its truth."""

from datetime import UTC, datetime

from sandbox.world import World
from sandbox.worlds.numbered import MILK, PHONE, numbered_world

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_the_numbers_add_up(tmp_path):
    seed = numbered_world(NOW, "")
    world = World(tmp_path)
    world.reset(seed)
    stock = dict(
        world.db.execute("SELECT item || ' ' || location, quantityonhand FROM ns_stock WHERE item IN (?, ?)", (PHONE, MILK))
    )
    named = dict(
        world.db.execute(
            "SELECT n.item || ' ' || l.location, SUM(l.quantityonhand) FROM ns_inventorynumberlocation l "
            "JOIN ns_inventorynumber n ON n.id = l.inventorynumber GROUP BY 1"
        )
    )
    assert stock == named == {"201 1": 4, "201 11": 1, "202 1": 10}
    truth = {(row["sku"], row["location_code"]): row["truth_qty"] for row in seed["truth"] if row["sku"] in ("PHONE", "MILK")}
    assert truth == {("PHONE", "WAREHOUSE"): 4, ("PHONE", "STORE_406"): 1, ("MILK", "WAREHOUSE"): 10}
    lots = world.db.execute("SELECT inventorynumber, expirationdate FROM ns_inventorynumber WHERE item = ?", (MILK,)).fetchall()
    assert lots == [("M-1", "2026-11-28 00:00:00"), ("M-2", "2026-12-23 00:00:00")]
    world.db.close()
