"""A node in front of the scripted chain: its own client, pool, lag, faults and lies, in JSON-RPC.

`call` answers as `keeper.adapters.ethereum.rpc.Rpc` does, so that the real pool and the real wallet run over
it without a socket; tests/nodes/server.py serves the same over HTTP.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from keeper.adapters.ethereum.rpc import RpcRefusedError
from tests.nodes.chain import Block, ScriptedChain
from tests.nodes.clients import CLIENTS, Client, Limits
from tests.nodes.faults import SEND, Fault, LostBefore, On, Says, raised, reaches
from tests.nodes.pool import Pool, Seen, Taken
from tests.nodes.reading import View, method_named
from tests.nodes.refusals import Refusal
from tests.nodes.tx import Tx, UndecodableError, decoded

Lie = Callable[[Sequence[object], object], object]
"""Makes a false result of a request's parameters and the honest result."""


@dataclass
class ScriptedNode:
    """See the module. A test may change any of the plain fields at any time.

    `lag` in blocks. `lies` by method. `gossips`: whether its pool and those of the others exchange what they
    take; miners see every pool in any case, unless it is `mined_from` no longer.
    """

    chain: ScriptedChain
    name: str = "node"
    client: Client = CLIENTS["geth"]
    limits: Limits = field(default_factory=Limits)
    lag: int = 0
    down: bool = False
    gossips: bool = True
    mined_from: bool = True
    chain_id: int = 0
    """The chain that it says it serves."""
    faults: list[On] = field(default_factory=list)
    lies: dict[str, Lie] = field(default_factory=dict)
    asked: list[tuple[str, Sequence[object]]] = field(default_factory=list)
    _frozen: tuple[Block, ...] = ()

    def __post_init__(self) -> None:
        self.pool = Pool(self.client, self.limits)
        self.chain_id = self.chain_id or self.chain.chain_id
        self.chain.sources.append(self)

    @property
    def host(self) -> str:
        """What people see of the endpoint."""
        return self.name

    # --- what the test does to it ---

    def next(self, *faults: Fault, method: str = SEND) -> None:
        """Put faults in the queue, for the next requests of a method."""
        self.faults += [On(fault, method) for fault in faults]

    def freeze(self) -> None:
        """Hear of no new blocks, nor that old ones are no longer canonical."""
        self._frozen = tuple(self._blocks())

    def thaw(self) -> None:
        """Catch up."""
        self._frozen = ()
        self.pool.settle(self.view().tip.nonce)

    def view(self) -> View:
        """What it knows now."""
        return View(self.chain, self._blocks(), self.pool, self.client, self.chain_id)

    # --- what is asked of it ---

    async def call(self, method: str, params: Sequence[object]) -> object:
        """The `result`. Raises RpcRefusedError or UnreachableError, and Killed where a test says so."""
        fault = self.fault_for(method, params)
        if fault is None:
            return self.answer(method, params)
        if reaches(fault):
            self.hear(method, params)
        if isinstance(fault, Says):
            return fault.result
        raise raised(fault, self.name)

    def fault_for(self, method: str, params: Sequence[object]) -> Fault | None:
        """Take the request down, and take the fault that waits for it, if any, out of the queue."""
        self.asked.append((method, params))
        if method == SEND:
            self._note(params)
        if self.down:
            return LostBefore()
        waiting = next((each for each in self.faults if each.method == method), None)
        if waiting is None:
            return None
        self.faults.remove(waiting)
        return waiting.fault

    def answer(self, method: str, params: Sequence[object]) -> object:
        """The node's own answer, or its lie. Raises RpcRefusedError."""
        result = self._take(params) if method == SEND else self._read(method, params)
        lie = self.lies.get(method)
        return lie(params, result) if lie else result

    # --- what miners and other nodes do with it ---

    def offers(self, nonce: int, number: int) -> Iterator[Tx]:  # noqa: ARG002 a relay's offers depend on it
        """What waits at a nonce."""
        if self.mined_from and nonce in self.pool.waiting:
            yield self.pool.waiting[nonce]

    def moved(self, returned: tuple[Tx, ...]) -> None:
        """There is a new block, and these transactions are no longer in any."""
        if self._frozen:
            return
        for tx in returned:
            if tx.nonce not in self.pool.waiting or tx.tx_hash in self.chain.foreign_hashes:
                self.pool.keep(tx)
        self.pool.settle(self.view().tip.nonce)

    def overhears(self, tx: Tx) -> None:
        """Another node tells of a transaction."""
        if self.gossips and not self.down:
            self.pool.judge(tx, self._seen())

    def _blocks(self) -> Sequence[Block]:
        known = self._frozen or self.chain.blocks
        return known[: max(1, len(known) - self.lag)]

    def _seen(self) -> Seen:
        tip = self.view().tip
        return Seen(
            chain_id=self.chain_id,
            nonce=tip.nonce,
            balance_wei=self.chain.funds_wei - tip.spent_wei,
            base_fee_wei=self.chain.base_fee_wei,
            block_gas=self.chain.block_gas,
            delegated=self.chain.delegated,
        )

    def _note(self, params: Sequence[object]) -> None:
        try:
            tx = decoded(_raw(params))
        except UndecodableError:
            return
        self.chain.note(self.name, tx)

    def _take(self, params: Sequence[object]) -> object:
        try:
            tx = decoded(_raw(params))
        except UndecodableError as error:
            raise RpcRefusedError(-32602, "failed to decode signed transaction") from error
        match self.pool.judge(tx, self._seen()):
            case Refusal(code=code, message=message, data=data):
                raise RpcRefusedError(code, message, data)
            case Taken():
                self._gossip(tx)
                return tx.tx_hash

    def _gossip(self, tx: Tx) -> None:
        if not self.gossips:
            return
        for other in self.chain.sources:
            if isinstance(other, ScriptedNode) and other is not self:
                other.overhears(tx)

    def _read(self, method: str, params: Sequence[object]) -> object:
        return method_named(method)(self.view(), params)

    def hear(self, method: str, params: Sequence[object]) -> None:
        """Do what was asked, with nobody to hear the answer."""
        try:
            self.answer(method, params)
        except RpcRefusedError:
            return


def nodes_of(chain: ScriptedChain, *clients: str) -> list[ScriptedNode]:
    """A node of each of these clients, named by it and its place: "geth-0"."""
    return [ScriptedNode(chain, f"{name}-{place}", CLIENTS[name]) for place, name in enumerate(clients)]


def _raw(params: Sequence[object]) -> bytes:
    text = str(params[0]) if params else ""
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise UndecodableError(text) from None
