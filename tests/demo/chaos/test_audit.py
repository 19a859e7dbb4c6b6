"""Each promise of the audit can be broken, and is then told as broken; a clean run breaks none."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from keeper.demo.chaos.audit import PROMISES, audit
from keeper.demo.chaos.endpoints import Broadcast
from keeper.demo.chaos.evidence import Ending, Evidence, OnChain, Promise, Verdict

VAULT = "0x" + "57a1" * 10
GWEI = 10**9

CEILING_WEI = 100 * GWEI

HEDGE = OnChain("0xa1", 5, 100, 1_000, True, 40 * GWEI, VAULT, "aa", deadline=1_200)  # noqa: FBT003 a row
NO_OP = OnChain("0xb2", 6, 104, 2_000, True, 90 * GWEI)  # noqa: FBT003 a row
REVERT = OnChain("0xc1", 7, 105, 2_300, False, 40 * GWEI, VAULT, "bb", deadline=2_200)  # noqa: FBT003 a row

HEDGED = Promise(5, VAULT, "mined", ("0xa1",), Verdict("mined", "0xa1", 100))
EXPIRED = Promise(6, VAULT, "expired", ("0xb1", "0xb2"), Verdict("expired", "0xb2", 104))
REVERTED = Promise(7, VAULT, "reverted", ("0xc1",), Verdict("reverted", "0xc1", 105))
RELEASED = Promise(8, VAULT, "released", ("0xd1",))

CLEAN = Evidence(
    mined=(HEDGE, NO_OP, REVERT),
    promises=(HEDGED, EXPIRED, REVERTED, RELEASED),
    broadcasts=(Broadcast(0, "0xa1", journalled=True),),
    nonces=(5, 8),
    ceilings_wei={VAULT: CEILING_WEI},
    decisions=30,
    replayed_equal=30,
    ending=Ending(),
    tracebacks=(),
    secrets_told=(),
)

Doctor = Callable[[Evidence], Evidence]


def with_mined(*mined: OnChain) -> Doctor:
    return lambda clean: replace(clean, mined=mined)


def with_promises(*promises: Promise) -> Doctor:
    return lambda clean: replace(clean, promises=promises)


DOCTORED: tuple[tuple[str, Doctor], ...] = (
    (
        "every intent came to an end",
        with_promises(HEDGED, EXPIRED, REVERTED, replace(RELEASED, nonce=7, state="open")),
    ),
    (
        "nothing left before it was journalled",
        lambda clean: replace(clean, broadcasts=(Broadcast(1, "0xa1", journalled=False),)),
    ),
    (
        "the journal knows every mined transaction",
        with_promises(replace(HEDGED, hashes=("0xee",)), EXPIRED, REVERTED),
    ),
    (
        "every mined transaction is some intent's end",
        with_promises(replace(HEDGED, verdict=None), EXPIRED, REVERTED),
    ),
    (
        "every verdict is what the chain says",
        with_promises(replace(HEDGED, verdict=Verdict("mined", "0xa1", 101)), EXPIRED, REVERTED),
    ),
    (
        "every verdict is what the chain says",
        with_promises(replace(HEDGED, verdict=Verdict("reverted", "0xa1", 100)), EXPIRED, REVERTED),
    ),
    (
        "every verdict is what the chain says",
        lambda clean: replace(
            clean, promises=(*clean.promises, Promise(9, VAULT, "released", (), Verdict("mined", "0xf1", 99)))
        ),
    ),
    ("no state was hedged twice", with_mined(HEDGE, NO_OP, replace(REVERT, succeeded=True, state="aa"))),
    ("nonces have no gap", lambda clean: replace(clean, nonces=(5, 9))),
    ("nonces have no gap", with_mined(NO_OP, REVERT)),
    (
        "nonces have no gap",
        with_promises(HEDGED, EXPIRED, REVERTED, replace(RELEASED, state="nonce-taken")),
    ),
    (
        "nothing above its policy's fee ceiling",
        with_mined(replace(HEDGE, max_fee_wei=CEILING_WEI + 1), NO_OP, REVERT),
    ),
    (
        "nothing above its policy's fee ceiling",
        with_mined(HEDGE, replace(NO_OP, max_fee_wei=CEILING_WEI + 1), REVERT),
    ),
    ("no success after a deadline", with_mined(replace(HEDGE, timestamp=1_201), NO_OP, REVERT)),
    ("decisions are derived again alike", lambda clean: replace(clean, replayed_equal=29)),
    ("decisions are derived again alike", lambda clean: replace(clean, decisions=0, replayed_equal=0)),
    (
        "the daemon came to rest, and ended only when asked",
        lambda clean: replace(clean, ending=Ending(exits=(1,))),
    ),
    (
        "the daemon came to rest, and ended only when asked",
        lambda clean: replace(clean, ending=Ending(unrest="did not end")),
    ),
    ("no traceback in its log", lambda clean: replace(clean, tracebacks=("Traceback: KeyError",))),
    ("no secret in its log", lambda clean: replace(clean, secrets_told=("password",))),
)


def test_a_clean_run_lost_nothing() -> None:
    assert audit(CLEAN) == ()


@pytest.mark.parametrize(("promise", "doctor"), DOCTORED)
def test_a_broken_promise_is_told(promise: str, doctor: Doctor) -> None:
    assert promise in {loss.promise for loss in audit(doctor(CLEAN))}


def test_every_promise_can_be_broken() -> None:
    assert {promise for promise, _ in DOCTORED} == PROMISES.keys()
