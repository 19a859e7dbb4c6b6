"""The table of the proven properties is complete, names what exists, and stands in the documents as it is."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import prove
import pytest
from guard_mutants import entries
from kills import state_of
from prove import TOGETHER, Property, Tool, properties
from provers import Verdicts, ask, read_verdicts, run_forge, run_halmos

from tests.house.test_checks import ROOT

WRITTEN = (ROOT / "tools" / "lemmas.py").read_text()
"""Read, not imported: z3 lives in an environment of its own."""

LEMMAS = set(re.findall(r'^ +name="([^"]+)"', WRITTEN, re.MULTILINE))
OF_NO_CONTRACT = {
    "so far it held",
    "the greatest net value",
    "the parts are bounded",
    "the price is within its error",
}
"""Checks of lemmas that speak of a step of an induction, of a definition, or of the world."""

CHECKS = {mutant.check for mutant in entries()}


def _sources() -> dict[str, str]:
    """The body of each test contract, by its name."""
    found = {}
    for path in (ROOT / "contracts" / "test").rglob("*.sol"):
        for part in re.split(r"(?=^(?:abstract )?contract )", path.read_text(), flags=re.MULTILINE):
            if match := re.match(r"(?:abstract )?contract (\w+)", part):
                found[match[1]] = part
    return found


SOURCES = _sources()


def test_all_35_properties_are_there_in_their_order() -> None:
    assert [row.id for row in properties()] == [f"P{number}" for number in range(1, 36)]


@pytest.mark.parametrize("row", properties(), ids=lambda row: row.id)
def test_a_property_names_tests_and_witnesses_that_exist_and_mutants_that_are_known(row: Property) -> None:
    assert row.tests
    assert {check for checks in row.mutants for check in checks.split(TOGETHER)} <= CHECKS
    assert row.mutants
    if row.tool is Tool.Z3:
        assert set(row.tests) <= LEMMAS
    else:
        assert row.witnesses
    assert bool(row.grounds) is (row.tool is Tool.Z3)
    for name in (*row.judges, *row.witnesses):
        contract, _, test = name.partition(".")
        assert f"function {test}(" in SOURCES[contract], name


def test_every_proof_and_every_lemma_belongs_to_a_property() -> None:
    named = {name.partition(".")[2] for row in properties() for name in (*row.tests, *row.witnesses)}
    written = set(re.findall(r"function ((?:check|witness)_\w+)\(", "".join(SOURCES.values())))
    assert written - named == set()
    lemmas = {name for row in properties() if row.tool is Tool.Z3 for name in row.tests}
    assert lemmas == LEMMAS


def test_what_a_lemma_takes_for_granted_of_a_contract_is_tested_of_it_in_the_same_words() -> None:
    granted = set(re.findall(r'Check\(\s*"([^"]+)"', WRITTEN)) - OF_NO_CONTRACT
    tested = set(re.findall(r"function testFuzz_(\w+)\(", SOURCES["GroundsTest"]))
    assert granted
    assert {re.sub(r"\W+", "_", check) for check in granted} <= tested
    named = {name for row in properties() for name in row.grounds}
    assert named == {f"GroundsTest.testFuzz_{test}" for test in tested}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A test of one contract, which it imports, and what it stands on."""
    for folder in ("src", "test/unit", "test/golden", "script", "out"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "foundry.toml").write_text("[profile.default]")
    (tmp_path / "src" / "b.sol").write_text("contract B {}")
    tested = 'import {Base} from "test/base.sol";\nimport {B} from "src/b.sol";\ncontract BTest is Base {}'
    (tmp_path / "test" / "unit" / "b.t.sol").write_text(tested)
    base = 'import {\n    Root\n} from "./root.sol";\nabstract contract Base is Root {}'
    (tmp_path / "test" / "base.sol").write_text(base)
    (tmp_path / "test" / "root.sol").write_text("abstract contract Root {}")
    (tmp_path / "test" / "unit" / "c.t.sol").write_text("contract CTest {}")
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "src/b.sol",
        "script/a.sol",
        "foundry.toml",
        "test/golden/a.json",
        "test/unit/b.t.sol",
        "test/base.sol",
        "test/root.sol",
    ],
)
def test_a_kill_is_forgotten_when_something_changes_that_its_verdict_hangs_on(
    project: Path, name: str
) -> None:
    before = state_of(project, ["BTest.test_a"])
    with (project / name).open("a") as file:
        file.write("// Anew.")
    assert state_of(project, ["BTest.test_a"]) != before


