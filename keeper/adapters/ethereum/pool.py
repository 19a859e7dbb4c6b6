"""Several nodes as one that can be believed.

An answer of the pool is one that k of its nodes gave; fewer are no answer, however few are left. It costs
one round of questions: all are asked at once, and nobody waits for who is not needed. The tip is the newest
block that k nodes have, so that one node ahead of all, behind all, or on a fork of its own can neither hurry
nor hold up the keeper.

A pool of one node is that node, with one question for each question. It backs off only where the node asks
for it: whoever asks a lone node has a pace of their own, and nobody else to ask meanwhile.
"""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from keeper.adapters.ethereum.block import read_head
from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.events import UNTOLD, NodeEvents
from keeper.adapters.ethereum.member import CHAIN_ID, Member
from keeper.adapters.ethereum.retry import Backoff
from keeper.adapters.ethereum.rpc import Rpc, RpcRefusedError
from keeper.adapters.ethereum.same import BY_NUMBER, NO_SUCH_BLOCK, refusal_key, result_key
from keeper.core.head import Head
from keeper.ports import UnreachableError
from keeper.quorum import Heard, Panel, Patience, Silence, Sleep, Vote, agreed, dispute, first_agreed

LATEST = "latest"
FIRST_PAUSE_S = 0.05
PATIENCE_S = 1.0
"""For a block that one node has told and another has not heard of: nodes lag by milliseconds."""

NO_PAUSE = Backoff(0.0, 0.0, lambda: 0.0)


@dataclass(frozen=True, slots=True)
class Tip:
    """A node's header, as it is understood and as it was written."""

    member: Member
    head: Head
    header: object


