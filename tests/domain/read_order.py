"""Which read order, and which witness, can publish a number above the truth? Random histories through the real domain.

Every history is a SKU of its own, so that one call of `compute_inventory` computes thousands of them. The reads are named
P (NetSuite's order lines), B (balances), Q (order lines again), O (Shopify orders, as the lagging search shows them),
L (levels); `x` publishes with compare-and-swap. `python -m tests.domain.read_order` writes docs/generated/read-order.md.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from contract.frames import empty, from_rows
from contract.models import Contract, OrderLink
from contract.tables import TABLES
from domain import expected_levels
from domain.compute import Inventory, compute_inventory
from tests.domain.channel_world import make_contract
from tests.domain.read_order_world import SHOPS, Order, World, instant, location_id

PAGE = Path(__file__).parents[2] / "docs" / "generated" / "read-order.md"
STAMP = {"run_id": "r", "extracted_at_utc": "2026-03-02T00:00:00Z"}
RIGHT = "PBQOLx"
COUNT = 1000
BUSY, QUIET = 4, 3
"""Cycles of reads among the events, and after them."""
A_DAY = 90_000
"""Seconds: longer than an unexplained drop is remembered."""
Event = Callable[[World], None]

HISTORIES: dict[str, list[str]] = {
    "web": ["place", "find", "write", "approve", "ship", "find"],
    "web, search lags": ["place", "write", "approve", "find", "ship", "find"],
    "un-approved": ["place", "find", "write", "approve", "unapprove", "approve", "ship"],
    "deleted": ["place", "find", "write", "approve", "delete"],
    "till": ["till_sale", "find", "cash_sale"],
    "till, search lags": ["till_sale", "cash_sale", "find"],
    "cancelled late": ["place", "find", "write", "approve", "cancel", "find", "close"],
    "cancelled": ["place", "find", "cancel", "find"],
    "cancelled unseen": ["place", "cancel", "find"],
    "edited": ["place", "find", "write", "approve", "edit", "find", "resize", "ship", "find"],
    "moved": ["place", "find", "write", "approve", "move", "find", "relocate", "ship", "find"],
    "committed here, shipped there": ["place", "find", "write", "approve", "move", "find", "ship_there", "find"],
    "returned": ["till_sale", "find", "cash_sale", "give_back", "find", "receive_back"],
    "transfer": ["transfer_out", "transfer_in"],
    "changed by hand": ["by_hand_down", "by_hand_up"],
}
OF_TWO_PLACES = frozenset({"moved", "committed here, shipped there"})


def events(kind: str, name: str, rng: random.Random) -> list[Event]:
    """Return the events of one history, in order; shop, place and units are drawn."""
    shop = "ONE" if kind in OF_TWO_PLACES else rng.choice(list(SHOPS))
    place = "A" if kind in OF_TWO_PLACES else rng.choice(SHOPS[shop])
    units = 2 if kind == "edited" else rng.choice((1, 1, 2))
    acts: dict[str, Event] = {
        "place": lambda w: w.place(name, shop, place, units),
        "till_sale": lambda w: w.till_sale(name, shop, place, units),
        "find": lambda w: w.find(name),
        "cancel": lambda w: w.reduce(name, units),
        "edit": lambda w: w.reduce(name, 1),
        "move": lambda w: w.move(name, "B"),
        "relocate": lambda w: w.relocate(name, "B"),
        "ship_there": lambda w: w.ship(name, "B"),
        "transfer_out": lambda w: w.transfer_out("A", units),
        "transfer_in": lambda w: w.transfer_in("B", units),
        "by_hand_down": lambda w: w.by_hand(shop, place, -units),
        "by_hand_up": lambda w: w.by_hand(shop, place, units),
        "give_back": lambda w: w.give_back(name),
    }
    plain = {step: _named(step, name) for step in ("write", "approve", "unapprove", "ship", "delete", "close", "cash_sale")}
    plain |= {step: _named(step, name) for step in ("resize", "receive_back")}
    return [{**plain, **acts}[step] for step in HISTORIES[kind]]


def _named(step: str, name: str) -> Event:
    return lambda world: getattr(world, step)(name)


@dataclass
class Story:
    """One world with its steps, and what its reads of the current cycle showed."""

    world: World
    steps: list[Event | str]
    kinds: tuple[str, ...]
    seen: dict[str, list] = field(default_factory=dict)
    read_at: dict[str, int] = field(default_factory=dict)

    def to_publish(self) -> None:
        """Go on to the next publishing step."""
        self.seen, self.read_at = {}, {}
        while True:
            step = self.steps.pop(0)
            self.world.now += 1
            if step == "x":
                return
            if callable(step):
                step(self.world)
            elif step == "catch up":
                self.world.catch_up()
            elif step == "a day later":
                self.world.now += A_DAY
            else:
                read = {"P": "read_lines", "Q": "read_lines", "B": "read_balances", "O": "read_orders", "L": "read_levels"}[step]
                self.seen[step], self.read_at[step] = getattr(self.world, read)(), self.world.now


@dataclass
class Result:
    """What came of all stories of one read order: the SKUs with a unit too many, why, and what is left over by kind."""

    runs: int
    too_many: set[str] = field(default_factory=set)
    worst: dict[str, str] = field(default_factory=dict)
    publishes: int = 0
    low: int = 0
    left_over: Counter = field(default_factory=Counter)
    left_after_patience: Counter = field(default_factory=Counter)
    left_by: set[str] = field(default_factory=set)


def make_stories(count: int, reads: str, seed: int) -> list[Story]:
    """Return stories of one to three histories, their events interleaved at random with the reads, then quiet."""
    rng, stories = random.Random(seed), []
    for number in range(count):
        chosen = tuple(rng.choice(list(HISTORIES)) for _ in range(rng.choice((1, 2, 3))))
        todo = [events(kind, f"o{place}", rng) for place, kind in enumerate(chosen)]
        order = [place for place, acts in enumerate(todo) for _ in acts] + [None] * (len(reads) * BUSY)
        rng.shuffle(order)
        turn, steps = 0, []
        for place in order:
            if place is None:
                steps.append(reads[turn % len(reads)])
                turn += 1
            else:
                steps.append(todo[place].pop(0))
        steps += ["catch up", *(reads * QUIET), "a day later", *(reads * 2)]
        stories.append(Story(World(str(number)), steps, chosen))
    return stories


def run(reads: str = RIGHT, *, with_ledger: bool = True, count: int = COUNT, seed: int = 11) -> Result:
    """Return what publishing comes to with this order of reads."""
    stories = make_stories(count, reads, seed)
    contract = make_shops()
    state = first_sight(stories, contract)
    result = Result(count)
    for cycle in range(1, BUSY + QUIET + 3):
        for story in stories:
            story.to_publish()
        told = compute_inventory(raw_frames(stories), state, contract, "f")
        state = {name: told[name] for name in state}
        numbers = told["out_channel_quantities"] if with_ledger else _without_ledger(told)
        written = _publish(stories, numbers, result)
        state["core_expected_levels"] = expected_levels.rebase(state["core_expected_levels"], written)
        if cycle == BUSY + QUIET:
            result.left_over = _left_over(stories)
            result.left_by = {" + ".join(sorted(story.kinds)) for story in stories if _left_over([story])}
    result.left_after_patience = _left_over(stories)
    return result


def _left_over(stories: list[Story]) -> Counter:
    """Count the levels that are not at the truth, by how far they are below it."""
    gaps = (story.world.truth(place) - units for story in stories for (_, place), units in story.world.available.items())
    return Counter(gap for gap in gaps if gap)


def first_sight(stories: list[Story], contract: Contract) -> dict[str, pd.DataFrame]:
    """Return what is remembered of a first run, before anything happened: every level is its own base."""
    for story in stories:
        world = story.world
        story.seen = {"P": [], "B": world.read_balances(), "O": [], "L": world.read_levels()}
    nothing = {name: empty(name) for name in ("core_expected_levels", "core_counted_events")}
    told = compute_inventory(raw_frames(stories), nothing, contract, "f")
    return {name: told[name] for name in nothing}


def make_shops() -> Contract:
    contract = make_contract({"ONE": {"pool": ["A", "B"]}, "TWO": {"pool": ["A"]}})
    links = (OrderLink(by="other_reference", pattern="{order_name}"),)
    return contract.model_copy(update={"orders": contract.orders.model_copy(update={"order_links": links})})


def _without_ledger(told: Inventory) -> pd.DataFrame:
    """Return the numbers as they would be if nothing were remembered of what the levels show."""
    pair = ["sku", "location_code"]
    unseen = told["out_atp"][[*pair, "unseen_qty"]]
    rows = told["out_channel_quantities"].merge(unseen, on=pair, how="left", validate="many_to_one")
    return rows.assign(publish_qty=rows["publish_qty"] + rows["unseen_qty"])


def _publish(stories: list[Story], numbers: pd.DataFrame, result: Result) -> pd.DataFrame:
    """Write each number whose level has not moved since it was read; count those above the truth."""
    wanted = dict(
        zip(
            zip(numbers["channel_code"], numbers["sku"], numbers["location_code"], strict=True), numbers["publish_qty"], strict=True
        )
    )
    rows = []
    for story in stories:
        world = story.world
        read = {(row["shop_code"], row["location_id_shopify"]): int(row["available_qty"]) for row in story.seen["L"]}
        for (shop, place), units in list(world.available.items()):
            expected = read[shop, location_id(shop, place)]
            if units != expected:
                continue
            number = int(wanted[shop, world.sku, place])
            result.publishes += 1
            result.low += number < world.truth(place)
            if number > world.truth(place) + _not_to_be_known(story, shop, place):
                result.too_many.add(world.sku)
                result.worst.setdefault(world.sku, f"{story.kinds} {shop} {place}: {number} > {world.truth(place)}")
            world.available[shop, place] = number
            rows.append((shop, world.sku, place, expected, number))
    return pd.DataFrame(rows, columns=["shop_code", "sku", "location_code", "expected_qty", "desired_qty"])


def _not_to_be_known(story: Story, shop: str, place: str) -> int:
    """Return the units that went after the last read that could show them: sold by another shop, carried off in NetSuite."""
    sold = sum(
        units
        for at, where, from_place, units in story.world.sold
        if at > min(story.read_at["L"], story.read_at["O"]) and where != shop and from_place == place
    )
    return sold + sum(units for at, from_place, units in story.world.carried_off if at > story.read_at["B"] and from_place == place)


def raw_frames(stories: list[Story]) -> dict[str, pd.DataFrame]:
    """Return the raw frames of one run over all stories."""
    rows: dict[str, list] = {name: [] for name in TABLES if name.startswith("raw_")}
    for story in stories:
        sku = story.world.sku
        rows["raw_netsuite__items"].append(
            {
                "item_id_netsuite": sku,
                "item_code": sku,
                "item_type": "InvtPart",
                "is_serial": "F",
                "is_lot": "F",
                "is_inactive": "F",
            }
        )
        rows["raw_netsuite__order_lines"] += story.seen["P"]
        rows["raw_netsuite__order_lines_reread"] += story.seen.get("Q", story.seen["P"])
        rows["raw_netsuite__stock"] += story.seen["B"]
        rows["raw_shopify__levels"] += story.seen["L"]
        for shop in SHOPS:
            rows["raw_shopify__variants"].append(
                {
                    "shop_code": shop,
                    "variant_id_shopify": f"v{shop}{sku}",
                    "inventory_item_id_shopify": f"{shop}{sku}",
                    "sku": sku,
                    "is_tracked": "true",
                    "requires_components": "false",
                }
            )
        for order in story.seen["O"]:
            _add_order(rows, order, sku)
    return {
        name: from_rows(name, [{**dict.fromkeys(TABLES[name].columns), **STAMP, **row} for row in found])
        for name, found in rows.items()
    }


def _add_order(rows: dict[str, list], order: Order, sku: str) -> None:
    key = {"shop_code": order.shop, "order_id_shopify": order.number}
    line = {**key, "order_line_id_shopify": order.number}
    times = {"created_at_utc": instant(order.placed), "updated_at_utc": instant(order.touched_at)}
    rows["raw_shopify__orders"].append({**key, "name": f"#{order.number}", **times})
    rows["raw_shopify__order_lines"].append(
        {
            **line,
            "position": "1",
            "variant_id_shopify": f"v{order.shop}{sku}",
            "sku": sku,
            "ordered_qty": str(order.quantity),
            "current_qty": str(order.current),
            "is_gift_card": "false",
        }
    )
    for place, units in order.open_at.items():
        rows["raw_shopify__fulfillment_order_lines"].append(
            {
                **line,
                "fulfillment_order_line_id_shopify": f"{order.number}{place}",
                "location_id_shopify": location_id(order.shop, place),
                "status_code": "OPEN" if units else "CLOSED",
                "remaining_qty": str(units),
            }
        )
    for place, units in order.shipped_at.items():
        rows["raw_shopify__fulfillments"].append(
            {
                **line,
                "fulfillment_line_id_shopify": order.number,
                "location_id_shopify": location_id(order.shop, place),
                "status_code": "SUCCESS",
                "fulfilled_qty": str(units),
            }
        )
    for place, kind, units in order.back:
        rows["raw_shopify__refunds"].append(
            {
                **line,
                "refund_line_id_shopify": f"{order.number}{kind}",
                "location_id_shopify": location_id(order.shop, place),
                "restock_type": kind,
                "refunded_qty": str(units),
                "is_restocked": "true",
            }
        )


VARIANTS = (("PBQOLx", True), ("PBQOLx", False), ("PBQLOx", True), ("PBOLx", True), ("BPQOLx", True))


def page(results: dict[tuple[str, bool], Result]) -> str:
    """Return the table of what other read orders, and a missing ledger, would have shown."""
    lines = [
        "# Read orders",
        "",
        f"{COUNT:,} random histories a row (`tests/domain/read_order.py`) through the real domain: two shops, two locations, orders of",
        "every life, moves, returns, transfers, changes by hand. P: NetSuite's order lines, B: balances, Q: order lines again,",
        "O: Shopify orders, as the lagging search shows them, L: levels. A level that is still too low after quiet was changed by",
        "hand, or holds an order that moved to another location before the search had shown it: both end after the contract's",
        "`unexplained_drop_hours`.",
        "",
        "| reads | expected-level ledger | histories with a unit too many | numbers written | too low then | too low after quiet | and a day later |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for (reads, with_ledger), told in results.items():
        cells = [reads[:-1], "yes" if with_ledger else "no", len(told.too_many), f"{told.publishes:,}"]
        cells += [f"{100 * told.low / told.publishes:.1f} %", told.left_over.total(), told.left_after_patience.total()]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def run_all() -> dict[tuple[str, bool], Result]:
    """Return the result of every variant."""
    return {(reads, with_ledger): run(reads, with_ledger=with_ledger) for reads, with_ledger in VARIANTS}


if __name__ == "__main__":
    PAGE.write_text(page(run_all()))
