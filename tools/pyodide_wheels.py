"""Move to another Pyodide: `python -m tools.pyodide_wheels FOLDER` takes its wheels into `vendor/pyodide`.

First set the version in `website/package.json` and run, in `website`, `npm install --package-lock-only
--ignore-scripts --omit-lockfile-registry-resolved`. The wheels are those that Pyodide's release of that version offers
beside it; each is compared with the lock file in the npm package before it is taken.
"""

import json
import sys
from pathlib import Path

from website.npm import packages
from website.running import wheels


def main(folder):
    """Check, trim and copy."""
    lock = json.loads((packages() / "pyodide/pyodide-lock.json").read_text(encoding="utf-8"))
    for old in (*wheels.VENDOR.glob("*.whl"), wheels.VENDOR / wheels.TRIMMED):
        old.unlink(missing_ok=True)
    for name in wheels.needed(lock, wheels.DRAWING):
        entry = lock["packages"][name]
        data = wheels.checked(entry, Path(folder, entry["file_name"]).read_bytes())
        if name == wheels.DRAWING:
            data = wheels.trim(data)
            note = {"file": entry["file_name"], "made from": entry["sha256"], "sha256": wheels.sha256(data)}
            (wheels.VENDOR / wheels.TRIMMED).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
        (wheels.VENDOR / entry["file_name"]).write_bytes(data)
        print(f"{len(data):>9,} {entry['file_name']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
