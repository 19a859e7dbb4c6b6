"""The life of a nonce in words, for someone who was woken up by it."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from keeper.adapters.journal.history import StoredNote, StoredSlot
from keeper.app.transactions import Life
from keeper.core.outcome import (
    Cancelled,
    Filled,
    Mined,
    NonceTaken,
    Outcome,
    Refused,
    Reverted,
    Superseded,
    reason_of,
)
from keeper.core.plan import Plan
from keeper.core.transaction.attempt import NO_PLAN, Attempt, Why
from keeper.core.transaction.commands import Wait
from keeper.core.transaction.slot import Slot
from keeper.core.transaction.states import State
from keeper.core.units import GWEI, WAD

DIM, BOLD = "dim", "bold"

WAITS = {
    Wait.YOUNG: "it was offered a short while ago, and is given time",
    Wait.BEHIND: "a lower nonce has to be mined first",
    Wait.CEILING: "offering more would pass the policy's fee ceiling; the same bytes are sent again",
    Wait.BUDGET: "offering more might pass a spending ceiling; the same bytes are sent again",
    Wait.PRIVATE: "only the relay is shown it so far",
    Wait.UNASKED: "the decision could not be asked whether it is still wanted, so nothing is sent",
}

WHY = {
    Why.FIRST: "first offer",
    Why.RAISED: "offered more",
    Why.SUPERSEDES: "a newer plan in its place",
    Why.TAKES_OVER: "a new plan at a nonce that was to be used up",
    Why.EXPIRED: "taken back: its deadline passed",
    Why.UNWANTED: "taken back: not wanted any more",
    Why.ORDERED: "taken back by an operator",
    Why.FILLS_GAP: "fills a gap",
}

STATES = {
    State.RESERVED: "reserved: nothing is signed yet",
    State.PENDING: "waits to be mined",
    State.RECOVERED: "left by an earlier run, and not looked up yet",
    State.INCLUDED: "in a block, and not final yet",
    State.UNKNOWN: "its nonce is used, and nothing signed here has a receipt",
}


def newest(lives: Sequence[Life]) -> Table:
    """One line for each nonce."""
    table = Table("nonce", "vault", "state", "offers", "age", box=None, pad_edge=False)
    table.add_column("why it waits", overflow="fold")
    for life in lives:
        slot = life.slots[-1]
        table.add_row(
            str(life.nonce),
            _vaults(life, slot.slot),
            state(life),
            _fees(slot.slot.newest) if slot.slot.attempts else "",
            _age(life, slot),
            waits(life),
        )
    return table


def told(life: Life) -> RenderableType:
    """Everything about one nonce."""
    return Group(*_told(life))


def _told(life: Life) -> Iterator[RenderableType]:
    yield Text(f"nonce {life.nonce}: {state(life)}", style=BOLD)
    if why := waits(life):
        yield Text(f"why it waits: {why}")
    for number, stored in enumerate(life.slots, 1):
        yield ""
        if len(life.slots) > 1:
            yield Text(f"use {number} of {len(life.slots)} of this nonce: {stored.state}", style=BOLD)
        yield from _slot(life, stored)
    if life.notes:
        yield ""
        yield Text("what happened", style=BOLD)
        yield _notes(life.notes)


def _slot(life: Life, stored: StoredSlot) -> Iterator[RenderableType]:
    slot = stored.slot
    yield Text(f"reserved at block {slot.opened}", style=DIM)
    for number, plan in enumerate(slot.plans):
        yield Text(f"plan {number}: {_plan(life, plan)}")
    if not slot.plans:
        yield Text("no plan: it only uses up the nonce")
    yield _attempts(slot)
    for outcome in stored.outcomes:
        yield Text(f"verdict: {verdict(life, outcome)}", style=BOLD)


def _plan(life: Life, plan: Plan) -> str:
    return (
        f"{_name(life, plan.vault)}: {plan.side.value} {abs(plan.trade):,.4f} because {plan.reason.value}, "
        f"at most {plan.max_fee_wei / GWEI:,.2f} gwei, until {plan.deadline}"
    )


def _attempts(slot: Slot) -> Table:
    table = Table("attempt", "does", "why", "offers", "gas limit", "hash", box=None, pad_edge=False)
    for number, each in enumerate(slot.attempts):
        does = "nothing" if each.plan == NO_PLAN else f"plan {each.plan}"
        table.add_row(str(number), does, WHY[each.why], _fees(each), f"{each.gas_limit:,}", each.tx_hash)
    return table


def _notes(notes: Sequence[StoredNote]) -> Table:
    table = Table("block", "what", box=None, pad_edge=False)
    table.add_column("detail", overflow="fold")
    table.add_column("of", overflow="fold")
    for note in notes:
        place = " ".join(part for part in (note.endpoint, note.tx_hash[:10]) if part)
        table.add_row(str(note.block_number), note.what, Text(note.detail), Text(place))
    return table


def state(life: Life) -> str:
    """Where the nonce stands, as far as the journal knows."""
    stored = life.slots[-1] if life.slots else None
    if stored is None:
        return "nothing was signed for it"
    if stored.state == "released":
        return "released: no node took it, and the nonce may be used again"
    if stored.state == "closed":
        ends = dict.fromkeys(reason_of(outcome).value for outcome in stored.outcomes)
        return f"final: {', '.join(ends) or 'used by a transaction that was not made here'}"
    return STATES[_open_state(life)]


def _open_state(life: Life) -> State:
    moves = [note.what for note in life.notes if note.what in set(STATES)]
    return State(moves[-1]) if moves else State.PENDING


def waits(life: Life) -> str:
    """Why nothing more is offered; empty where it does not wait."""
    open_now = bool(life.slots) and life.slots[-1].state == "open"
    told = [note for note in life.notes if note.what in {"waits", "signed", *STATES}]
    if not open_now or not told or told[-1].what != "waits":
        return ""
    word, _, detail = told[-1].detail.partition(": ")
    words = WAITS[Wait(word)] if word in set(Wait) else word
    return f"{words} ({detail})" if detail else words


def verdict(life: Life, outcome: Outcome) -> str:
    """An outcome as a sentence."""
    match outcome:
        case Mined():
            name = _name(life, outcome.vault)
            return f"mined in block {outcome.block_number} for {name}, gas {_paid(outcome)}"
        case Reverted():
            return f"reverted in block {outcome.block_number}: {outcome.error}; gas {_paid(outcome)}"
        case Cancelled():
            return f"cancelled in block {outcome.block_number}, {outcome.why.value}; gas {_paid(outcome)}"
        case Filled():
            return f"used up by nothing in block {outcome.block_number}, gas {_paid(outcome)}"
        case Superseded():
            return f"{_name(life, outcome.vault)}: another plan was mined in its place ({outcome.tx_hash})"
        case NonceTaken():
            return f"{_name(life, outcome.vault)}: a transaction that was not made here took the nonce"
        case Refused():
            return f"refused: {outcome.detail}"


def as_plain(life: Life) -> dict[str, object]:
    """For programs. Signed bytes are left out: the hash names them, and whoever has them can send them."""
    return {
        "nonce": life.nonce,
        "state": state(life),
        "waits": waits(life),
        "slots": [
            {
                "state": stored.state,
                "opened": stored.slot.opened,
                "plans": stored.slot.plans,
                "attempts": [_plain_attempt(each) for each in stored.slot.attempts],
                "outcomes": [
                    {"reason": reason_of(outcome), "outcome": outcome} for outcome in stored.outcomes
                ],
            }
            for stored in life.slots
        ],
        "notes": life.notes,
    }


def _plain_attempt(attempt: Attempt) -> dict[str, object]:
    return {
        "tx_hash": attempt.tx_hash,
        "kind": attempt.kind,
        "why": attempt.why,
        "max_fee_wei": attempt.fees.max_fee_wei,
        "tip_wei": attempt.fees.tip_wei,
        "gas_limit": attempt.gas_limit,
        "plan": None if attempt.plan == NO_PLAN else attempt.plan,
    }


def _vaults(life: Life, slot: Slot) -> str:
    return ", ".join(dict.fromkeys(_name(life, plan.vault) for plan in slot.plans)) or "none"


def _name(life: Life, vault: str) -> str:
    return next((name for address, name in life.names.items() if address == vault), vault)


def _fees(attempt: Attempt) -> str:
    return f"{attempt.fees.max_fee_wei / GWEI:,.2f} gwei, tip {attempt.fees.tip_wei / GWEI:,.2f}"


def _age(life: Life, stored: StoredSlot) -> str:
    return f"{max(life.newest_block - stored.slot.opened, 0)} blocks" if stored.state == "open" else ""


def _paid(outcome: Mined | Reverted | Cancelled | Filled) -> str:
    return f"{outcome.gas_cost_wei / WAD:,.6f} in the chain's coin"
