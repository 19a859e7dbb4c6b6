"""Two texts of one decision, as the few fields in which they differ: nobody compares two kilobytes."""

import json
from collections.abc import Iterator, Mapping

ABSENT = "nothing"


def differing(recorded: str, derived: str) -> tuple[str, ...]:
    """One line for each field that differs. An empty text is a decision that was not made."""
    if not derived:
        return ("recorded a decision, derived nothing",)
    before, after = dict(_leaves(json.loads(recorded), "")), dict(_leaves(json.loads(derived), ""))
    found = tuple(
        f"{name}: recorded {before.get(name, ABSENT)}, derived {after.get(name, ABSENT)}"
        for name in {**before, **after}
        if before.get(name, ABSENT) != after.get(name, ABSENT)
    )
    return found or ("the same values, recorded in another form than derived",)


def _leaves(value: object, name: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _leaves(each, f"{name}.{key}" if name else str(key))
    else:
        yield name, value
