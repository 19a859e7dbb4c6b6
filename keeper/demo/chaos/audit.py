"""What was lost: rules that hold the chain, the journal and the daemon's last words against each other.

The keeper's own word counts nowhere alone. Each rule is one promise of `docs/transactions.md`; what it yields
is a loss, in words that begin a search.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from keeper.demo.chaos.evidence import OPEN, Evidence

Rule = Callable[[Evidence], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Loss:
    """A broken promise."""

    promise: str
    what: str


def audit(evidence: Evidence) -> tuple[Loss, ...]:
    """Every loss, by the order of the promises; none is the good end."""
    return tuple(Loss(promise, what) for promise, rule in PROMISES.items() for what in rule(evidence))


def _came_to_an_end(evidence: Evidence) -> Iterator[str]:
    for promise in evidence.promises:
        if promise.state == OPEN:
            yield f"nonce {promise.nonce} of {promise.vault} is open, signed as {', '.join(promise.hashes)}"


def _journalled_first(evidence: Evidence) -> Iterator[str]:
    for broadcast in evidence.broadcasts:
        if not broadcast.journalled:
            yield f"{broadcast.tx_hash} reached endpoint {broadcast.endpoint} before the journal had it"


def _known(evidence: Evidence) -> Iterator[str]:
    known = {tx_hash for promise in evidence.promises for tx_hash in promise.hashes}
    for mined in evidence.mined:
        if mined.tx_hash not in known:
            yield f"{mined.tx_hash} is mined in block {mined.block}, and the journal does not know it"


def _settled(evidence: Evidence) -> Iterator[str]:
    verdicts = {promise.verdict.tx_hash for promise in evidence.promises if promise.verdict}
    for mined in evidence.mined:
        if mined.tx_hash not in verdicts:
            yield f"{mined.tx_hash} is mined at nonce {mined.nonce}, and no intent ended with it"


def _true_verdicts(evidence: Evidence) -> Iterator[str]:
    chain = {mined.tx_hash: mined for mined in evidence.mined}
    for promise in evidence.promises:
        verdict = promise.verdict
        if verdict is None:
            continue
        found = chain.get(verdict.tx_hash)
        if found is None:
            yield f"{verdict.tx_hash} is said to be {verdict.kind}, and the chain does not have it"
        elif found.block != verdict.block or found.succeeded != (verdict.kind != "reverted"):
            yield (
                f"{verdict.tx_hash} is said to be {verdict.kind} in block {verdict.block}; the chain says "
                f"{'success' if found.succeeded else 'revert'} in block {found.block}"
            )


def _once(evidence: Evidence) -> Iterator[str]:
    hedged = Counter(
        (mined.vault, mined.state) for mined in evidence.mined if mined.vault and mined.succeeded
    )
    for (vault, state), times in hedged.items():
        if times > 1:
            yield f"state {state} of {vault} was hedged {times} times"


def _without_gap(evidence: Evidence) -> Iterator[str]:
    before, after = evidence.nonces
    if [mined.nonce for mined in evidence.mined] != list(range(before, after)):
        yield f"nonces {before} to {after - 1} are not those mined, in order: {_shown(evidence)}"
    ahead = [promise.nonce for promise in evidence.promises if promise.nonce >= after]
    released = {promise.nonce for promise in evidence.promises if promise.state == "released"}
    for nonce in sorted(set(ahead) - released):
        yield f"nonce {nonce} was signed for, and never mined or given back"


def _shown(evidence: Evidence) -> str:
    return ", ".join(str(mined.nonce) for mined in evidence.mined)


def _within_ceiling(evidence: Evidence) -> Iterator[str]:
    highest = max(evidence.ceilings_wei.values(), default=0)
    for mined in evidence.mined:
        ceiling_wei = evidence.ceilings_wei.get(mined.vault, highest)
        if mined.max_fee_wei > ceiling_wei:
            yield f"{mined.tx_hash} offered {mined.max_fee_wei} wei a gas, the ceiling is {ceiling_wei}"


def _in_time(evidence: Evidence) -> Iterator[str]:
    for mined in evidence.mined:
        if mined.vault and mined.succeeded and mined.timestamp > mined.deadline:
            yield f"{mined.tx_hash} succeeded {mined.timestamp - mined.deadline} s after its deadline"


def _replayed(evidence: Evidence) -> Iterator[str]:
    if not evidence.decisions == evidence.replayed_equal > 0:
        yield f"{evidence.replayed_equal} of {evidence.decisions} decisions were derived again alike"


def _ended_when_asked(evidence: Evidence) -> Iterator[str]:
    for code in evidence.ending.exits:
        yield f"the daemon ended by itself with exit code {code}"
    if evidence.ending.unrest:
        yield evidence.ending.unrest


def _calm_log(evidence: Evidence) -> Iterator[str]:
    yield from evidence.tracebacks


def _kept_secrets(evidence: Evidence) -> Iterator[str]:
    for name in evidence.secrets_told:
        yield f"the log holds the {name}"


PROMISES: Mapping[str, Rule] = {
    "every intent came to an end": _came_to_an_end,
    "nothing left before it was journalled": _journalled_first,
    "the journal knows every mined transaction": _known,
    "every mined transaction is some intent's end": _settled,
    "every verdict is what the chain says": _true_verdicts,
    "no state was hedged twice": _once,
    "nonces have no gap": _without_gap,
    "nothing above its policy's fee ceiling": _within_ceiling,
    "no success after a deadline": _in_time,
    "decisions are derived again alike": _replayed,
    "the daemon came to rest, and ended only when asked": _ended_when_asked,
    "no traceback in its log": _calm_log,
    "no secret in its log": _kept_secrets,
}
