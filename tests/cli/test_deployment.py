"""A vault deployed by the script among the genuine protocols, and a keeper that holds it to its book."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from keeper.app.check import PIN_GOVERNANCE
from keeper.cli.exits import Exit
from keeper.demo.accounts import Role
from keeper.demo.artifacts import contract
from tests.cli.conftest import Keeper, Site, daemon, site_of
from tests.fixtures.deploying import CONTRACTS, Ended, deployed, documented, fill, today
from tests.fixtures.world import World

pytestmark = pytest.mark.forge

OF_THE_VAULT, OF_THE_TIMELOCK = ("RiskVault", "vault"), ("TimelockController", "timelock")
STRICTER = {"min_usd: 50\n": "min_usd: 100\n", "max_usd: 100_000\n": "max_usd: 10_000\n"}


def keeps(site: Site, made: Ended, **changes: str) -> tuple[str, str]:
    """Settings of a keeper that keeps only the deployed vault, by its book."""
    for each in site.folder.policies.glob("*.yaml"):
        if each.name != "covered-call.yaml":
            each.unlink()
    policy = site.policy("covered-call")
    lines = [
        f'vault: "{made.at("vault")}"' if line.startswith("vault:") else line
        for line in policy.read_text().splitlines()
    ]
    text = re.sub(r"(?m)^deadline: +\S+", "deadline: 3m", "\n".join(lines) + "\n")
    for before, after in STRICTER.items():
        text = text.replace(before, after)
    policy.write_text(text)
    return site.config(lens=made.at("lens"), address_book=str(made.path), **changes)


def faults(keeper: Keeper, config: tuple[str, str]) -> tuple[int, list[str]]:
    ran = keeper("check", "--json", *config)
    return ran.code, [f"{each['name']}: {each['detail']}" for each in ran.json["findings"] if not each["ok"]]


def advised(keeper: Keeper, config: tuple[str, str]) -> list[str]:
    """What is advised of the deployments though nothing is wrong."""
    ran = keeper("check", "--json", *config)
    assert ran.code == Exit.OK, ran
    return [str(each["advice"]) for each in ran.json["findings"]]


def append_byte(world: World, address: str) -> None:
    """Other code that does the same."""
    code = str(world.rpc.call("eth_getCode", address, "latest"))
    world.rpc.call("anvil_setCode", address, code + "00")


def governs(
    world: World, made: Ended, function: str, *arguments: object, where: tuple[str, str] = OF_THE_VAULT
) -> None:
    world.rpc.call("anvil_impersonateAccount", made.at("timelock"))
    world.rpc.call("anvil_setBalance", made.at("timelock"), hex(10**20))
    kind, name = where
    target = world.chain.at(contract(kind), made.at(name))
    world.chain.send(target, function, *arguments, sender=made.at("timelock"))


def seats(world: World, made: Ended, function: str, role: str, account: str) -> None:
    """Give or take a role of the timelock."""
    governs(world, made, function, keccak(text=role), account, where=OF_THE_TIMELOCK)


def granted(world: World, made: Ended) -> set[tuple[str, str]]:
    """Role and account of each event, by the command of docs/deployment.md."""
    told = {"$RPC_URL": world.url, "$BLOCK": "0", "$TIMELOCK": made.at("timelock")}
    words = [told.get(word, word) for word in shlex.split(documented("cast logs"))]
    ran = subprocess.run([*words, "--json"], cwd=CONTRACTS, capture_output=True, text=True, check=True)
    return {(each["topics"][1], "0x" + each["topics"][2][-40:]) for each in json.loads(ran.stdout)}


def granted_by(made: Ended) -> set[tuple[str, str]]:
    """What the book names, and what the deployer had."""
    governance, timelock = made.book["governance"], made.at("timelock")
    deployer = governance["deployer"]
    admin, proposer, canceller, executor = (
        "0x" + role.hex()
        for role in (
            bytes(32),
            *(keccak(text=f"{name}_ROLE") for name in ("PROPOSER", "CANCELLER", "EXECUTOR")),
        )
    )
    return {
        *((admin, account.lower()) for account in (timelock, deployer)),
        *((proposer, account.lower()) for account in (*governance["proposers"], deployer)),
        *((canceller, account.lower()) for account in (*governance["cancellers"], deployer)),
        *((executor, account.lower()) for account in governance["executors"]),
    }


def test_a_production_deployment_passes_check_and_each_change_fails_it(
    keeper: Keeper, own_world: World, tmp_path: Path
) -> None:
    world = own_world
    today(world)
    with deployed(world) as made:
        assert made.code == 0, made.said[-3000:]
        assert made.book["profile"] == "production"
        assert granted(world, made) == granted_by(made)
        today(world)
        config = keeps(site_of(world, tmp_path), made)
        assert faults(keeper, config) == (Exit.OK, [])

        vault = world.chain.at(contract("RiskVault"), made.at("vault"))
        rules = list(world.chain.read(vault, "limits"))  # type: ignore[call-overload]
        rules[5] = 100
        deployer, holder = world.account(Role.GOVERNANCE), world.book.multicall
        aggregator = made.book["aggregators"]["price_feed"]["address"]
        tampering: dict[str, Callable[[], None]] = {
            "code of price_feed:": lambda: append_byte(world, made.at("price_feed")),
            "code of the aggregator of price_feed:": lambda: append_byte(world, aggregator),
            "code of RulesLib:": lambda: append_byte(world, made.book["libraries"]["RulesLib"]["address"]),
            "rules:": lambda: governs(world, made, "setLimits", tuple(rules)),
            "underwriter:": lambda: governs(world, made, "setUnderwriter", world.account(Role.KEEPER)),
            "guardian 0x": lambda: governs(world, made, "setGuardian", world.book.multicall, False),  # noqa: FBT003
            "owner:": lambda: _moves_owner(world, made),
            "timelock delay (s): found 0,": lambda: governs(
                world, made, "updateDelay", 0, where=OF_THE_TIMELOCK
            ),
            f"timelock proposer {deployer}: found True,": lambda: seats(
                world, made, "grantRole", "PROPOSER_ROLE", deployer
            ),
            f"timelock proposer {holder}: found False,": lambda: seats(
                world, made, "revokeRole", "PROPOSER_ROLE", holder
            ),
            f"timelock canceller {holder}: found False,": lambda: seats(
                world, made, "revokeRole", "CANCELLER_ROLE", holder
            ),
        }
        for words, tamper in tampering.items():
            snapshot = world.rpc.call("evm_snapshot")
            tamper()
            code, found = faults(keeper, config)
            assert code == Exit.CONFIGURATION, words
            assert len(found) == 1, (words, found)
            assert found[0].startswith("deployment of covered-call: " + words), found
            assert "expected " in found[0]
            world.rpc.call("evm_revert", snapshot)


def test_a_deployment_whose_last_transactions_were_never_mined_fails_check(
    keeper: Keeper, own_world: World, tmp_path: Path
) -> None:
    """By these the deployer gives up his roles; forge sends many in a block, so they are given back here."""
    world = own_world
    today(world)
    with deployed(world) as made:
        assert made.code == 0, made.said[-3000:]
        deployer = world.account(Role.GOVERNANCE)
        for role in (bytes(32), keccak(text="PROPOSER_ROLE"), keccak(text="CANCELLER_ROLE")):
            governs(world, made, "grantRole", role, deployer, where=OF_THE_TIMELOCK)
        today(world)
        code, found = faults(keeper, keeps(site_of(world, tmp_path), made))
        assert code == Exit.CONFIGURATION
        assert found == [
            f"deployment of covered-call: timelock {role} {deployer}: found True, expected False"
            for role in ("admin", "proposer", "canceller")
        ]


def _moves_owner(world: World, made: Ended) -> None:
    thief = world.account(Role.ARBITRAGEUR)
    governs(world, made, "transferOwnership", thief)
    world.chain.send(world.chain.at(contract("RiskVault"), made.at("vault")), "acceptOwnership", sender=thief)


def test_a_keeper_does_not_trade_for_a_vault_that_is_not_as_deployed(
    keeper: Keeper, own_world: World, tmp_path: Path
) -> None:
    world = own_world
    today(world)
    with deployed(world) as made:
        assert made.code == 0, made.said[-3000:]
        fill(world, made)
        today(world)
        site = site_of(world, tmp_path)
        config = keeps(site, made)
        assert keeper("once", *config).code == Exit.WOULD_ACT

        snapshot = world.rpc.call("evm_snapshot")
        append_byte(world, made.at("venue"))
        ran = keeper("once", "--live", "--json", *config)
        assert ran.code == Exit.OK, ran
        answer = ran.json["answers"]["covered-call"]
        assert answer["reason"] == "deployment-mismatch"
        assert answer["detail"].startswith("code of venue: found 0x")
        world.rpc.call("evm_revert", snapshot)

        site.edit("max_slippage: 80 bps", "max_slippage: 81 bps", "covered-call")
        ran = keeper("once", "--live", "--json", *config)
        assert ran.json["answers"]["covered-call"]["detail"] == (
            "policy costs.max_slippage (bps): found 81, expected at most 80"
        )
        site.edit("max_slippage: 81 bps", "max_slippage: 80 bps", "covered-call")
        assert keeper("once", "--live", *config).code == Exit.ACTED


def test_a_wrong_book_is_told_by_check_and_holds(keeper: Keeper, own_world: World, tmp_path: Path) -> None:
    world = own_world
    today(world)
    development = {
        'profile = "production"': 'profile = "development"',
        "timelock_delay = 172800": "timelock_delay = 60",
    }
    with deployed(world, development) as made:
        assert made.code == 0, made.said[-3000:]
        assert made.book["profile"] == "development"
        site = site_of(world, tmp_path)
        config = keeps(site, made)
        whole = made.path.read_text()

        made.path.write_text(json.dumps({**made.book, "rules_id": "0x" + "00" * 32}))
        assert "rules: found 0x" in str(faults(keeper, config))
        with daemon(site) as running:
            running.until(lambda: "vault is not as deployed" in running.events())
            running.until(
                lambda: 'keeper_vault_as_deployed{vault="covered-call"} 0.0' in running.page("/metrics")[1]
            )
        made.path.write_text(json.dumps({**made.book, "chain_id": 1}))
        assert "KEEPER_CHAIN_ID: found 31337, expected 1" in str(faults(keeper, config))
        made.path.write_text("{}")
        code, found = faults(keeper, config)
        assert code == Exit.CONFIGURATION
        assert "contracts: Field required" in str(found)
        assert keeper("run", *config).code == Exit.CONFIGURATION

        old = {key: value for key, value in json.loads(whole).items() if key != "governance"}
        made.path.write_text(json.dumps(old))
        advice = advised(keeper, config)
        assert [each for each in advice if "timelock" in each] == [PIN_GOVERNANCE]

        made.path.write_text(whole)
        assert [each for each in advised(keeper, config) if "timelock" in each] == []
        config = site.config(lens=world.book.lens)
        assert f"KEEPER_LENS: found {world.book.lens}" in str(faults(keeper, config))
        site.edit(made.at("vault"), world.book.vaults["covered-call"], "covered-call")
        assert "address book: found none of this vault" in str(faults(keeper, config))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("timelock_delay = 172800", "timelock_delay = 172799", "DelayTooShort"),
        ('check = "0x', 'check = "0x0000000000000000000000000000000000000000" # "0x', "NoSecondSource"),
        ("price = 8", "price = 18", "WrongDecimals"),
        ('max_trade_base = "1', 'max_trade_base = "9000', "PoolTooShallow"),
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_before_anything_is_sent(
    world: World, before: str, after: str, words: str
) -> None:
    with deployed(world, {before: after}) as made:
        assert made.code != 0
        assert words in made.said
        assert not made.path.exists()
        assert made.blocks == 0


def test_a_key_in_a_role_of_power_is_refused_in_production(world: World) -> None:
    key = world.account(Role.GUARDIAN)
    with deployed(world, {f'underwriter = "{world.book.multicall}"': f'underwriter = "{key}"'}) as made:
        assert made.code != 0
        assert "PrivilegedKey" in made.said
        assert key in made.said
