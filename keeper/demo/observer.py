"""A second pair of eyes on the chain, which never asks the keeper.

For every block it reads all vaults and their twins through the lens, measures them with the core's own model,
and looks at what the keeper's account sent: receipts say what gas it paid and whether the vault refused,
events what was traded. The band drawn around a vault is its policy's, derived here again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from eth_abi.abi import decode as decode_abi
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from keeper.adapters.ethereum.words import decode
from keeper.core.exposure import Situation, situations
from keeper.core.head import Head
from keeper.core.market import in_quote
from keeper.core.policy import Policy
from keeper.core.snapshot import Snapshot
from keeper.core.units import WAD, BlockHash
from keeper.core.verdict import Hold, judge
from keeper.demo.addressbook import AddressBook
from keeper.demo.anvil import CHAIN_ID
from keeper.demo.rpc import Json, Rpc, as_bytes, as_int, as_object
from keeper.demo.samples import BlockSample, Fill, Record, SentSample, VaultSample

_READ = keccak(text="read(address[],address,address)")[:4]
_REBALANCED = keccak(
    text="Rebalanced(uint64,address,bool,uint256,uint256,uint256,uint80,int256,int256,uint256,uint256,uint256)"
)
_FIELDS = ("bool", *("uint256",) * 3, "uint80", *("int256",) * 2, *("uint256",) * 3)
_BASE_UNIT, _QUOTE_UNIT = 10**18, 10**6


@dataclass(frozen=True, slots=True)
class Seen:
    """One block, and what the keeper's account had mined in it."""

    block: BlockSample
    sent: tuple[SentSample, ...]


class Observer:
    """Reads each block once, in order, from the one after `seen_until`."""

    def __init__(self, rpc: Rpc, book: AddressBook, policies: Mapping[str, Policy], seen_until: int) -> None:
        self._rpc, self._policies = rpc, policies
        self._names = {address.lower(): name for name, address in book.vaults.items()}
        self._keeper = book.accounts["keeper"].lower()
        self._seen_until = seen_until
        self._record: list[Seen] = []
        addresses = [*book.vaults.values(), *book.twins.values()]
        arguments = encode(
            ["address[]", "address", "address"], [addresses, book.accounts["keeper"], book.price_feed]
        )
        self._lens_call: Json = {"to": book.lens, "data": "0x" + (_READ + arguments).hex()}
        self._vault_names, self._twin_names = tuple(book.vaults), tuple(book.twins)

    def poll(self) -> Sequence[Seen]:
        """What is new since the last time. Raises NodeUnreachableError and RpcError."""
        newest = as_int(self._rpc.call("eth_blockNumber"))
        fresh = [self._look(number) for number in range(self._seen_until + 1, newest + 1)]
        self._seen_until = max(newest, self._seen_until)
        self._record += fresh
        return fresh

    def record(self) -> Record:
        """Everything seen so far."""
        return Record(
            blocks=tuple(seen.block for seen in self._record),
            sent=tuple(sent for seen in self._record for sent in seen.sent),
            limits_usd={
                name: in_quote(self._policies[name].limits.delta_usd_wad) for name in self._vault_names
            },
        )

    def _look(self, number: int) -> Seen:
        at = hex(number)
        block, words = self._rpc.batch(
            [("eth_getBlockByNumber", [at, True]), ("eth_call", [self._lens_call, at])]
        )
        body = as_object(block)
        head = _head(body)
        # The answer is ABI-encoded `bytes`: an offset, a length, the words.
        snapshot = decode(head, as_bytes(words)[64:])
        sample = self._measure(snapshot)
        return Seen(sample, self._sent(body, sample))

    def _measure(self, snapshot: Snapshot) -> BlockSample:
        seen = situations(snapshot)
        count = len(self._vault_names)
        vaults = dict(zip(self._vault_names, seen[:count], strict=True))
        twins = dict(zip(self._twin_names, seen[count:], strict=True))
        return BlockSample(
            number=snapshot.head.number,
            timestamp=snapshot.head.timestamp,
            base_fee_wei=snapshot.head.base_fee_wei,
            spot=seen[0].exposure.spot,
            native_usd=in_quote(snapshot.native_price.answer_wad),
            vaults={name: _vault(each, self._policies[name]) for name, each in vaults.items()},
            twins={name: _twin(each) for name, each in twins.items()},
        )

    def _sent(self, block: dict[str, Json], sample: BlockSample) -> tuple[SentSample, ...]:
        listed = block["transactions"]
        ours = [
            transaction
            for transaction in (as_object(each) for each in (listed if isinstance(listed, list) else []))
            if str(transaction["from"]).lower() == self._keeper
        ]
        receipts = self._rpc.batch([("eth_getTransactionReceipt", [each["hash"]]) for each in ours])
        return tuple(
            self._sample(transaction, as_object(receipt), sample)
            for transaction, receipt in zip(ours, receipts, strict=True)
        )

    def _sample(
        self, transaction: dict[str, Json], receipt: dict[str, Json], seen: BlockSample
    ) -> SentSample:
        gas = as_int(receipt["gasUsed"])
        return SentSample(
            block=seen.number,
            hash=str(transaction["hash"]),
            nonce=as_int(transaction["nonce"]),
            vault=self._names.get(str(transaction["to"]).lower(), ""),
            succeeded=as_int(receipt["status"]) == 1,
            gas_used=gas,
            gas_cost_usd=gas * as_int(receipt["effectiveGasPrice"]) / WAD * seen.native_usd,
            fill=_fill(receipt["logs"]),
        )


def _head(block: dict[str, Json]) -> Head:
    return Head(
        chain_id=CHAIN_ID,
        number=as_int(block["number"]),
        hash=BlockHash(str(block["hash"])),
        parent_hash=BlockHash(str(block["parentHash"])),
        timestamp=as_int(block["timestamp"]),
        base_fee_wei=as_int(block["baseFeePerGas"]),
    )


def _vault(situation: Situation, policy: Policy) -> VaultSample:
    low, high = _band(situation, policy)
    return replace(_twin(situation), band_low=low, band_high=high)


def _band(situation: Situation, policy: Policy) -> tuple[float, float]:
    """The gaps beyond which the policy wants a trade; none while it believes nothing it reads."""
    verdict = judge(policy, situation)
    if isinstance(verdict, Hold):
        return 0.0, 0.0
    closed = situation.exposure.target_delta - situation.exposure.book_delta
    return verdict.band.buy_below - closed, verdict.band.sell_above - closed


def _twin(situation: Situation) -> VaultSample:
    exposure = situation.exposure
    return VaultSample(
        gap=exposure.gap,
        target=exposure.target_delta,
        inventory=exposure.inventory,
        value_usd=exposure.nav_usd,
        band_low=0.0,
        band_high=0.0,
    )


def _fill(logs: Json) -> Fill | None:
    """The trade in a receipt's logs; None where there is none, as in a receipt of a revert."""
    for log in (as_object(each) for each in (logs if isinstance(logs, list) else [])):
        topics = log["topics"]
        if isinstance(topics, list) and topics and as_bytes(topics[0]) == _REBALANCED:
            sells, spent, got, price, *_ = decode_abi(_FIELDS, as_bytes(log["data"]))
            base, quote = (spent, got) if sells else (got, spent)
            return Fill(
                sequence=as_int(topics[1]),
                sells_base=bool(sells),
                base=base / _BASE_UNIT,
                quote=quote / _QUOTE_UNIT,
                price=price / WAD,
            )
    return None
