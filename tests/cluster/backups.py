"""A snapshot brings an index back."""

import shutil
import tempfile
from pathlib import Path

from server import ROOT, done, program


def check(nodes):
    with tempfile.TemporaryDirectory() as scratch:
        docs, index = Path(scratch) / "docs", Path(scratch) / "index"
        docs.mkdir()
        shutil.copy(ROOT / "docs" / "scale.md", docs)
        body = f"http://{nodes.hosts}/saved"
        done(program("indexer", "build", docs, "--index", index, "--body", body, "--quiet"))
        place = {"type": "fs", "settings": {"location": str(nodes.state / "snapshots")}}
        nodes.ask("_snapshot/backups", place, "PUT")
        what = {"indices": "saved-*", "include_global_state": False}
        nodes.ask("_snapshot/backups/first?wait_for_completion=true", what, "PUT")
        nodes.ask("saved-*", method="DELETE")
        assert program("indexer", "verify", "--body", body).returncode != 0, "the index is gone"
        nodes.ask("_snapshot/backups/first/_restore?wait_for_completion=true", what, "POST")
        assert "compared with the head" in done(program("indexer", "verify", "--body", body))
        # The version that came back takes small edits.
        (docs / "scale.md").write_text("# Another page\n\nIt has another text.\n")
        done(program("indexer", "build", docs, "--index", index, "--body", body, "--quiet"))
        assert "another text" in done(program("query", "--body", body, "another text"))
    print("a snapshot brings an index back", flush=True)
