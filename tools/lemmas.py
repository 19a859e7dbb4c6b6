#!/usr/bin/env python3
"""Prove the arithmetic of the loss theorem, for all integers, rounded as the contracts round.

Halmos does not come to an end on products of unknowns, and a fuzzer only tries. So the five lemmas stand
here as the contracts compute, and z3 looks for integers that break them. A lemma that nothing could break
says nothing: so each names the checks that it rests on, and z3 must find integers that break it when any one
of them is taken away or rounded the other way. And each has a witness: what the lemma speaks of does occur.

A quotient is known here by its bounds (q * d <= n < (q + 1) * d), a rate times a time by one unknown, what
has been gained: so the lemmas on buckets are linear. Needs z3; see `make prove`.

    lemmas.py         one line of JSON for each lemma
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from z3 import And, BoolRef, If, Implies, Ints, Not, Or, Reals, Solver, sat, unsat

DAY = 86_400
WAD = 10**18
GRAIN = 10**8
BPS = 10_000
USUAL_BPS = 50
MOST_BPS = 100
PATIENCE_MS = 20_000


@dataclass(frozen=True, slots=True)
class Check:
    """What the contract insists on, and what would be left of it in a contract that got it wrong."""

    name: str
    right: BoolRef
    wrong: BoolRef


@dataclass(frozen=True, slots=True)
class Lemma:
    """A sentence for all integers: what is given and the checks imply what is claimed."""

    name: str
    given: BoolRef
    checks: tuple[Check, ...]
    claim: BoolRef
    occurs: BoolRef


@dataclass(frozen=True, slots=True)
class Result:
    """What z3 found of a lemma."""

    name: str
    proven: bool
    witnessed: bool
    killed: tuple[str, ...]
    survived: tuple[str, ...]


def _found(*constraints: BoolRef) -> object:
    solver = Solver()
    solver.set("timeout", PATIENCE_MS)
    solver.add(*constraints)
    return solver.check()


def judge(lemma: Lemma) -> Result:
    """Prove a lemma, look for its witness, and break it once for each check."""
    right = [check.right for check in lemma.checks]
    killed: list[str] = []
    survived: list[str] = []
    for check in lemma.checks:
        others = [each.right for each in lemma.checks if each is not check]
        broken = _found(lemma.given, *others, check.wrong, Not(lemma.claim)) == sat
        (killed if broken else survived).append(check.name)
    return Result(
        name=lemma.name,
        proven=_found(lemma.given, *right, Not(lemma.claim)) == unsat,
        witnessed=_found(lemma.given, *right, lemma.occurs) == sat,
        killed=tuple(killed),
        survived=tuple(survived),
    )


def _floor(quotient: BoolRef, numerator: BoolRef, divisor: int) -> BoolRef:
    return And(quotient * divisor <= numerator, numerator < (quotient + 1) * divisor)


def _ceil(quotient: BoolRef, numerator: BoolRef, divisor: int) -> BoolRef:
    return And((quotient - 1) * divisor < numerator, numerator <= quotient * divisor)


def bucket_step() -> Lemma:
    """P21: what is poured in was room, or has leaked out meanwhile. Caps and levels are whole grains."""
    used, level, leaked, gained, poured, after = Ints("used level leaked gained poured after")
    grains, cap_grains = Ints("grains cap_grains")
    stored, cap = grains * GRAIN, cap_grains * GRAIN
    return Lemma(
        name="one step of a bucket",
        given=And(used >= 0, used <= cap, gained >= 0, poured >= 0, leaked >= 0),
        checks=(
            Check("the leak rounds down", _floor(leaked, gained, DAY), _ceil(leaked, gained, DAY)),
            Check(
                "no credit is kept", level == If(used > leaked, used - leaked, 0), level == used - 2 * leaked
            ),
            Check("what is poured is kept", after == level + poured, after == level),
            Check("it never runs over", after <= cap, after <= cap + poured),
            Check("a level is stored rounded up", _ceil(grains, after, GRAIN), _floor(grains, after, GRAIN)),
        ),
        claim=And((poured + used) * DAY <= stored * DAY + gained, stored <= cap),
        occurs=And(poured > 0, leaked > 0, used > leaked, after == cap),
    )


def bucket_window() -> Lemma:
    """P22: by induction over steps. Tightened rules only lower cap and gains, and are covered."""
    used, level, leaked, gained, poured, after = Ints("used level leaked gained poured after")
    total, first, before = Ints("total first before")
    grains, cap_grains = Ints("grains cap_grains")
    stored, cap = grains * GRAIN, cap_grains * GRAIN
    return Lemma(
        name="every window of a bucket, step of the induction",
        given=And(
            used >= 0, used <= cap, gained >= 0, poured >= 0, leaked >= 0, first >= 0, total >= 0, before >= 0
        ),
        checks=(
            Check("so far it held", (total + first) * DAY <= used * DAY + before, total >= 0),
            Check("the leak rounds down", _floor(leaked, gained, DAY), _ceil(leaked, gained, DAY)),
            Check("a constant leak, no refill", level == If(used > leaked, used - leaked, 0), level == 0),
            Check("what is poured is kept", after == level + poured, after == level),
            Check("it never runs over", after <= cap, after <= cap + poured),
            Check("a level is stored rounded up", _ceil(grains, after, GRAIN), _floor(grains, after, GRAIN)),
        ),
        claim=And(
            (total + poured + first) * DAY <= stored * DAY + before + gained,
            (total + poured) * DAY <= cap * DAY + before + gained,
        ),
        occurs=And(poured > 0, total > 0, gained > 0, after == cap),
    )


def fraction_of_net_value() -> Lemma:
    """P22 again, in money: budgets are parts of the net value, which differs from step to step."""
    money, parts, loss, part, net, greatest, most = Reals("money parts loss part net greatest most")
    return Lemma(
        name="parts of the net value bound money",
        given=And(money >= 0, loss >= 0, part >= 0, net > 0, most >= 0, parts >= 0, greatest > 0),
        checks=(
            Check("so far it held", money <= parts * greatest, money >= 0),
            Check("a part rounds up", loss <= part * net, loss <= (part + 1) * net),
            Check("the greatest net value", net <= greatest, net <= 2 * greatest),
            Check("the parts are bounded", parts + part <= most, parts <= most),
        ),
        claim=money + loss <= most * greatest,
        occurs=And(loss > 0, money > 0, money + loss == most * greatest),
    )


def sold_within_slippage() -> Lemma:
    """P23, selling: no more than the slippage of the notional, and one wei of rounding, for every limit."""
    value, bps, got, given_up = Ints("value bps got given")
    return Lemma(
        name="a fair sale loses at most the slippage",
        given=And(value >= 0, bps >= 0, bps <= BPS, got >= 0, _ceil(given_up, value, WAD)),
        checks=(
            Check(
                "fair at the oracle",
                got * WAD * BPS >= value * (BPS - bps),
                got * WAD * BPS >= value * (BPS - 2 * bps),
            ),
        ),
        claim=(given_up - got) * WAD * BPS <= value * bps + WAD * BPS,
        occurs=And(bps == USUAL_BPS, value == WAD * WAD, given_up > got),
    )


def bought_within_slippage() -> Lemma:
    """P23, buying: base taken is valued rounded down."""
    value, bps, worth, taken = Ints("value bps worth taken")
    return Lemma(
        name="a fair purchase loses at most the slippage",
        given=And(value >= 0, bps >= 0, bps <= BPS, worth >= 0, _floor(taken, worth, WAD)),
        checks=(
            Check(
                "fair at the oracle",
                worth * BPS >= value * WAD * (BPS - bps),
                worth * BPS >= value * WAD * (BPS - 2 * bps),
            ),
        ),
        claim=(value - taken) * BPS <= value * bps + BPS,
        occurs=And(bps == USUAL_BPS, value == WAD, value > taken),
    )


def sold_at_the_true_price() -> Lemma:
    """P24, selling: the oracle's error costs at most its part of what is traded."""
    oracle, true, amount, out, error = Reals("oracle true amount out error")
    marked = amount * oracle - out
    return Lemma(
        name="true loss of a sale",
        given=And(oracle > 0, amount > 0, out >= 0, error >= 0, error < 1),
        checks=(
            Check(
                "the price is within its error",
                true <= oracle * (1 + error),
                true <= oracle * (1 + 2 * error),
            ),
        ),
        claim=amount * true - out <= If(marked > 0, marked, 0) + error * amount * oracle,
        occurs=And(error > 0, amount * true - out > marked, marked > 0),
    )


