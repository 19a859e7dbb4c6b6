"""What may be signed at all, whatever the rest of the program believes.

The gate knows nothing of plans, intents or nonces: it reads the fields as a thief would have to fill them in.
A rebalance of a configured vault within its ceilings, or nothing sent to oneself; no other transaction of
this account can come out of this process. The vault's contract is the last judge, this is the first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from keeper.core.transaction.attempt import NO_OP_GAS
from keeper.core.transaction.unsigned import SignedBytes, Unsigned
from keeper.core.units import Address
from keeper.ports import SignerError

SELECTOR_BYTES = 4


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that one transaction may offer per unit of gas, and the most gas it may ask for."""

    max_fee_wei: int
    gas_limit: int


@dataclass(frozen=True, slots=True)
class Gate:
    """The rules. `vaults` are those that may be called, `selector` the only function of theirs.

    `promised_fee_wei` is the dearest ceiling of what is in flight: a policy may have become stricter since,
    and a no-op must still be able to outbid what it cancels.
    """

    chain_id: int
    account: Address
    selector: bytes
    vaults: Mapping[Address, Ceiling]
    promised_fee_wei: int = 0


@dataclass(frozen=True, slots=True)
class Passed:
    """It may be signed."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """It may not be signed; `why` is for people."""

    why: str


def judge(gate: Gate, unsigned: Unsigned) -> Passed | Stopped:
    """Hold a transaction against the gate; the first rule broken is named."""
    if unsigned.chain_id != gate.chain_id:
        return Stopped(f"it is for chain {unsigned.chain_id}, and this gate is for chain {gate.chain_id}")
    if unsigned.value_wei != 0:
        return Stopped(f"it sends {unsigned.value_wei} wei away, and nothing here ever does")
    if unsigned.tip_wei > unsigned.max_fee_wei:
        return Stopped("its tip is above its fee")
    if unsigned.to == gate.account:
        return _judge_no_op(gate, unsigned)
    ceiling = gate.vaults.get(unsigned.to)
    if ceiling is None:
        return Stopped(f"it calls {unsigned.to}, which is no vault that a policy lets be traded")
    if unsigned.data[:SELECTOR_BYTES] != gate.selector:
        return Stopped(
            f"it calls 0x{unsigned.data[:SELECTOR_BYTES].hex()}, and only a rebalance may be called"
        )
    return _judge_cost(unsigned, ceiling)


def _judge_no_op(gate: Gate, unsigned: Unsigned) -> Passed | Stopped:
    if unsigned.data:
        return Stopped("it calls the account itself with data, and a no-op has none")
    ceilings = (ceiling.max_fee_wei for ceiling in gate.vaults.values())
    dearest = max((*ceilings, gate.promised_fee_wei))
    return _judge_cost(unsigned, Ceiling(dearest, NO_OP_GAS))


def _judge_cost(unsigned: Unsigned, ceiling: Ceiling) -> Passed | Stopped:
    if unsigned.max_fee_wei > ceiling.max_fee_wei:
        return Stopped(
            f"it offers {unsigned.max_fee_wei} wei per gas, and {ceiling.max_fee_wei} is the ceiling"
        )
    if unsigned.gas_limit > ceiling.gas_limit:
        return Stopped(f"it asks for {unsigned.gas_limit} gas, and {ceiling.gas_limit} is the ceiling")
    return Passed()


class Signer(Protocol):
    """A key, wherever it is: a file, Web3Signer, a KMS."""

    @property
    def address(self) -> Address:
        """The account that it signs for."""
        ...

    async def sign(self, unsigned: Unsigned) -> SignedBytes:
        """Sign, or raise SignerError."""
        ...


class GatedSigner:
    """A signer behind a gate. The gate is asked for anew each time, because policies are re-read."""

    def __init__(self, signer: Signer, gate: Callable[[], Gate]) -> None:
        self._signer = signer
        self._gate = gate

    @property
    def address(self) -> Address:
        """The account that it signs for."""
        return self._signer.address

    async def sign(self, unsigned: Unsigned) -> SignedBytes:
        """Sign what passes the gate. Raises SignerError for anything else: that is a defect or an attack."""
        match judge(self._gate(), unsigned):
            case Stopped(why):
                raise SignerError(f"the gate refuses to sign this transaction: {why}")
            case Passed():
                return await self._signer.sign(unsigned)
