"""`stepsize explain`: updates as worked exercises, or as a worksheet without the numbers."""

import argparse
from pathlib import Path

from stepsize.cli.arguments import Commands, add_command, add_problem, read_optimizer, read_problem
from stepsize.cli.output import echo
from stepsize.cli.words import whole_number
from stepsize.core.storage import write_whole
from stepsize.core.validation import as_count

HELP = "print the equations of an update with the numbers in them, line by line"
EPILOG = """\
examples:
  stepsize explain "Adam(lr=0.1)" quadratic --steps 3
      three updates, each line of the rule with names, with numbers, and what comes out
  stepsize explain "Momentum(lr=0.1)" parabola --steps 2 --blank
      the worksheet; without --blank the same command is the answer key
  stepsize explain "AdamW(lr=0.1)" rosenbrock --step 50 --format latex > update.tex
      one late update, as a document
  stepsize explain "Adam(lr=0.1)" "x**2 + 3*y**2" --x0 -5,-2
      a formula of your own

The lines are the optimizer's own source, watched while it computes."""
# Of the updates, each of which is made again up to there and written out; of digits, as many as floats have.
MOST = {"step": 1_000_000, "steps": 1000, "digits": 17}
FORMATS = ("text", "markdown", "latex", "html")


def add(commands: Commands) -> None:
    """Describe the command to the parser."""
    parser = add_command(commands, "explain", HELP, EPILOG)
    parser.add_argument("optimizer", help="such as 'Adam(lr=0.1)'")
    add_problem(parser)
    parser.add_argument(
        "--steps", type=whole_number, metavar="N", help="explain the first N updates (default 1)"
    )
    parser.add_argument("--step", type=whole_number, metavar="T", help="explain update T alone")
    parser.add_argument("--blank", action="store_true", help="leave the numbers out: the worksheet")
    parser.add_argument(
        "--digits", type=whole_number, default=6, metavar="N", help="significant digits (default 6)"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="what to print (default text)")
    parser.add_argument("--out", metavar="FILE", help="write it to a new file instead")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run, explain, print."""
    from optim import minimize
    from stepsize.explanations.explanation import explain

    if args.step is not None and args.steps is not None:
        raise ValueError(f"--step: got {args.step} beside --steps {args.steps}, expected one of the two")
    for word in ("step", "steps", "digits"):
        if getattr(args, word) is not None:
            as_count(f"--{word}", getattr(args, word), 1, MOST[word])
    if args.out is not None and (not args.out.strip() or "\0" in args.out):
        raise ValueError(f"--out: got {args.out!r}, expected the name of a new file")
    target = None if args.out is None else Path(args.out)
    if target is not None and target.exists():
        raise ValueError(f"--out: got {args.out!r}, which exists, expected the name of a new file")
    if target is not None and not target.absolute().parent.is_dir():
        raise ValueError(f"--out: got {args.out!r}, expected a file in a folder that there is")
    chosen, optimizer = read_problem(args), read_optimizer(args.optimizer)
    last = args.step or args.steps or 1
    made = minimize(chosen.problem, optimizer, chosen.start, last)
    if made.nit < last:
        raise ValueError(f"--steps: got {last}, expected at most {made.nit}, because the run {made.message}")
    wanted = last if args.step else range(1, last + 1)
    told = getattr(explain(made, wanted, blank=args.blank, digits=args.digits), args.format)()
    if target is None:
        echo(told.rstrip("\n"))
        return 0
    write_whole(target, told.encode(), if_exists="refuse", name="--out")
    echo(f"written: {target}")
    return 0
