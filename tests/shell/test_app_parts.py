"""The composition root makes the adapters that settings ask for, and no others."""

from dataclasses import replace
from pathlib import Path

import pytest

from keeper.adapters.feeds.http import HttpFeed
from keeper.adapters.feeds.mqtt import MqttFeed
from keeper.adapters.signing.gate import Ceiling
from keeper.app.parts import account_of, gate_of, make_board, make_feed, needs_key, unlock_key
from keeper.core.units import Address
from keeper.logs import MASK, Redaction
from keeper.observe import ChainTold, Metrics
from keeper.ports import SignerError
from keeper.settings import Settings, SettingsError, load_settings
from tests.core.build import POLICY, VAULT

EXAMPLE = Path(__file__).parents[2] / "config" / "keeper.example.env"
ACCOUNT = Address("0x00000000000000000000000000000000000aCc07")


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
