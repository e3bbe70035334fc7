"""Write every file of test vectors anew: ``python -m optim.vectors``."""

from importlib.resources import files
from pathlib import Path

from optim.testing.vectors import documents
from stepsize.core.storage import write_whole


def main() -> None:
    """Write them into the folder of this module."""
    folder = Path(str(files("optim.vectors")))
    for name, text in documents():
        write_whole(folder / name, text.encode())


if __name__ == "__main__":
    main()