@pytest.mark.parametrize("name", ["out/b.json", "test/unit/c.t.sol", "test/unit/d.t.sol"])
def test_a_kill_is_kept_when_something_else_changes(project: Path, name: str) -> None:
    before = state_of(project, ["BTest.test_a"])
    (project / name).write_text("contract D {}")
    assert state_of(project, ["BTest.test_a"]) == before


def test_the_document_holds_the_table() -> None:
    assert prove.page(properties()) in prove.PAGE.read_text()


def test_a_test_that_failed_once_has_not_passed() -> None:
    said = "\x1b[32m[PASS]\x1b[0m check_a(uint256) (paths: 1)\n[FAIL: no] test_b()\n[TIMEOUT] check_c()\n"
    verdicts = read_verdicts(said)
    assert verdicts.passed == {"check_a"}
    assert verdicts.failed == {"test_b"}


def test_the_failures_of_forge_are_read_whatever_their_reasons_hold() -> None:
    said = (
        "[FAIL: Left(0x5615, 7896 [7.896e18])] test_a() (gas: 1)\n"
        "[FAIL: no; counterexample: args=[1, [2]]] testFuzz_b((int256,uint256),bool) (runs: 20)\n"
        "[FAIL: assertion failed: 1 != 0]\n\t[Sequence] (original: 9, shrunk: 1)\n"
        "\t\tsender=0x84 addr=[test/Handler.sol:Handler]0xD6 calldata=ripcord() args=[]\n"
        " invariant_c() (runs: 11, calls: 550, reverts: 0)\n"
    )
    assert read_verdicts(said).failed == {"test_a", "testFuzz_b", "invariant_c"}


def test_a_proof_whose_paths_were_cut_short_has_not_passed() -> None:
    said = (
        "[PASS] check_a(uint256) (paths: 3)\n[PASS] check_b() (paths: 1)\n"
        "\x1b[33mWARNING  check_a(uint256): paths have not been fully explored "
        "due to the loop unrolling bound: 2\x1b[0m\n"
    )
    assert read_verdicts(said).passed == {"check_b"}


def test_a_warning_that_was_broken_into_lines_is_read_all_the_same() -> None:
    said = (
        "[PASS] check_a((int256,(uint8,bool)),uint256[2]) (paths: 3)\n[PASS] check_b() (paths: 1)\n"
        "[PASS] check_c(uint256) (paths: 2)\n"
        "WARNING  check_a((int256,(uint8,bool)),uin                                      \n"
        "         t256[2]): paths have not been fully explored due to the loop           \n"
        "         unrolling bound: 2                                                     \n"
        "WARNING  check_c(uint256): paths                                                \n"
        "         have not been fully explored due to the loop unrolling bound: 2        \n"
    )
    assert read_verdicts(said).passed == {"check_b"}


