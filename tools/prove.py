#!/usr/bin/env python3
"""Prove the 35 properties of the guarded vault, show that none holds for want of trying, and break each.

A property can hold because nothing ever happens: a fuzzer whose attacks all fail, a prover to whom every
call reverts, a tool that skips what it cannot read. So proofs.toml names for each property its tests, its
witnesses (what must occur, or what a prover must refute) and its mutants, entries of guard_mutants.toml of
which each must make one of these tests fail. Every named test must have run. For a lemma the mutants are its
own checks.

    prove.py              everything, with a table at the end: an hour
    prove.py --quick      what forge does not run by itself: the proofs by halmos and z3, without mutants
    prove.py P11 P31      only these
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from guard_mutants import PLAIN, entries, lay_out, mutated
from repository import ROOT

TABLE = ROOT / "tools" / "proofs.toml"
PAGE = ROOT / "docs" / "proofs.md"
BIN = ROOT / ".cache" / "prove" / "bin"
OUT = "../.cache/forge/prove/out"
SYMBOLIC = {
    "FOUNDRY_DYNAMIC_TEST_LINKING": "false",
    "FOUNDRY_TEST": "test/symbolic",
    "FOUNDRY_OUT": OUT,
    "FOUNDRY_CACHE_PATH": "../.cache/forge/prove/cache",
}
PATIENCE_S = 900
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
VERDICT = re.compile(r"^\[(PASS|FAIL)[^\]]*\]\s+(\w+)\(", re.MULTILINE)


class Tool(StrEnum):
    """What a property is shown with."""

    FORGE = "forge"
    HALMOS = "halmos"
    Z3 = "z3"


@dataclass(frozen=True, slots=True)
class Property:
    """One row of proofs.toml. Tests are named `Contract.test`, lemmas by their names."""

    id: str
    sentence: str
    tool: Tool
    tests: tuple[str, ...]
    witnesses: tuple[str, ...]
    mutants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The tests that passed and those that failed, by name."""

    passed: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()


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
            mutants=tuple(row.get("mutants", ())),
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
        names = [
            ", ".join(f"`{name.partition('.')[2] or name}`" for name in each)
            for each in (row.tests, row.witnesses)
        ]
        mutants = "; ".join(row.mutants) or "each of its checks"
        lines.append(f"| {row.id} | {row.sentence} | {row.tool} | {names[0]} | {names[1]} | {mutants} |")
    return "\n".join(lines)


def read_verdicts(said: str) -> Verdicts:
    """The verdicts in what forge or halmos printed."""
    found = VERDICT.findall(COLOURS.sub("", said))
    failed = frozenset(name for verdict, name in found if verdict == "FAIL")
    return Verdicts(frozenset(name for verdict, name in found if verdict == "PASS") - failed, failed)


def _together(all_: Iterable[Verdicts]) -> Verdicts:
    parts = list(all_)
    return Verdicts(
        frozenset().union(*(each.passed for each in parts)),
        frozenset().union(*(each.failed for each in parts)),
    )


