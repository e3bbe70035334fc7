"""Which mutants differ from the original in a message alone."""

import ast
import textwrap
from pathlib import Path

from mutmut import __main__ as mutmut
from mutmut.mutation.diff_apply import read_functions_from_index

from tools.mutation.mutants import ROOT, inside

# Of these only the first argument is mathematics; the others are what the sentence says.
CHECKS = {"require": 1}
# Of these the first is the name in the sentence.
NAMED = {"as_number", "as_count", "as_floats", "as_value", "as_array", "real_numbers"}
# Of these the third says what was expected.
EXPECTING = {"as_number", "as_floats", "real_numbers"}


class WithoutWords(ast.NodeTransformer):
    """A function without what only its messages say, and without the promise of `zip` that lengths agree."""

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        """Drop what is raised."""
        return ast.Raise()

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Drop the words of a check."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in CHECKS:
            node.args, node.keywords = node.args[:1], []
        elif name == "check_numbers":
            node.args = node.args[:1]
        elif name in NAMED and len(node.args) > 1:
            node.args[0] = ast.Constant("")
            node.args = node.args[:2] if name in EXPECTING else node.args
        elif name == "zip":
            node.keywords = []
        return self.generic_visit(node)


def only_words(mutant: str, path: str | Path) -> bool:
    """Return whether a mutant differs from the original in messages alone."""
    with inside(ROOT):
        functions = read_functions_from_index(mutant, path)
    if functions is None:
        return False
    bare = []
    for function in functions:
        tree = ast.parse(textwrap.dedent(mutmut.cst.Module([function]).code))
        bare.append(ast.dump(WithoutWords().visit(tree)))
    return bare[0] == bare[1]
