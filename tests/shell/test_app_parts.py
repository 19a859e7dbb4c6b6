"""The composition root makes the adapters that settings ask for, and no others."""

from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from eth_account import Account as Key

from keeper.adapters.ethereum.pool import Pool
from keeper.adapters.ethereum.retry import Backoff
from keeper.adapters.feeds.http import HttpFeed
from keeper.adapters.feeds.mqtt import MqttFeed
from keeper.adapters.journal.ledger import SqlLedger
from keeper.adapters.journal.store import Owner, open_store
from keeper.adapters.signing.gate import Ceiling
from keeper.adapters.signing.keystore import KeystoreSigner
from keeper.app.parts import account_of, gate_of, make_board, make_feed, make_wallet, needs_key, unlock_key
from keeper.core.policy import Mode
from keeper.core.transaction.attempt import Attempt, Kind, Why
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.slot import Slot, Terms
from keeper.core.units import GWEI, Address, TxHash
from keeper.logs import MASK, Redaction
from keeper.observe import ChainTold, Metrics
from keeper.ports import SignerError
from keeper.settings import Settings, SettingsError, load_settings
from tests.adapters.ethereum.scripted import Request, result, scripted
from tests.adapters.journal.build import writer
from tests.core.build import HEAD, OTHER, POLICY, VAULT
from tests.core.transaction.build import PLAN
from tests.shell.fakes import FakePolicies

EXAMPLE = Path(__file__).parents[2] / "config" / "keeper.example.env"
ACCOUNT = Address("0x00000000000000000000000000000000000aCc07")
KEY = KeystoreSigner(Key.from_key("0x" + "11" * 32))
HASH = "0x" + "cd" * 32


def settings(tmp_path: Path, **changes: str) -> Settings:
    config = tmp_path / "keeper.env"
    extra = "".join(f"KEEPER_{name.upper()}={value}\n" for name, value in changes.items())
    config.write_text(EXAMPLE.read_text() + extra)
    return load_settings(config)


def feed(tmp_path: Path, **changes: str) -> object:
    return make_feed(settings(tmp_path, **changes), make_board(ChainTold(Metrics())))


def test_without_a_reference_url_there_is_no_feed(tmp_path: Path) -> None:
    assert feed(tmp_path) is None


def test_the_scheme_of_the_reference_url_chooses_the_feed(tmp_path: Path) -> None:
    assert isinstance(feed(tmp_path, reference_url="https://prices.example/eth"), HttpFeed)
    assert isinstance(feed(tmp_path, reference_url="mqtt://u:p@broker.example/prices/eth"), MqttFeed)
    assert isinstance(feed(tmp_path, reference_url="mqtts://broker.example:9/prices/eth"), MqttFeed)


def test_a_broker_without_a_topic_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="names no topic"):
        feed(tmp_path, reference_url="mqtt://broker.example")


def test_the_gate_lets_through_what_the_policies_in_force_allow(tmp_path: Path) -> None:
    gate = gate_of(settings(tmp_path), ACCOUNT, {VAULT: POLICY})
    assert set(gate.vaults) == {VAULT}
    ceiling = gate.vaults[VAULT]
    assert ceiling == Ceiling(POLICY.costs.max_fee_wei, ceiling.gas_limit)
    assert ceiling.gas_limit >= POLICY.costs.gas_units
    dearer = replace(POLICY, costs=replace(POLICY.costs, max_fee_wei=1))
    assert gate_of(settings(tmp_path), ACCOUNT, {VAULT: dearer}).vaults[VAULT].max_fee_wei == 1


def test_nothing_is_signed_for_a_vault_whose_policy_is_paused(tmp_path: Path) -> None:
    gate = gate_of(settings(tmp_path), ACCOUNT, {VAULT: replace(POLICY, mode=Mode.PAUSED), OTHER: POLICY})
    assert set(gate.vaults) == {OTHER}


def answered(request: Request) -> web.Response:
    """A node at the nonce 5 that knows no transaction and takes all."""
    answers = {
        "eth_getTransactionCount": "0x5",
        "eth_getTransactionReceipt": None,
        "eth_blockNumber": hex(HEAD.number),
        "eth_getBalance": hex(10**20),
        "eth_getCode": "0x",
        "eth_chainId": hex(HEAD.chain_id),
        "eth_sendRawTransaction": HASH,
    }
    return result(request, answers[request["method"]])


async def test_a_policy_that_became_stricter_does_not_keep_what_is_in_flight_from_being_cancelled(
    tmp_path: Path,
) -> None:
    """A nonce that nothing can take any more would hold up every transaction after it."""
    dear = replace(PLAN, vault=VAULT, deadline=HEAD.timestamp)
    sent = Attempt(TxHash("0x" + "ab" * 32), b"expired", Kind.REBALANCE, Fees(80 * GWEI, GWEI), 1, Why.FIRST)
    cheap = {VAULT: replace(POLICY, costs=replace(POLICY.costs, max_fee_wei=50 * GWEI))}
    keyed = settings(tmp_path)
    async with (
        await open_store(tmp_path / "journal.db", Owner(keyed.chain_id, KEY.address)) as store,
        scripted(answered) as node,
    ):
        lease = await writer(store)
        slot = Slot(5, HEAD.number - 1, Terms(dear.max_fee_wei, dear.priority_fee_wei))
        await SqlLedger(lease).begin(slot.signed(sent, dear))
        pool = Pool([node.rpc()], keyed.chain_id, 1, Backoff(0.1, 0.1, lambda: 0.5))
        told = ChainTold(Metrics())
        wallet = await make_wallet(keyed, KEY, pool, None, lease, FakePolicies(cheap), told)
        await wallet.advance(HEAD)
        await wallet.review(HEAD, {}, 0)
        (slot,) = wallet.account.slots
        await pool.close()
        raw = [each["params"][0] for each in node.asked if each["method"] == "eth_sendRawTransaction"]
    assert (slot.newest.kind, slot.newest.fees.max_fee_wei) == (Kind.NO_OP, 88 * GWEI)
    assert raw == ["0x" + slot.newest.raw.hex()]


async def test_without_a_keystore_the_named_account_is_looked_at(tmp_path: Path) -> None:
    dry = settings(tmp_path)
    signer = await unlock_key(dry, Redaction())
    assert account_of(dry, signer) == dry.account
    with pytest.raises(SignerError, match="--live needs a key"):
        needs_key(signer)


@pytest.mark.parametrize(("body", "words"), [(b"\xff\xfe", "is not text"), (None, "cannot be read")])
async def test_a_password_file_that_holds_no_text_is_refused(
    tmp_path: Path, body: bytes | None, words: str
) -> None:
    password = tmp_path / "password"
    if body is not None:
        password.write_bytes(body)
    keyed = settings(tmp_path, keystore=str(tmp_path / "k.json"), password_file=str(password))
    with pytest.raises(SignerError, match=words):
        await unlock_key(keyed, Redaction())


async def test_the_password_is_masked_from_the_moment_it_is_read(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("hunter2-hunter2\n")
    redaction = Redaction()
    keyed = settings(tmp_path, keystore=str(tmp_path / "k.json"), password_file=str(password))
    with pytest.raises(SignerError, match="there is no such file"):
        await unlock_key(keyed, redaction)
    assert redaction.text("it was hunter2-hunter2") == f"it was {MASK}"
