"""The mutants of a module: its source with one expression or statement changed."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from neupusti.config.values import ROOT

Lines = frozenset[int]
SPARED = "# no mutation: "
PAIRS: list[tuple[type[ast.AST], type[ast.AST]]] = [
    *((ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot)),
    *((ast.In, ast.NotIn), (ast.And, ast.Or), (ast.Add, ast.Sub), (ast.BitAnd, ast.BitOr)),
    *((ast.Mult, ast.FloorDiv), (ast.LShift, ast.RShift)),
]
OPPOSITE = dict(PAIRS) | {second: first for first, second in PAIRS}
SQL_PAIRS = {"is_": "is_not", "in_": "not_in", "like": "not_like", "and_": "or_"}
SQL = SQL_PAIRS | {second: first for first, second in SQL_PAIRS.items()}
"""The operators of SQLAlchemy, each with its opposite."""


@dataclass(frozen=True)
class Mutant:
    """One change: `new` stands for `old`. No `lines`: it is a constant of the module."""

    module: str
    whole: ast.Module
    old: ast.AST
    new: ast.AST
    lines: Lines

    def __str__(self) -> str:
        was, becomes = ast.unparse(self.old), ast.unparse(self.new)
        return f"line {self.old.lineno}: {was} -> {becomes}"  # type: ignore[attr-defined]

    @property
    def dotted(self) -> str:
        """The module as it is imported."""
        return self.module.removesuffix(".py").replace("/", ".")

    def tree(self) -> ast.Module:
        """Change the module's tree, once and for all in this process; return it."""
        _Swap(self.old, self.new).visit(self.whole)
        return ast.fix_missing_locations(self.whole)

    def constants(self, tree: ast.Module) -> Iterator[tuple[list[str], ast.Module]]:
        """Yield the statements of changed constants, and of those made from them."""
        changed: set[str] = set()
        for statement in tree.body:
            if not isinstance(statement, ast.Assign | ast.AnnAssign):
                continue
            inside = [*ast.walk(statement)]
            used = {node.id for node in inside if isinstance(node, ast.Name)}
            if self.new in inside or changed & used:
                target = (
                    statement.target
                    if isinstance(statement, ast.AnnAssign)
                    else statement.targets[0]
                )
                made = [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]
                changed.update(made)
                yield made, ast.Module([statement], [])


class _Swap(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        """Return the new node for the old one; leave all others."""
        if node is self.old:
            return ast.copy_location(self.new, node)
        return self.generic_visit(node)


def mutants(module: str, *, sql: bool = False) -> Iterator[Mutant]:
    """Yield each mutant of a module (its path from the root): constants and functions.

    With `sql` those of its conditions in SQL too.
    """
    source = (ROOT / module).read_text()
    rows, whole = source.splitlines(), ast.parse(source)
    for node, lines in chain.from_iterable(map(_top, whole.body)):
        for old, new in chain(_changes(node), _sql_changes(node) if sql else ()):
            if SPARED not in rows[old.lineno - 1]:  # type: ignore[attr-defined]
                yield Mutant(module, whole, old, new, lines)


def _top(statement: ast.stmt) -> Iterator[tuple[ast.AST, Lines]]:
    if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value:
        yield from ((node, frozenset()) for node in ast.walk(statement.value))
    elif isinstance(statement, ast.FunctionDef):
        yield from _inside(statement, frozenset())
    elif isinstance(statement, ast.ClassDef):
        methods = (one for one in statement.body if isinstance(one, ast.FunctionDef))
        yield from chain.from_iterable(map(_top, methods))


def _inside(node: ast.AST, lines: Lines) -> Iterator[tuple[ast.AST, Lines]]:
    """Yield what runs in `node`, each with the lines of its statement or of its head."""
    if isinstance(node, ast.stmt):
        body = getattr(node, "body", None)
        last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
        lines = frozenset(range(node.lineno, max(last, node.lineno) + 1))
    yield node, lines
    for name, value in ast.iter_fields(node):
        if isinstance(node, ast.FunctionDef) and name != "body":
            continue  # defaults are taken at import, and annotations say nothing here
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and name != "annotation":
                yield from _inside(child, lines)


def _changes(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:  # noqa: C901 - one case each
    match node:
        case ast.Compare(left, [sign], right) if type(sign) in OPPOSITE:
            yield node, ast.Compare(left, [_opposite(sign)], right)
        case ast.BoolOp(sign, values):
            yield node, ast.BoolOp(_opposite(sign), values)
        case ast.BinOp(left, sign, right) if type(sign) in OPPOSITE:
            yield node, ast.BinOp(left, _opposite(sign), right)
        case ast.UnaryOp(ast.Not(), operand):
            yield node, operand
        case ast.Constant(bool(value)):
            yield node, ast.Constant(not value)
        case ast.Constant(int(value)):
            yield from ((node, ast.Constant(value + step)) for step in (1, -1))
        case ast.Return(ast.expr() as value) if not isinstance(value, ast.Constant):
            yield node, ast.Return(ast.Constant(None))
        case ast.Expr(ast.Call()) | ast.Raise() | ast.AugAssign() | ast.Continue():
            yield node, ast.Pass()
        case ast.Assign([ast.Attribute() | ast.Subscript()]):
            yield node, ast.Pass()
    for test in [getattr(node, "test", None), *getattr(node, "ifs", ())]:
        if isinstance(test, ast.expr) and not isinstance(test, ast.UnaryOp | ast.Compare):
            yield test, ast.UnaryOp(ast.Not(), test)


def _sql_changes(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    match node:
        case ast.Call(ast.Attribute(value, name), args, keywords) if name in SQL:
            yield node, ast.Call(ast.Attribute(value, SQL[name]), args, keywords)
        case ast.Call(ast.Name("and_" | "or_" as name), args, []):
            yield node, ast.Call(ast.Name(SQL[name]), args, [])
            for left_out in args if args[1:] else ():
                rest = [one for one in args if one is not left_out]
                yield node, ast.Call(ast.Name(name), rest, [])
        case ast.Call(ast.Name("not_"), [negated], []):
            yield node, negated


def _opposite(sign: ast.AST) -> Any:
    return OPPOSITE[type(sign)]()
