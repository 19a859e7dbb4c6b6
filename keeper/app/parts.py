"""The pieces of a keeper, each made from settings in one place."""

import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from keeper.adapters.ethereum.abi import table
from keeper.adapters.ethereum.block import fetch_chain_id
from keeper.adapters.ethereum.client import Client
from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.guard import Guard, NoSuchEventError, calldata, rebalanced
from keeper.adapters.ethereum.heads import NodeHeads
from keeper.adapters.ethereum.lens import Subject
from keeper.adapters.ethereum.pool import Pool
from keeper.adapters.ethereum.reader import ChainReader
from keeper.adapters.ethereum.retry import Backoff
from keeper.adapters.ethereum.rpc import Rpc, RpcRefusedError
from keeper.adapters.ethereum.subscription import WrongChainError
from keeper.adapters.feeds.board import Board
from keeper.adapters.feeds.http import HttpFeed, HttpSource
from keeper.adapters.feeds.mqtt import MqttFeed, MqttSource
from keeper.adapters.feeds.reading import Pointer
from keeper.adapters.journal.lease import Lease
from keeper.adapters.journal.ledger import SqlLedger
from keeper.adapters.signing.gate import Ceiling, Gate, GatedSigner
from keeper.adapters.signing.keystore import KeystoreSigner, unlock
from keeper.adapters.wallet.needs import Absent, Fill, Log
from keeper.adapters.wallet.node import AgreedNode
from keeper.adapters.wallet.wallet import LiveWallet, Parts, open_wallet
from keeper.app.leading import LeasedNode, LeasedSigner
from keeper.app.pinned import PinnedVaults, books_of
from keeper.core.head import Head
from keeper.core.market import Reference
from keeper.core.plan import Plan
from keeper.core.policy import Mode, Policy
from keeper.core.transaction.account import Rules
from keeper.core.transaction.attempt import GAS_HEADROOM_PERCENT
from keeper.core.transaction.slot import Slot
from keeper.core.units import Address, mul_div_up
from keeper.logs import Redaction
from keeper.observe import ChainTold, Told
from keeper.ports import (
    Evidence,
    Mismatched,
    Policies,
    SignerError,
    Simulated,
    UnreachableError,
    WouldRevert,
)
from keeper.settings import Settings, SettingsError, Url

RPC_TIMEOUT_S = 10.0
BACKOFF = Backoff(0.5, 15.0, random.random)
OLDEST_REFERENCE_S = 86_400
MAX_PASSWORD_BYTES = 4096
MQTT_PORTS = {"mqtt": 1883, "mqtts": 8883}


async def unlock_key(settings: Settings, redaction: Redaction) -> KeystoreSigner | None:
    """The key, if settings name one. Raises SignerError, and SettingsError for an account that is not its."""
    if settings.keystore is None or settings.password_file is None:
        return None
    signer = await unlock(settings.keystore, _password(settings.password_file, redaction))
    if settings.account not in {None, signer.address}:
        raise SettingsError(
            [f"KEEPER_ACCOUNT is {settings.account}, but the keystore is of {signer.address}: correct one"]
        )
    return signer


def needs_key(signer: KeystoreSigner | None) -> KeystoreSigner:
    """The key that `--live` needs. Raises SignerError."""
    if signer is None:
        raise SignerError("--live needs a key: set KEEPER_KEYSTORE and KEEPER_PASSWORD_FILE")
    return signer