def bought_at_the_true_price() -> Lemma:
    """P24, buying: the notional is what was paid."""
    oracle, true, amount, paid, error = Reals("oracle true amount paid error")
    marked = paid - amount * oracle
    return Lemma(
        name="true loss of a purchase",
        given=And(oracle > 0, amount >= 0, paid > 0, error >= 0, error < 1),
        checks=(
            Check(
                "the price is within its error",
                true >= oracle * (1 - error),
                true >= oracle * (1 - 2 * error),
            ),
        ),
        claim=paid - amount * true <= If(marked > 0, marked, 0) + error * paid,
        occurs=And(error > 0, paid - amount * true > marked, marked > 0),
    )


def churn() -> Lemma:
    """P25: at a frozen price, hedges close the gap once. By induction, in base at the oracle's price.

    What is bought may fall short of its notional by the slippage, so the sum is bounded by the gap over
    (1 - slippage); what is sold is the notional itself, and its sum by the gap. A fill may overshoot by the
    band, and is then the last one.
    """
    first, gap, total, size, got, bps, band = Ints("first gap total size got bps band")
    share = BPS - bps
    return Lemma(
        name="churn at a frozen price, step of the induction",
        given=And(
            first > 0,
            gap > 0,
            total >= 0,
            size > 0,
            got >= 0,
            bps >= 0,
            bps <= MOST_BPS,
            band > 0,
            gap > band,
        ),
        checks=(
            Check("so far it held", total * share + gap * BPS <= first * BPS, total >= 0),
            Check("no more than the gap", size <= gap, size <= 2 * gap),
            Check("fair at the oracle", got * BPS >= size * share, got * BPS >= 0),
            Check("no overshoot beyond the band", Or(got <= gap, got - gap <= band), got >= 0),
        ),
        claim=And(
            (total + size) * share <= first * BPS,
            Implies(got <= gap, (total + size) * share + (gap - got) * BPS <= first * BPS),
            Implies(got > gap, got - gap <= band),
        ),
        occurs=And(bps == USUAL_BPS, total > 0, got < gap),
    )


def lemmas() -> Iterator[Lemma]:
    """All of them."""
    yield bucket_step()
    yield bucket_window()
    yield fraction_of_net_value()
    yield sold_within_slippage()
    yield bought_within_slippage()
    yield sold_at_the_true_price()
    yield bought_at_the_true_price()
    yield churn()


def main() -> int:
    """Print each result; 0 if all are proven, witnessed, and broken by the loss of each check."""
    failed = 0
    for lemma in lemmas():
        result = judge(lemma)
        failed += not (result.proven and result.witnessed) or bool(result.survived)
        print(json.dumps(asdict(result)), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
