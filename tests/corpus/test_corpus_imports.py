"""Libraries for documents are heavy: a collection of text does without them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROBE = """
import json, sys
from service.corpus import read
found = list(read([sys.argv[1]]))
heavy = ("trafilatura", "lxml", "pypdf", "docx", "feedparser")
print(json.dumps([len(found), [name for name in heavy if name in sys.modules]]))
"""


def test_text_is_read_without_the_document_libraries(tmp_path: Path) -> None:
    for name, content in (("a.txt", "a"), ("b.jsonl", '{"text": "a"}'), ("c.csv", "text\na\n")):
        (tmp_path / name).write_text(content)
    done = subprocess.run([sys.executable, "-c", PROBE, tmp_path], capture_output=True, check=True, text=True)
    assert json.loads(done.stdout) == [3, []]
