"""Writes documents whose authors try to run scripts in the browsers of readers."""

import json

# Each sets `__pwned` if a page treats it as markup or follows it as a link. The tests check for this variable.
IMAGE = "<img src=x onerror=\"window.__pwned='image'\">"
SCRIPT = "<script>window.__pwned='script'</script>"
SVG = "<svg onload=\"window.__pwned='svg'\"></svg>"
URLS = [
    "javascript:window.__pwned='url'",
    "JaVaScRiPt:window.__pwned='case'",
    "java\tscript:window.__pwned='tab'",
    "\u0001javascript:window.__pwned='control'",
    "data:text/html,<script>parent.__pwned='data'</script>",
    "vbscript:window.__pwned",
    "//evil.example/x",
]
NAMES = [f"{IMAGE}.md".replace("/", ""), "\" onmouseover=\"window.__pwned='name'\" x=\".md", "javascript:window.__pwned='file'.md", "'`${window.__pwned=1}`.md"]


def write(folder):
    folder.mkdir()
    for at, name in enumerate(NAMES):
        (folder / name).write_text(f"# Orchard {at}\n\nA quiet orchard with plums, row {at}.\n")
    front = {"title": f"{IMAGE} orchard", "tags": [IMAGE, SCRIPT], "version": SVG}
    (folder / "titles.md").write_text(
        f"---\n{json.dumps(front)}\n---\n\nAn orchard `{IMAGE}` in the text, and {SCRIPT} as it is.\n\n"
        f"## {SVG} Heading of the orchard `{IMAGE}`\n\nOrchard below a hostile heading: `{SCRIPT}` and `{SVG}`.\n\n"
        f"## [Orchard link](javascript:window.__pwned='link')\n\n[plum](javascript:window.__pwned='body') orchard.\n"
    )
    escaped = IMAGE.replace("<", "&lt;")
    (folder / "page.html").write_text(
        f"<!doctype html><title>{escaped} orchard page</title><h1>{escaped}</h1>"
        f"<h2 id=\"&quot;onclick=window.__pwned='id'&quot;\">{escaped} orchard</h2><p>Orchard {escaped} in HTML.</p>"
    )
    records = [{"id": f"{IMAGE}{at}", "url": url, "title": f"{SVG} orchard {at}", "text": f"Orchard record {IMAGE}."} for at, url in enumerate(URLS)]
    (folder / "records.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in records))
