"""The mutants that mutmut makes, in the mutated copy, and the verdicts that it keeps there."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from mutmut import __main__ as mutmut
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.utils.file_utils import walk_mutatable_files

ROOT = Path.cwd()
KILLED, SURVIVED, UNREACHED, SKIPPED, TIMEOUT = 1, 0, 33, 34, 36


def prepare() -> None:
    """Let mutmut write the mutated copy, or what changed of it."""
    Path("mutants").mkdir(exist_ok=True)
    set_mutant_under_test("mutant_generation")
    with mutmut.CatchOutput(spinner_title="Making mutants"):
        mutmut.copy_src_dir()
        mutmut.copy_also_copy_files()
        mutmut.setup_source_paths()
        mutmut.create_mutants(2)
    set_mutant_under_test("")


def mutate_only(files: list[str]) -> None:
    """Leave all files but those of these patterns as they are; without patterns leave none."""
    mutmut.config().only_mutate = files


def verdicts() -> dict[str, SourceFileMutationData]:
    """Return mutmut's record of every file."""
    found = {}
    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        if data.exit_code_by_key:
            found[str(path)] = data
    return found


@contextmanager
def inside(folder: Path) -> Generator[None, None, None]:
    """Work in another folder for a while."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
