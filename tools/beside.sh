#!/usr/bin/env bash
# Run two long jobs at once: tools/beside.sh NAME LOG 'COMMAND' -- COMMAND...
#
# The Solidity compiler is one thread for minutes, and so are the Python tests. The second command keeps the terminal; the
# first writes to LOG, whose last lines are shown when it has ended, or all of it if it failed. Fails if either does.
set -uo pipefail

name=$1 log=$2 behind=$3
shift 4

mkdir -p -- "$(dirname -- "$log")"
printf '\n== %s: beside what follows, to %s\n' "$name" "$log"
# A session of its own, so that all it started ends with this script.
setsid bash -c "$behind" </dev/null >"$log" 2>&1 &
job=$!
trap 'kill -TERM -- "-$job" 2>/dev/null' EXIT
trap 'exit 130' INT TERM

"$@"
front=$?

kill -0 "$job" 2>/dev/null && printf '\n== %s: still at work, waiting\n' "$name"
wait "$job"
back=$?
trap - EXIT

if ((back)); then
  cat -- "$log"
  printf '\n== %s: FAILED (exit %s)\n' "$name" "$back"
  exit "$back"
fi
printf '\n== %s: passed\n' "$name"
tail -n 3 -- "$log"
exit "$front"
