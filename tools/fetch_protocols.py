#!/usr/bin/env python3
"""Fetch the published contracts of the protocols the local world is built from.

The demo and the world tests trade on the real Uniswap, Aave, Chainlink and Safe bytecode. Its licences do
not let us redistribute it, and installing those packages as dependencies drags in git URLs that no lock can
hold. So the tarballs are fetched one by one with `npm pack`, checked against the sha512 in
`protocols.lock.json`, and only the files that are needed are unpacked. What is already there is checked
against the lock's digest of the unpacked tree, so a second run needs no network and a damaged cache is
noticed.

    fetch_protocols.py [DIR]            fetch what is missing into DIR (default: .cache/protocols)
    fetch_protocols.py --update [DIR]   fetch everything and write the lock anew (after a version changed)

Standard library only: it runs before anything is installed.
"""

import argparse
import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "tools" / "protocols.lock.json"
DEFAULT_TARGET = ROOT / ".cache" / "protocols"

Pack = Callable[[str, Path], Path]


class FetchError(Exception):
    """A protocol that could not be fetched, or is not the one that the lock names."""


@dataclass(frozen=True)
class Protocol:
    """One line of the lock: which tarball, what of it is kept, and the digests of both."""

    directory: str
    package: str
    version: str
    keep: tuple[str, ...]
    integrity: str
    tree: str

    @property
    def spec(self) -> str:
        """The package as npm names it."""
        return f"{self.package}@{self.version}"


def read_lock(path: Path) -> list[Protocol]:
    """Protocols of the lock file, in its order."""
    lock = json.loads(path.read_text())
    return [
        Protocol(name, line["package"], line["version"], tuple(line["keep"]), line["integrity"], line["tree"])
        for name, line in lock.items()
    ]


def write_lock(path: Path, protocols: list[Protocol]) -> None:
    """Write the lock file, one key per line so that a change reads well in a diff."""
    lock = {
        p.directory: {
            "package": p.package,
            "version": p.version,
            "keep": list(p.keep),
            "integrity": p.integrity,
            "tree": p.tree,
        }
        for p in protocols
    }
    path.write_text(json.dumps(lock, indent=2) + "\n")


def tree_digest(folder: Path) -> str:
    """SHA-256 over the sorted names and contents of all files below `folder`; of nothing if it is absent."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(folder).as_posix()}\0{content}\n".encode())
    return f"sha256-{digest.hexdigest()}"


def integrity(tarball: Path) -> str:
    """Digest of a tarball in the form that npm's own lock uses."""
    return "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()


def unpack(tarball: Path, keep: tuple[str, ...], target: Path) -> None:
    """Write the files of `tarball` whose name, less npm's leading folder, starts with one of `keep`."""
    with tarfile.open(tarball) as archive:
        for member in archive:
            name = PurePosixPath(*PurePosixPath(member.name).parts[1:])
            if not member.isfile() or not str(name).startswith(keep):
                continue
            if name.is_absolute() or ".." in name.parts:
                raise FetchError(f"{tarball.name}: refuses to unpack {member.name!r}")
            content = archive.extractfile(member)
            if content is None:
                raise FetchError(f"{tarball.name}: cannot read {member.name!r}")
            file = target / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.read())


def npm_pack(spec: str, folder: Path) -> Path:
    """Download the tarball of `spec` into `folder` with npm."""
    command = ["npm", "pack", spec, "--silent", "--pack-destination", str(folder)]
    try:
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise FetchError("npm is missing: install Node.js 18 or newer") from None
    tarballs = list(folder.glob("*.tgz"))
    if result.returncode != 0 or len(tarballs) != 1:
        why = (result.stderr or result.stdout).strip().splitlines() or ["npm said nothing"]
        raise FetchError(f"cannot fetch {spec} from the npm registry; is this machine offline? ({why[-1]})")
    return tarballs[0]


def fetch(protocol: Protocol, target: Path, pack: Pack = npm_pack, *, update: bool = False) -> Protocol:
    """Put one protocol into `target / directory` and return it with the digests that were found.

    Raises FetchError, leaving what was there before untouched, if a digest differs from the lock and `update`
    is off.
    """
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target, prefix=".fetching-") as scratch:
        tarball = pack(protocol.spec, Path(scratch))
        unpacked = Path(scratch) / "tree"
        unpacked.mkdir()
        found = integrity(tarball)
        if not update and found != protocol.integrity:
            raise FetchError(f"{protocol.spec}: the tarball is {found}, the lock says {protocol.integrity}")
        unpack(tarball, protocol.keep, unpacked)
        tree = tree_digest(unpacked)
        if not update and tree != protocol.tree:
            raise FetchError(f"{protocol.spec}: unpacks to {tree}, the lock says {protocol.tree}")
        place = target / protocol.directory
        shutil.rmtree(place, ignore_errors=True)
        unpacked.rename(place)
    return replace(protocol, integrity=found, tree=tree)


def is_present(protocol: Protocol, target: Path) -> bool:
    """Whether exactly the locked tree is there already."""
    return tree_digest(target / protocol.directory) == protocol.tree


def run(target: Path, *, update: bool, lock: Path = LOCK, pack: Pack = npm_pack) -> None:
    """Fetch all protocols that are missing, telling each; with `update`, all of them, and write the lock."""
    protocols = read_lock(lock)
    missing = [p for p in protocols if update or not is_present(p, target)]
    fetched = {}
    for number, protocol in enumerate(missing, 1):
        begin = time.monotonic()
        print(f"protocols: {number}/{len(missing)} {protocol.spec}", end=" ", flush=True)
        fetched[protocol.directory] = fetch(protocol, target, pack, update=update)
        print(f"{time.monotonic() - begin:.1f} s", flush=True)
    if update:
        write_lock(lock, [fetched[p.directory] for p in protocols])
    print(f"protocols: {len(protocols)} present, {len(missing)} fetched")


def main() -> int:
    """Command line; 0 when every protocol is present as locked, 1 otherwise."""
    parser = argparse.ArgumentParser(description="Fetch the pinned protocol artifacts.")
    parser.add_argument("target", nargs="?", type=Path, default=DEFAULT_TARGET, help="where to put them")
    parser.add_argument("--update", action="store_true", help="fetch all and write the lock anew")
    arguments = parser.parse_args()
    try:
        run(arguments.target, update=arguments.update)
    except FetchError as error:
        print(f"\nprotocols: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
