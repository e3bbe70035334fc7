"""What a refusal looks like: one sentence of ours, short enough to be read."""

import subprocess
import sys
from pathlib import Path

import pytest

from stepsize.core.limits.sentences import is_sentence
from tools.fuzzing.attempts import LONGEST

ROOT = Path(__file__).resolve().parents[2]


def refusal(call, *arguments, kind=(ValueError, TypeError)):
    """Return what a call says that refuses its arguments."""
    with pytest.raises(kind) as caught:
        call(*arguments)
    said = str(caught.value)
    assert is_sentence(caught.value), f"not by a text of ours: {caught.value!r}"
    assert said
    assert "\n" not in said
    assert len(said) <= LONGEST
    return said


def fuzz(family, inputs, seed=0):
    """Run the script on a sample of one family, in a process of its own."""
    words = [sys.executable, "tools/fuzz.py", family, "--inputs", str(inputs), "--seed", str(seed)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{inputs} inputs" in done.stdout
    return done.stdout
