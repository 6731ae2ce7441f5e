"""What `make book` takes for finished, tried on a copy of the Makefile with stand-ins for the slow programs."""

import os
import shutil
import subprocess

import pytest

from tests.site.site_checks import ROOT

JUPYTER_BOOK = """#!/bin/sh
echo built >> ../log
mkdir -p _build/html && touch _build/html/index.html
test ! -e chapters/broken.md
"""


class Checkout:
    """A folder with the Makefile, an environment that counts as complete, and a stand-in for Jupyter Book."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("chapters", ".venv/bin"):
            (folder / name).mkdir(parents=True)
        for name in ("requirements.txt", "pyproject.toml", "index.md", "chapters/a.md", "chapters/b.md"):
            (folder / name).touch()
        shutil.copy(ROOT / "Makefile", folder)
        shutil.copytree(ROOT / "tools", folder / "tools")
        program = folder / ".venv/bin/jupyter-book"
        program.write_text(JUPYTER_BOOK, encoding="utf-8")
        program.chmod(0o755)
        (folder / ".venv/.complete").write_text(f"{folder.resolve()}\n", encoding="utf-8")

    def make(self, *arguments, **environment):
        """Run make, without what an outer make passed down."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "BOOK_"))}
        command = ["make", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=kept | environment, capture_output=True, text=True, check=False
        )

    def builds(self, **environment):
        """Run `make book`; return its exit status and whether it built anything."""
        log = self.folder.parent / "log"
        log.unlink(missing_ok=True)
        return self.make("book", **environment).returncode, log.exists()


@pytest.fixture
def checkout(tmp_path):
    """Return a checkout that has been built once."""
    checkout = Checkout(tmp_path / "checkout")
    assert checkout.builds() == (0, True)
    return checkout


def test_a_second_run_builds_nothing(checkout):
    assert checkout.builds() == (0, False)
    os.utime(checkout.folder / "index.md")
    (checkout.folder / "chapters/__pycache__").mkdir()
    (checkout.folder / "chapters/__pycache__/noise.pyc").touch()
    assert checkout.builds() == (0, False)


def test_what_changes_the_site_is_built_again(checkout):
    (checkout.folder / "chapters/a.md").write_text("changed", encoding="utf-8")
    assert checkout.builds() == (0, True)
    (checkout.folder / "chapters/b.md").unlink()
    assert checkout.builds() == (0, True)
    (checkout.folder / "chapters/a.md").rename(checkout.folder / "chapters/c.md")
    assert checkout.builds() == (0, True)
    shutil.rmtree(checkout.folder / "_build/html")
    assert checkout.builds() == (0, True)
    assert checkout.builds(BOOK_REPOSITORY_URL="https://example.org/owner/name") == (0, True)
    assert checkout.builds(BOOK_SITE_URL="https://example.org/name/") == (0, True)
    assert checkout.builds(BOOK_HUB_URL="https://hub.example.org/") == (0, True)
    assert checkout.builds() == (0, True)
    assert checkout.builds() == (0, False)


def test_a_commit_counts_where_it_changes_the_date_of_a_page(checkout):
    def git(*arguments):
        environment = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        author = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        command = ["git", *author, *arguments]
        subprocess.run(command, cwd=checkout.folder, env=os.environ | environment, check=True, capture_output=True)

    git("init")
    git("add", "index.md", "chapters")
    assert checkout.builds() == (0, True)
    git("commit", "-m", "pages")
    assert checkout.builds() == (0, True)
    git("commit", "-m", "nothing", "--allow-empty")
    assert checkout.builds() == (0, False)
    git("add", "Makefile")
    git("commit", "-m", "no page")
    assert checkout.builds() == (0, False)
    (checkout.folder / "chapters/a.md").write_text("changed", encoding="utf-8")
    assert checkout.builds() == (0, True)
    assert checkout.builds() == (0, False)
    git("commit", "-a", "-m", "a page, which now has a date")
    assert checkout.builds() == (0, True)
    assert checkout.builds() == (0, False)


def test_a_failed_build_stays_failed(checkout):
    (checkout.folder / "chapters/broken.md").touch()
    assert checkout.builds() == (2, True)
    assert checkout.builds() == (2, True)
    (checkout.folder / "chapters/broken.md").unlink()
    assert checkout.builds() == (0, True)
