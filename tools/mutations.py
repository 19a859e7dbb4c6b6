"""The small mistakes that a rule of the core could be written with.

Ready-made mutators change what stands in functions. In this core half of the rules are tables, enum members
and defaults of dataclasses, so every expression of a module is changed here, wherever it stands. What is no
rule is left alone: annotations, docstrings, decorators, imports, sentences for people (strings with a space
in a function, and all f-strings), and the clients that a row of `words.TABLE` names for its own test.
"""

import ast
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Field = tuple[ast.AST, str, int | None]
"""A place in a tree: the parent, its field, and the index where the field is a list."""

COMPARISONS: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Pow: ast.Mult,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change at one place. `new` is None where something is taken away."""

    place: Field
    line: int
    change: str
    new: ast.AST | None

    def applied(self, tree: ast.Module) -> ast.Module:
        """The tree with the change made in it; it is not to be used for another."""
        parent, field, index = self.place
        if index is None:
            setattr(parent, field, self.new)
        elif self.new is None:
            del getattr(parent, field)[index]
        else:
            getattr(parent, field)[index] = self.new
        return ast.fix_missing_locations(tree)


def mutants(tree: ast.Module, enums: Mapping[str, tuple[str, ...]]) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its lines. `enums` are members by class."""
    found = [each for place, inside in _places(tree) for each in _at(place, enums, inside=inside)]
    return iter(sorted(found, key=lambda each: each.line))


def enums_of(tree: ast.Module) -> dict[str, tuple[str, ...]]:
    """The members of each enum that a module defines."""
    return {
        node.name: tuple(
            each.targets[0].id
            for each in node.body
            if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name)
        )
        for node in tree.body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("Enum") for base in node.bases)
    }


def _places(node: ast.AST, *, inside: bool = False) -> Iterator[tuple[Field, bool]]:
    """Every place that may be changed, and whether it is in a function."""
    inside = inside or isinstance(node, ast.FunctionDef)
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "decorator_list", "bases", "ctx"}:
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or _is_no_rule(node, index, child):
                continue
            yield (node, field, index), inside
            yield from _places(child, inside=inside)


def _is_no_rule(parent: ast.AST, index: int | None, child: ast.AST) -> bool:
    if isinstance(child, ast.Import | ast.ImportFrom | ast.JoinedStr):
        return True
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True
    is_phrase = isinstance(parent, ast.Call) and ast.unparse(parent.func) == "Phrase"
    return is_phrase and index == 2  # noqa: PLR2004 the third argument


def _at(place: Field, enums: Mapping[str, tuple[str, ...]], *, inside: bool) -> Iterator[Mutant]:
    parent, field, index = place
    value = getattr(parent, field)
    node = value if index is None else value[index]
    line = getattr(node, "lineno", getattr(parent, "lineno", 0))
    for new in _changed(node, enums, inside=inside):
        yield Mutant(place, line, f"{_text(node)} -> {_text(new)}", new)
    if index is not None and _may_go(parent, field, value):
        yield Mutant(place, line, f"{_text(node)} -> nothing", None)


def _changed(node: ast.AST, enums: Mapping[str, tuple[str, ...]], *, inside: bool) -> Iterator[ast.AST]:
    if isinstance(node, ast.expr):
        yield from _expression(node, inside=inside)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in enums:
        members = enums[node.value.id]
        if node.attr in members:
            other = members[(members.index(node.attr) + 1) % len(members)]
            yield ast.Attribute(node.value, other, ast.Load())
    if isinstance(node, ast.If | ast.IfExp):
        yield from (_with(node, test=ast.Constant(value=each)) for each in (True, False))
    if isinstance(node, ast.comprehension) and node.ifs:
        yield _with(node, ifs=[])
    if inside and _may_be_skipped(node):
        yield ast.copy_location(ast.Pass(), node)


def _expression(node: ast.expr, *, inside: bool) -> Iterator[ast.AST]:
    match node:
        case ast.Compare():
            yield from _comparison(node)
        case ast.BinOp(op=operator) if type(operator) in ARITHMETIC:
            yield _with(node, op=ARITHMETIC[type(operator)]())
        case ast.BoolOp():
            yield from _logic(node)
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Call(func=ast.Name(id=name)) if name in CALLS:
            keywords = [] if name == "sorted" else node.keywords
            yield _with(node, func=ast.Name(CALLS[name], ast.Load()), keywords=keywords)
        case ast.Constant(value=value):
            yield from _constant(value, inside=inside)
        case _:
            pass


def _comparison(node: ast.Compare) -> Iterator[ast.AST]:
    for index, operator in enumerate(node.ops):
        for other in COMPARISONS[type(operator)]:
            yield _with(node, ops=[*node.ops[:index], other(), *node.ops[index + 1 :]])


def _logic(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for index in range(len(node.values)):
        rest = [*node.values[:index], *node.values[index + 1 :]]
        yield rest[0] if len(rest) == 1 else _with(node, values=rest)


def _constant(value: object, *, inside: bool) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(value=not value)
    elif isinstance(value, int):
        yield ast.Constant(value=value + 1)
    elif isinstance(value, str) and not (inside and " " in value):
        yield ast.Constant(value=f"x{value}x")


def _may_be_skipped(node: ast.AST) -> bool:
    """Whether the function would still make sense: a name that was never bound is no subtle mistake."""
    if isinstance(node, ast.Assign):
        names = {each.id for each in ast.walk(node.value) if isinstance(each, ast.Name)}
        bound = {
            each.id for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name)
        }
        return bool(names & bound)
    return isinstance(node, ast.Expr | ast.Continue | ast.Raise)


def _may_go(parent: ast.AST, field: str, siblings: list[ast.AST]) -> bool:
    """Whether one of these can be left out: entries of displays, arguments of `replace`, cases."""
    if isinstance(parent, ast.Tuple):
        # The pairs that functions return have no entry too many.
        is_pair = len(siblings) == 2 and not any(isinstance(each, ast.Starred) for each in siblings)  # noqa: PLR2004
        return isinstance(parent.ctx, ast.Load) and not is_pair
    if isinstance(parent, ast.Set | ast.List):
        return True
    if isinstance(parent, ast.Call) and field == "keywords":
        return ast.unparse(parent.func) == "replace"
    return field == "cases" and len(siblings) > 1


def _with(node: ast.AST, **fields: object) -> ast.AST:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _text(node: ast.AST) -> str:
    text = ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split("\n")[0]
    return text if len(text) <= 90 else f"{text[:87]}..."  # noqa: PLR2004 a line of the report