def _run(command: list[str], project: Path, environment: dict[str, str]) -> Verdicts:
    path = {"PATH": f"{ROOT / 'tools'}:{os.environ['PATH']}"}
    try:
        done = subprocess.run(
            command,
            cwd=project,
            env=os.environ | PLAIN | path | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
    except subprocess.TimeoutExpired:
        return Verdicts()
    return read_verdicts(done.stdout)


def _patterns(names: Iterable[str]) -> tuple[str, str]:
    pairs = [name.split(".") for name in names]
    return "|".join(sorted({one for one, _ in pairs})), "|".join(sorted({two for _, two in pairs}))


def run_forge(project: Path, names: Iterable[str]) -> Verdicts:
    """Run tests with forge."""
    contracts, tests = _patterns(names)
    command = ["forge", "test", "--match-contract", f"^({contracts})$", "--match-test", f"^({tests})\\b"]
    return _run(command, project, {})


def run_halmos(project: Path, names: Iterable[str], *options: str) -> Verdicts:
    """Run proofs with halmos, all contracts at once. What it does not know is neither passed nor failed."""
    by_contract: dict[str, list[str]] = {}
    for name in names:
        contract, _, test = name.partition(".")
        by_contract.setdefault(contract, []).append(test)
    _run(["forge", "build", "--ast", "--extra-output", "storageLayout", "metadata"], project, SYMBOLIC)
    command = [str(BIN / "halmos"), "--forge-build-out", OUT, "--no-status", "--solver-timeout-assertion"]
    command += ["180s", *options]
    calls = [
        [*command, "--contract", contract, "--match-test", f"^({'|'.join(tests)})\\b"]
        for contract, tests in sorted(by_contract.items())
    ]
    with ThreadPoolExecutor() as pool:
        return _together(pool.map(lambda call: _run(call, project, SYMBOLIC), calls))


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


def judge_tests(row: Property, verdicts: Verdicts, standing: Standing) -> None:
    """Every test has run and passed, and every witness too; what halmos is to refute must fail."""
    held, refuted = verdicts.passed, verdicts.failed
    for name in row.tests:
        if name.partition(".")[2] not in held:
            standing.faults.append(f"not shown: {name}")
    for name in row.witnesses:
        test = name.partition(".")[2]
        if test not in (refuted if test.startswith("witness_") else held):
            standing.faults.append(f"no witness: {name}")


def _is_quick(name: str) -> bool:
    return ".invariant_" not in name


def killers(row: Property, project: Path) -> frozenset[str]:
    """The tests of a property that fail now: the quick ones, and if none does, the others."""
    if row.tool is Tool.HALMOS:
        # One after the other: what does not fail takes as long as ever, and the first to fail suffices.
        runs = (run_halmos(project, [name], "--early-exit").failed for name in row.tests)
        return next((failed for failed in runs if failed), frozenset())
    names = [*row.tests, *(name for name in row.witnesses if name not in row.tests)]
    for chosen in ([n for n in names if _is_quick(n)], [n for n in names if not _is_quick(n)]):
        if chosen and (failed := run_forge(project, chosen).failed):
            return failed
    return frozenset()


def break_all(rows: list[Property], project: Path, standings: dict[str, Standing]) -> None:
    """Apply each mutant, and let the properties that name it notice."""
    table = {mutant.check: mutant for mutant in entries()}
    for check in dict.fromkeys(name for row in rows for name in row.mutants):
        mutant = table[check]
        path = project / "src" / mutant.file
        source = path.read_text()
        path.write_text(mutated(source, mutant))
        for row in rows:
            if check not in row.mutants:
                continue
            failed = sorted(killers(row, project))
            (standings[row.id].killed if failed else standings[row.id].survived).append(check)
            print(f"   {check:40} {row.id:4} {failed[0] if failed else 'LIVES'}", flush=True)
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
        ran = f"{len(row.tests)} tests {len(row.witnesses)} witnesses"
        print(f"{row.id:4} {row.tool:7} {ran}  {count:10} {'; '.join(faults) or 'holds'}")
        print(f"     {row.sentence}")
    print(f"{len(rows) - bad} of {len(rows)} properties hold")
    return 1 if bad else 0


def main(words: list[str]) -> int:
    """Prove what is asked for."""
    quick = "--quick" in words
    ids = {word for word in words if word != "--quick"}
    rows = [row for row in properties() if not ids or row.id in ids]
    if quick:
        rows = [row for row in rows if row.tool is not Tool.FORGE]
    standings = {row.id: Standing() for row in rows}
    project = ROOT / "contracts" if quick else lay_out()

    judge_lemmas([row for row in rows if row.tool is Tool.Z3], standings)
    for tool, run in ((Tool.HALMOS, run_halmos), (Tool.FORGE, run_forge)):
        chosen = [row for row in rows if row.tool is tool]
        names = [name for row in chosen for name in (*row.tests, *row.witnesses)]
        verdicts = run(project, names) if names else Verdicts()
        if names:
            print(f"{tool}: {len(verdicts.passed | verdicts.failed)} of {len(set(names))} ran", flush=True)
        for row in chosen:
            judge_tests(row, verdicts, standings[row.id])
    if not quick:
        break_all(rows, project, standings)
    return report(rows, standings, mutants=not quick)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
