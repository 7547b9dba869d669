"""Spec of distribution drift: clean days raise no alarm, and a shift is named."""

import random
from decimal import Decimal

import pytest

from contract.frames import from_rows
from domain.distribution import LEAST_DAYS, find_shifts
from tests.domain.channel_world import make_contract

CONTRACT = make_contract({"ONE": {}})
SHARES = {"gateway=cards": 0.7, "gateway=paypal": 0.25, "gateway=gift_card": 0.05, "source=web": 0.8, "source=pos": 0.2}
EMPTY = {"custbody_utm": 0.4, "custbody_name": 0.0, "custbody_tax": 0.1, "gateway": 0.0, "source": 0.0}


def a_day(chance, shares=SHARES, empty=EMPTY, orders=None):
    """Return a day of a shop whose days scatter by a fifth, as observations."""
    count = max(1, round(chance.gauss(200, 40))) if orders is None else orders
    hits = lambda share: sum(chance.random() < share for _ in range(count))  # noqa: E731
    found = {("volume", "GROCER"): (count, count)}
    found |= {("value", key): (hits(share), count) for key, share in shares.items()}
    found |= {("empty", key): (hits(share), count) for key, share in empty.items()}
    found |= {("distinct", "custbody_utm"): (round(chance.gauss(30, 3)),) * 2}
    return found


def frame(day):
    rows = [{"metric_code": m, "object_key": k, "hit_count": h, "total_count": t} for (m, k), (h, t) in day.items()]
    return from_rows("out_observations", rows)


def past(days):
    return {name: [day.get(name, (0, 1)) for day in days] for name in {key for day in days for key in day}}


def shifts(today, days, contract=CONTRACT):
    found = find_shifts(frame(today), past(days), contract)
    return {(row["check_code"], row["object_key"]) for row in found.to_dict("records")}


def test_thirty_clean_days_raise_no_more_alarms_than_is_said():
    """16 times 30 daily runs, each against the 28 days before it; half an alarm in 30 days is what the contract says."""
    alarms = 0
    for seed in range(16):
        chance = random.Random(seed)
        days = [a_day(chance) for _ in range(58)]
        alarms += sum(len(shifts(days[at], days[at - 28 : at])) for at in range(28, 58))
    assert alarms <= 16 * CONTRACT.drift.false_alarms_in_30_days


def a_week_day(chance, number, orders=8, fields=20):
    """Return a day of a small shop with a weekly rhythm and as many metrics as a real contract has: 121."""
    usual = orders * {5: 1.4, 6: 0.5}.get(number % 7, 1.0)
    count = max(1, round(chance.gauss(usual, usual * 0.18)))
    hits = lambda share: (sum(chance.random() < share * chance.uniform(0.85, 1.15) for _ in range(count)), count)  # noqa: E731
    found = {("volume", "GROCER"): (count, count)}
    for place in range(fields):
        found["empty", f"f{place}"] = hits((0.0, 0.02, 0.1, 0.4, 0.9)[place % 5])
        found["distinct", f"f{place}"] = (round(max(0, chance.gauss((2, 5, 30)[place % 3], (0.3, 1, 3)[place % 3]))),) * 2
        found |= {("value", f"f{place}={value}"): hits(share) for value, share in enumerate((0.5, 0.3, 0.15, 0.05))}
    return found


def test_the_first_month_of_a_real_contract_raises_no_more_alarms_than_is_said():
    """From the first day that is tested on: with seven days known, the scatter is known worst."""
    alarms = 0
    for seed in range(2):
        chance = random.Random(seed)
        days = [a_week_day(chance, number) for number in range(31)]
        alarms += sum(len(shifts(days[at], days[max(0, at - 28) : at])) for at in range(LEAST_DAYS, 31))
    assert alarms <= 2 * CONTRACT.drift.false_alarms_in_30_days


def test_of_different_values_one_or_two_more_or_fewer_are_chance():
    past_days = [{("distinct", "source"): (2 + number % 2,) * 2} for number in range(14)]
    told = {count: bool(shifts({("distinct", "source"): (count, count)}, past_days)) for count in (0, 1, 5, 6, 30)}
    assert told == {0: False, 1: False, 5: False, 6: True, 30: True}


def test_days_that_were_alike_by_chance_make_no_alarm_of_a_few_orders_more():
    alike = [{("volume", "GROCER"): (8, 8)} for _ in range(7)]
    told = {count: bool(shifts({("volume", "GROCER"): (count, count)}, alike)) for count in (0, 4, 8, 16, 200)}
    assert told == {0: True, 4: False, 8: False, 16: False, 200: True}


CHANGES = {
    "no orders at all": ({"orders": 0}, ("volume_shift", "GROCER")),
    "ten times as many": ({"orders": 2000}, ("volume_shift", "GROCER")),
    "a field that is no longer filled": ({"empty": {**EMPTY, "custbody_name": 1.0}}, ("null_shift", "custbody_name")),
    "a field that is half empty": ({"empty": {**EMPTY, "custbody_tax": 0.5}}, ("null_shift", "custbody_tax")),
    "a field that is filled at last": ({"empty": {**EMPTY, "custbody_utm": 0.0}}, ("null_shift", "custbody_utm")),
    "a gateway that took over": ({"shares": {**SHARES, "gateway=paypal": 0.9}}, ("share_shift", "gateway=paypal")),
    "a source that is gone": ({"shares": {**SHARES, "source=web": 0.0}}, ("share_shift", "source=web")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_shift_is_named(change):
    given, expected = CHANGES[change]
    chance = random.Random(7)
    days = [a_day(chance) for _ in range(28)]
    assert expected in shifts(a_day(chance, **given), days)


def test_a_value_that_is_gone_is_told_though_no_row_names_it():
    chance = random.Random(7)
    days, today = [a_day(chance) for _ in range(28)], a_day(chance)
    del today["value", "source=pos"]
    assert ("share_shift", "source=pos") in shifts(today, days)


@pytest.mark.parametrize(("known", "is_told"), [(0, False), (LEAST_DAYS - 1, False), (LEAST_DAYS, True)])
def test_nothing_is_said_before_a_week_is_known(known, is_told):
    chance = random.Random(7)
    days = [a_day(chance) for _ in range(known)]
    assert bool(shifts(a_day(chance, orders=0), days)) is is_told


def test_a_certain_but_small_shift_is_not_told():
    days = [{("empty", "x"): (1000, 10_000)}] * 28
    assert shifts({("empty", "x"): (1400, 10_000)}, days) == set()
    wider = CONTRACT.model_copy(update={"drift": CONTRACT.drift.model_copy(update={"least_shift_percent": Decimal(1)})})
    assert shifts({("empty", "x"): (3000, 10_000)}, days, wider) == {("null_shift", "x")}
