"""Everything that a daemon would need, examined before it starts: all faults at once, each with advice."""

import time
from collections.abc import AsyncIterator, Mapping

from keeper.adapters.ethereum.preflight import Expected, Finding, examine
from keeper.adapters.ethereum.survey import examine_nodes, examine_relay
from keeper.adapters.journal.looking import look
from keeper.adapters.journal.store import Owner
from keeper.app.daemon import Voice
from keeper.app.parts import account_of, make_pool, make_relay, subject_of, unlock_key
from keeper.core.policy import Policy
from keeper.core.units import Address
from keeper.logs import Redaction
from keeper.policies import PolicyError, PolicyFolder
from keeper.ports import JournalError, SignerError
from keeper.settings import Settings, SettingsError

HEDGES_IN_RESERVE = 3
"""The balance should pay for so many rebalances of the dearest policy, at its fee ceiling."""

KEY, ACCOUNT, POLICIES, JOURNAL = "key", "account", "policies", "journal"


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
        yield Finding(KEY, ok=False, detail=str(error), advice="correct KEEPER_KEYSTORE or its password file")
        account = settings.account
    except SettingsError as error:
        yield Finding(ACCOUNT, ok=False, detail=str(error), advice="correct the setting")
        account = None
    else:
        yield Finding(KEY, ok=True, detail=f"{account}, {_armed(settings)}")
    if account is None:
        return
    yield await _journal(settings, account)
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


def _policies(settings: Settings, voice: Voice) -> tuple[Mapping[Address, Policy], list[Finding]]:
    try:
        policies = PolicyFolder.open(settings.policies, voice.vaults, settings.vaults).current()
    except PolicyError as error:
        advice = "correct the file, or KEEPER_VAULTS"
        return {}, [Finding(POLICIES, ok=False, detail=str(each), advice=advice) for each in error.problems]
    names = ", ".join(sorted(policy.name for policy in policies.values()))
    return policies, [Finding(POLICIES, ok=True, detail=names)]


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
    costs = [policy.costs.gas_units * policy.costs.max_fee_wei for policy in policies]
    return HEDGES_IN_RESERVE * max(costs, default=0)
