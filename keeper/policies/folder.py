"""The policies in force, and what happens when someone edits them under a running keeper.

A half-saved file must not disarm a vault, and a mistake must not be silent. So a file takes effect only when
it is whole and right; until then the policy that it held before stays in force, an error event says what is
wrong, and a metric stays red. A policy leaves force only by a restart: to stop one vault, set `mode: paused`.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from keeper.core.policy import Policy
from keeper.core.units import Address
from keeper.policies.problems import PolicyError, Problem, nearest, shown
from keeper.policies.reading import parse_policy, read_bytes

SUFFIXES = (".yaml", ".yml")
RACE_NS = 2_000_000_000
"""A file changed this recently may change again within the same tick of its time stamp, so it is read again.
"""

Changes = Mapping[str, tuple[str, str]]


class PolicyEvents(Protocol):
    """What is told of policies (see `observe`)."""

    def policy_in_force(self, policy: Policy, changes: Changes) -> None:
        """A policy took effect; `changes` maps dotted names to (before, after), empty for a new policy."""
        ...

    def policies_refused(self, problems: Iterable[str]) -> None:
        """Files are bad or gone; what was in force stays so. An empty set of problems: all is well again."""
        ...


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a file was when it was last read; a settled one is read again only when its stamp moves."""

    stamp: tuple[int, int, int]
    settled: bool
    sha256: str
    policy: Policy | None
    problems: tuple[Problem, ...]


class PolicyFolder:
    """Implements `ports.Policies` over a directory. `names` restricts it to some policies; empty: all."""

    def __init__(
        self,
        folder: Path,
        events: PolicyEvents,
        names: frozenset[str] = frozenset(),
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._folder, self._events, self._names, self._wall_ns = folder, events, names, wall_ns
        self._seen: dict[str, _Seen] = {}
        self._in_force: dict[Address, Policy] = {}
        self._view: Mapping[Address, Policy] = MappingProxyType({})
        self._told: tuple[str, ...] = ()

    @classmethod
    def open(
        cls,
        folder: Path,
        events: PolicyEvents,
        names: frozenset[str] = frozenset(),
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> "PolicyFolder":
        """Read the directory for the first time.

        Raises PolicyError when anything in it is wrong, or nothing is there.
        """
        opened = cls(folder, events, names, wall_ns)
        problems = opened._refresh() or opened._absent()
        if problems:
            raise PolicyError(problems)
        events.policies_refused(())
        return opened

    def current(self) -> Mapping[Address, Policy]:
        """By vault; files that changed since the last call are read again first. Never raises."""
        self._tell(self._refresh())
        return self._view

    def _absent(self) -> list[Problem]:
        known = sorted(seen.policy.name for seen in self._seen.values() if seen.policy is not None)
        place = str(self._folder)
        if not known:
            return [
                Problem(place, 0, 0, "no policy here: put one .yaml file for each vault into this folder")
            ]
        return [
            Problem(place, 0, 0, f"no policy is named {shown(name)}{nearest(name, known)}")
            for name in sorted(self._names - set(known))
        ]

    def _tell(self, problems: Iterable[Problem]) -> None:
        told = tuple(str(problem) for problem in sorted(problems))
        if told != self._told:
            self._told = told
            self._events.policies_refused(told)

    def _refresh(self) -> list[Problem]:
        try:
            stamps = self._stamps()
        except OSError as error:
            return [Problem(str(self._folder), 0, 0, f"the policy folder cannot be read: {error.strerror}")]
        gone = [name for name, seen in self._seen.items() if name not in stamps and seen.policy is not None]
        for name in [name for name, seen in self._seen.items() if name not in stamps and seen.policy is None]:
            del self._seen[name]
        for name, stamp in stamps.items():
            self._look(name, stamp)
        problems = [problem for name in stamps for problem in self._seen[name].problems]
        return [*problems, *(self._vanished(name) for name in gone)]

    def _stamps(self) -> dict[str, tuple[int, int, int]]:
        found: dict[str, tuple[int, int, int]] = {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.endswith(SUFFIXES) and not entry.name.startswith("."):
                    try:
                        status = entry.stat()
                    except FileNotFoundError:
                        continue
                    found[entry.name] = (status.st_mtime_ns, status.st_size, status.st_ino)
        return dict(sorted(found.items()))

    def _look(self, name: str, stamp: tuple[int, int, int]) -> None:
        seen = self._seen.get(name)
        if seen is not None and seen.stamp == stamp and seen.settled and not seen.problems:
            return
        settled = self._wall_ns() - stamp[0] > RACE_NS
        path = self._folder / name
        before = seen.policy if seen is not None else None
        try:
            raw = read_bytes(path)
            sha256 = hashlib.sha256(raw).hexdigest()
            if before is not None and before.sha256 == sha256:
                self._seen[name] = _Seen(stamp, settled, sha256, before, ())
                return
            policy = parse_policy(str(path), raw)
            self._admit(path, before, policy)
        except PolicyError as error:
            self._seen[name] = _Seen(stamp, settled, "", before, error.problems)
            return
        self._seen[name] = _Seen(stamp, settled, sha256, policy, ())
        self._enforce(before, policy)

    def _admit(self, path: Path, before: Policy | None, policy: Policy) -> None:
        """Refuse what is right in itself and wrong beside the others. Raises PolicyError."""
        if before is not None and (before.name, before.vault) != (policy.name, policy.vault):
            raise PolicyError(
                [
                    Problem(
                        str(path), 0, 0, "`name` and `vault` cannot change while the keeper runs: restart it"
                    )
                ]
            )
        for other, seen in self._seen.items():
            if other == path.name or seen.policy is None:
                continue
            if seen.policy.vault == policy.vault:
                raise PolicyError(
                    [Problem(str(path), 0, 0, f"vault {policy.vault} already has a policy in {other}")]
                )
            if seen.policy.name == policy.name:
                raise PolicyError(
                    [Problem(str(path), 0, 0, f"the name `{policy.name}` is already taken by {other}")]
                )

    def _enforce(self, before: Policy | None, policy: Policy) -> None:
        if self._names and policy.name not in self._names:
            return
        self._in_force = {**self._in_force, policy.vault: policy}
        self._view = MappingProxyType(self._in_force)
        self._events.policy_in_force(policy, differences(before, policy) if before is not None else {})

    def _vanished(self, name: str) -> Problem:
        return Problem(
            str(self._folder / name),
            0,
            0,
            "gone; its policy stays in force until a restart (to stop a vault: `mode: paused`)",
        )


def differences(before: object, after: object, prefix: str = "") -> dict[str, tuple[str, str]]:
    """The fields that differ between two policies, by dotted name, as (before, after)."""
    found: dict[str, tuple[str, str]] = {}
    if not (is_dataclass(before) and is_dataclass(after)):
        return {prefix: (str(before), str(after))} if before != after else {}
    for field in fields(before):
        if field.name != "sha256":
            old, new = getattr(before, field.name), getattr(after, field.name)
            found |= differences(old, new, f"{prefix}.{field.name}" if prefix else field.name)
    return found
