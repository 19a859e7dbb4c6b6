"""The checks of `make lint` find what they are there to find."""

import shutil
import subprocess
from pathlib import Path

import check_budgets
import check_coverage
import check_hosts
import check_requirements
import pytest

ROOT = Path(__file__).parents[2]


def module(root: Path, name: str, source: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source)


def test_a_core_module_has_a_smaller_budget_than_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module(tmp_path, "keeper/shell.py", "x = 1\n" * 250)
    assert check_budgets.main(tmp_path) == 0
    module(tmp_path, "keeper/core/stage.py", "x = 1\n" * 250)
    assert check_budgets.main(tmp_path) == 1
    assert "keeper/core/stage.py: 250 lines, the budget is 200" in capsys.readouterr().out


def test_a_long_method_is_named_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module(tmp_path, "keeper/a.py", "class A:\n    async def long(self):\n" + "        x = 1\n" * 60)
    assert check_budgets.main(tmp_path) == 1
    assert "keeper/a.py:2: long: 61 lines, the budget is 60" in capsys.readouterr().out


@pytest.mark.parametrize(
    "line",
    [
        "https://regis" + "try.npm" + "js.org/solc",
        "files.python" + "hosted.org",
        "--extra-index" + "-url x",
        'cache = "/' + 'work/main/.cache"',
        "see /ro" + "ot/notes",
        "file:" + "///opt/simple",
    ],
)
def test_a_line_that_names_a_registry_or_a_machine_is_found(line: str) -> None:
    assert list(check_hosts.matches(line, "a.txt"))


@pytest.mark.parametrize(
    "line",
    [
        "the work/life balance",
        "/var/lib/keeper",
        "rootless",
        "../root/x",
        "uv --no-emit-index-url",
        "a/root/b",
    ],
)
def test_a_line_that_only_looks_like_it_is_not(line: str) -> None:
    assert not list(check_hosts.matches(line, "a.txt"))


def test_every_tracked_file_is_read_and_only_those(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("ignored\n")
    (tmp_path / "ignored").write_text("/ro" + "ot/\n")
    assert check_hosts.main(tmp_path) == 0
    (tmp_path / "new").write_text("first\n/ro" + "ot/\n")
    assert check_hosts.main(tmp_path) == 1
    assert "new:2: names a path of one machine" in capsys.readouterr().out


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def test_the_locks_of_this_repository_answer_its_pyproject() -> None:
    assert list(check_requirements.faults(ROOT)) == []


def test_a_new_dependency_without_a_lock_is_found(locked: Path) -> None:
    project = locked / "pyproject.toml"
    project.write_text(project.read_text().replace('"pyyaml>=6"', '"pyyaml>=6", "not-locked>=1"'))
    assert list(check_requirements.faults(locked)) == [
        "base.txt: not-locked is not pinned",
        "dev.txt: not-locked is not pinned",
    ]


def test_a_bound_that_moved_past_its_pin_is_found(locked: Path) -> None:
    project = locked / "pyproject.toml"
    project.write_text(project.read_text().replace("numpy>=2.2", "numpy>=99"))
    assert [fault.split(" is pinned")[0] for fault in check_requirements.faults(locked)] == [
        "base.txt: numpy>=99",
        "dev.txt: numpy>=99",
    ]


def test_a_pin_without_a_hash_is_found(locked: Path) -> None:
    lock = locked / "requirements" / "build.txt"
    lock.write_text(lock.read_text() + "lonely==1.0\n")
    assert "build.txt: lonely has no hash" in list(check_requirements.faults(locked))


LCOV = "TN:\nSF:src/A.sol\nDA:3,1\nDA:4,0\nBRDA:4,0,0,1\nBRDA:4,0,1,-\nend_of_record\nSF:test/T.sol\nDA:1,0\n"


def test_an_unreached_line_and_branch_of_a_contract_are_named() -> None:
    assert list(check_coverage.gaps(LCOV)) == [
        "src/A.sol:4: line not reached",
        "src/A.sol:4: branch 1 not reached",
    ]


def test_a_report_that_measures_nothing_does_not_pass(tmp_path: Path) -> None:
    report = tmp_path / "lcov"
    report.write_text("")
    assert check_coverage.main(report) == 1
