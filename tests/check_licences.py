#!/usr/bin/env python3
"""Fails if a dependency's licence does not allow linking it into a program under MIT OR Apache-2.0."""

import json
import re
import subprocess
import sys

ALLOWED = {
    "MIT", "MIT-0", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0",
    "CC0-1.0", "CDLA-Permissive-2.0", "ISC", "MPL-2.0", "Unicode-3.0", "Unlicense", "Zlib", "0BSD",
}


def is_allowed(expression):
    """Tells whether one alternative of an SPDX expression consists of allowed licences only."""
    expression = expression.replace("/", " OR ")
    while group := re.search(r"\(([^()]*)\)", expression):
        # Replaces the group by an allowed licence or by a refused one.
        expression = expression.replace(group.group(0), "MIT" if is_allowed(group.group(1)) else "refused")
    alternatives = (a.split(" AND ") for a in expression.split(" OR "))
    return any(all(part.strip() in ALLOWED for part in parts) for parts in alternatives)


def main():
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    packages = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["packages"]
    refused = [f"{p['name']} {p['version']}: {p['license']}" for p in packages if not is_allowed(p["license"] or "none")]
    if refused:
        sys.exit("licences that are not on the list:\n" + "\n".join(refused))
    print(f"the licences of all {len(packages)} packages are on the list")


if __name__ == "__main__":
    main()
