#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds docs/reference/openapi.json against a running server, and the server against what it promises.

Every path and method of the document is called; answers are validated against its schemas; what must be refused is
refused with the status, a reason and words. The command line is tried against the same server.

usage: api_test.py AMPACITY SOURCE_FOLDER
"""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jsonschema

AMPACITY, SOURCE = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
FOLDER = Path(tempfile.mkdtemp(prefix="ampacity-api-"))
DATA = FOLDER / "data"
DOCUMENT = json.loads((SOURCE / "docs/reference/openapi.json").read_text())
called: set[tuple[str, str]] = set()
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": str(FOLDER), "AMPACITY_DATA": str(DATA),
               "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}


def start() -> subprocess.Popen:
    (DATA / "server").unlink(missing_ok=True)
    log = open(FOLDER / "serve.log", "a")
    server = subprocess.Popen([AMPACITY, "serve", str(SOURCE / "examples/desk/portfolio.yaml"), "--data", str(DATA),
                               "--port", "0"], stderr=log, stdout=log)
    for _ in range(600):
        if (DATA / "server").exists():
            return server
        assert server.poll() is None, (FOLDER / "serve.log").read_text()
        time.sleep(0.05)
    raise AssertionError("the server did not come up")


def raw(method: str, target: str, body: str | bytes | None = None, token: str | None = None,
        headers: dict | None = None) -> tuple[int, str]:
    host, port = (DATA / "server").read_text().strip().removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    all_headers = dict(headers or {})
    token = (DATA / "token").read_text().strip() if token is None else token
    if token:
        all_headers["Authorization"] = "Bearer " + token
    connection.request(method, target, body, all_headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def validate(schema: dict, value: object) -> None:
    whole = {"$ref": schema["$ref"]} if "$ref" in schema else dict(schema)
    whole["components"] = DOCUMENT["components"]
    jsonschema.Draft202012Validator(whole).validate(value)


def call(method: str, path: str, target: str | None = None, body: object = None, status: int = 200) -> object:
    """One call of a documented operation; its answer must be the one that the document promises."""
    operation = DOCUMENT["paths"][path][method.lower()]
    if body is not None:
        validate(operation["requestBody"]["content"]["application/json"]["schema"], body)
    got, text = raw(method, target or path, json.dumps(body) if body is not None else None)
    assert got == status, f"{method} {target or path}: {got} instead of {status}: {text}"
    called.add((path, method.lower()))
    documented = operation["responses"].get(str(status)) or operation["responses"]["default"]
    if status == 200 and "200" not in operation["responses"]:
        documented = operation["responses"]["201"]
    kind, content = next(iter(documented["content"].items()))
    if kind != "application/json":
        return text
    value = json.loads(text)
    validate(content["schema"], value)
    return value


def run(*words: str, code: int = 0, stdin: str = "") -> str:
    done = subprocess.run([AMPACITY, *words], capture_output=True, text=True, env=ENVIRONMENT, input=stdin, cwd=FOLDER)
    assert done.returncode == code, f"ampacity {' '.join(words)}: exit {done.returncode}, not {code}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def job(**members: object) -> dict:
    return {"job": {"name": "t", "gpus": 1, "command": ["true"], **members}}


def wait_for(id_: int, *states: str) -> dict:
    for _ in range(600):
        detail = call("GET", "/v1/jobs/{id}", f"/v1/jobs/{id_}")
        if detail["job"]["state"] in states:
            return detail
        time.sleep(0.05)
    raise AssertionError(f"job {id_} is {detail['job']['state']}, not {states}")


def test_jobs() -> None:
    first = call("POST", "/v1/jobs", body={"request": "r1", **job(command=["sh", "-c", "echo out; echo err >&2"])}, status=201)
    assert first == {"job": 1, "known": False}
    again = call("POST", "/v1/jobs", body={"request": "r1", **job(command=["sh", "-c", "echo out; echo err >&2"])})
    assert again == {"job": 1, "known": True}
    clash = call("POST", "/v1/jobs", body={"request": "r1", **job(gpus=2)}, status=409)
    assert clash["reason"] == "RequestReused"
    detail = wait_for(1, "Completed")
    assert detail["attempts"][0]["site"] == "attic" and detail["attempts"][0]["provider"] == "northwind"
    assert detail["job"]["usage"]["gpu_ms"] > 0 and detail["job"]["usage"]["lease_cost_micro_usd"] >= 0
    log = call("GET", "/v1/jobs/{id}/log", "/v1/jobs/1/log")
    assert sorted(log.split()) == ["err", "out"], log
    assert call("GET", "/v1/jobs/{id}/log", "/v1/jobs/1/log?follow=1") == log
    events = call("GET", "/v1/jobs/{id}/events", "/v1/jobs/1/events")["events"]
    assert [e["event"]["kind"] for e in events] == ["JobSubmitted", "AttemptPlaced", "AttemptStarted", "AttemptEnded", "JobEnded"]
    assert call("GET", "/v1/jobs/{id}/explanation", "/v1/jobs/1/explanation", status=409)["reason"] == "JobEnded"
    assert call("GET", "/v1/jobs/{id}", "/v1/jobs/99", status=404)["reason"] == "JobUnknown"
    assert call("GET", "/v1/jobs", "/v1/jobs?state=Completed&limit=1")["jobs"][0]["id"] == 1
    assert call("GET", "/v1/jobs", "/v1/jobs?state=Complete", status=400)["reason"] == "InvalidInput"
    assert call("GET", "/v1/jobs", "/v1/jobs?limit=0", status=400)


def test_waiting_and_cancel() -> None:
    big = call("POST", "/v1/jobs", body=job(gpus=8, command=["sleep", "60"]), status=201)["job"]
    waits = call("POST", "/v1/jobs", body=job(gpus=8, command=["true"]), status=201)["job"]
    wait_for(big, "Running")
    why = call("GET", "/v1/jobs/{id}/explanation", f"/v1/jobs/{waits}/explanation")
    assert why["reason"] == "NotEnoughFreeGpus" and "needs 8 GPUs" in why["message"], why
    assert call("GET", "/v1/jobs/{id}", f"/v1/jobs/{waits}")["explanation"]["sites"]
    assert call("GET", "/v1/jobs/{id}/log", f"/v1/jobs/{waits}/log", status=404)
    call("DELETE", "/v1/jobs/{id}", f"/v1/jobs/{waits}?by=me")
    assert wait_for(waits, "Cancelled")["job"]["why"] == "cancelled by me"
    call("DELETE", "/v1/jobs/{id}", f"/v1/jobs/{big}")
    assert wait_for(big, "Cancelled")["attempts"][0]["ending"]["signal"] == 15
    assert call("DELETE", "/v1/jobs/{id}", f"/v1/jobs/{big}", status=409)["reason"] == "JobEnded"
    assert call("DELETE", "/v1/jobs/{id}", "/v1/jobs/77777", status=404)["reason"] == "JobUnknown"


def test_refusals() -> None:
    for body, reason, words in [
        (job(gpus=0), "JobInvalid", "gpus: expected 1 to"),
        (job(gpus=9), "NeverFits", "the largest that the job accepts has 8"),
        (job(sites=["atic"]), "NameUnknown", "did you mean 'attic'"),
        (job(priority_class="urgnt"), "NameUnknown", "did you mean 'urgent'"),
        (job(walltime=10**12), "JobInvalid", "walltime"),
        (job(walltime=48 * 3600 * 1000), "WalltimeTooLong", "more than the policy's"),
    ]:
        answer = call("POST", "/v1/jobs", body=body, status=422)
        assert answer["reason"] == reason and words in answer["error"], answer
    for text, words in [("", "JSON"), ("{", "JSON"), ('{"job": 3}', "job: expected an object"),
                        ('{"job": {"gpus": "two"}}', "job.gpus: expected an integer"),
                        ('{"job": {"launch": "Boat"}}', "job.launch"), ("[" * 100, "JSON")]:
        status, answer = raw("POST", "/v1/jobs", text)
        assert status == 400 and words in json.loads(answer)["error"], answer
    assert raw("POST", "/v1/jobs", b"x" * (5 << 20))[0] == 413
    assert raw("POST", "/v1/jobs", json.dumps(job()), token="")[0] == 401
    assert raw("DELETE", "/v1/jobs/1", token="f" * 64)[0] == 401
    for method, target in [("GET", "/v1/boats"), ("PUT", "/v1/jobs"), ("GET", "/"), ("POST", "/v1/sites"),
                           ("GET", "/v1/jobs/one"), ("GET", "/v1/jobs/1/boats"), ("GET", "/v1/jobs/1/log/2")]:
        assert raw(method, target)[0] == 404, target


def test_operations() -> None:
    call("POST", "/v1/drain", body={"target": "attic/hall/p1/r1/n2", "note": "fan", "by": "ops"})
    sites = {s["name"]: s for s in call("GET", "/v1/sites")["sites"]}
    assert sites["attic"]["drained"] == ["attic/hall/p1/r1/n2"] and sites["attic"]["gpus_in_service"] == 2
    assert call("POST", "/v1/drain", body={"target": "attic/hall/p1/r1/n2"}, status=409)["reason"] == "NothingToDo"
    assert call("POST", "/v1/drain", body={"target": "attik"}, status=404)["reason"] == "NameUnknown"
    call("POST", "/v1/resume", body={"target": "attic/hall/p1/r1/n2", "by": "ops"})
    long = call("POST", "/v1/jobs", body=job(gpus=2, command=["sleep", "60"]), status=201)["job"]
    node = wait_for(long, "Running")["attempts"][0]["nodes"][0]["node"]
    call("POST", "/v1/nodes", body={"node": node, "state": "Down", "detail": "smoke"})
    detail = wait_for(long, "Waiting", "Starting")
    assert detail["attempts"][0]["state"] == "InfrastructureFailed"
    detail = wait_for(long, "Running")
    assert len(detail["attempts"]) == 2 and detail["attempts"][1]["nodes"][0]["node"] != node
    call("POST", "/v1/nodes", body={"node": node, "state": "Up", "detail": ""})
    call("DELETE", "/v1/jobs/{id}", f"/v1/jobs/{long}")
    wait_for(long, "Cancelled")
    for lease in call("GET", "/v1/leases")["leases"]:
        assert lease["used_micro_usd"] + lease["unused_micro_usd"] == lease["committed_micro_usd"]
        assert lease["used_j"] + lease["unused_j"] == lease["committed_j"]
    assert call("GET", "/v1/leases")["leases"][0]["first_refusal"] is True
    for site in call("GET", "/v1/sites")["sites"]:
        gang = site["largest_gang"]
        assert gang["rack"] <= gang["pod"] <= gang["hall"] <= gang["site"] <= site["gpus_free"], site
    waits = call("POST", "/v1/jobs", body=job(gpus=1, command=["sleep", "60"]), status=201)["job"]
    wait_for(waits, "Running")
    assert call("GET", "/v1/jobs/{id}/forecast", f"/v1/jobs/{waits}/forecast")["outlook"] == "Runs"
    call("DELETE", "/v1/jobs/{id}", f"/v1/jobs/{waits}")
    wait_for(waits, "Cancelled")
    dry = call("POST", "/v1/forecast", body=job(gpus=1))
    assert dry["outlook"] == "Starts" and dry["waits_ms"] == 0 and len(dry["assumes"]) == 3, dry
    assert call("POST", "/v1/forecast", body=job(gpus=1000), status=422)["reason"] == "NeverFits"
    teams = call("GET", "/v1/teams")
    assert teams["gpus_in_service"] > 0 and all(t["used"] == 0 for t in teams["teams"]), teams


def test_events() -> None:
    text = call("GET", "/v1/events", "/v1/events?after=0&follow=0")
    ids = [int(line[4:]) for line in text.splitlines() if line.startswith("id: ")]
    assert ids == list(range(1, len(ids) + 1)) and len(ids) > 20
    for line in text.splitlines():
        if line.startswith("data: "):
            validate({"$ref": "#/components/schemas/EventView"}, json.loads(line[6:]))
    status, rest = raw("GET", "/v1/events?follow=0", headers={"Last-Event-ID": str(ids[-3])})
    assert status == 200 and [int(x[4:]) for x in rest.splitlines() if x.startswith("id: ")] == ids[-2:]
    state = call("GET", "/v1/state")
    assert state["last_event"] == ids[-1]
    audit = json.loads(run("replay", "--json"))
    assert audit["digest"] == state["digest"], "the journal beside a running server replays to another state"
    assert call("GET", "/healthz") == {"status": "ok"}
    metrics = call("GET", "/metrics")
    assert 'ampacity_site_gpus{site="attic"} 4' in metrics, metrics
    served = json.loads(raw("GET", "/openapi.json")[1])
    called.add(("/openapi.json", "get"))
    assert served == DOCUMENT, "docs/reference/openapi.json is not what is served: ampacity schema api > docs/reference/openapi.json"


def test_command_line() -> None:
    (FOLDER / "job.sh").write_text("#!/bin/bash\n#SBATCH -J script -n 2 --gpus=2 -t 5\n"
                                   "srun sh -c 'echo rank $SLURM_PROCID of $SLURM_NTASKS'\n")
    (FOLDER / "bad.sh").write_text("#!/bin/bash\n#SBATCH --gpuss=2\ntrue\n")
    (FOLDER / "job.yaml").write_text("job: from-yaml\ngpus: 1\ncommand: [sh, -c, 'exit 3']\n")
    out = run("submit", "job.sh", "--follow")
    assert "rank 0 of 2" in out and "rank 1 of 2" in out and "Completed" in out, out
    assert "bad.sh:2:9" in run("submit", "bad.sh", code=3)
    assert "did you mean '--gpus'" in run("check", "bad.sh", code=3)
    failed = json.loads(run("submit", "job.yaml", "--json"))["job"]
    assert "exit code 3" in run("wait", str(failed), code=1)
    sleeper = json.loads(run("submit", "--gpus", "2", "--name", "sleeper", "--json", "--", "sleep", "60"))["job"]
    run("wait", str(sleeper), "--timeout", "1 s", code=8)
    assert "has its place since" in run("forecast", str(sleeper))
    assert "starts at once" in run("submit", "--gpus", "1", "--dry-run", "--", "true")
    assert json.loads(run("submit", "--gpus", "8", "--dry-run", "--json", "--", "true"))["outlook"] == "Starts"
    run("cancel", str(sleeper))
    run("wait", str(sleeper), code=1)
    assert "sleeper" in run("jobs") and "Cancelled" in run("job", str(sleeper))
    for listing in (["jobs"], ["sites"], ["leases"], ["teams"], ["job", str(sleeper)]):
        json.loads(run(*listing, "--json"))
    run("explain", str(sleeper), code=5)
    run("job", "99999", code=6)
    run("boat", code=2)
    run("jobs", "--server", "http://127.0.0.1:1", code=4)
    assert "drained" in run("drain", "cellar") and "service" in run("resume", "cellar")
    assert "complete -o filenames" in run("completion")
    assert run("events").count("\n") == 20
    assert "\x1b[" not in run("jobs"), "colours in a pipe"
    for name in ("serve", "submit", "jobs", "job", "explain", "forecast", "logs", "wait", "cancel", "sites", "leases", "teams", "drain",
                 "resume", "node", "events", "check", "schema", "completion", "replay", "bench", "soak"):
        assert "Examples" in run(name, "--help") or name == "completion", name


def test_second_server_and_restart(server: subprocess.Popen) -> subprocess.Popen:
    text = run("serve", str(SOURCE / "examples/desk/portfolio.yaml"), "--port", "0", code=7)
    assert str(server.pid) in text and "journal" in text, text
    long = json.loads(run("submit", "--gpus", "1", "--json", "--", "sh", "-c", "sleep 1; echo lived"))["job"]
    wait_for(long, "Running")
    before = call("GET", "/v1/state")["digest"]
    server.terminate()
    assert server.wait(20) == 0
    assert json.loads(run("replay", "--json"))["digest"] == before
    server = start()
    detail = wait_for(long, "Completed")
    assert len(detail["attempts"]) == 1, "it was started again instead of adopted"
    assert "lived" in run("logs", str(long))
    assert oct((DATA / "token").stat().st_mode & 0o777) == "0o600"
    return server


def main() -> None:
    server = start()
    try:
        for test in (test_jobs, test_waiting_and_cancel, test_refusals, test_operations, test_events, test_command_line):
            test()
            print("ok", test.__name__, flush=True)
        server = test_second_server_and_restart(server)
        print("ok test_second_server_and_restart")
        everything = {(path, method) for path, item in DOCUMENT["paths"].items() for method in item}
        assert called == everything, f"documented and never called: {everything - called}"
    finally:
        server.terminate()
        code = server.wait(20)
    assert code == 0, (FOLDER / "serve.log").read_text()[-3000:]


main()
