"""The commands a developer types: they list themselves, say what is missing, and find their binaries."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "tools"
BASH = shutil.which("bash") or "bash"


def run(*command: str | Path, path: str | None = None, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"PATH": path} if path is not None else {})
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, input=stdin)


def test_make_alone_lists_every_command() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    listed = re.findall(r"make (\S+) ", run("make", "-C", ROOT).stdout)
    assert sorted(listed) == sorted(phony[1].split())


def test_a_machine_without_node_and_python_is_told_both(tmp_path: Path) -> None:
    for tool in ("git", "npm"):
        (tmp_path / tool).symlink_to("/bin/true")
    result = run(BASH, TOOLS / "check_setup.sh", "python3", path=str(tmp_path))
    assert result.returncode == 1
    assert "python3: Python 3.11 or newer" in result.stderr
    assert "Node.js 18 or newer" in result.stderr
    assert "npm 9" not in result.stderr


def test_an_old_python_is_named_with_its_version(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text(f'#!{BASH}\n[[ $1 == --version ]] && echo "Python 3.9.2"\nexit 1\n')
    old.chmod(0o755)
    result = run(BASH, TOOLS / "check_setup.sh", old)
    assert result.returncode == 1
    assert "Python 3.9.2" in result.stderr


def test_this_machine_has_what_setup_needs() -> None:
    assert run(BASH, TOOLS / "check_setup.sh", "python3").returncode == 0


@pytest.mark.parametrize("tool", ["forge", "anvil", "cast"])
def test_foundry_is_the_version_that_the_packages_pin(tool: str) -> None:
    pinned = json.loads((ROOT / "package.json").read_text())["optionalDependencies"]
    assert (
        f"{tool} Version: {pinned[f'@foundry-rs/{tool}-linux-amd64']}"
        in run(TOOLS / tool, "--version").stdout
    )


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A copy of the shim in a repository that has no node_modules."""
    tools = tmp_path / "tools"
    tools.mkdir()
    shutil.copy(TOOLS / "foundry.sh", tools)
    (tools / "forge").symlink_to("foundry.sh")
    return tools


def test_without_a_package_the_forge_on_the_path_is_used(elsewhere: Path, tmp_path: Path) -> None:
    other = tmp_path / "bin"
    other.mkdir()
    (other / "forge").write_text(f"#!{BASH}\necho other forge $1\n")
    (other / "forge").chmod(0o755)
    path = f"{elsewhere}:{other}:{os.environ['PATH']}"
    assert run(elsewhere / "forge", "build", path=path).stdout == "other forge build\n"


@pytest.mark.parametrize("command", ["lint", "coverage", "script"])
def test_what_compiles_otherwise_does_not_write_over_the_build(
    elsewhere: Path, tmp_path: Path, command: str
) -> None:
    (tmp_path / "forge").write_text(f"#!{BASH}\necho $FOUNDRY_OUT:$FOUNDRY_CACHE_PATH\n")
    (tmp_path / "forge").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    out, cache = run(elsewhere / "forge", command, path=path).stdout.strip().split(":")
    assert out.endswith(f"/.cache/forge/{command}/out")
    assert cache.endswith(f"/.cache/forge/{command}/cache")
    assert run(elsewhere / "forge", "build", path=path).stdout == ":\n"


def test_without_any_forge_the_message_says_how_to_get_it(elsewhere: Path) -> None:
    without = os.pathsep.join(["/usr/bin", "/bin", str(elsewhere)])
    result = run(elsewhere / "forge", path=without)
    assert result.returncode == 127
    assert "make setup" in result.stderr


def test_solc_calls_itself_a_native_build_of_the_pinned_version() -> None:
    version = json.loads((ROOT / "package.json").read_text())["devDependencies"]["solc"]
    said = run(TOOLS / "solc.js", "--version").stdout
    assert re.search(rf"^Version: {version}\+commit\.\w+\.Linux\.g\+\+$", said, re.MULTILINE)


def test_solc_signs_the_ids_of_what_is_built_in_and_leaves_literals_alone() -> None:
    source = (
        "// SPDX-License-Identifier: MIT\npragma solidity ^0.8.0;\n"
        "contract A { function f() external view returns (address, uint) {"
        " return (address(this), 4294967295); } }"
    )
    settings = {"outputSelection": {"*": {"": ["ast"]}}}
    request = {"language": "Solidity", "sources": {"A.sol": {"content": source}}, "settings": settings}
    answer = run(TOOLS / "solc.js", "--standard-json", stdin=json.dumps(request)).stdout
    assert "errors" not in json.loads(answer)
    assert '"referencedDeclaration":-28' in answer
    assert '"value":"4294967295"' in answer


def test_the_lock_of_the_node_packages_names_no_place_and_holds_every_digest() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if not entry["integrity"].startswith("sha512-")] == []


def test_node_packages_run_no_script_of_their_own_at_installation() -> None:
    assert "ignore-scripts=true" in (ROOT / ".npmrc").read_text().splitlines()


def test_foundrys_binaries_ask_nothing_of_node_so_that_npm_9_on_node_18_installs_them() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    foundry = [entry for name, entry in lock.items() if "@foundry-rs" in name]
    assert len(foundry) == 3
    assert [entry for entry in foundry if "engines" in entry] == []


def beside(log: Path, behind: str, *front: str) -> subprocess.CompletedProcess[str]:
    return run(BASH, TOOLS / "beside.sh", "The first", log, behind, "--", *front)


def test_two_jobs_beside_each_other_pass_if_both_do(tmp_path: Path) -> None:
    log = tmp_path / "new" / "log"
    result = beside(log, "echo one; echo two; echo three; echo four", "echo", "in front")
    assert result.returncode == 0
    assert "in front" in result.stdout
    assert result.stdout.endswith("The first: passed\ntwo\nthree\nfour\n")
    assert log.read_text().startswith("one\n")


def test_all_that_the_job_behind_said_is_shown_if_it_fails(tmp_path: Path) -> None:
    result = beside(tmp_path / "log", "echo one; seq 20; exit 3", "true")
    assert result.returncode == 3
    assert "one\n1\n" in result.stdout
    assert "The first: FAILED (exit 3)" in result.stdout


def test_the_job_in_front_fails_the_pair(tmp_path: Path) -> None:
    result = beside(tmp_path / "log", "true", "false")
    assert result.returncode == 1
    assert "The first: passed" in result.stdout


def test_both_jobs_really_run_at_the_same_time(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    result = beside(tmp_path / "log", f"echo met > {fifo}", "cat", str(fifo))
    assert result.returncode == 0
    assert "met\n" in result.stdout


def test_who_is_interrupted_in_front_leaves_nothing_behind(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    # The job and its child hold the pipe open for as long as they live.
    behind = f"exec 7>{alive}; echo up >&7; sleep 600"
    front = f"exec 6<{alive}; read -r up <&6; cat <&6 & kill -INT $PPID"
    result = beside(tmp_path / "log", behind, BASH, "-c", front)
    assert result.returncode == 130
    # `run` returns when all who could write its pipes have gone: the reader has seen the end of the job.
