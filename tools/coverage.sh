#!/usr/bin/env bash
# Measure the coverage of the contracts and refuse any gap.
#
# Forge 1.7 analyses sources for coverage with a parser that finds no relative import of a file outside the project's
# root, and ours has its libraries in the repository's node_modules. So it is given a copy in .cache that holds them.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

repository=$PWD
copy=.cache/forge/coverage
project=$copy/contracts

mkdir -p "$project/lib" "$copy/.cache"
rm -rf "$project"/{src,test,script,lib,foundry.toml} "$copy/.cache/protocols"
mkdir -p "$project/lib/@openzeppelin" "$project/lib/solady"
cp -R contracts/src contracts/test contracts/script "$project/"
cp -R node_modules/@openzeppelin/contracts "$project/lib/@openzeppelin/contracts"
cp -R node_modules/solady/src "$project/lib/solady/src"
cp -R .cache/protocols/uni-v4-core/lib/forge-std "$project/lib/forge-std"
cp -R .cache/protocols/pyth-sdk-solidity "$project/lib/pyth"
cp -R .cache/protocols "$copy/.cache/protocols"
sed -e 's#\.\./node_modules/#lib/#' -e 's#\.\./\.cache/protocols/uni-v4-core/lib/#lib/#' \
  -e 's#\.\./\.cache/protocols/pyth-sdk-solidity/#lib/pyth/#' \
  -e 's#^libs = .*#libs = ["lib"]#' -e "s#^solc = .*#solc = \"$repository/tools/solc.js\"#" \
  contracts/foundry.toml >"$project/foundry.toml"

# The unit and fuzz tests must reach everything by themselves: what an invariant's random walk happens upon proves little.
# Bounds on gas are those of optimised code.
echo "coverage: compiles everything anew: half a minute"
cd "$project"
FOUNDRY_OUT=out FOUNDRY_CACHE_PATH=cache \
  "$repository/tools/forge" coverage --no-match-path "test/{invariant,bound}/*" --report lcov --report-file "$repository/$copy/lcov.info"
"$repository/.venv/bin/python" "$repository/tools/check_coverage.py" "$repository/$copy/lcov.info"
