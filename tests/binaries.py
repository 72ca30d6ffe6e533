"""Where cargo puts what it builds: CARGO_TARGET_DIR and .cargo/config.toml may name any folder."""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def target_folder():
    """The target folder of this workspace, as cargo's metadata names it."""
    cargo = os.environ.get("CARGO", "cargo")
    command = [cargo, "metadata", "--format-version", "1", "--no-deps", "--offline", "--locked"]
    metadata = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return Path(json.loads(metadata)["target_directory"])


def release_folder():
    """The folder of the programs that `cargo build --release` makes."""
    return target_folder() / "release"


if __name__ == "__main__":
    print(release_folder())
