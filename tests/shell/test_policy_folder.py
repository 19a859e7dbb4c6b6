"""Policies change under a running keeper: the good take force, the bad leave what was in force."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from keeper.core.policy import Policy
from keeper.policies import PolicyError, PolicyFolder

GOOD = (Path(__file__).parents[2] / "config" / "policies" / "strangle.yaml").read_text()
VAULT = GOOD.split('vault: "')[1][:42]
OTHER = "0x00000000000000000000000000000000000000aa"
LATER_NS = 3_000_000_000


@dataclass
class Told:
    """Remembers what a folder told."""

    in_force: list[tuple[str, Mapping[str, tuple[str, str]]]] = field(default_factory=list)
    refused: list[tuple[str, ...]] = field(default_factory=list)

    def policy_in_force(self, policy: Policy, changes: Mapping[str, tuple[str, str]]) -> None:
        self.in_force.append((policy.name, changes))

    def policies_refused(self, problems: Iterable[str]) -> None:
        self.refused.append(tuple(problems))


@dataclass
class Folder:
    """A directory of policies whose time stamps a test moves by hand."""

    path: Path
    told: Told = field(default_factory=Told)
    stamp: int = 1_700_000_000_000_000_000

    def write(self, name: str, text: str) -> None:
        self.stamp += LATER_NS
        path = self.path / name
        path.write_text(text)
        os.utime(path, ns=(self.stamp, self.stamp))

    def open(self, *names: str) -> PolicyFolder:
        return PolicyFolder.open(self.path, self.told, frozenset(names), lambda: self.stamp + LATER_NS)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.write("strangle.yaml", GOOD)
    return made


def other(name: str = "other", vault: str = OTHER) -> str:
    return GOOD.replace("name: strangle", f"name: {name}").replace(VAULT, vault)


def test_a_changed_policy_takes_force_and_its_changes_are_told(folder: Folder) -> None:
    policies = folder.open()
    before = policies.current()
    folder.write("strangle.yaml", GOOD.replace("cooldown: 5m", "cooldown: 6m").replace("400_000", "300_000"))
    (after,) = policies.current().values()
    assert after.cooldown_s == 360
    assert next(iter(before.values())).cooldown_s == 300, "a cycle keeps the policies that it began with"
    assert folder.told.in_force[-1] == (
        "strangle",
        {
            "cooldown_s": ("300", "360"),
            "limits.delta_usd_wad": (str(400_000 * 10**18), str(300_000 * 10**18)),
        },
    )


def test_a_bad_file_leaves_the_old_policy_in_force_and_is_told_once(folder: Folder) -> None:
    policies = folder.open()
    folder.write("strangle.yaml", GOOD.replace("mode: armed", "mode: armd"))
    for _ in range(3):
        (policy,) = policies.current().values()
        assert policy.mode == "armed"
    bad = [told for told in folder.told.refused if told]
    assert len(bad) == 1
    assert "`armd` is none of" in bad[0][0]
    folder.write("strangle.yaml", GOOD.replace("mode: armed", "mode: paused"))
    (policy,) = policies.current().values()
    assert policy.mode == "paused"
    assert folder.told.refused[-1] == ()


def test_a_vanished_file_leaves_its_policy_in_force(folder: Folder) -> None:
    policies = folder.open()
    (folder.path / "strangle.yaml").unlink()
    assert len(policies.current()) == 1
    assert "gone; its policy stays in force" in folder.told.refused[-1][0]
    folder.write("strangle.yaml", GOOD)
    assert len(policies.current()) == 1
    assert folder.told.refused[-1] == ()


def test_a_vanished_folder_leaves_all_policies_in_force(folder: Folder) -> None:
    policies = folder.open()
    (folder.path / "strangle.yaml").unlink()
    folder.path.rmdir()
    assert len(policies.current()) == 1
    assert "cannot be read: No such file" in folder.told.refused[-1][0]


def test_an_edit_within_one_tick_of_the_time_stamp_is_seen(folder: Folder) -> None:
    policies = PolicyFolder.open(folder.path, folder.told, wall_ns=lambda: folder.stamp)
    path = folder.path / "strangle.yaml"
    path.write_text(GOOD.replace("cooldown: 5m", "cooldown: 7m"))
    os.utime(path, ns=(folder.stamp, folder.stamp))
    (policy,) = policies.current().values()
    assert policy.cooldown_s == 420


def test_a_second_file_for_one_vault_is_refused_at_the_start_and_while_running(folder: Folder) -> None:
    policies = folder.open()
    folder.write("twice.yaml", other(name="twice", vault=VAULT))
    assert len(policies.current()) == 1
    assert "already has a policy in strangle.yaml" in folder.told.refused[-1][0]
    with pytest.raises(PolicyError, match=r"already has a policy in strangle\.yaml"):
        folder.open()


def test_a_second_file_of_one_name_is_refused(folder: Folder) -> None:
    folder.write("twice.yaml", other(name="strangle"))
    with pytest.raises(PolicyError, match="the name `strangle` is already taken"):
        folder.open()


def test_a_running_policy_keeps_its_name_and_vault(folder: Folder) -> None:
    policies = folder.open()
    folder.write("strangle.yaml", other(name="renamed", vault=VAULT))
    assert {policy.name for policy in policies.current().values()} == {"strangle"}
    assert "cannot change while the keeper runs" in folder.told.refused[-1][0]


def test_a_new_file_joins_while_running(folder: Folder) -> None:
    policies = folder.open()
    folder.write("other.yaml", other())
    assert {policy.name for policy in policies.current().values()} == {"strangle", "other"}
    assert folder.told.in_force[-1] == ("other", {})


def test_named_policies_alone_are_served(folder: Folder) -> None:
    folder.write("other.yaml", other())
    assert {policy.name for policy in folder.open("other").current().values()} == {"other"}
    with pytest.raises(PolicyError, match="no policy is named `strangel`; did you mean `strangle`"):
        folder.open("strangel")


def test_all_problems_of_all_files_are_told_at_the_start(folder: Folder) -> None:
    folder.write("a.yaml", other(name="a").replace("mode: armed", "mode: x"))
    folder.write("b.yaml", "")
    with pytest.raises(PolicyError) as caught:
        folder.open()
    assert [Path(problem.file).name for problem in caught.value.problems] == ["a.yaml", "b.yaml"]


@pytest.mark.parametrize("name", [".hidden.yaml", "notes.txt", "strangle.yaml~", ".#strangle.yaml"])
def test_what_editors_leave_behind_is_not_a_policy(folder: Folder, name: str) -> None:
    folder.write(name, "not a policy")
    assert len(folder.open().current()) == 1


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"put one \.yaml file for each vault"):
        PolicyFolder.open(tmp_path, Told())
    with pytest.raises(PolicyError, match="cannot be read: No such file"):
        PolicyFolder.open(tmp_path / "none", Told())
