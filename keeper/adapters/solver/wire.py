"""What the daemon and its worker say to one another, over a pipe.

A question is a recipe as one line of JSON. An answer is one line of JSON, with the word for why there is no
table or with the table's shape, and then the table's numbers as they lie in memory: as text they would take
the event loop longer to read than a cycle takes.
"""

import json
from dataclasses import astuple

import numpy as np

from keeper.core.hedging import Recipe, Table, Term, Unsolved

NUMBER = np.dtype("<f8")
BOUNDS = 4


class GarbledError(Exception):
    """What came over the pipe is no answer."""


def question(recipe: Recipe) -> bytes:
    """A recipe as a line."""
    return json.dumps(astuple(recipe)).encode() + b"\n"


def recipe_of(line: bytes) -> Recipe:
    """The recipe of a line."""
    terms, *numbers = json.loads(line)
    return Recipe(tuple(Term(*term) for term in terms), *numbers)


def answer(found: Table | Unsolved) -> bytes:
    """What was found: a line, and numbers."""
    if isinstance(found, Unsolved):
        return json.dumps({"unsolved": found.name}).encode() + b"\n"
    shape = {"times": len(found.times), "spots": len(found.log_spots)}
    grids = (found.times, found.log_spots, found.bounds)
    return json.dumps(shape).encode() + b"\n" + b"".join(each.astype(NUMBER).tobytes() for each in grids)


def announced(line: bytes) -> Unsolved | tuple[int, int]:
    """What the line of an answer says: why there is no table, or how many times and spots it has.

    Raises GarbledError.
    """
    try:
        said = json.loads(line)
        return Unsolved[said["unsolved"]] if "unsolved" in said else (int(said["times"]), int(said["spots"]))
    except (ValueError, KeyError, TypeError) as error:
        raise GarbledError(f"not an answer: {line[:80]!r}") from error


def size(times: int, spots: int) -> int:
    """How many bytes the numbers of a table take."""
    return NUMBER.itemsize * (times + spots + BOUNDS * times * spots)


def table_of(recipe: Recipe, times: int, spots: int, body: bytes) -> Table:
    """The table of a recipe, from its numbers."""
    numbers = np.frombuffer(body, NUMBER)
    at, log_spots, bounds = np.split(numbers, [times, times + spots])
    return Table(recipe.legs(), recipe.inputs(), at, log_spots, bounds.reshape(times, spots, BOUNDS))
