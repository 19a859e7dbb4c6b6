"""What the checks of this folder share: where the repository is, and which files it tracks."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def tracked(root: Path) -> list[Path]:
    """Files of the work tree at `root` that git tracks or would track, in order."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    files = (root / name for name in listing.stdout.split("\0") if name)
    return sorted({file for file in files if file.is_file()})
