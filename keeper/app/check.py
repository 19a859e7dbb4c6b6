"""Everything that a daemon would need, examined before it starts: all faults at once, each with advice."""

import time
from collections.abc import AsyncIterator

from keeper.adapters.ethereum.preflight import Expected, Finding, examine
from keeper.adapters.journal.store import Owner, open_store
from keeper.app.daemon import Voice
from keeper.app.parts import account_of, make_rpc, subject_of, unlock_key
from keeper.core.policy import Policy
from keeper.core.units import Address
from keeper.logs import Redaction
from keeper.policies import PolicyError, PolicyFolder
from keeper.ports import JournalError, SignerError
from keeper.settings import Settings, SettingsError

HEDGES_IN_RESERVE = 3
"""The balance should pay for so many rebalances of the dearest policy, at its fee ceiling."""

KEY, POLICIES, JOURNAL, NODE = "key", "policies", "journal", "node"


async def check(settings: Settings, redaction: Redaction) -> tuple[Finding, ...]:
    """Everything that was found, in the order in which to mend it. Never raises for a fault it looks for."""
    return tuple([finding async for finding in _findings(settings, redaction)])


async def _findings(settings: Settings, redaction: Redaction) -> AsyncIterator[Finding]:
    voice = Voice.of(settings)
    try:
        policies = PolicyFolder.open(settings.policies, voice.vaults, settings.vaults).current()
    except PolicyError as error:
        for problem in error.problems:
            yield Finding(POLICIES, ok=False, detail=str(problem), advice="correct the file")
        policies = {}
    else:
        names = ", ".join(sorted(policy.name for policy in policies.values()))
        yield Finding(POLICIES, ok=True, detail=names)
    try:
        account = await _account(settings, redaction)
    except (SignerError, SettingsError) as error:
        yield Finding(KEY, ok=False, detail=str(error), advice="correct the setting or the file")
        return
    yield Finding(KEY, ok=True, detail=f"{account}, {'armed by --live' if settings.keystore else 'dry only'}")
    yield await _journal(settings, account)
    async with make_rpc(settings, voice.chain) as rpc:
        expected = Expected(
            chain_id=settings.chain_id,
            subject=subject_of(settings, account, policies),
            names={vault: policy.name for vault, policy in policies.items()},
            min_balance_wei=_reserve_wei(list(policies.values())),
        )
        for finding in await examine(rpc, expected, time.time):
            yield finding


async def _account(settings: Settings, redaction: Redaction) -> Address:
    return account_of(settings, await unlock_key(settings, redaction))


async def _journal(settings: Settings, account: Address) -> Finding:
    try:
        async with await open_store(settings.journal, Owner(settings.chain_id, account)):
            return Finding(JOURNAL, ok=True, detail=f"{settings.journal} is writable")
    except JournalError as error:
        return Finding(JOURNAL, ok=False, detail=str(error), advice="see above")


def _reserve_wei(policies: list[Policy]) -> int:
    costs = [policy.costs.gas_units * policy.costs.max_fee_wei for policy in policies]
    return HEDGES_IN_RESERVE * max(costs, default=0)
