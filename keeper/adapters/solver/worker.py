"""The process that solves: recipes come in by its standard input, and what it finds goes out.

It has a core only when nobody else wants one. It ends when its input does, also in the middle of its work: a
daemon that was killed leaves nobody behind.
"""

import os
import sys
from collections.abc import Iterable
from queue import SimpleQueue
from threading import Thread

from keeper.adapters.solver.wire import answer, recipe_of

NICENESS = 19


def _heard(lines: Iterable[bytes], questions: "SimpleQueue[bytes]") -> None:
    for line in lines:
        questions.put(line)
    os._exit(0)


def main() -> None:
    """Solve until the input ends."""
    os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    questions: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_heard, args=(sys.stdin.buffer, questions), daemon=True).start()
    while True:
        sys.stdout.buffer.write(answer(recipe_of(questions.get()).solve()))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
