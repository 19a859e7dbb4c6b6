"""The few contract functions that the driver calls, encoded without web3, which takes a second to import."""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_abi.abi import decode, encode
from eth_utils.abi import function_signature_to_4byte_selector

from keeper.demo.rpc import Call, Json, as_bytes

_TERMS = "(bool,uint56,uint32,int88,uint96,address)"


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a contract: its signature and the types of its answer."""

    signature: str
    answers: tuple[str, ...]
    selector: bytes
    arguments: tuple[str, ...]

    def data(self, *arguments: object) -> str:
        """Call data, 0x-prefixed."""
        return "0x" + (self.selector + encode(self.arguments, arguments)).hex()

    def call(self, to: str, *arguments: object) -> Call:
        """An `eth_call` at the latest block, for a batch."""
        return "eth_call", [{"to": to, "data": self.data(*arguments)}, "latest"]

    def decode(self, answer: Json) -> tuple[int, ...]:
        """The answer's values; every function here answers integers. Raises TypeError for anything else."""
        values: Sequence[object] = decode(self.answers, as_bytes(answer))
        return tuple(_integer(value) for value in values)


def _integer(value: object) -> int:
    if isinstance(value, int):
        return value
    raise TypeError(f"not an integer: {value!r:.100}")


def _function(name: str, arguments: Sequence[str] = (), answers: Sequence[str] = ()) -> Function:
    signature = f"{name}({','.join(arguments)})"
    selector = function_signature_to_4byte_selector(signature)
    return Function(signature, tuple(answers), selector, tuple(arguments))


SUBMIT = _function("submit", ["uint256", "int256"])
_ROUND = ["uint80", "int256", "uint256", "uint256", "uint80"]
LATEST_ROUND = _function("latestRoundData", answers=_ROUND)
ROUND = _function("getRoundData", ["uint80"], _ROUND)
SLOT0 = _function("slot0", answers=["uint160", "int24", "uint16", "uint16", "uint16", "uint8", "bool"])
LIQUIDITY = _function("liquidity", answers=["uint128"])
SWAP = _function(
    "exactInputSingle", ["(address,address,uint24,address,uint256,uint256,uint256,uint160)"], ["uint256"]
)
LEG_COUNT = _function("legCount", answers=["uint256"])
LEG_EXPIRY = _function("legAt", ["uint256"], ["uint256"])
SETTLE = _function("settle", ["uint256", "uint80"])
AGREE = _function("agree", [_TERMS, "bool"])
OPEN_LEG = _function("openLeg", [_TERMS])

_EXPIRY_SHIFT, _EXPIRY_MASK = 160, 2**32 - 1


def expiry_of(leg: int) -> int:
    """Expiry of a packed leg, in Unix seconds (see contracts: OptionLeg)."""
    return leg >> _EXPIRY_SHIFT & _EXPIRY_MASK
