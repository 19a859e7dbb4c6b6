#!/usr/bin/env bash
# Say what this machine lacks before anything is installed, all of it at once and in words.
#
#   check_setup.sh PYTHON
set -uo pipefail

python=$1
missing=()

if ! command -v "$python" >/dev/null; then
  missing+=("$python: Python 3.11 or newer (another one: make PYTHON=/path/to/python3.12)")
elif ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  missing+=("Python 3.11 or newer: $python is $("$python" --version 2>&1) (another one: make PYTHON=/path/to/python3.12)")
elif ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
  missing+=("Python's venv module: on Debian the package python3-venv")
fi

if ! command -v node >/dev/null; then
  missing+=("Node.js 18 or newer, for the Solidity compiler and Foundry's packages")
elif ! node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)'; then
  missing+=("Node.js 18 or newer: this is $(node --version)")
fi
command -v npm >/dev/null || missing+=("npm 9 or newer")
command -v git >/dev/null || missing+=("git")

if ((${#missing[@]})); then
  echo "setup: this machine lacks" >&2
  printf '  - %s\n' "${missing[@]}" >&2
  exit 1
fi
