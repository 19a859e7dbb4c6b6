"""The folder of a run: the project's examples, made to fit a local world."""

from pathlib import Path

import pytest

from keeper.demo.daemon import environment, settings_of
from keeper.demo.folder import EXAMPLES, FolderError, fill_in, prepare, write_settings
from keeper.settings import load_settings
from tests.fixtures.world import World

VAULT = "0x000000000000000000000000000000000000dEaD"


@pytest.mark.parametrize("name", ["strangle", "covered-call", "iron-condor"])
def test_an_example_keeps_everything_but_address_and_time(name: str) -> None:
    before = (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    after = fill_in("\n".join(before), VAULT, 300).splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert [line.split(":")[0].strip() for line in changed] == ["vault", "look_interval", "deadline"]
    assert f'vault: "{VAULT}"' in changed[0]


@pytest.mark.world
def test_a_prepared_folder_is_what_the_daemon_can_read(loaded_world: World, tmp_path: Path) -> None:
    folder = prepare(tmp_path / "run", loaded_world.book, step_s=300)
    policies = folder.read_policies()
    assert {name: policy.vault for name, policy in policies.items()} == loaded_world.book.vaults
    assert {policy.hedging.look_interval_s for policy in policies.values()} == {300}
    write_settings(folder.settings, settings_of(folder, loaded_world.book, loaded_world.url, 9464))
    settings = load_settings(folder.settings)
    assert settings.policies == folder.policies
    assert settings.lens == loaded_world.book.lens
    assert folder.settings.stat().st_mode & 0o077 == 0


@pytest.mark.world
def test_a_folder_is_used_once(loaded_world: World, tmp_path: Path) -> None:
    folder = prepare(tmp_path / "run", loaded_world.book, step_s=300)
    folder.journal.touch()
    with pytest.raises(FolderError, match="earlier run"):
        prepare(tmp_path / "run", loaded_world.book, step_s=300)


def test_the_daemon_inherits_nobodys_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPER_RPC_URL", "http://elsewhere")
    assert not [name for name in environment() if name.startswith("KEEPER_")]
