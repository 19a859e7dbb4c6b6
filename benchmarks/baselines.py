"""The same work as bots are commonly written: web3.py, with and without Multicall3.

Both are given what they can have: one view per vault that answers for everything, contract objects and call
data made beforehand, a cached chain id, a signer with coincurve, the keeper's own decision, and no journal
and no simulation to wait for. What remains is how the vaults are read and their answers decoded.
"""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from eth_abi.abi import decode as decode_abi
from eth_abi.abi import encode as encode_abi
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import HexStr
from eth_utils.crypto import keccak
from hexbytes import HexBytes
from requests import Session
from web3 import HTTPProvider, Web3
from web3.types import BlockIdentifier, TxParams

from benchmarks.market import BASELINE, BenchChain, BenchmarkError, policies_of
from benchmarks.stopwatch import Stopwatch
from keeper.adapters.ethereum.guard import calldata
from keeper.adapters.ethereum.lens import GAS_BASE, GAS_PER_VAULT
from keeper.adapters.ethereum.words import VAULT_WORDS, VERSION, WORD, decode
from keeper.core.decision import decide_all
from keeper.core.head import Head
from keeper.core.plan import Plan
from keeper.core.snapshot import Snapshot
from keeper.core.transaction.slot import gas_limit
from keeper.demo.accounts import account
from keeper.demo.artifacts import contract

CALL_GAS = 30_000_000
"""The most that one call may use, as for the lens."""

Words = Sequence[int]


class Baseline:
    """What both have in common: deciding, signing, sending. A subclass reads."""

    name = ""

    def __init__(self, chain: BenchChain) -> None:
        self.watch = Stopwatch()
        self._session = Session()
        provider = HTTPProvider(
            chain.node.url,
            request_kwargs={"timeout": 120},
            session=self._session,
            cache_allowed_requests=True,
        )
        self._w3 = Web3(provider)
        self._chain = chain
        self._vaults = tuple(map(Web3.to_checksum_address, chain.vaults))
        self._policies = policies_of(chain.vaults)
        self._key: LocalAccount = Account.from_key(account(BASELINE).key)
        self._feed = self._w3.eth.contract(
            address=Web3.to_checksum_address(chain.book.price_feed), abi=contract("IAggregatorV3").abi
        )
        self._feed_scale = 10 ** (18 - int(self._feed.functions.decimals().call()))
        self._sent: HexBytes | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    async def act(self, head: Head) -> None:
        """Read, decide and send one hedge, in a thread: web3.py waits for its answers."""
        await asyncio.to_thread(self._act, head)

    async def settle(self, head: Head) -> None:
        """Look at the receipt."""
        sent, self._sent = self._sent, None
        receipt = None if sent is None else self._w3.eth.get_transaction_receipt(sent)
        if receipt is None or receipt["status"] != 1 or receipt["blockNumber"] != head.number:
            raise BenchmarkError(f"the hedge of {self.name} was not mined")

    def words(self, at: BlockIdentifier) -> list[Words]:
        """The words of each vault."""
        raise NotImplementedError

    def _act(self, head: Head) -> None:
        watch = self.watch
        watch.start()
        at = HexBytes(head.hash)
        vaults = self.words(at)
        with watch.stage("read"):
            balance = self._w3.eth.get_balance(self._key.address, at)
            _, answer, _, updated_at, _ = self._feed.functions.latestRoundData().call(block_identifier=at)
        with watch.stage("decode"):
            header = (VERSION, head.number, head.timestamp, 0, balance, answer * self._feed_scale, updated_at)
            snapshot = _snapshot(head, header, vaults)
        with watch.stage("decide"):
            decided = decide_all(snapshot, self._policies, {})
            planned = [each.action for each in decided.decisions if isinstance(each.action, Plan)]
        for plan in planned:
            self._send(plan, head)
        watch.stop()
        if len(planned) != 1:
            raise BenchmarkError(f"{self.name} planned {len(planned)} hedges, where one was needed")

    def _send(self, plan: Plan, head: Head) -> None:
        with self.watch.stage("account"):
            nonce = self._w3.eth.get_transaction_count(self._key.address)
        with self.watch.stage("sign"):
            signed = self._key.sign_transaction(
                {
                    "type": 2,
                    "chainId": self._chain.book.chain_id,
                    "nonce": nonce,
                    "to": bytes.fromhex(plan.vault[2:]),
                    "data": calldata(plan),
                    "value": 0,
                    "gas": gas_limit(plan),
                    "maxFeePerGas": 2 * head.base_fee_wei + plan.priority_fee_wei,
                    "maxPriorityFeePerGas": plan.priority_fee_wei,
                }
            )
        with self.watch.stage("send"):
            self._sent = self._w3.eth.send_raw_transaction(signed.raw_transaction)
        self.watch.accept()


class ByVault(Baseline):
    """One view call per vault, one after the other; reading and ABI decoding are one in web3.py."""

    name = "web3.py, a call per vault"

    def __init__(self, chain: BenchChain) -> None:
        super().__init__(chain)
        abi = contract("RiskVault").abi
        self._views = [
            self._w3.eth.contract(address=vault, abi=abi).functions.lensWords(self._key.address)
            for vault in self._vaults
        ]

    def words(self, at: BlockIdentifier) -> list[Words]:
        """The words of each vault."""
        with self.watch.stage("read"):
            return [view.call(block_identifier=at) for view in self._views]


class ByMulticall(Baseline):
    """As many vaults in a call of Multicall3 as the lens reads in one, decoded by eth-abi."""

    name = "web3.py, Multicall3"

    def __init__(self, chain: BenchChain) -> None:
        super().__init__(chain)
        multicall = Web3.to_checksum_address(chain.book.multicall)
        data = keccak(text="lensWords(address)")[:4] + encode_abi(["address"], [self._key.address])
        size = (CALL_GAS - GAS_BASE) // GAS_PER_VAULT
        self._calls: list[TxParams] = [
            {
                "to": multicall,
                "data": HexStr("0x" + _aggregate3(self._vaults[start : start + size], data).hex()),
                "gas": CALL_GAS,
            }
            for start in range(0, len(self._vaults), size)
        ]

    def words(self, at: BlockIdentifier) -> list[Words]:
        """The words of each vault."""
        with self.watch.stage("read"):
            answers = [self._w3.eth.call(call, at) for call in self._calls]
        with self.watch.stage("decode"):
            results = [each for answer in answers for each in decode_abi(["(bool,bytes)[]"], answer)[0]]
            return [decode_abi(["uint256[]"], data)[0] for _, data in results]


def _aggregate3(targets: Sequence[str], data: bytes) -> bytes:
    calls = [(target, False, data) for target in targets]
    return keccak(text="aggregate3((address,bool,bytes)[])")[:4] + encode_abi(
        ["(address,bool,bytes)[]"], [calls]
    )


def _snapshot(head: Head, header: Words, vaults: Sequence[Words]) -> Snapshot:
    """The answers laid out as the lens would, so that all contenders decide on the same values."""
    words = [
        *header,
        len(vaults),
        *(word for vault in vaults for word in vault[:VAULT_WORDS]),
        *(word for vault in vaults for word in vault[VAULT_WORDS:]),
    ]
    return decode(head, b"".join(word.to_bytes(WORD) for word in words))
