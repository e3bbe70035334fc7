"""The command line of the mutation tests."""

import argparse
import sys

from tools.mutation.hunt import run_constants
from tools.mutation.report import report
from tools.mutation.session import run


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Mutation testing of the mathematics.")
    commands = parser.add_subparsers(required=True)
    runner = commands.add_parser("run", help="try mutants")
    runner.add_argument("patterns", nargs="*", help='names of mutants, such as "optim.rules.adam.*"')
    runner.add_argument("--survivors", action="store_true", help="try again what survived")
    runner.add_argument("--served", action="store_true", help="run the fast tests of the module alone")
    runner.add_argument("--tests", nargs="+", help="run these tests and not those of pyproject.toml")
    runner.add_argument("--children", type=int, default=2, help="how many at a time")
    runner.add_argument("--seconds", type=float, default=20.0, help="time of tests a mutant")
    runner.add_argument("--fresh", action="store_true", help="import everything anew for each mutant")
    runner.add_argument("--go-on", action="store_true", help="leave out tests that fail without a mutant")
    runner.set_defaults(call=run)
    constants = commands.add_parser("constants", help="try mutants of what runs at import")
    constants.add_argument("patterns", nargs="*", help='names of mutants, such as "problems.*Booth.L*"')
    constants.add_argument("--survivors", action="store_true", help="try again what survived")
    constants.add_argument("--tests", nargs="+", help="run these tests and not those of pyproject.toml")
    constants.add_argument("--seconds", type=float, default=20.0, help="time of tests a mutant")
    constants.add_argument("--fresh", action="store_true", help="import everything anew for each survivor")
    constants.add_argument("--loud", action="store_true", help="tell of every mutant which test killed it")
    constants.add_argument("--sample", type=int, help="try so many, drawn at random")
    constants.add_argument("--seed", type=int, default=0, help="of that draw")
    constants.set_defaults(call=run_constants)
    reporter = commands.add_parser("report", help="print the score and the survivors")
    reporter.add_argument("--table", action="store_true", help="the score alone")
    reporter.add_argument("--all", action="store_true", help="list words and judged survivors too")
    reporter.set_defaults(call=report)
    for command in (runner, constants, reporter):
        command.add_argument("--files", nargs="+", default=[], help='of these alone, such as "problems/*"')
    args = parser.parse_args()
    return int(args.call(args))


if __name__ == "__main__":
    sys.exit(main())
