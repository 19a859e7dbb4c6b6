"""Everything that a daemon would need, examined before it starts: all faults at once, each with advice."""

import time
from collections.abc import AsyncIterator, Iterator, Mapping

from keeper.adapters.ethereum.block import fetch_tip
from keeper.adapters.ethereum.client import Client
from keeper.adapters.ethereum.preflight import Expected, Finding, examine
from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.adapters.ethereum.survey import examine_nodes, examine_relay
from keeper.adapters.journal.looking import look
from keeper.adapters.journal.store import Owner
from keeper.app.daemon import Voice
from keeper.app.parts import account_of, make_pool, make_relay, subject_of, unlock_key
from keeper.app.pinned import NO_BOOK, books_of, examine_deployment
from keeper.core.deployment import Deployment
from keeper.core.governance import Unpinned
from keeper.core.head import Head
from keeper.core.policy import Policy
from keeper.core.transaction.budget import Ceiling
from keeper.core.units import Address
from keeper.logs import Redaction
from keeper.policies import PolicyError, PolicyFolder
from keeper.ports import JournalError, SignerError, UnreachableError
from keeper.settings import Settings, SettingsError

HEDGES_IN_RESERVE = 3
"""The balance should pay for so many rebalances of the dearest policy, at its fee ceiling."""

KEY, ACCOUNT, POLICIES, JOURNAL, BOOK = "key", "account", "policies", "journal", "address book"
WASTE = "wasted gas"
PIN_GOVERNANCE = (
    "the book pins no delay and no roles of the timelock: write it again, with contracts/script/Book.s.sol"
)
BOUND_WASTE = "set KEEPER_SPEND_WASTED: nodes that lie may have one hedge after another revert"


async def check(settings: Settings, redaction: Redaction) -> tuple[Finding, ...]:
    """Everything that was found, in the order in which to mend it. Never raises for a fault it looks for."""
    return tuple([finding async for finding in _findings(settings, redaction)])


async def _findings(settings: Settings, redaction: Redaction) -> AsyncIterator[Finding]:
    voice = Voice.of(settings)
    policies, found = _policies(settings, voice)
    for finding in found:
        yield finding
    account: Address | None
    try:
        account = await _account(settings, redaction)
    except SignerError as error:
        yield Finding(KEY, ok=False, detail=str(error), advice="see KEEPER_KEYSTORE and its password file")
        account = settings.account
    except SettingsError as error:
        yield Finding(ACCOUNT, ok=False, detail=str(error), advice="correct the setting")
        account = None
    else:
        yield Finding(KEY, ok=True, detail=f"{account}, {_armed(settings)}")
    if account is None:
        return
    yield await _journal(settings, account)
    for finding in cautions(settings):
        yield finding
    async for finding in _chain(settings, voice, account, policies):
        yield finding


async def _chain(
    settings: Settings, voice: Voice, account: Address, policies: Mapping[Address, Policy]
) -> AsyncIterator[Finding]:
    async with make_pool(settings, voice.chain) as pool:
        if len(pool.members) > 1:
            rpcs = [member.rpc for member in pool.members]
            for finding in await examine_nodes(rpcs, settings.chain_id, settings.agree):
                yield finding
        relay = make_relay(settings, voice.chain)
        if relay is not None:
            async with relay:
                yield await examine_relay(relay, settings.chain_id)
        expected = Expected(
            chain_id=settings.chain_id,
            subject=subject_of(settings, account, policies),
            names={vault: policy.name for vault, policy in policies.items()},
            min_balance_wei=_reserve_wei(list(policies.values())),
        )
        for finding in await examine(pool, expected, time.time):
            yield finding
        async for finding in _deployments(settings, pool, policies):
            yield finding


async def _deployments(
    settings: Settings, pool: Client, policies: Mapping[Address, Policy]
) -> AsyncIterator[Finding]:
    try:
        books = books_of(settings)
    except SettingsError as error:
        for problem in error.problems:
            yield Finding(BOOK, ok=False, detail=problem, advice="name the file that the deployment wrote")
        return
    if not books:
        yield Finding(BOOK, ok=True, detail="none: code, roles and rules of the vaults are not pinned")
        return
    try:
        head = await fetch_tip(pool, settings.chain_id)
        for vault, policy in policies.items():
            for finding in await _deployment(settings, pool, books.get(vault), policy, head):
                yield finding
    except (UnreachableError, RpcRefusedError) as error:
        yield Finding(BOOK, ok=False, detail=str(error), advice="check the node")


async def _deployment(
    settings: Settings, pool: Client, deployment: Deployment | None, policy: Policy, head: Head
) -> list[Finding]:
    name = f"deployment of {policy.name}"
    if deployment is None:
        return [Finding(name, ok=False, detail=str(NO_BOOK), advice=NO_BOOK.advice)]
    found = await examine_deployment(pool, deployment, settings, policy, head)
    pinned = len(deployment.contracts) + len(deployment.aggregators)
    unpinned = isinstance(deployment.governance, Unpinned)
    return [Finding(name, ok=False, detail=str(each), advice=each.advice) for each in found] or [
        Finding(
            name,
            ok=True,
            detail=f"{pinned} codes, roles and rules as in the address book",
            advice=PIN_GOVERNANCE if unpinned else "",
        )
    ]


def _policies(settings: Settings, voice: Voice) -> tuple[Mapping[Address, Policy], list[Finding]]:
    try:
        policies = PolicyFolder.open(settings.policies, voice.vaults, settings.vaults).current()
    except PolicyError as error:
        advice = "correct the file, or KEEPER_VAULTS"
        return {}, [Finding(POLICIES, ok=False, detail=str(each), advice=advice) for each in error.problems]
    names = ", ".join(sorted(policy.name for policy in policies.values()))
    return policies, [Finding(POLICIES, ok=True, detail=names)]


def cautions(settings: Settings) -> Iterator[Finding]:
    """What a keeper that can send may do without, until the nodes lie; one that cannot send needs none."""
    if settings.keystore is None:
        return
    yield Finding(
        WASTE,
        ok=True,
        detail=f"{settings.spend_wasted} in a day for what reverts",
        advice=BOUND_WASTE if settings.spend_wasted == Ceiling() else "",
    )
    if len(settings.rpc_url) == 1:
        advice = "name more in KEEPER_RPC_URL, not of one provider"
        yield Finding("nodes", ok=True, detail="one, and nobody contradicts what it says", advice=advice)


def _armed(settings: Settings) -> str:
    return "armed by --live" if settings.keystore else "dry only: no keystore"


async def _account(settings: Settings, redaction: Redaction) -> Address:
    return account_of(settings, await unlock_key(settings, redaction))


async def _journal(settings: Settings, account: Address) -> Finding:
    try:
        detail = await look(settings.journal, Owner(settings.chain_id, account))
    except JournalError as error:
        fault, _, advice = str(error).rpartition(": ")
        return Finding(JOURNAL, ok=False, detail=fault, advice=advice)
    return Finding(JOURNAL, ok=True, detail=detail)


def _reserve_wei(policies: list[Policy]) -> int:
    costs = [policy.costs.gas_units * policy.highest_fee_wei for policy in policies]
    return HEDGES_IN_RESERVE * max(costs, default=0)