class Pool:
    """A `Client` over several nodes of which `agree` must say the same. Closed like an `Rpc`.

    `clock` in seconds of any origin, `sleep` to match it.
    """

    def __init__(
        self,
        rpcs: Sequence[Rpc],
        chain_id: int,
        agree: int,
        backoff: Backoff,
        events: NodeEvents = UNTOLD,
        *,
        clock: Callable[[], float] | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        if not 1 <= agree <= len(rpcs):
            raise ValueError(f"{agree} of {len(rpcs)} nodes cannot agree")
        self.agree = agree
        self._chain_id = chain_id
        self._clock = clock or asyncio.get_running_loop().time
        self._sleep = sleep
        self._panel = Panel(sleep)
        patient = backoff if len(rpcs) > 1 else NO_PAUSE
        self.members = tuple(Member(rpc, chain_id, patient, events, self._clock) for rpc in rpcs)
        self._by_host = {member.host: member for member in self.members}
        hosts = ", ".join(member.host for member in self.members)
        self.endpoint = rpcs[0].endpoint if len(rpcs) == 1 else Endpoint("", f"{agree} of {hosts}")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections, and give up questions that nobody waits for."""
        await self._panel.close()
        for member in self.members:
            await member.rpc.close()

    def readers(self) -> Sequence[Member]:
        """The nodes whose answers count now."""
        now_s = self._clock()
        return [member for member in self.members if member.standing.readable(now_s)]

    def senders(self) -> Sequence[Member]:
        """The nodes that transactions may be handed to: all but those of another chain."""
        return [member for member in self.members if member.standing.sendable]

    async def call(self, method: str, params: Sequence[object]) -> object:
        """What so many nodes answered. Raises RpcRefusedError if so many refused, else UnreachableError."""
        if len(self.members) == 1:
            return await self._alone(method, params)
        self._look_after_quarantined()
        if method == BY_NUMBER and params[0] == LATEST:
            return await self._tip()
        return await self._agreed(method, params)

    async def _alone(self, method: str, params: Sequence[object]) -> object:
        (only,) = self.members
        if self._clock() < only.standing.not_before_s:
            raise UnreachableError(only.why_not(self._clock()))
        return await only.call(method, params)

    def _look_after_quarantined(self) -> None:
        for member in self.members:
            if member.standing.due(self._clock()):
                self._panel.start(_looked_after(member))

    # --- what they agree on ---

    async def _agreed(self, method: str, params: Sequence[object]) -> object:
        now_s = self._clock()
        # The question that lifts a quarantine is the one question that those in it are asked.
        due = [member for member in self.members if now_s >= member.standing.not_before_s]
        asked = self._enough(due if method == CHAIN_ID else self.readers())
        deadline_s = now_s + PATIENCE_S
        winners: list[Vote[object]] = []

        def late(heard: Heard[object]) -> None:
            self._judge(method, [heard], winners)

        questions = [self._vote(member, method, params, deadline_s) for member in asked]
        heard = await self._panel.hear(questions, first_agreed(self.agree, len(asked)), late)
        winners += agreed(heard, self.agree)
        self._judge(method, heard, winners)
        if not winners:
            raise UnreachableError(f"{self.endpoint}: {method}: {dispute(heard, self.agree)}")
        if isinstance(winners[0].answer, RpcRefusedError):
            raise winners[0].answer
        return winners[0].answer

    def _enough(self, members: Sequence[Member]) -> Sequence[Member]:
        if len(members) < self.agree:
            reasons = [why for member in self.members if (why := member.why_not(self._clock()))]
            raise UnreachableError(f"{self.endpoint}: too few can be asked: {'; '.join(reasons)}")
        return members

    async def _vote(
        self, member: Member, method: str, params: Sequence[object], deadline_s: float
    ) -> Heard[object]:
        pause_s = FIRST_PAUSE_S
        while True:
            vote: Vote[object]
            try:
                result = await member.call(method, params)
                vote = Vote(member.host, result_key(method, result), result)
            except RpcRefusedError as refused:
                vote = Vote(member.host, refusal_key(refused), refused, str(refused))
            except UnreachableError as error:
                return Silence(member.host, str(error))
            if vote.key != NO_SUCH_BLOCK or self._clock() + pause_s > deadline_s:
                return vote
            await self._sleep(pause_s)
            pause_s *= 2

    def _judge(self, method: str, heard: Sequence[Heard[object]], winners: Sequence[Vote[object]]) -> None:
        """Hold what each said against what was agreed; without agreement everyone who spoke disagreed."""
        for each in heard:
            if isinstance(each, Vote):
                if winners and each.key == winners[0].key:
                    self._by_host[each.endpoint].agreed()
                elif each.key != NO_SUCH_BLOCK:
                    self._by_host[each.endpoint].contradicted(method)

    # --- the newest block that so many have ---

    async def _tip(self) -> object:
        now_s = self._clock()
        asked = self._enough([member for member in self.members if member.standing.askable(now_s)])
        newest: list[Tip] = []

        def late(heard: Heard[Tip]) -> None:
            self._compare([heard], newest)

        questions = [self._header(member, LATEST) for member in asked]
        heard = await self._panel.hear(questions, lambda so_far: self._settled(so_far, len(asked)), late)
        newest += await self._newest(heard)
        self._compare(heard, newest)
        if not newest:
            raise UnreachableError(f"{self.endpoint}: the newest block: {dispute(heard, self.agree)}")
        return newest[0].header

    async def _header(self, member: Member, block: str) -> Heard[Tip]:
        try:
            header = await member.call(BY_NUMBER, [block, False])
            head = read_head(member.rpc.endpoint, self._chain_id, header)
        except RpcRefusedError as refused:
            return Silence(member.host, f"{member.host}: {refused}")
        except UnreachableError as error:
            return Silence(member.host, str(error))
        key = (head.number, head.hash)
        return Vote(member.host, key, Tip(member, head, header), f"{head.number} {head.hash}")

    def _settled(self, heard: Sequence[Heard[Tip]], asked: int) -> Patience:
        """Whether those who have not answered could still show that so many have a newer block."""
        heads = [each.answer.head for each in heard if isinstance(each, Vote)]
        camp = agreed(heard, self.agree)
        if camp:
            above = sum(head.number > camp[0].answer.head.number for head in heads)
            enough = above + asked - len(heard) < self.agree
            return Patience.ENOUGH if enough else Patience.NOT_LONG
        return Patience.NOT_LONG if len(heads) >= self.agree else Patience.WAIT

    async def _newest(self, heard: Sequence[Heard[Tip]]) -> Sequence[Tip]:
        """The newest head of any that so many have, one or none. Those above it are asked if it is theirs."""
        votes = [each for each in heard if isinstance(each, Vote)]
        candidates = {vote.key: vote.answer for vote in votes}
        for key, tip in sorted(candidates.items(), key=lambda item: -item[1].head.number):
            have = _votes_for(key, heard)
            above = [vote.answer.member for vote in votes if vote.answer.head.number > tip.head.number]
            if have >= self.agree or await self._have(above, tip.head, self.agree - have):
                return [tip]
        return []

    async def _have(self, members: Sequence[Member], head: Head, needed: int) -> bool:
        """Whether so many of these have this block on their chain."""
        key = (head.number, head.hash)

        def enough(heard: Sequence[Heard[Tip]]) -> Patience:
            have = _votes_for(key, heard)
            hopeless = have + len(members) - len(heard) < needed
            return Patience.ENOUGH if have >= needed or hopeless else Patience.WAIT

        if len(members) < needed:
            return False
        questions = [self._header(member, hex(head.number)) for member in members]
        heard = await self._panel.hear(questions, enough)
        if _votes_for(key, heard) < needed:
            return False
        for each in heard:
            if isinstance(each, Vote) and each.key != key:
                each.answer.member.contradicted(BY_NUMBER)
        return True

    def _compare(self, heard: Sequence[Heard[Tip]], newest: Sequence[Tip]) -> None:
        """Hold each node's height against the tip that was agreed on, and a fork of its own."""
        for each in heard:
            if isinstance(each, Vote) and newest:
                tip, best = each.answer, newest[0].head
                tip.member.at(tip.head.number, best.number)
                if tip.head.number == best.number and tip.head.hash != best.hash:
                    tip.member.contradicted(BY_NUMBER)


def _votes_for(key: Hashable, heard: Sequence[Heard[Tip]]) -> int:
    return sum(each.key == key for each in heard if isinstance(each, Vote))


async def _looked_after(member: Member) -> None:
    try:
        await member.prove()
    except UnreachableError:
        return
