"""What the chain and the journal say after a run, as flat values that an audit can compare."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from eth_abi.abi import decode

from keeper.adapters.ethereum.guard import PROPOSAL
from keeper.adapters.journal.history import History, StoredSlot
from keeper.adapters.journal.store import open_reader
from keeper.core.outcome import Cancelled, Filled, Mined, Reverted
from keeper.demo.addressbook import AddressBook
from keeper.demo.chaos.endpoints import Broadcast
from keeper.demo.rpc import Json, Rpc, as_bytes, as_int, as_object

OPEN = "open"
_ALL = 1_000_000
_FULL: Json = True
_PAGE = 200


@dataclass(frozen=True, slots=True)
class OnChain:
    """A mined transaction of the keeper's account on the canonical chain.

    `vault` is empty where it went to no vault; `state` and `deadline` are what a rebalance was made for.
    `timestamp` is its block's.
    """

    tx_hash: str
    nonce: int
    block: int
    timestamp: int
    succeeded: bool
    max_fee_wei: int
    vault: str = ""
    state: str = ""
    deadline: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """An end that the journal reports of a transaction that it says was mined."""

    kind: str
    tx_hash: str
    block: int


@dataclass(frozen=True, slots=True)
class Promise:
    """One journalled nonce: what was signed for it, and how it ended."""

    nonce: int
    vault: str
    state: str
    hashes: tuple[str, ...]
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How the daemon ended: `exits` are codes without our doing, `unrest` is what kept it from a good end."""

    exits: tuple[int, ...] = ()
    unrest: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything an audit looks at.

    `nonces` are the account's before and after the run, `ceilings_wei` the policies' by vault.
    """

    mined: tuple[OnChain, ...]
    promises: tuple[Promise, ...]
    broadcasts: tuple[Broadcast, ...]
    nonces: tuple[int, int]
    ceilings_wei: Mapping[str, int]
    decisions: int
    replayed_equal: int
    ending: Ending
    tracebacks: tuple[str, ...]
    secrets_told: tuple[str, ...]


def mined_by(rpc: Rpc, book: AddressBook, after_block: int) -> Iterator[OnChain]:
    """The keeper's transactions on the canonical chain since a block, oldest first."""
    newest = as_int(rpc.call("eth_blockNumber"))
    account = book.accounts["keeper"].lower()
    vaults = {address.lower() for address in book.vaults.values()}
    for first in range(after_block + 1, newest + 1, _PAGE):
        numbers = range(first, min(first + _PAGE, newest + 1))
        for block in rpc.batch([("eth_getBlockByNumber", [hex(number), _FULL]) for number in numbers]):
            fields = as_object(block)
            listed = fields["transactions"]
            ours = [
                each
                for each in map(as_object, listed if isinstance(listed, list) else [])
                if str(each["from"]).lower() == account
            ]
            receipts = rpc.batch([("eth_getTransactionReceipt", [each["hash"]]) for each in ours])
            for sent, receipt in zip(ours, receipts, strict=True):
                yield _on_chain(sent, as_object(receipt), as_int(fields["timestamp"]), vaults)


def _on_chain(sent: dict[str, Json], receipt: dict[str, Json], timestamp: int, vaults: set[str]) -> OnChain:
    to = str(sent["to"]).lower()
    *_, deadline, state = decode(PROPOSAL, as_bytes(sent["input"])[4:]) if to in vaults else (0, b"")
    return OnChain(
        tx_hash=str(sent["hash"]).lower(),
        nonce=as_int(sent["nonce"]),
        block=as_int(receipt["blockNumber"]),
        timestamp=timestamp,
        succeeded=as_int(receipt["status"]) == 1,
        max_fee_wei=as_int(sent["maxFeePerGas"]),
        vault=to if to in vaults else "",
        state=state.hex(),
        deadline=deadline,
    )


async def promises_of(journal: Path) -> tuple[Promise, ...]:
    """Every nonce of a journal. Raises JournalError."""
    async with await open_reader(journal) as store:
        return tuple(_promise(each) for each in await History(store).slots(limit=_ALL))


def _promise(stored: StoredSlot) -> Promise:
    slot, verdict = stored.slot, None
    for outcome in stored.outcomes:
        # A verdict that a reorganisation took back is followed by the one that stands.
        if isinstance(outcome, Mined | Reverted | Cancelled | Filled):
            kind = type(outcome).__name__.lower()
            verdict = Verdict(kind, outcome.tx_hash.lower(), outcome.block_number)
    return Promise(
        nonce=slot.nonce,
        vault=slot.plans[-1].vault.lower() if slot.plans else "",
        state=stored.state,
        hashes=tuple(attempt.tx_hash.lower() for attempt in slot.attempts),
        verdict=verdict,
    )


def tracebacks_in(log: str) -> tuple[str, ...]:
    """The last line of each traceback in a log, as text or within a JSON line."""
    found = re.findall(r"Traceback \(most recent call last\).*", log)
    return tuple(line[-300:] for line in found)


def told_of(log: str, secrets: Mapping[str, str]) -> tuple[str, ...]:
    """Which of the secrets, by name, a log holds."""
    return tuple(name for name, secret in secrets.items() if secret.lower() in log.lower())
