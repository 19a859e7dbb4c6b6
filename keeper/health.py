"""Whether the keeper lives, and whether it does its work: two questions, answered by progress.

A process that answers "ok" because its web server runs is the classic way to lose a night. Live means that
the event loop still beats: a restart would help if it did not. Ready means that policies are loaded and that
every vault was decided a short while ago: it turns red when the node is down, and a restart would not help.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

BEAT_WITHIN_S = 15.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """An answer to a probe. `why` is empty when `ok`."""

    ok: bool
    why: tuple[str, ...] = ()


@dataclass(slots=True)
class _Vault:
    address: str
    decided_at: float | None = None
    quarantined: bool = False
    shown: Mapping[str, object] = field(default_factory=dict)


class Health:
    """Collects signs of life and judges them. `clock` is monotonic, in seconds."""

    def __init__(self, ready_within_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._within_s, self._clock = ready_within_s, clock
        self._beat_at = clock()
        self._started_at = clock()
        self._vaults: dict[str, _Vault] = {}
        self._block = 0
        self._stopping = False
        self._leader = ""
        self._facts: dict[str, object] = {}
        self._refused: tuple[str, ...] = ()
        self._books: tuple[dict[str, object], ...] = ()

    # --- signs of life ---

    def beat(self) -> None:
        """The event loop turns."""
        self._beat_at = self._clock()

    def serves(self, name: str, address: str) -> None:
        """One more vault that must make progress."""
        self._vaults.setdefault(name, _Vault(address))

    def decided(self, name: str, shown: Mapping[str, object]) -> None:
        """A vault was decided; `shown` is what the status page says of it."""
        if name in self._vaults:
            self._vaults[name].decided_at = self._clock()
            self._vaults[name].shown = shown

    def netted(self, books: tuple[dict[str, object], ...]) -> None:
        """What the status page says of books of vaults."""
        self._books = books

    def quarantined(self, name: str) -> None:
        """A vault is left alone until a restart."""
        if name in self._vaults:
            self._vaults[name].quarantined = True

    def cycled(self, block: int) -> None:
        """A cycle was completed."""
        self._block = block

    def refused(self, problems: tuple[str, ...]) -> None:
        """What is wrong with the policy files now. Vaults are kept by the policies before, so still ready."""
        self._refused = problems

    def stopping(self) -> None:
        """From now on not ready, so that nobody sends work here."""
        self._stopping = True

    def standing_by(self, leader: str) -> None:
        """Another keeper does the work: alive, and not ready."""
        self._leader = leader

    def leading(self) -> None:
        """The work is this one's."""
        self._leader = ""

    def facts(self, **facts: object) -> None:
        """What the status page shall say of the process itself."""
        self._facts |= facts

    # --- judgements ---

    def live(self) -> Judgement:
        """Whether the event loop beat a short while ago."""
        silent_s = self._clock() - self._beat_at
        if silent_s <= BEAT_WITHIN_S:
            return Judgement(ok=True)
        return Judgement(ok=False, why=(f"the event loop has stood still for {silent_s:.0f} s",))

    def ready(self) -> Judgement:
        """Whether every vault was decided within the time allowed."""
        if self._leader and not self._stopping:
            return Judgement(ok=False, why=(f"standby: {self._leader} leads",))
        why = [f"{name}: {words}" for name, vault in self._vaults.items() if (words := self._ill(vault))]
        if not self._vaults:
            why.append("no policy is loaded")
        if self._stopping:
            why.append("the keeper is stopping")
        return Judgement(ok=not why, why=tuple(why))

    def status(self) -> dict[str, object]:
        """Everything for people and for `keeper status`, as plain values."""
        live, ready = self.live(), self.ready()
        return {
            **self._facts,
            "live": live.ok,
            "ready": ready.ok,
            "standby": bool(self._leader),
            "why": [*live.why, *ready.why],
            "uptime_s": round(self._clock() - self._started_at, 1),
            "head": self._block,
            "policies_refused": list(self._refused),
            "vaults": self.vaults(),
            "books": list(self._books),
        }

    def vaults(self) -> dict[str, dict[str, object]]:
        """What is known of each vault, by name."""
        return {name: self._of(vault) for name, vault in self._vaults.items()}

    def _ill(self, vault: _Vault) -> str:
        if vault.quarantined:
            return "quarantined after a fault, see the log; restart to try again"
        if vault.decided_at is None:
            return "not decided yet"
        age_s = self._clock() - vault.decided_at
        return f"last decided {age_s:.0f} s ago" if age_s > self._within_s else ""

    def _of(self, vault: _Vault) -> dict[str, object]:
        age_s = None if vault.decided_at is None else round(self._clock() - vault.decided_at, 3)
        return {
            "address": vault.address,
            "decided_s_ago": age_s,
            "quarantined": vault.quarantined,
            **vault.shown,
        }
