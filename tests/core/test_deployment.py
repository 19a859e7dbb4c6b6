"""A deployment held against the chain, and a policy against the contract."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.deployment import ContractLimits, Deployment, Pin, Standing, looser, mismatches
from keeper.core.governance import ANYBODY, Governance, Role, Seat, Unpinned
from keeper.core.units import WAD, Address
from tests.core.build import OTHER, POLICY, VAULT

FEED = Address("0x00000000000000000000000000000000000000C3")
BEHIND = Address("0x00000000000000000000000000000000000000D4")
SAFE = Address("0x00000000000000000000000000000000000000e5")
GUARDIAN = Address("0x00000000000000000000000000000000000000F6")
DEPLOYER = Address("0x0000000000000000000000000000000000000a17")
HASH, RULES_ID = "0x" + "11" * 32, "0x" + "22" * 32

GOVERNANCE = Governance.of(
    timelock=OTHER,
    deployer=DEPLOYER,
    delay_s=172_800,
    others={Role.PROPOSER: (SAFE,), Role.CANCELLER: (SAFE, GUARDIAN, SAFE), Role.EXECUTOR: (ANYBODY,)},
)

BOOK = Deployment(
    chain_id=31337,
    vault=VAULT,
    lens=OTHER,
    accounts={"owner": OTHER, "underwriter": OTHER},
    guardians=(OTHER,),
    governance=GOVERNANCE,
    rules_id=RULES_ID,
    contracts=(Pin("vault", VAULT, HASH), Pin("price_feed", FEED, HASH)),
    aggregators=(Pin("price_feed", BEHIND, HASH),),
    decimals={"price_feed": 8},
)

WIDE = ContractLimits(
    cooldown_s=0,
    max_deadline_s=10**6,
    max_price_age_s=10**6,
    max_volatility_age_s=10**6,
    max_slippage_bps=10_000,
    band_wad=1,
    max_trade_wad=10**9 * WAD,
    min_price_wad=1,
    max_price_wad=10**9 * WAD,
    min_volatility_wad=1,
    max_volatility_wad=10**9 * WAD,
)

STANDING = Standing(
    code_hashes={VAULT: HASH, FEED: HASH, BEHIND: HASH},
    aggregators={"price_feed": BEHIND},
    decimals={"price_feed": 8},
    accounts={"owner": OTHER, "underwriter": OTHER},
    guardians=frozenset({OTHER}),
    delay_s=172_800,
    seats=frozenset(GOVERNANCE.taken),
    rules_id=RULES_ID,
    limits=WIDE,
)


def test_what_stands_as_deployed_has_no_mismatch() -> None:
    assert mismatches(BOOK, STANDING) == ()
    lower = {name: account.lower() for name, account in STANDING.accounts.items()}
    assert mismatches(BOOK, replace(STANDING, accounts=lower)) == ()


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"code_hashes": {VAULT: RULES_ID, FEED: HASH, BEHIND: HASH}}, "code of vault"),
        ({"code_hashes": {VAULT: HASH, FEED: RULES_ID, BEHIND: HASH}}, "code of price_feed"),
        (
            {"code_hashes": {VAULT: HASH, FEED: HASH, BEHIND: RULES_ID}},
            "code of the aggregator of price_feed",
        ),
        ({"aggregators": {"price_feed": VAULT}}, "aggregator of price_feed"),
        ({"decimals": {"price_feed": 18}}, "decimals of price_feed"),
        ({"accounts": {"owner": VAULT, "underwriter": OTHER}}, "owner"),
        ({"accounts": {"owner": OTHER, "underwriter": "nothing"}}, "underwriter"),
        ({"delay_s": 0}, "timelock delay (s)"),
        ({"delay_s": -1}, "timelock delay (s)"),
        ({"guardians": frozenset()}, f"guardian {OTHER}"),
        ({"rules_id": HASH}, "rules"),
    ],
)
def test_each_difference_is_told_alone_with_found_expected_and_advice(
    changed: dict[str, object], what: str
) -> None:
    (found,) = mismatches(BOOK, replace(STANDING, **changed))  # type: ignore[arg-type]
    assert found.what == what
    assert found.found != found.expected
    assert found.advice
    assert str(found) == f"{what}: found {found.found}, expected {found.expected}"


@pytest.mark.parametrize(
    "seat",
    [
        Seat(Role.ADMIN, OTHER),
        Seat(Role.PROPOSER, SAFE),
        Seat(Role.CANCELLER, SAFE),
        Seat(Role.CANCELLER, GUARDIAN),
        Seat(Role.EXECUTOR, ANYBODY),
    ],
)
def test_who_lost_a_role_of_the_timelock_is_told_alone(seat: Seat) -> None:
    assert seat in STANDING.seats
    (found,) = mismatches(BOOK, replace(STANDING, seats=STANDING.seats - {seat}))
    assert str(found) == f"timelock {seat.role} {seat.account}: found False, expected True"


@pytest.mark.parametrize("role", list(Role))
def test_a_deployer_who_kept_a_role_is_told_alone_and_what_to_do(role: Role) -> None:
    (found,) = mismatches(BOOK, replace(STANDING, seats=STANDING.seats | {Seat(role, DEPLOYER)}))
    assert str(found) == f"timelock {role} {DEPLOYER}: found True, expected False"
    assert "renounced" in found.advice


def test_who_is_named_for_a_role_may_have_it_though_he_deployed() -> None:
    own = Governance.of(OTHER, DEPLOYER, 0, {Role.PROPOSER: (DEPLOYER,), Role.EXECUTOR: (DEPLOYER,)})
    assert Seat(Role.PROPOSER, DEPLOYER) in own.taken
    assert set(own.vacant) == {
        Seat(Role.ADMIN, DEPLOYER),
        Seat(Role.CANCELLER, DEPLOYER),
        Seat(Role.EXECUTOR, ANYBODY),
    }


def test_where_few_may_execute_a_timelock_open_to_anybody_is_told() -> None:
    few = Governance.of(OTHER, DEPLOYER, 172_800, {Role.EXECUTOR: (SAFE,)})
    taken = frozenset({*few.taken, Seat(Role.EXECUTOR, ANYBODY)})
    (found,) = mismatches(replace(BOOK, governance=few), replace(STANDING, seats=taken))
    assert found.what == f"timelock executor {ANYBODY}"


def test_a_book_from_before_holds_nobody_to_delay_and_roles() -> None:
    bare = replace(STANDING, delay_s=-1, seats=frozenset())
    assert mismatches(replace(BOOK, governance=Unpinned()), bare) == ()
    assert mismatches(BOOK, bare) != ()


def test_a_policy_within_the_rules_of_its_contract_is_not_looser() -> None:
    assert looser(POLICY, WIDE) == ()


@pytest.mark.parametrize(
    ("field", "bound", "key"),
    [
        ("max_slippage_bps", POLICY.costs.max_slippage_bps, "costs.max_slippage"),
        ("max_deadline_s", POLICY.deadline_s, "deadline"),
        ("max_price_age_s", POLICY.oracle.price.max_age_s, "oracle.price.max_age"),
        ("max_volatility_age_s", POLICY.oracle.volatility.max_age_s, "oracle.volatility.max_age"),
        ("max_price_wad", POLICY.oracle.price.max_wad, "oracle.price.max_usd"),
        ("max_volatility_wad", POLICY.oracle.volatility.max_wad, "oracle.volatility.max"),
    ],
)
def test_a_policy_may_ask_for_as_much_as_the_contract_allows_and_no_more(
    field: str, bound: int, key: str
) -> None:
    assert looser(POLICY, replace(WIDE, **{field: bound})) == ()
    (found,) = looser(POLICY, replace(WIDE, **{field: bound - 1}))
    assert found.what.startswith(f"policy {key} (")
    assert (found.found, found.expected) == (str(bound), f"at most {bound - 1}")


@pytest.mark.parametrize(
    ("field", "bound", "key"),
    [
        ("cooldown_s", POLICY.cooldown_s, "cooldown"),
        ("min_price_wad", POLICY.oracle.price.min_wad, "oracle.price.min_usd"),
        ("min_volatility_wad", POLICY.oracle.volatility.min_wad, "oracle.volatility.min"),
    ],
)
def test_a_policy_may_not_be_laxer_than_the_contracts_floors(field: str, bound: int, key: str) -> None:
    assert looser(POLICY, replace(WIDE, **{field: bound})) == ()
    (found,) = looser(POLICY, replace(WIDE, **{field: bound + 1}))
    assert found.what.startswith(f"policy {key} (")
    assert found.expected == f"at least {bound + 1}"


def test_sizes_are_held_against_the_contracts_at_the_price_that_favours_the_policy() -> None:
    trade, delta = POLICY.hedging.max_trade_usd_wad, POLICY.limits.delta_usd_wad
    assert looser(POLICY, replace(WIDE, max_trade_wad=trade, max_price_wad=10**9 * WAD)) == ()
    small = replace(WIDE, max_trade_wad=trade // 10**9 - 1)
    assert [each.what for each in looser(POLICY, small)] == ["policy hedging.max_trade_usd (wad)"]
    assert looser(POLICY, replace(WIDE, band_wad=delta, min_price_wad=1)) == ()
    wide = replace(WIDE, band_wad=delta * WAD + 1, min_price_wad=1)
    assert [each.what for each in looser(POLICY, wide)] == ["policy limits.delta_usd (wad)"]


@given(st.sampled_from([each.name for each in fields(ContractLimits)]), st.integers(1, 10**30))
def test_stricter_rules_in_the_contract_never_make_a_policy_less_loose(name: str, by: int) -> None:
    floors = {"cooldown_s", "band_wad", "min_price_wad", "min_volatility_wad"}
    before: int = getattr(WIDE, name)
    stricter = before + by if name in floors else max(0, before - by)
    assert len(looser(POLICY, replace(WIDE, **{name: stricter}))) >= len(looser(POLICY, WIDE))
