#!/usr/bin/env bash
# Run a Foundry tool (forge, anvil, cast: the name this is called by) at the version that package.json pins.
#
# npm 9 and npm 11 link the `@foundry-rs/forge` package differently, so package.json names the platform packages and
# the binary is looked up here. Where none is published for the platform, a tool of the same name on PATH is used.
# `PATH=tools:$PATH` gives forge and anvil to whatever starts them itself, slither for one.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
tool=$(basename -- "$0")

case "$(uname -s)" in
  Linux) os=linux ;;
  Darwin) os=darwin ;;
  *) os=other ;;
esac
case "$(uname -m)" in
  x86_64 | amd64) arch=amd64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) arch=other ;;
esac

binary="$here/../node_modules/@foundry-rs/$tool-$os-$arch/bin/$tool"
if [[ ! -x $binary ]]; then
  binary=
  while IFS= read -r candidate; do
    if [[ ! $candidate -ef ${BASH_SOURCE[0]} ]]; then
      binary=$candidate
      break
    fi
  done < <(type -ap -- "$tool" || true)
fi
if [[ -z $binary ]]; then
  echo "$tool: not found. 'make setup' installs it on linux-amd64; on $os-$arch install Foundry 1.7.1 yourself." >&2
  exit 127
fi

# solc comes from npm too; a path given here spares forge a download that it could not make offline.
export FOUNDRY_SOLC="${FOUNDRY_SOLC:-$here/solc.js}"

# These compile otherwise than a build does and write what they get over its artifacts: after `forge lint` there is no
# bytecode left to deploy. So each has a place of its own, and may run beside the others.
if [[ $tool == forge ]]; then
  case ${1:-} in
    lint | coverage | script)
      export FOUNDRY_OUT="${FOUNDRY_OUT:-$here/../.cache/forge/$1/out}"
      export FOUNDRY_CACHE_PATH="${FOUNDRY_CACHE_PATH:-$here/../.cache/forge/$1/cache}"
      ;;
  esac
fi


# Coverage and slither lose track of imports below a path with `..` in it, which foundry.toml cannot do without.
root=$(cd -- "$here/.." && pwd)
FOUNDRY_REMAPPINGS="${FOUNDRY_REMAPPINGS:-"@openzeppelin/contracts/=$root/node_modules/@openzeppelin/contracts/
solady/=$root/node_modules/solady/src/
forge-std/=$root/.cache/protocols/uni-v4-core/lib/forge-std/src/"}"
export FOUNDRY_REMAPPINGS

exec "$binary" "$@"
