#!/usr/bin/env python3
"""Prove the 35 properties of the guarded vault, show that none holds for want of trying, and break each.

A property can hold because nothing ever happens: a fuzzer whose attacks all fail, a prover to whom every
call reverts, a tool that skips what it cannot read. So proofs.toml names for each property its tests, its
witnesses (what must occur, or what a prover must refute) and its mutants, entries of guard_mutants.toml of
which each must make one of these tests fail; that a witness fails shows nothing. Every named test must
have run. A lemma's own checks are mutants too, and its grounds are tests that the contracts compute what it
takes for granted. A mutant once killed is not tried again until something changes that the verdict hangs on,
so that who is interrupted goes on where he was.

    prove.py              everything, with a table at the end: an hour
    prove.py --quick      what forge does not run by itself: the proofs by halmos and z3, without mutants,
                          and of contracts that are compiled in moments, without the optimiser
    prove.py P11 P31      only these
"""

import json
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path

from guard_mutants import Mutant, entries, lay_out, mutated
from kills import Kills
from provers import BIN, DEPLOYED, QUICK, Verdicts, end_all, run_forge, run_halmos
from repository import ROOT

TABLE = ROOT / "tools" / "proofs.toml"
PAGE = ROOT / "docs" / "proofs.md"
TOGETHER = " + "


class Tool(StrEnum):
    """What a property is shown with."""

    FORGE = "forge"
    HALMOS = "halmos"
    Z3 = "z3"


@dataclass(frozen=True, slots=True)
class Property:
    """One row of proofs.toml. Tests are named `Contract.test`, lemmas by their names.

    The grounds of a lemma are tests of forge: the contracts compute what the lemma takes for granted.
    """

    id: str
    sentence: str
    tool: Tool
    tests: tuple[str, ...]
    witnesses: tuple[str, ...]
    mutants: tuple[str, ...]
    grounds: tuple[str, ...] = ()

    @property
    def judges(self) -> tuple[str, ...]:
        """The tests of which one must fail when a contract is broken."""
        return self.grounds or self.tests


@dataclass(slots=True)
class Standing:
    """What has been found of one property so far."""

    faults: list[str] = field(default_factory=list)
    killed: list[str] = field(default_factory=list)
    survived: list[str] = field(default_factory=list)


