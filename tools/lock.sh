#!/usr/bin/env bash
# Write the locks anew: requirements/ from pyproject.toml, for every platform and Python that it allows, and
# package-lock.json from package.json.
#
# The pins that stand are kept unless a bound forbids them; `make lock UPGRADE=1` moves all of them. Settings and
# environment of the caller's uv and pip are left out: they may name indexes that only this machine has.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

unset UV_INDEX UV_INDEX_URL UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL UV_FIND_LINKS PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS
uv=${UV:-.venv/bin/uv}

compile() {
  local lock=requirements/$1.txt
  shift
  echo "lock: $lock"
  "$uv" --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras \
    ${UPGRADE:+--upgrade} --custom-compile-command 'make lock' --output-file "$lock" "$@"
}

compile base pyproject.toml
compile dev --extra dev --constraint requirements/base.txt pyproject.toml
sed -n '/^\[build-system\]/,/^$/s/^requires = \["\(.*\)"\]$/\1/p' pyproject.toml |
  compile build --constraint requirements/dev.txt -
compile slither --group slither
compile prove --group prove

echo "lock: package-lock.json"
npm install --package-lock-only --ignore-scripts --loglevel=error >/dev/null
# Foundry's packages hold one native binary each and ask for Node 20 all the same, upon which npm 9 on Node 18 leaves
# them out without a word. What a binary asks of Node is nothing.
"${PYTHON:-.venv/bin/python}" - <<'PYTHON'
import json
from pathlib import Path

path = Path("package-lock.json")
lock = json.loads(path.read_text())
for name, entry in lock["packages"].items():
    if name.startswith("node_modules/@foundry-rs/"):
        entry.pop("engines", None)
path.write_text(json.dumps(lock, indent=2) + "\n")
PYTHON
