"""GitHub's workflows: what they may do, and that what they call exists. Nothing is run here."""

import re
import shlex

import pytest
import yaml

from tests.site.site_checks import ROOT

WORKFLOWS = {path.stem: path for path in sorted((ROOT / ".github/workflows").glob("*.yml"))}
# What a job may do beside reading the repository.
GRANTED = {("publish", "publish"): {"pages": "write", "id-token": "write"}}
ACTION = re.compile(r"actions/[a-z-]+@(v\d+|[0-9a-f]{40})")


def load(path):
    """Return a workflow; YAML takes its key `on` for a truth value."""
    return yaml.safe_load(path.read_text("utf-8"))


def faults(workflow, name):
    """Return what a workflow is allowed or tempted to do that it should not be."""
    found = [] if workflow.get("permissions") == {} else ["expected no permissions for all jobs together"]
    if {"pull_request_target", "workflow_run"} & set(workflow[True]):
        found.append("expected no trigger that lends its rights to a stranger's change")
    for job_name, job in workflow["jobs"].items():
        if job.get("permissions") != GRANTED.get((name, job_name), {"contents": "read"}):
            found.append(f"{job_name}: may {job.get('permissions')}")
        if "timeout-minutes" not in job:
            found.append(f"{job_name}: no time limit")
        for step in job["steps"]:
            if "uses" in step and not ACTION.fullmatch(step["uses"]):
                found.append(f"{job_name}: uses {step['uses']}")
            if "checkout" in step.get("uses", "") and step.get("with", {}).get("persist-credentials") is not False:
                found.append(f"{job_name}: leaves its credentials behind")
            if "${{" in step.get("run", ""):
                found.append(f"{job_name}: an expression within a script")
    if "secrets." in str(workflow):
        found.append("reads a secret")
    return found


def commands():
    """Return (workflow, command) for each line of the scripts."""
    steps = [
        (name, step) for name, path in WORKFLOWS.items() for job in load(path)["jobs"].values() for step in job["steps"]
    ]
    return [(name, line) for name, step in steps for line in step.get("run", "").splitlines()]


def test_both_workflows_are_there():
    assert set(WORKFLOWS) == {"publish", "weekly"}
    assert len(commands()) >= 8


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflows_may_do_no_more_than_they_need(name):
    assert faults(load(WORKFLOWS[name]), name) == []


@pytest.mark.parametrize(
    ("change", "reported"),
    [
        (lambda w: w.pop("permissions"), "for all jobs together"),
        (lambda w: w["jobs"]["test"].pop("permissions"), "test: may None"),
        (lambda w: w["jobs"]["test"]["permissions"].update(contents="write"), "test: may {'contents': 'write'}"),
        (lambda w: w[True].update(pull_request_target=None), "stranger"),
        (lambda w: w["jobs"]["test"]["steps"][0].update(uses="someone/checkout@v1"), "uses someone/checkout@v1"),
        (lambda w: w["jobs"]["test"]["steps"][0].update(uses="actions/checkout@main"), "uses actions/checkout@main"),
        (lambda w: w["jobs"]["test"]["steps"][0].pop("with"), "credentials"),
        (lambda w: w["jobs"]["test"]["steps"][-2].update(run="echo ${{ github.head_ref }}"), "expression"),
        (lambda w: w.update(env={"TOKEN": "${{ secrets.TOKEN }}"}), "secret"),
    ],
)
def test_a_workflow_that_may_more_would_be_reported(change, reported):
    workflow = load(WORKFLOWS["publish"])
    change(workflow)
    assert reported in str(faults(workflow, "publish"))


@pytest.mark.parametrize(("name", "line"), commands())
def test_what_a_step_calls_exists(name, line):
    program, *arguments = shlex.split(line)
    assert program in {"make", "python", ".venv/bin/python", ".venv/bin/jupyter-book"}
    if program == "make":
        target = re.escape(arguments[0].replace(".venv", "$(VENV)"))
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)
    for argument in arguments:
        if argument.endswith((".txt", ".in")) or argument.startswith(("tests/", "chapters")):
            assert (ROOT / argument).exists()


def test_only_the_weekly_run_takes_the_newest_versions():
    weekly, publish = ([line for name, line in commands() if name == n] for n in ("weekly", "publish"))
    assert any("-r requirements.in" in line for line in weekly)
    assert not any("install" in line and "requirements.txt" in line for line in weekly)
    assert not any("requirements.in" in line for line in publish)


def test_the_weekly_run_audits_every_pinned_file_that_a_reader_installs():
    audits = [line for name, line in commands() if "pip_audit" in line]
    files = [re.search(r"[a-z/-]+\.txt", line)[0] for line in audits]
    assert files[:2] == ["requirements.txt", "tools/pdf-requirements.txt"]
    assert files[2:] == ["binder/requirements.txt", "hub/requirements.txt"]
    # Without it, an audit that can look up nothing finds nothing.
    assert all("--strict" in line for line in audits)
