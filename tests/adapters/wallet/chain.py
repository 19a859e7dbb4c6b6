"""A real node, a real key and a real journal around the wallet, and a vault of eighteen bytes."""

from collections.abc import Sequence
from pathlib import Path

from eth_account import Account as Key

from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.pool import Pool
from keeper.adapters.ethereum.retry import Backoff
from keeper.adapters.ethereum.rpc import Rpc, RpcRefusedError
from keeper.adapters.journal.lease import Lease
from keeper.adapters.journal.ledger import SqlLedger
from keeper.adapters.journal.store import Owner, Store, open_store
from keeper.adapters.signing.keystore import KeystoreSigner
from keeper.adapters.wallet.needs import Absent, Fill, Log, Reply
from keeper.adapters.wallet.node import AgreedNode
from keeper.adapters.wallet.wallet import Listener, LiveWallet, Parts, nobody, open_wallet
from keeper.core.head import Head
from keeper.core.plan import Plan
from keeper.core.transaction.account import Rules
from keeper.core.transaction.attempt import Route
from keeper.core.units import Address, BlockHash, TxHash
from keeper.demo.anvil import CHAIN_ID, Anvil
from keeper.demo.rpc import as_int, as_object
from keeper.ports import WouldRevert
from tests.adapters.journal.build import writer
from tests.adapters.wallet.fakes import Killed

BACKOFF = Backoff(0.01, 0.1, lambda: 0.5)
RULES = Rules(confirmations=2, bump_after_blocks=3)
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"

VAULT_CODE = "0x600435600c5760006000a0005b60006000fd"
"""Reverts when the word after the selector is not zero, and logs an empty event otherwise."""


class TinyContract:
    """The language of the eighteen-byte vault. A plan with `min_out` of zero is refused by it."""

    def calldata(self, plan: Plan) -> bytes:
        return b"\x01\x02\x03\x04" + int(plan.min_out == 0).to_bytes(32, "big") + plan.state_hash

    def fill(self, plan: Plan, logs: Sequence[Log]) -> Fill | Absent:
        return Fill(plan.amount_in, plan.min_out) if logs else Absent()

    async def revert_reason(self, plan: Plan, account: Address, block_number: int) -> WouldRevert:
        return WouldRevert(f"refused {plan.vault} for {account} at {block_number}")


class Mortal(AgreedNode):
    """The real node, with a process in front of it that dies around a broadcast when told to."""

    def __init__(self, chain: "Chain") -> None:
        super().__init__(chain.rpc, 1, RpcRefusedError)
        self._chain = chain

    async def send(self, raw: bytes, tx_hash: TxHash, route: Route) -> Sequence[Reply]:
        dies, self._chain.dies = self._chain.dies, ""
        if dies == "before":
            raise Killed
        answer = await super().send(raw, tx_hash, route)
        if dies == "after":
            raise Killed
        return answer


class Chain:
    """An anvil that mines when told, and what a wallet needs on it."""

    def __init__(self, anvil: Anvil, directory: Path) -> None:
        self.anvil = anvil
        self.path = directory / "journal.db"
        self.rpc = Pool([Rpc(Endpoint.parse(anvil.url), timeout_s=10.0)], CHAIN_ID, 1, BACKOFF)
        self.signer = KeystoreSigner(Key.from_key(KEY))
        self.dies = ""
        self.store: Store | None = None
        self.lease: Lease | None = None
        anvil.rpc.call("evm_setAutomine", False)  # noqa: FBT003 JSON-RPC has no keywords

    def place_vault(self, address: Address) -> None:
        self.anvil.rpc.call("anvil_setCode", address, VAULT_CODE)

    async def wallet(self, rules: Rules = RULES, listener: Listener = nobody) -> LiveWallet:
        """A wallet as a freshly started process would make it."""
        if self.lease is not None and self.store is not None:
            await self.lease.release()
            await self.store.close()
        self.store = await open_store(self.path, Owner(CHAIN_ID, self.signer.address))
        self.lease = await writer(self.store)
        parts = Parts(Mortal(self), self.signer, SqlLedger(self.lease), TinyContract())
        return await open_wallet(parts, CHAIN_ID, rules, listener)

    def mine(self, *, base_fee_wei: int | None = None) -> Head:
        """A block; with a base fee above a transaction's cap it leaves that one waiting."""
        if base_fee_wei is not None:
            self.anvil.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(base_fee_wei))
        self.anvil.rpc.call("evm_mine")
        return self.head()

    def head(self) -> Head:
        block = as_object(self.anvil.rpc.call("eth_getBlockByNumber", "latest", False))  # noqa: FBT003
        return Head(
            chain_id=CHAIN_ID,
            number=as_int(block["number"]),
            hash=BlockHash(str(block["hash"])),
            parent_hash=BlockHash(str(block["parentHash"])),
            timestamp=as_int(block["timestamp"]),
            base_fee_wei=as_int(block["baseFeePerGas"]),
        )

    def pool(self) -> list[str]:
        """Hashes in the pool."""
        content = as_object(as_object(self.anvil.rpc.call("txpool_content"))["pending"])
        return [
            str(as_object(each)["hash"]) for sender in content.values() for each in as_object(sender).values()
        ]

    async def close(self) -> None:
        await self.rpc.close()
        if self.store is not None:
            await self.store.close()