def _password(path: Path, redaction: Redaction) -> str:
    try:
        with path.open("rb") as stream:
            password = stream.read(MAX_PASSWORD_BYTES).decode().rstrip("\r\n")
    except OSError as error:
        raise SignerError(f"password file {path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SignerError(f"password file {path}: is not text") from None
    redaction.register(password)
    return password


def account_of(settings: Settings, signer: KeystoreSigner | None) -> Address:
    """Whose role and balance are looked at. Raises SettingsError."""
    if signer is not None:
        return signer.address
    if settings.account is None:
        raise SettingsError(
            ["KEEPER_ACCOUNT is missing: without a keystore, name the account whose role is looked at"]
        )
    return settings.account


def make_pool(settings: Settings, told: ChainTold) -> Pool:
    """The client of the node, or of the nodes that must agree."""
    rpcs = [Rpc(Endpoint.parse(url.reveal()), RPC_TIMEOUT_S, told) for url in settings.rpc_url]
    return Pool(rpcs, settings.chain_id, settings.agree, BACKOFF, told)


def make_relay(settings: Settings, told: ChainTold) -> Rpc | None:
    """The client of the private relay, if settings name one. Nothing but transactions may be handed to it."""
    url = settings.relay_url
    return None if url is None else Rpc(Endpoint.parse(url.reveal()), RPC_TIMEOUT_S, told)


@asynccontextmanager
async def relaying(settings: Settings, told: ChainTold) -> AsyncIterator[Rpc | None]:
    """The relay's client, closed at the end."""
    relay = make_relay(settings, told)
    try:
        yield relay
    finally:
        if relay is not None:
            await relay.close()


async def refuse_wrong_chain(settings: Settings, rpc: Client) -> None:
    """Raise WrongChainError before anything is written for that chain. A node that is down proves nothing."""
    with suppress(UnreachableError, RpcRefusedError):
        actual = await fetch_chain_id(rpc)
        if actual != settings.chain_id:
            raise WrongChainError(rpc.endpoint, settings.chain_id, actual)


def make_heads(settings: Settings, rpc: Client, told: ChainTold) -> NodeHeads:
    """New blocks, pushed where there is a WebSocket."""
    websocket = None if settings.ws_url is None else Endpoint.parse(settings.ws_url.reveal())
    return NodeHeads(rpc, settings.chain_id, BACKOFF, websocket=websocket, events=told)


def subject_of(settings: Settings, account: Address, policies: Mapping[Address, Policy]) -> Subject:
    """Whom to read."""
    return Subject(settings.lens, tuple(policies), account, settings.native_feed)


class FollowingReader:
    """Implements `ports.Reader` for whatever vaults have a policy now: a new policy file is a new vault."""

    def __init__(
        self, rpc: Client, settings: Settings, account: Address, policies: Policies, told: Told
    ) -> None:
        """Raises SettingsError for an address book that cannot be used."""
        self._rpc, self._settings, self._account = rpc, settings, account
        self._policies, self._told = policies, told
        self._subject = subject_of(settings, account, policies.current())
        self._reader = ChainReader(rpc, self._subject)
        self._pinned = PinnedVaults(rpc, settings, books_of(settings), told.pinned)

    async def read(self, head: Head, references: Sequence[Reference]) -> Evidence:
        """Everything about all vaults at `head.hash`. Raises UnreachableError."""
        policies = self._policies.current()
        subject = subject_of(self._settings, self._account, policies)
        if subject != self._subject:
            self._subject, self._reader = subject, ChainReader(self._rpc, subject)
        evidence = await self._reader.read(head, references)
        self._told.read(evidence.snapshot)
        await self._pinned.look(evidence.snapshot, policies)
        return evidence

    async def simulate(self, plan: Plan, head: Head) -> Simulated | WouldRevert | Mismatched:
        """Run the exact call at `head.hash`, if the vault is what was deployed. Raises UnreachableError."""
        fault = self._pinned.fault(plan.vault)
        if fault:
            return Mismatched(fault)
        return await self._reader.simulate(plan, head)


class VaultContract:
    """The vault's language as the wallet speaks it."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def calldata(self, plan: Plan) -> bytes:
        """The call that carries out a plan."""
        return calldata(plan)

    def fill(self, plan: Plan, logs: Sequence[Log]) -> Fill | Absent:
        """What the rebalance exchanged, read from its own event."""
        try:
            event = rebalanced(plan.vault, logs)
        except NoSuchEventError:
            return Absent()
        return Fill(event.spent, event.got)

    async def revert_reason(self, plan: Plan, account: Address, block_number: int) -> WouldRevert:
        """The decoded error of the plan's call. Raises UnreachableError."""
        return await self._guard.revert_reason(plan, account, block_number)


def make_node(settings: Settings, pool: Pool, relay: Rpc | None) -> AgreedNode:
    """The nodes as the wallet asks them."""
    finality = "" if settings.finality == "depth" else settings.finality
    return AgreedNode(pool, settings.agree, RpcRefusedError, finality=finality, relay=relay)


async def make_wallet(
    settings: Settings,
    signer: KeystoreSigner,
    pool: Pool,
    relay: Rpc | None,
    lease: Lease,
    policies: Policies,
    told: ChainTold,
) -> LiveWallet:
    """The armed wallet, behind the gate. Raises JournalError."""

    def gate() -> Gate:
        return gate_of(settings, signer.address, policies.current(), wallet.account.slots)

    parts = Parts(
        node=LeasedNode(make_node(settings, pool, relay), lease),
        signer=LeasedSigner(GatedSigner(signer, gate), lease),
        ledger=SqlLedger(lease),
        contract=VaultContract(Guard(pool, signer.address)),
    )
    rules = Rules(settings.confirmations, settings.blocks_before_bump, budget=settings.budget)
    wallet = await open_wallet(parts, settings.chain_id, rules, told.transaction)
    return wallet


def gate_of(
    settings: Settings,
    account: Address,
    policies: Mapping[Address, Policy],
    in_flight: Sequence[Slot] = (),
) -> Gate:
    """What may be signed under the policies in force, for the sake of what is in flight.

    For a paused vault nothing is: not a raise either of what was sent before the pause.
    """
    ceilings = {
        vault: Ceiling(
            policy.costs.max_fee_wei, mul_div_up(policy.costs.gas_units, GAS_HEADROOM_PERCENT, 100)
        )
        for vault, policy in policies.items()
        if policy.mode is not Mode.PAUSED
    }
    promised_fee_wei = max((slot.promised_fee_wei for slot in in_flight), default=0)
    return Gate(settings.chain_id, account, table().functions["rebalance"], ceilings, promised_fee_wei)


def make_board(told: ChainTold) -> Board:
    """Where references are posted."""
    return Board(OLDEST_REFERENCE_S, told)


def make_feed(settings: Settings, board: Board) -> HttpFeed | MqttFeed | None:
    """What keeps the board fresh, if settings name a source. Raises SettingsError."""
    url = settings.reference_url
    if url is None:
        return None
    if url.scheme in MQTT_PORTS:
        return MqttFeed(_mqtt(url, settings), board, time.time, random.random)
    source = HttpSource(name=url.host, url=url.reveal(), price=Pointer.parse(settings.reference_pointer))
    return HttpFeed(source, board, time.time)


def _mqtt(url: Url, settings: Settings) -> MqttSource:
    parts = urlsplit(url.reveal())
    topic = unquote(parts.path.removeprefix("/"))
    if not topic:
        raise SettingsError(["KEEPER_REFERENCE_URL: names no topic: write mqtt://host/topic"])
    return MqttSource(
        name=url.host,
        host=parts.hostname or "",
        port=parts.port or MQTT_PORTS[url.scheme],
        topic=topic,
        client_id=f"keeper-{settings.chain_id}-{random.randrange(2**32):08x}",  # noqa: S311 a name, no secret
        username=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        tls=url.scheme == "mqtts",
    )
