"""What is fetched is what the lock names, and nothing else gets onto the disk."""

import io
import os
import tarfile
from pathlib import Path

import fetch_protocols as fetching
import pytest


def tarball(folder: Path, files: dict[str, str]) -> Path:
    """An archive without compression or times, so that the same files give the same bytes."""
    path = folder / "package.tgz"
    with tarfile.open(path, "w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


class Registry:
    """Packs always the same files, and counts how often it is asked."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files
        self.asked: list[str] = []

    def __call__(self, spec: str, folder: Path) -> Path:
        self.asked.append(spec)
        return tarball(folder, self.files)


FILES = {"package/abi/A.json": "{}", "package/src/A.sol": "contract A {}", "package/README.md": "read"}
WANTED = fetching.Protocol("a", "@some/a", "1.0.0", ("abi/",), "", "")


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "lock.json"
    fetching.write_lock(path, [WANTED])
    fetching.run(tmp_path / "first", update=True, lock=path, pack=Registry(FILES))
    return path


def test_only_what_is_kept_is_unpacked(tmp_path: Path, lock: Path) -> None:
    unpacked = tmp_path / "first" / "a"
    assert [file.relative_to(unpacked).as_posix() for file in unpacked.rglob("*.*")] == ["abi/A.json"]
    assert fetching.read_lock(lock)[0].integrity.startswith("sha512-")


def test_what_is_present_is_not_fetched_again(tmp_path: Path, lock: Path) -> None:
    registry = Registry(FILES)
    fetching.run(tmp_path / "first", update=False, lock=lock, pack=registry)
    assert registry.asked == []


def test_a_damaged_cache_is_fetched_again(tmp_path: Path, lock: Path) -> None:
    damaged = tmp_path / "first" / "a" / "abi" / "A.json"
    damaged.write_text("{ }")
    registry = Registry(FILES)
    fetching.run(tmp_path / "first", update=False, lock=lock, pack=registry)
    assert registry.asked == ["@some/a@1.0.0"]
    assert damaged.read_text() == "{}"


def test_another_tarball_than_the_locked_one_is_refused(tmp_path: Path, lock: Path) -> None:
    other = Registry(FILES | {"package/abi/B.json": "{}"})
    with pytest.raises(fetching.FetchError, match="the lock says sha512-"):
        fetching.run(tmp_path / "second", update=False, lock=lock, pack=other)
    assert list((tmp_path / "second").iterdir()) == []


@pytest.mark.parametrize("name", ["package/abi/../../../escaped", "package/../abi/x"])
def test_a_name_that_leaves_the_folder_is_not_unpacked(tmp_path: Path, name: str) -> None:
    target = tmp_path / "target" / "tree"
    target.mkdir(parents=True)
    archive = tarball(tmp_path, {name: "bad"})
    with pytest.raises(fetching.FetchError, match="refuses"):
        fetching.unpack(archive, ("abi/", ".."), target)
    assert list((tmp_path / "target").rglob("*.*")) == []


def test_without_npm_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "PATH", str(tmp_path))
    with pytest.raises(fetching.FetchError, match="npm is missing"):
        fetching.npm_pack("a@1", tmp_path)


def test_an_npm_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error network' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setitem(os.environ, "PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(fetching.FetchError, match=r"is this machine offline\? \(npm error network\)"):
        fetching.npm_pack("a@1", tmp_path)
