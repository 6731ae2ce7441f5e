"""Make the environment that the make commands run in, or keep one that is there.

    python3 tools/environment.py .venv requirements.txt     complete it
    python3 tools/environment.py .venv                      only make it, with pip
    .venv/bin/python tools/environment.py --add more.txt    install more into the one that runs this

Nothing is removed before Python's version is known to do. What make made holds a note; it is made anew where it was
not completed, or was made in another folder, which its programs name. Any other environment is kept, and used if it has
all that is needed.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 15)  # the pinned packages have builds for these and those between
NOTE = ".made-by-make"
# What tells pip where packages come from. The rest of its settings, such as PIP_TARGET, PIP_USER or PIP_DRY_RUN, would
# put them elsewhere or nowhere.
SOURCES = {"CACHE_DIR", "CERT", "CLIENT_CERT", "CONFIG_FILE", "DEFAULT_TIMEOUT", "EXTRA_INDEX_URL", "FIND_LINKS"}
SOURCES |= {"INDEX_URL", "KEYRING_PROVIDER", "NO_CACHE_DIR", "NO_INDEX", "PROXY", "RETRIES", "TIMEOUT", "TRUSTED_HOST"}
SOURCES |= {"USE_DEPRECATED", "USE_FEATURE"}
QUIET = ["--disable-pip-version-check", "--quiet"]
ORIGIN = "import backprop_lib; print(backprop_lib.__file__)"


def settings(environ):
    """Return the environment variables without those that lead pip or Python astray."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith("PYTHON") and (not name.startswith("PIP_") or name[len("PIP_") :] in SOURCES)
    }


def run(*command, **options):
    """Run a command with those settings; return the finished process."""
    return subprocess.run(command, env=settings(os.environ), text=True, check=False, **options)


def must_run(*command):
    """Run a command; end with its status if it fails: it has said why."""
    done = run(*command)
    if done.returncode:
        sys.exit(done.returncode)


def create(folder):
    """Make an environment with pip. Some systems ship Python without ensurepip; pip can then come from outside."""
    folder.mkdir(parents=True)
    (folder / NOTE).touch()  # first: what an interrupted run leaves is make's own
    if run(sys.executable, "-c", "import ensurepip", capture_output=True).returncode == 0:
        must_run(sys.executable, "-m", "venv", folder)
    elif run(sys.executable, "-m", "pip", "--version", capture_output=True).returncode == 0:
        must_run(sys.executable, "-m", "venv", "--without-pip", folder)
        must_run(sys.executable, "-m", "pip", "--python", folder / "bin/python", "install", *QUIET, "pip")
    elif run(sys.executable, "-m", "virtualenv", "--quiet", folder).returncode:
        sys.exit(f"{sys.executable} has neither ensurepip nor pip nor virtualenv: install one of them")


def lacks(python, requirements):
    """Return what the environment of `python` lacks of pinned requirements, in words, or None."""
    lines = requirements.read_text(encoding="utf-8").splitlines()
    pins = "\n".join(line for line in lines if "==" in line)
    # Without an index, pip finds only what is installed.
    pip = ["-m", "pip", "--isolated", "install", *QUIET, "--dry-run", "--no-index", "--no-deps", "-r", "/dev/stdin"]
    try:
        found = run(python, *pip, input=pins, capture_output=True)
        origin = run(python, "-c", ORIGIN, cwd=python.parent, capture_output=True).stdout.strip()
    except OSError as error:
        return f"a Python that runs: {error}"
    if found.returncode:
        missing = re.search(r"No matching distribution found for (\S+)", found.stderr)
        return missing[1] if missing else f"a pip that works: {found.stderr.strip()}"
    if "-e ." in lines and origin != str(ROOT / "backprop_lib/__init__.py"):
        return f"the backprop_lib of this folder; it imports {origin or 'none'}"
    return None


def add(python, requirements):
    """Install what a file lists; end with a sentence if it is not there afterwards."""
    must_run(python, "-m", "pip", "install", *QUIET, "-r", requirements)
    missing = lacks(python, requirements)
    if missing:
        sys.exit(
            f"pip reported no fault, but the environment lacks {missing}\n"
            "Does a setting of pip's own send packages elsewhere? `pip config list` shows them."
        )


def keep(folder, requirements):
    """Leave an environment that is not make's own as it is; end with a sentence if it lacks something."""
    python = folder / "bin/python"
    missing = lacks(python, requirements)
    if missing:
        sys.exit(
            f"{folder} was not made by make, and lacks {missing}\n"
            f"Complete it, if it is meant for this book:  {python} -m pip install -r {requirements}\n"
            f"or remove it, and make will make its own:   rm -rf {folder}"
        )


def complete(folder, requirements):
    """Make the environment or complete it, and note in it the folder it was made in."""
    stamp, own = folder / ".complete", (folder / NOTE).exists()
    if folder.exists() and not own:
        keep(folder, requirements)
    else:
        if own and (not stamp.exists() or stamp.read_text(encoding="utf-8") != f"{ROOT}\n"):
            shutil.rmtree(folder)
        if not folder.exists():
            create(folder)
        stamp.unlink(missing_ok=True)
        add(folder / "bin/python", requirements)
    stamp.write_text(f"{ROOT}\n", encoding="utf-8")


def main(arguments):
    """Do what the command line says; an old Python, too, must be able to read this file as far as here."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        this, oldest, newest = (".".join(map(str, version)) for version in (sys.version_info[:3], OLDEST, NEWEST))
        sys.exit(f"Python {oldest} to {newest} is needed, this is {this}; name another: make book PYTHON=python3.12")
    paths = [Path(argument).absolute() for argument in arguments if argument != "--add"]
    if "--add" in arguments:
        add(Path(sys.executable), *paths)
    elif len(paths) == 1:
        create(*paths)
    else:
        complete(*paths)


if __name__ == "__main__":
    main(sys.argv[1:])
