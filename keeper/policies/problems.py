"""What is wrong with a policy file, said so that it can be mended in one go.

An operator who is told one mistake at a time restarts a keeper five times. So a file is read to its end, and
every problem carries the place, the offending words, what is allowed, and the nearest valid name.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in one file. `line` and `column` count from 1; 0 means the file as a whole."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}"


class PolicyError(Exception):
    """The policies cannot be used as they are.

    `problems` holds all that is wrong, in the order of files and lines.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(word: str, names: Sequence[str]) -> str:
    """A hint such as "; did you mean `delta_usd`?", or nothing when no name resembles the word."""
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    return f"; did you mean `{close[0]}`?" if close else ""


def shown(value: object) -> str:
    """A value as the operator wrote it, shortened: a file of the wrong kind must not fill the terminal."""
    limit = 60
    text = str(value)
    return f"`{text}`" if len(text) <= limit else f"`{text[:limit]}…`"
