"""Policies: one YAML file for each vault, read exactly, refused completely, reloaded while running.

`source` turns text into plain data with places, `quantities` turns what people write into exact integers,
`model` is the file's shape and its contradictions, `reading` joins them, `folder` keeps a directory in force,
`rewriting` exchanges one value and leaves the rest of the text alone.
"""

from keeper.policies.folder import PolicyFolder
from keeper.policies.problems import PolicyError, Problem
from keeper.policies.reading import parse_policy, read_bytes, read_policy, schema
from keeper.policies.rewriting import with_tolerance

__all__ = [
    "PolicyError",
    "PolicyFolder",
    "Problem",
    "parse_policy",
    "read_bytes",
    "read_policy",
    "schema",
    "with_tolerance",
]
