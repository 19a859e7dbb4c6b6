#!/usr/bin/env python3
"""Hold every module of `keeper` to a size that is read in one sitting.

A module has at most 300 lines, one of the core 200, because the core is what an auditor reads whole. A
function has at most 60 lines, its docstring included. Complexity is ruff's to hold (C901).

    check_budgets.py [ROOT]
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from repository import ROOT

MODULE_LINES = 300
CORE_LINES = 200
FUNCTION_LINES = 60


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a module, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def overruns(file: Path, name: str) -> Iterator[str]:
    """What of the module `file` exceeds its budget, one line of text each."""
    source = file.read_text()
    limit = CORE_LINES if name.startswith("keeper/core/") else MODULE_LINES
    lines = len(source.splitlines())
    if lines > limit:
        yield f"{name}: {lines} lines, the budget is {limit}"
    for function in functions(ast.parse(source)):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > FUNCTION_LINES:
            where = f"{name}:{function.lineno}: {function.name}"
            yield f"{where}: {length} lines, the budget is {FUNCTION_LINES}"


def main(root: Path) -> int:
    """Print every overrun below `root / keeper`; 0 if there is none, else 1."""
    files = sorted((root / "keeper").rglob("*.py"))
    found = [line for file in files for line in overruns(file, file.relative_to(root).as_posix())]
    print("\n".join(found) if found else f"budgets: {len(files)} modules within their size")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT))
