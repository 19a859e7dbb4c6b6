"""What a node that lies says of a vault: an answer of the right shape with another number in it."""

from collections.abc import Awaitable, Callable, Sequence

from keeper.adapters.ethereum.seal import state_hash

Ask = Callable[[str, Sequence[object]], Awaitable[object]]
Lie = Callable[[Ask, str, Sequence[object]], Awaitable[object]]

TARGET, BAND = 4, 5
FIRST_WORD = 64 + 8 * 32
"""Where the vault's words begin in the lens' answer, behind the header."""
SUCCESS = "0x" + f"{1:064x}" * 2


class Forger:
    """Puts one word of its own into what the lens says of the vault.

    One that hides it makes the state hash anew as well, and has every hedge succeed in simulation.
    """

    def __init__(self, lens: str, field: int, value: int, *, hides: bool) -> None:
        self.lens, self.field, self.value, self.hides = lens.lower(), field, value, hides

    async def __call__(self, ask: Ask, method: str, params: Sequence[object]) -> object:
        if method != "eth_call":
            return await ask(method, params)
        call = params[0]
        if not isinstance(call, dict) or str(call["to"]).lower() != self.lens:
            return SUCCESS if self.hides else await ask(method, params)
        return self._forged(str(await ask(method, params)))

    def _forged(self, told: str) -> str:
        words = bytearray(bytes.fromhex(told.removeprefix("0x")))
        at = FIRST_WORD + self.field * 32
        words[at : at + 32] = self.value.to_bytes(32)
        if self.hides:
            own = bytes(words[FIRST_WORD : FIRST_WORD + 32 * 32])
            words[FIRST_WORD + 7 * 32 : FIRST_WORD + 8 * 32] = state_hash(31337, own, b"")
        return "0x" + words.hex()