@pytest.mark.parametrize("words", [["P36"], ["--Quick"], ["--quick", "P11"]])
def test_who_asks_to_prove_nothing_is_told_so(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert prove.main(words) == 2
    assert capsys.readouterr().out


def _gone(pid: str) -> bool:
    state = Path("/proc", pid, "stat")
    return not state.exists() or ") Z " in state.read_text()


def _goes(pid: str) -> bool:
    for _ in range(100):
        if _gone(pid):
            return True
        time.sleep(0.1)
    return False


def test_a_prover_that_hangs_is_ended_with_all_it_started_and_what_it_had_said_stands(tmp_path: Path) -> None:
    solver = tmp_path / "solver"
    hangs = f"sleep 600 & echo $! > {solver}; echo '[PASS] check_a() (paths: 1)'; wait"
    said, code = ask(["sh", "-c", hangs], tmp_path, {}, silence_s=2)
    assert read_verdicts(said).passed == {"check_a"}
    assert code == -9
    assert _goes(solver.read_text().strip())


def test_a_prover_that_ends_has_said_all_it_had_to_say(tmp_path: Path) -> None:
    said, code = ask(
        ["sh", "-c", "echo '[PASS] check_a()'; sleep 1; echo '[FAIL] check_b()'; exit 1"],
        tmp_path,
        {},
        silence_s=60,
    )
    assert read_verdicts(said).passed == {"check_a"}
    assert read_verdicts(said).failed == {"check_b"}
    assert code == 1


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a `halmos`, and for a `forge` in `tools`, one prover at a time."""
    monkeypatch.setattr("provers.BIN", tmp_path)
    monkeypatch.setattr("provers.WORKERS", 1)
    monkeypatch.setattr("provers.ROOT", tmp_path)
    (tmp_path / "tools").mkdir()
    return tmp_path


def _script(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_what_a_prover_left_open_is_asked_again_by_itself(stand_ins: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    # It answers where it is asked one thing, and of several only the first.
    answers = f"""for last; do :; done
printf '%s\\n' "$last" >> {calls}
name=${{last#^(}}; name=${{name%%)*}}; name=${{name%%|*}}
echo "[PASS] $name()"
"""
    _script(stand_ins / "halmos", answers)
    (stand_ins / "tools" / "forge").symlink_to("/bin/true")
    verdicts = run_halmos(tmp_path, ["Vault.check_a", "Vault.check_b", "Vault.check_c"])
    assert verdicts.passed == {"check_a", "check_b", "check_c"}
    assert calls.read_text().split() == ["^(check_a|check_b|check_c)\\b", "^(check_b)\\b", "^(check_c)\\b"]


def test_provers_are_told_of_a_terminal_too_wide_to_break_a_name(stand_ins: Path) -> None:
    _script(stand_ins / "tools" / "forge", 'test "$COLUMNS" -ge 500 && echo "[PASS] test_a()"')
    assert run_forge(stand_ins, ["Vault.test_a"]).passed == {"test_a"}


def test_halmos_is_asked_nothing_about_what_was_not_built(
    stand_ins: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _script(stand_ins / "halmos", f"touch {stand_ins / 'asked'}; echo '[PASS] check_a()'")
    _script(stand_ins / "tools" / "forge", "echo 'Error: it does not compile'; exit 1")
    assert run_halmos(stand_ins, ["Vault.check_a"]) == Verdicts()
    assert not (stand_ins / "asked").exists()
    assert "it does not compile" in capsys.readouterr().out


def test_forge_is_given_more_time_than_halmos_to_say_something(
    stand_ins: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Both are silent for as long: longer than the one may be, and not as long as the other.
    monkeypatch.setattr("provers.SILENCE_S", 0.5)
    for path, name in ((stand_ins / "tools" / "forge", "test_a"), (stand_ins / "halmos", "check_a")):
        _script(path, f"sleep 2; echo '[PASS] {name}()'")
    assert run_forge(stand_ins, ["Vault.test_a"]).passed == {"test_a"}
    assert run_halmos(stand_ins, ["Vault.check_a"]) == Verdicts()
    assert "halmos has been silent for 0.5 s" in capsys.readouterr().out


def test_who_stops_a_proof_leaves_no_prover_behind(tmp_path: Path) -> None:
    works = (
        "import signal, sys\n"
        "from pathlib import Path\n"
        "from provers import ask, end_all\n"
        "signal.signal(signal.SIGTERM, end_all)\n"
        "ask(['sh', '-c', 'echo $$ > started; sleep 600'], Path(), {}, 600)\n"
    )
    proof = subprocess.Popen(
        [sys.executable, "-c", works], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT / "tools")}
    )
    started = tmp_path / "started"
    while not (started.exists() and started.read_text().strip()):
        assert proof.poll() is None
        time.sleep(0.05)
    proof.terminate()
    assert proof.wait() == 128 + 15
    assert _goes(started.read_text().strip())