def properties() -> list[Property]:
    """The table."""
    rows = tomllib.loads(TABLE.read_text())["property"]
    return [
        Property(
            id=row["id"],
            sentence=row["sentence"],
            tool=Tool(row["tool"]),
            tests=tuple(row["tests"]),
            witnesses=tuple(row["witnesses"]),
            mutants=tuple(row["mutants"]),
            grounds=tuple(row.get("grounds", ())),
        )
        for row in rows
    ]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name.partition('.')[2] or name}`" for name in names) or "a model of each lemma"


def page(rows: Iterable[Property]) -> str:
    """The table as docs/proofs.md holds it."""
    lines = [
        "| | property | tool | shown by | witness | mutants |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        mutants = "; ".join([*(["each of its checks"] if row.tool is Tool.Z3 else []), *row.mutants])
        names = f"{_listed((*row.tests, *row.grounds))} | {_listed(row.witnesses)}"
        lines.append(f"| {row.id} | {row.sentence} | {row.tool} | {names} | {mutants} |")
    return "\n".join(lines)


def judge_lemmas(rows: list[Property], standings: dict[str, Standing]) -> None:
    """Let z3 prove and break the lemmas."""
    done = subprocess.run(
        [BIN / "python", ROOT / "tools" / "lemmas.py"], capture_output=True, text=True, check=False
    )
    results = {result["name"]: result for result in map(json.loads, done.stdout.splitlines())}
    for row in rows:
        standing = standings[row.id]
        for name in row.tests:
            result = results.get(name, {"proven": False, "witnessed": False, "killed": [], "survived": []})
            if not result["proven"]:
                standing.faults.append(f"not proven: {name}")
            if not result["witnessed"]:
                standing.faults.append(f"no witness: {name}")
            standing.killed += result["killed"]
            standing.survived += result["survived"]


def claims(row: Property, tool: Tool) -> tuple[str, ...]:
    """What this tool is asked of a property: tests and witnesses, or the grounds of a lemma."""
    if row.tool is tool:
        return (*row.tests, *row.witnesses)
    return row.grounds if tool is Tool.FORGE else ()


def judge_tests(claimed: Iterable[str], verdicts: Verdicts, standing: Standing) -> None:
    """Every test and every witness has run and passed; what halmos is to refute must fail."""
    for name in claimed:
        test = name.partition(".")[2]
        if test not in (verdicts.failed if test.startswith("witness_") else verdicts.passed):
            standing.faults.append(f"not shown: {name}")


def break_all(rows: list[Property], project: Path, standings: dict[str, Standing]) -> None:
    """Apply each mutant, or two where either check suffices, and let the properties that name it notice."""
    table = {mutant.check: mutant for mutant in entries()}
    kills = Kills(project, (row.judges for row in rows))
    for checks in dict.fromkeys(name for row in rows for name in row.mutants):
        mutants = [table[check] for check in checks.split(TOGETHER)]
        with _broken(project, mutants):
            for row in (row for row in rows if checks in row.mutants):
                failed = kills.of(row.judges, mutants)
                (standings[row.id].killed if failed else standings[row.id].survived).append(checks)
                print(f"   {checks:44} {row.id:4} {failed[0] if failed else 'LIVES'}", flush=True)


@contextmanager
def _broken(project: Path, mutants: list[Mutant]) -> Iterator[None]:
    paths = {project / "src" / mutant.file for mutant in mutants}
    sources = {path: path.read_text() for path in paths}
    try:
        for mutant in mutants:
            path = project / "src" / mutant.file
            path.write_text(mutated(path.read_text(), mutant))
        yield
    finally:
        for path, source in sources.items():
            path.write_text(source)


def report(rows: list[Property], standings: dict[str, Standing], *, mutants: bool) -> int:
    """Print the table; 1 if anything is not as it must be, else 0."""
    bad = 0
    for row in rows:
        standing = standings[row.id]
        faults = [*standing.faults, *(f"lives: {check}" for check in standing.survived)]
        if mutants and not standing.killed:
            faults.append("no mutant was killed")
        bad += bool(faults)
        count = f"{len(standing.killed)} killed" if standing.killed else "-"
        ran = f"{len(row.tests) + len(row.grounds)} tests {len(row.witnesses)} witnesses"
        print(f"{row.id:4} {row.tool:7} {ran}  {count:10} {'; '.join(faults) or 'holds'}")
        print(f"     {row.sentence}")
    print(f"{len(rows) - bad} of {len(rows)} properties hold")
    return 1 if bad else 0


def main(words: list[str]) -> int:
    """Prove what is asked for."""
    quick = "--quick" in words
    ids = {word for word in words if word != "--quick"}
    if unknown := ids - {row.id for row in properties()}:
        print(f"no such property: {', '.join(sorted(unknown))}; they are P1 to P35, and --quick is an option")
        return 2
    rows = [row for row in properties() if not ids or row.id in ids]
    if quick:
        rows = [row for row in rows if row.tool is not Tool.FORGE]
    if not rows:
        print("nothing to prove: forge shows what was asked for, which --quick leaves out")
        return 2
    standings = {row.id: Standing() for row in rows}
    project = ROOT / "contracts" if quick else lay_out()

    judge_lemmas([row for row in rows if row.tool is Tool.Z3], standings)
    halmos = partial(run_halmos, build=QUICK if quick else DEPLOYED)
    for tool, run in ((Tool.HALMOS, halmos), (Tool.FORGE, run_forge)):
        asked = {row.id: claims(row, tool) for row in rows}
        names = [name for claimed in asked.values() for name in claimed]
        if not names or (quick and tool is Tool.FORGE):
            continue
        verdicts = run(project, names)
        print(f"{tool}: {len(verdicts.passed | verdicts.failed)} of {len(set(names))} ran", flush=True)
        for id_, claimed in asked.items():
            judge_tests(claimed, verdicts, standings[id_])
    if not quick:
        break_all(rows, project, standings)
    return report(rows, standings, mutants=not quick)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end_all)
    sys.exit(main(sys.argv[1:]))
