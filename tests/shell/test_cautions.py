"""What `check` says to a keeper that can send, of what it may do without until a bad day."""

from dataclasses import replace

import pytest

from keeper.adapters.ethereum.preflight import Finding
from keeper.app.check import cautions
from keeper.settings import load_settings
from tests.shell.test_settings import NEEDED

OF_WASTE = Finding("wasted gas", ok=True, detail="no ceiling in a day for what reverts")


@pytest.fixture(autouse=True)
def armed(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in {**NEEDED, "KEEPER_KEYSTORE": "key.json", "KEEPER_PASSWORD_FILE": "password"}.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def said() -> dict[str, Finding]:
    return {each.name: each for each in cautions(load_settings())}


def test_without_a_ceiling_on_wasted_gas_it_is_told_what_to_set_and_why() -> None:
    found = said()["wasted gas"]
    assert replace(found, advice="") == OF_WASTE
    assert found.advice.startswith("set KEEPER_SPEND_WASTED: ")


def test_a_ceiling_is_told_and_asks_for_nothing(armed: pytest.MonkeyPatch) -> None:
    armed.setenv("KEEPER_SPEND_WASTED", "0.5 coin")
    assert said()["wasted gas"] == replace(OF_WASTE, detail="0.5 coin in a day for what reverts")


def test_one_node_that_nobody_contradicts_is_told_and_two_are_not(armed: pytest.MonkeyPatch) -> None:
    assert "KEEPER_RPC_URL" in said()["nodes"].advice
    armed.setenv("KEEPER_RPC_URL", "https://one.example https://two.example")
    assert "nodes" not in said()


def test_no_caution_is_a_fault(armed: pytest.MonkeyPatch) -> None:
    assert all(each.ok for each in said().values())
    armed.delenv("KEEPER_KEYSTORE")
    armed.delenv("KEEPER_PASSWORD_FILE")
    assert said() == {}, "what cannot send wastes nothing"
