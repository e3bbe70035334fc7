"""Mutation testing: change the mathematics in a thousand small ways and see whether a test notices.

Run from the root of the repository, in an environment with ``pip install -e ".[mutation]"``::

    python -m tools.mutation run                      # every mutant without a verdict, two at a time
    python -m tools.mutation run "optim.rules.adam.*" # only these; "schedules.families.decay.*Power*" too
    python -m tools.mutation run --files "problems/*" # make mutants of these files alone
    python -m tools.mutation run --served             # the analysis, by its fast tests, as below
    python -m tools.mutation run --survivors          # once more those that survived, after a new test
    python -m tools.mutation run --survivors --fresh  # the same, each in a new process, as below
    python -m tools.mutation constants                # what mutmut leaves alone, as below
    python -m tools.mutation constants --fresh        # its survivors, each with everything imported anew
    python -m tools.mutation report                   # the score by file, and what survived, with its diff
    python -m tools.mutation report --table           # the score alone

It takes an hour or two on two cores, so it is no part of CI. mutmut makes the mutants, in a copy of the tree
(``mutants/``, which git ignores; delete it to begin anew), keeps the verdicts there, and reruns what a change
of the source made stale; what is mutated, copied and tested stands in ``[tool.mutmut]`` of pyproject.toml.
The loop over the mutants is ours (`session`): mutmut would collect the tests anew for each of them, which
takes a hundred times as long as the tests do. Here one pytest session collects them once, runs them to learn
which test reaches which function, and forks a child for each mutant, which runs the tests that reach it until
one fails: first those that killed a mutant of the same function, then the most specific.

The analysis (verdicts, theory, the finder) is reached by slow tests of whole runs. With ``--served`` a mutant
of a module in ``[tool.mutation.serving]`` meets only the tests that stand there beside its module; what
survives them, or is not reached by them, is to be tried once more with other tests.

What runs while modules are imported has run before the fork. A mutant that no test reaches is therefore tried
in a process of its own, which imports everything anew and runs all the tests until one fails; so is every
mutant with ``--fresh``.

A mutant is a survivor if all those tests pass, or as many as fit in ``--seconds``: so a survivor may be an
exaggeration, a kill never is. mutmut leaves alone what is no plain function, and, as configured, the lines
that raise. `constants` changes the class bodies (defaults, facts, bounds), the constants of modules, the
defaults of functions, and properties: one node of the syntax tree at a time. `patches` tries such a mutant in
a session that has imported everything, `imports` a survivor with everything imported anew; the verdicts are
kept in ``mutants/constants.jsonl``.

The report sorts the survivors: "words" differ only in a message or the name in it; "judged" stand in
tools/mutants_judged.json with the reason why they change no number; the rest are "open", and the exit code
says so.
"""
