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
import shutil
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


DESK = SOURCE / "examples/desk/portfolio.yaml"
START = time.time()


def start() -> subprocess.Popen:
    (DATA / "server").unlink(missing_ok=True)
    log = open(FOLDER / "serve.log", "a")
    server = subprocess.Popen([AMPACITY, "serve", str(DESK), "--data", str(DATA), "--port", "0"], stderr=log, stdout=log)
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
    text = answer.read().decode(errors="replace")  # a snapshot is bytes
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
    levels = {(p["level"], p["name"]): p for p in call("GET", "/v1/sites")["power"]}
    for p in levels.values():
        assert "limit_w" not in p or p["left_w"] == max(p["limit_w"] - p["drawn_w"], 0), p
    for lease in call("GET", "/v1/leases")["leases"]:
        assert levels["lease", lease["name"]]["limit_w"] == lease["contracted_w"], lease
    drawn = {level: sum(p["drawn_w"] for p in levels.values() if p["level"] == level) for level in ("provider", "lease", "site")}
    assert len(set(drawn.values())) == 1 and drawn["site"] > 0, drawn
    assert call("GET", "/v1/jobs/{id}/forecast", f"/v1/jobs/{waits}/forecast")["outlook"] == "Runs"
    call("DELETE", "/v1/jobs/{id}", f"/v1/jobs/{waits}")
    wait_for(waits, "Cancelled")
    dry = call("POST", "/v1/forecast", body=job(gpus=1))
    assert dry["outlook"] == "Starts" and dry["waits_ms"] == 0 and len(dry["assumes"]) == 3, dry
    assert call("POST", "/v1/forecast", body=job(gpus=1000), status=422)["reason"] == "NeverFits"
    teams = call("GET", "/v1/teams")
    assert teams["gpus_in_service"] > 0 and all(t["used"] == 0 for t in teams["teams"]), teams


def release_all(*ids: int) -> None:
    for id_ in ids:
        call("DELETE", "/v1/jobs/{id}", f"/v1/jobs/{id_}")
        wait_for(id_, "Cancelled")


def test_holds() -> None:
    hold, release = "/v1/jobs/{id}/hold", "/v1/jobs/{id}/release"
    first = call("POST", "/v1/jobs", body=job(gpus=8, command=["sleep", "60"]), status=201)["job"]
    wait_for(first, "Running")
    waits = call("POST", "/v1/jobs", body=job(gpus=8), status=201)["job"]
    call("POST", hold, f"/v1/jobs/{waits}/hold", body={"note": "no data yet", "by": "olga"})
    view = call("GET", "/v1/jobs/{id}", f"/v1/jobs/{waits}")
    assert view["job"]["state"] == "Waiting" and view["job"]["held"] and "no data yet" in view["job"]["why"], view["job"]
    assert view["explanation"]["reason"] == "Held" and view["explanation"]["unblocks"], view["explanation"]
    listed = call("GET", "/v1/jobs", "/v1/jobs?unfinished=1")["jobs"]
    assert [j["id"] for j in listed if j["held"]] == [waits]
    assert call("POST", hold, f"/v1/jobs/{waits}/hold", body={}, status=409)["reason"] == "NothingToDo"
    assert 'ampacity_jobs_held 1' in call("GET", "/metrics")
    call("DELETE", "/v1/jobs/{id}", f"/v1/jobs/{first}")
    wait_for(first, "Cancelled")
    assert call("GET", "/v1/jobs/{id}", f"/v1/jobs/{waits}")["job"]["state"] == "Waiting", "it started although it is held"
    call("POST", release, f"/v1/jobs/{waits}/release", body={"by": "olga"})
    assert wait_for(waits, "Completed")["job"]["held"] is False
    for path, action in ((hold, "hold"), (release, "release")):
        assert call("POST", path, f"/v1/jobs/{waits}/{action}", body={}, status=409)["reason"] == "JobEnded"
        assert call("POST", path, f"/v1/jobs/77777/{action}", body={}, status=404)["reason"] == "JobUnknown"
        assert raw("POST", f"/v1/jobs/{waits}/{action}", "{}", token="")[0] == 401


def now_ms() -> int:
    return call("GET", "/v1/state")["now_ms"]


def test_bookings() -> None:
    hour, name = 3_600_000, "/v1/bookings/{name}"
    assert call("GET", "/v1/bookings") == {"bookings": []}
    node = "attic/hall/p1/r1/n1"
    fans = call("POST", "/v1/bookings", status=201, body={"by": "olga", "booking": {
        "name": "fans", "target": node, "maintenance": True, "from": now_ms() + hour, "until": now_ms() + 2 * hour, "note": "fan"}})
    assert fans["kind"] == "Maintenance" and fans["gpus"] == 2 and not fans["begun"] and fans["nodes"][0]["node"] == node, fans
    run_ = call("POST", "/v1/bookings", status=201, body={"booking": {"name": "run", "gpus": 3, "sites": ["cellar"], "until": now_ms() + hour}})
    assert run_["kind"] == "Capacity" and run_["gpus"] == 4, f"whole nodes: {run_}"
    assert [b["name"] for b in call("GET", "/v1/bookings")["bookings"]] == ["run", "fans"]
    for booking, status, reason in [
        ({"name": "again", "target": node, "from": now_ms() + hour, "until": now_ms() + 3 * hour}, 409, "BookingConflict"),
        ({"name": "run", "gpus": 1, "until": now_ms() + hour}, 422, "BookingInvalid"),
        ({"name": "neither", "until": now_ms() + hour}, 422, "BookingInvalid"),
        ({"name": "backwards", "gpus": 1, "from": now_ms() + hour, "until": now_ms()}, 422, "BookingInvalid"),
        ({"name": "lost", "gpus": 1, "until": now_ms() + hour, "sites": ["atic"]}, 422, "NameUnknown"),
    ]:
        assert call("POST", "/v1/bookings", status=status, body={"booking": booking})["reason"] == reason, booking
    assert raw("POST", "/v1/bookings", '{"booking": {"gpus": "two"}}')[0] == 400
    inside = call("POST", "/v1/jobs", body=job(gpus=4, booking="run", walltime=60_000, command=["sleep", "60"]), status=201)["job"]
    detail = wait_for(inside, "Running")
    assert detail["attempts"][0]["nodes"] == run_["nodes"], "it runs in its booking"
    first = call("GET", "/v1/bookings")["bookings"][0]
    assert first["begun"] and first["jobs"] == [inside], first
    assert call("POST", "/v1/jobs", body=job(booking="rum"), status=422)["reason"] == "NameUnknown"
    release_all(inside)
    metrics = call("GET", "/metrics")
    assert 'ampacity_bookings{state="ahead"} 1' in metrics and 'ampacity_bookings{state="begun"} 1' in metrics
    call("DELETE", name, "/v1/bookings/run?by=olga")
    call("DELETE", name, "/v1/bookings/fans")
    assert call("DELETE", name, "/v1/bookings/fans", status=404)["reason"] == "NameUnknown"
    assert call("GET", "/v1/bookings") == {"bookings": []}


def curtailment(name: str, watts: int, site: str = "attic", begins: int = 0, ends: int = 3_600_000) -> dict:
    """So many W less at the meter, from and until so many ms from now."""
    return {"by": "grid", "curtailment": {"name": name, "site": site, "power": watts, "from": now_ms() + begins, "until": now_ms() + ends}}


def test_curtailments() -> None:
    """A call of the grid: who may pause does, and comes back when it is called off. Processes of this machine cannot be slowed."""
    path, name = "/v1/curtailments", "/v1/curtailments/{name}"
    assert call("GET", path) == {"curtailments": []}
    body = job(gpus=2, sites=["attic"], pausable=True, slowest=500_000, checkpoint_interval=60_000, command=["sleep", "60"])
    pauses = call("POST", "/v1/jobs", body=body, status=201)["job"]
    wait_for(pauses, "Running")
    rigid = call("POST", "/v1/jobs", body=job(gpus=2, sites=["attic"], requeue=False, command=["sleep", "60"]), status=201)["job"]
    wait_for(rigid, "Running")
    ahead = call("POST", path, status=201, body=curtailment("heat-wave", 10, begins=1_800_000))
    assert not ahead["begun"] and ahead["asked_w"] == 10 and ahead["drawn_w"] == ahead["drawn_before_w"] > 0, ahead
    begun = call("POST", path, status=201, body=curtailment("now", 10))
    assert begun["begun"] and begun["asked_w"] == 10 and 0 < begun["ceiling_w"] < begun["drawn_before_w"] and begun["slowed_jobs"] == [], begun
    detail = wait_for(pauses, "Waiting")
    assert detail["attempts"][0]["state"] == "Curtailed" and detail["explanation"]["reason"] == "NotEnoughPower", detail
    views = {c["name"]: c for c in call("GET", path)["curtailments"]}
    assert list(views) == ["now", "heat-wave"] and views["now"]["less_w"] >= 10, views
    assert call("GET", "/v1/jobs/{id}", f"/v1/jobs/{rigid}")["job"]["state"] == "Running", "who must not be requeued is not touched"
    for bad, status, reason, words in [
        (curtailment("now", 10), 422, "CurtailmentInvalid", "called 'now' already"),
        (curtailment("none", 0), 422, "CurtailmentInvalid", "power: expected more than 0 W"),
        (curtailment("Bad Name", 10), 422, "CurtailmentInvalid", "name: 'Bad Name' is not a name"),
        (curtailment("past", 10, begins=-2000, ends=-1000), 422, "CurtailmentInvalid", "until: "),
        (curtailment("backwards", 10, begins=2000, ends=1000), 422, "CurtailmentInvalid", "until: "),
        (curtailment("lost", 10, site="atic"), 422, "NameUnknown", "did you mean 'attic'"),
    ]:
        answer = call("POST", path, status=status, body=bad)
        assert answer["reason"] == reason and words in answer["error"], answer
    for text, words in [("{", "JSON"), ('{"curtailment": 3}', "curtailment: expected an object"),
                        ('{"curtailment": {"power": "30 MW"}}', "curtailment.power: expected an integer")]:
        status, answer = raw("POST", path, text)
        assert status == 400 and words in json.loads(answer)["error"], answer
    assert raw("POST", path, json.dumps(curtailment("open", 10)), token="")[0] == 401
    assert raw("DELETE", "/v1/curtailments/now", token="f" * 64)[0] == 401
    call("DELETE", name, "/v1/curtailments/now?by=grid")
    assert "did you mean 'heat-wave'" in call("DELETE", name, "/v1/curtailments/heat-wav", status=404)["error"]
    assert wait_for(pauses, "Waiting")["explanation"]["reason"] == "NotEnoughPower", "its walltime runs into the one ahead"
    call("DELETE", name, "/v1/curtailments/heat-wave")
    assert len(wait_for(pauses, "Running")["attempts"]) == 2, "it comes back when the calls are over"
    assert call("GET", path) == {"curtailments": []}
    release_all(pauses, rigid)


def reading(watts: int, site: str = "attic", **members) -> dict:
    return {"readings": [{"place": site, "power": watts, **members}], "by": "scada"}


def test_power() -> None:
    """Meters: they count instead of the model while they are fresh; too much starts nothing; nonsense is refused, whole."""
    path, power = "/v1/power/readings", "/v1/power"

    def attic() -> dict:
        return next(s for s in call("GET", power)["sites"] if s["name"] == "attic")

    first = attic()
    assert first == {"name": "attic", "limit_w": 91, "modelled_w": 0, "judged_w": 0, "facility_power_w": 0, "halls": [], "capped": [], "slowed_jobs": []}, first
    listed = call("POST", path, status=201, body=reading(88))
    site = next(s for s in listed["sites"] if s["name"] == "attic")
    assert site["judged_w"] == 80 and site["reading"]["drawn_w"] == 80 and site["reading"]["fresh"] and site["modelled_w"] == 0, site
    lease = next(level for level in listed["levels"] if level["name"] == "northwind-attic")
    assert lease["drawn_w"] == 80 and lease["left_w"] == 0, "a meter counts at the lease too"
    waits = call("POST", "/v1/jobs", body=job(gpus=2, sites=["attic"], command=["sleep", "60"]), status=201)["job"]
    assert wait_for(waits, "Waiting")["explanation"]["reason"] == "NotEnoughPower"
    run("measure", "attic", "--mw", "0.00003", "--it")
    assert "running" in run("jobs").lower() or wait_for(waits, "Running")
    wait_for(waits, "Running")
    assert attic()["judged_w"] == 30 + attic()["modelled_w"] > 30, "what starts later is added to what was measured"
    call("POST", path, status=201, body=reading(95, meter="It"))  # more than it may draw; nothing here can be slowed
    behind = call("POST", "/v1/jobs", body=job(sites=["attic"], command=["true"]), status=201)["job"]
    assert wait_for(behind, "Waiting")["explanation"]["reason"] == "PowerCapped"
    assert attic()["capped"][0]["place"] == "attic" and attic()["capped"][0]["since_ms"] > 0
    over = call("GET", power)["over_limit"]
    assert [o["level"] for o in over] == ["lease northwind-attic", "site attic"] and over[0]["stops_ms"] > over[0]["since_ms"], over
    assert 'ampacity_site_power_capped{site="attic"} 1' in raw("GET", "/metrics")[1]
    text = run("power")
    assert "95 W" in text and "since" in text and "lease" in text, text
    assert f"job {waits} starts: has its place at attic" in run("explain", str(waits))
    call("POST", path, status=201, body=reading(20))
    wait_for(behind, "Completed")
    assert attic()["capped"] == [] and call("GET", power)["over_limit"] == []
    for bad, words in [
        (reading(1, site="atic"), "did you mean 'attic'"),
        (reading(-1), "expected 0 W to"),
        (reading(1, at=now_ms() + 60_000), "which is ahead of"),
        (reading(1, at=now_ms() - 3_600_000), "older than the 5 min 00 s"),
        ({"readings": []}, "0 readings; expected 1 to 1024"),
        ({"readings": reading(1)["readings"] + reading(1, site="nowhere")["readings"]}, "readings[1]: no site"),
    ]:
        answer = call("POST", path, status=422, body=bad)
        assert words in answer["error"] and answer["reason"] in ("ReadingInvalid", "NameUnknown"), answer
    assert attic()["reading"]["drawn_w"] == 18, "all of a report is taken, or none"
    run("measure", "attic/hall", "--mw", "0.00002")
    hall = attic()["halls"][0]
    assert (hall["name"], hall["judged_w"], hall["reading"]["fresh"]) == ("attic/hall", 20 + hall["modelled_w"] - hall["reading"]["modelled_w"], True), hall
    assert "attic/hall" in run("power")
    assert "its IT load" in call("POST", path, status=422, body=reading(1, site="attic/hall"))["error"]
    status, answer = raw("POST", path, '{"readings": [{"place": "attic", "meter": "Grid"}]}')
    assert status == 400 and "meter" in answer, answer
    assert raw("POST", path, json.dumps(reading(1)), token="")[0] == 401
    assert "power cap" in run("submit", "--gpus", "1", "--power-cap", "lots", "--", "true", code=2)
    capped = json.loads(run("submit", "--gpus", "1", "--power-cap", "70 %", "--json", "--", "true"))["job"]
    assert "the cluster cannot cap GPUs" in wait_for(capped, "Completed")["attempts"][0]["why"]
    release_all(waits)


def openadr_event(watts: int, name: str = "Summer Peak", kind: str = "DISPATCH_SETPOINT_RELATIVE", **members) -> dict:
    """From now on, an hour; members beside them or instead."""
    return {"objectType": "EVENT", "programID": "44", "eventName": name, "targets": [{"type": "RESOURCE_NAME", "values": ["attic"]}],
            "payloadDescriptors": [{"payloadType": kind, "units": "W"}],
            "intervalPeriod": {"start": "0001-01-01T00:00:00Z", "duration": "PT1H"},
            "intervals": [{"id": 0, "payloads": [{"type": kind, "values": [watts]}]}], **members}


def test_openadr() -> None:
    """An event is called once, refused by the name of what is not understood, and over when it is deleted."""
    path, name = "/v1/openadr/events", "/v1/openadr/events/{event}"
    asked = openadr_event(-40, reportDescriptors=[{"payloadType": "USAGE"}])
    answer = call("POST", path, body=asked, status=201)
    assert answer["event"] == "Summer Peak" and len(answer["curtailments"]) == 1, answer
    one = answer["curtailments"][0]
    assert one["asked_w"] == 40 and one["begun"] and one["event"] == "Summer Peak" and one["name"].startswith("summer-peak-"), one
    assert answer["remarks"][0].startswith("reportDescriptors: no reports are sent"), answer
    again = call("POST", path, body=asked, status=200)
    assert [c["name"] for c in again["curtailments"]] == [one["name"]], again
    other = call("POST", path, body=openadr_event(-41), status=409)
    assert "says something else: DELETE" in other["error"], other
    limit = call("POST", path, body=openadr_event(900, name="feeder", kind="IMPORT_CAPACITY_LIMIT"), status=201)["curtailments"][0]
    assert limit["limit_w"] == 900, limit
    for bad, words in [
        (openadr_event(2, name="price", kind="PRICE"), "payloads of type 'PRICE' are not understood"),
        (openadr_event(5, name="up"), "a site cannot be made to draw more"),
        (openadr_event(-5, name="lost", targets=["atic"]), "did you mean 'attic'"),
        (openadr_event(-5, name="all", targets=[]), "targets: which of the"),
    ]:
        assert words in call("POST", path, body=bad, status=400)["error"], bad
    late = [{"id": i, "payloads": [{"type": "DISPATCH_SETPOINT_RELATIVE", "values": [-1]}]} for i in range(2)]
    past = openadr_event(-1, name="past", intervalPeriod={"start": "2020-01-01T00:00:00Z", "duration": "PT1H"}, intervals=late)
    assert call("POST", path, body=past, status=200)["curtailments"] == [], "it is over"
    # All or nothing: somebody took the name of its second part.
    two = openadr_event(-1, name="two", intervals=late)
    parts = [c["name"] for c in call("POST", path, body=two, status=201)["curtailments"]]
    assert len(parts) == 2
    call("DELETE", name, "/v1/openadr/events/two")
    call("POST", "/v1/curtailments", body=curtailment(parts[1], 10), status=201)
    assert f"called '{parts[1]}' already" in call("POST", path, body=two, status=422)["error"]
    assert parts[0] not in [c["name"] for c in call("GET", "/v1/curtailments")["curtailments"]]
    call("DELETE", "/v1/curtailments/{name}", f"/v1/curtailments/{parts[1]}")
    assert raw("POST", path, json.dumps(asked), token="")[0] == 401
    (FOLDER / "bad.json").write_text("{")
    assert "bad.json: " in run("curtail", "--openadr", "bad.json", code=2), "who reads it has to know which file"
    call("DELETE", name, "/v1/openadr/events/Summer%20Peak")
    assert call("DELETE", name, "/v1/openadr/events/Summer%20Peak", status=404)["reason"] == "NameUnknown"
    for _ in range(2):  # a notification may come twice
        ended = call("POST", path, body={"objectType": "EVENT", "operation": "DELETE", "object": {"eventName": "feeder"}}, status=200)
        assert ended == {"event": "feeder", "curtailments": [], "remarks": []}, ended
    assert call("GET", "/v1/curtailments") == {"curtailments": []}
    body = curtailment("soon", 10, begins=-5_000, ends=-1_000)
    soon = call("POST", "/v1/curtailments", body={**body, "notice": 600_000, "lasting": 3_600_000}, status=201)
    assert not soon["begun"] and soon["until_ms"] - soon["from_ms"] == 3_600_000 and soon["from_ms"] >= now_ms() + 590_000, soon
    call("DELETE", "/v1/curtailments/{name}", "/v1/curtailments/soon")


def test_outage_of_a_rack() -> None:
    rack = "attic/hall/p1/r1"
    call("POST", "/v1/nodes", body={"node": rack, "state": "Down", "detail": "breaker"})
    attic = {s["name"]: s for s in call("GET", "/v1/sites")["sites"]}["attic"]
    assert attic["gpus_in_service"] == 0 and attic["down"] == [rack], attic
    assert call("POST", "/v1/nodes", body={"node": "attic/hall/p9", "state": "Down"}, status=404)["reason"] == "NameUnknown"
    call("POST", "/v1/nodes", body={"node": rack, "state": "Up"})
    assert {s["name"]: s for s in call("GET", "/v1/sites")["sites"]}["attic"]["gpus_in_service"] == 4


def test_elastic_and_speeds() -> None:
    speeds = [{"name": "cpu-slot", "speed": 500_000}]
    body = job(gpus=8, gpus_min=2, walltime=600_000, accelerators=speeds, command=["sleep", "60"])
    elastic = call("POST", "/v1/jobs", body=body, status=201)["job"]
    detail = wait_for(elastic, "Running")
    assert detail["job"]["gpus_min"] == 2 and 2 <= detail["job"]["gpus_held"] <= 8, detail["job"]
    assert detail["spec"]["accelerators"] == speeds
    release_all(elastic)
    plain = call("POST", "/v1/jobs", body=job(accelerators=["cpu-slot"]), status=201)["job"]
    assert wait_for(plain, "Completed")["spec"]["accelerators"] == [{"name": "cpu-slot", "speed": 1_000_000}]
    assert "gpus_min" not in wait_for(plain, "Completed")["job"]
    for wrong in ({"gpus": 2, "gpus_min": 3}, {"accelerators": [{"name": "cpu-slot", "speed": 0}]}):
        assert call("POST", "/v1/jobs", body=job(**wrong), status=422)["reason"] == "JobInvalid"


def test_policy() -> None:
    before = call("GET", "/v1/policy")["settings"]
    assert before["backfill"] == "easy" and before["grace"] == "5 s", before
    after = call("PATCH", "/v1/policy", body={"settings": {"backfill": "none", "min_runtime": "5 min"}, "by": "olga"})["settings"]
    assert after == {**before, "backfill": "none", "min_runtime": "5 min"} == call("GET", "/v1/policy")["settings"]
    assert call("GET", "/v1/portfolio")["policy"]["min_runtime"] == 300_000
    for settings, words in [({"backfil": "none"}, "did you mean 'backfill'?"), ({"backfill": "eazy"}, "did you mean 'easy'?"),
                            ({"grace": "5"}, "expected a duration such as"), ({}, "nothing to change")]:
        answer = call("PATCH", "/v1/policy", body={"settings": settings}, status=400)
        assert answer["reason"] == "InvalidInput" and words in answer["error"], answer
    assert call("PATCH", "/v1/policy", body={"settings": {"requeue_limit": "-1"}}, status=422)["reason"] == "PortfolioInvalid"
    assert raw("PATCH", "/v1/policy", '{"settings": {"grace": 5}}')[0] == 400
    assert call("PATCH", "/v1/policy", body={"settings": before})["settings"] == before, "what is printed goes in again"


def test_portfolio() -> None:
    before = call("GET", "/v1/portfolio")
    assert before["name"] == "desk" and [s["name"] for s in before["sites"]] == ["attic", "cellar"]
    assert call("PUT", "/v1/portfolio", body=before) == {"changed": False}
    shed = json.loads(json.dumps(before["sites"][0]).replace("attic", "shed"))
    shed["cluster"]["kind"] = "Simulated"
    after = {**before, "sites": [*before["sites"], shed], "leases": [
        {**lease, "sites": [*lease["sites"], "shed"]} if "attic" in lease["sites"] else lease for lease in before["leases"]]}
    assert call("PUT", "/v1/portfolio", body=after) == {"changed": True}
    there = call("POST", "/v1/jobs", body=job(sites=["shed"], simulated_runtime=60_000), status=201)["job"]
    assert wait_for(there, "Running")["attempts"][0]["site"] == "shed", "the new site has an executor"
    shed["cluster"]["kind"] = "Local"
    answer = call("PUT", "/v1/portfolio", body=after, status=409)
    assert answer["reason"] == "Conflict" and "cannot become another kind" in answer["error"], answer
    assert call("PUT", "/v1/portfolio", body=before, status=409)["reason"] == "PortfolioInUse"
    assert call("PUT", "/v1/portfolio", body={**before, "sites": []}, status=422)["reason"] == "PortfolioInvalid"
    assert raw("PUT", "/v1/portfolio", '{"sites": 3}')[0] == 400
    release_all(there)
    assert call("PUT", "/v1/portfolio", body=after) == {"changed": True}, "nothing runs there now: it may become local"
    really = call("POST", "/v1/jobs", body=job(sites=["shed"], command=["echo", "really"]), status=201)["job"]
    wait_for(really, "Completed")
    assert "really" in call("GET", "/v1/jobs/{id}/log", f"/v1/jobs/{really}/log")
    assert call("PUT", "/v1/portfolio", body=before) == {"changed": True}
    assert [s["name"] for s in call("GET", "/v1/sites")["sites"]] == ["attic", "cellar"]


def test_money() -> None:
    """A lease, its invoice, who bears it, and an amendment: what jobs used is what is billed."""
    name = "northwind-attic"
    detail = call("GET", "/v1/leases/{name}", f"/v1/leases/{name}")
    assert detail["lease"]["stage"] == "Active" and detail["terms"]["amendments"] == []
    assert "did you mean" in call("GET", "/v1/leases/{name}", "/v1/leases/northwind-atic", status=404)["error"]
    month = time.strftime("%Y-%m", time.gmtime())
    invoice = call("GET", "/v1/leases/{name}/invoices/{month}", f"/v1/leases/{name}/invoices/{month}")
    assert not invoice["closed"] and sum(p["micro_usd"] for p in invoice["postings"]) == 0
    assert sum(line["cents"] for line in invoice["lines"]) == invoice["total_cents"] > 0
    assert invoice["used_micro_usd"] > 0, "jobs ran in the attic"
    used = next(l for l in call("GET", "/v1/leases")["leases"] if l["name"] == name)["used_micro_usd"]
    if month == time.strftime("%Y-%m", time.gmtime(START)):  # all of it in one month
        assert abs(invoice["used_micro_usd"] - used) <= 0.01 * used + 1000, (invoice["used_micro_usd"], used)
    assert sum(c["lease_micro_usd"] for c in invoice["charges"]) == invoice["used_micro_usd"]
    call("GET", "/v1/leases/{name}/invoices/{month}", f"/v1/leases/{name}/invoices/2025-12", status=404)
    call("GET", "/v1/leases/{name}/invoices/{month}", f"/v1/leases/{name}/invoices/2028-13", status=400)
    billing = call("GET", "/v1/billing/{month}", f"/v1/billing/{month}")
    charged = call("GET", "/v1/chargeback/{month}", f"/v1/chargeback/{month}?by=project")
    assert charged["total_micro_usd"] == sum(i["total_micro_usd"] for i in billing["invoices"])
    assert sum(r["cents"] for r in charged["rows"]) == charged["total_cents"]
    idle = {r["cause"]: r for r in charged["rows"] if r["team"] == "(idle)"}
    assert {"NothingWaits", "NotWatched", "ToCome"} <= set(idle), f"the month is not over, and nothing waited at times: {idle}"
    assert all(r["gpu_ms"] > 0 or cause == "NotDrawn" for cause, r in idle.items()), idle
    power = next(r for r in charged["rows"] if r["team"] == "(idle power)")
    passed = next(i for i in billing["invoices"] if i["lease"] == "tidewater-cellar")
    line = next(l for l in passed["lines"] if l["kind"] == "EnergyIdle")
    assert line["site"] == "cellar" and line["micro_usd"] == passed["idle_energy"][0]["energy_micro_usd"] > 0, passed
    assert power["facility_j"] > passed["idle_energy"][0]["facility_j"], "the attic's is in no invoice"
    assert power["total_micro_usd"] >= line["micro_usd"] and power["unbilled_micro_usd"] > 0, power
    call("GET", "/v1/chargeback/{month}", f"/v1/chargeback/{month}?by=colour", status=400)
    energy = call("GET", "/v1/energy/{month}", f"/v1/energy/{month}")
    drawn = [r for r in energy["rows"] if r["team"] != "(idle)"]
    idles = [r for r in energy["rows"] if r["team"] == "(idle)"]
    assert [r["site"] for r in idles] == ["attic", "cellar"] and all(r["it_j"] > 0 for r in drawn), energy
    charged_j = sum(r["facility_j"] for r in charged["rows"] if not r["team"].startswith("(idle"))
    assert charged_j <= sum(r["facility_j"] for r in drawn) < 1.05 * charged_j + 1000, (charged_j, drawn)
    idle_j = sum(r["facility_j"] for r in idles)
    assert power["facility_j"] <= idle_j < 1.05 * power["facility_j"] + 1000, (power, idles)
    billed_j = passed["idle_energy"][0]["facility_j"]
    assert billed_j <= idles[1]["facility_j"] < 1.05 * billed_j + 1000, "what the invoice bills, and some seconds more"
    assert energy["sum"]["carbon_g"] == sum(r["carbon_g"] for r in energy["rows"])
    assert energy["sum"]["energy_micro_usd"] == sum(r["energy_micro_usd"] for r in energy["rows"]) > 0
    call("GET", "/v1/energy/{month}", "/v1/energy/2028-13", status=400)
    call("GET", "/v1/programmes")

    path = "/v1/leases/{name}/amendments"
    amended = call("POST", path, f"/v1/leases/{name}/amendments",
                   {"amendment": {"power": 100, "why": "addendum 1"}, "by": "olga"}, 201)
    assert amended["terms"]["amendments"][0]["by"] == "olga" and amended["lease"]["contracted_w"] == 100
    assert call("POST", path, f"/v1/leases/{name}/amendments", {"amendment": {"why": "none"}}, 422)["reason"] == "AmendmentInvalid"
    call("POST", path, "/v1/leases/nobody/amendments", {"amendment": {"power": 1}}, 404)
    portfolio = call("GET", "/v1/portfolio")
    bare = json.loads(json.dumps(portfolio))
    for lease in bare["leases"]:
        lease["amendments"] = []
    assert call("PUT", "/v1/portfolio", body=bare) == {"changed": False}, "a file does not undo an amendment"
    assert call("GET", "/v1/portfolio") == portfolio

    bare["leases"][0]["time_zone"] = "Mars/Base"
    assert "time zone such as" in call("PUT", "/v1/portfolio", body=bare, status=400)["error"]

    assert "addendum 1" in run("lease", "show", name) and name in run("lease", "list")
    assert "100 W" in run("lease", "amend", name, "--power", "100 W", "--from", "2029-01-01", "--why", "addendum 2")
    assert "--power: expected a power" in run("lease", "amend", name, "--power", "much", "--why", "x", code=2)
    run("lease", "amend", name, "--why", "nothing", code=5)
    assert json.loads(run("invoice", name, month, "--json"))["number"] == f"{name}/{month}"
    assert "total" in run("invoice", name, month) and "to come" in run("chargeback", month)
    assert "(idle)" in run("energy", month) and json.loads(run("energy", month, "--json"))["month"] == month
    run("invoice", name, "2025-12", code=6)
    run("invoice", name, "May", code=2)
    rows = run("export", "focus", "--month", month).splitlines()
    assert rows[0].startswith("BilledCost,") and len(rows) > 2
    assert "ContractCommitmentId" in run("export", "focus", "--dataset", "contract-commitment", "--version", "1.3")
    run("export", "focus", "--month", month, "--version", "1.0", code=2)
    run("programme")


def test_requests() -> None:
    """Capacity is wanted: northwind has a right of first refusal, tidewater quotes; what is left becomes a lease."""
    right = call("GET", "/v1/rights")["rights"][0]
    assert right["provider"] == "northwind" and right["in_force"], right
    leased = call("GET", "/v1/portfolio")
    more = json.loads(json.dumps(leased))
    more["leases"].append(more["leases"][1] | {"name": "more", "amendments": []})
    refused = call("PUT", "/v1/portfolio", body=more, status=422)
    assert refused["reason"] == "RefusalRight" and "2026-01-01 until 2029-01-01" in refused["error"], refused

    start = int(START * 1000) + 86_400_000
    asked = call("POST", "/v1/requests", body={"request": {"name": "spring", "power": 100, "from": start, "until": start * 2}, "by": "olga"}, status=201)
    assert asked["stage"] == "Offered" and asked["offers"][0]["provider"] == "northwind" and asked["left_w"] == 100, asked
    quote = {"provider": "tidewater", "site": "cellar", "power": 40, "from": start, "pue": 1_100_000}
    path = "/v1/requests/{name}"
    for name, dollars in (("dear", 600), ("cheap", 500)):
        price = {"basis": "MwMonth", "amount": dollars * 1_000_000_000}
        call("POST", path + "/quotes", "/v1/requests/spring/quotes", {"quote": quote | {"name": name, "price": price}, "by": "olga"}, 201)
    early = call("POST", path + "/award", "/v1/requests/spring/award", {"quote": "cheap"}, 422)
    assert early["reason"] == "RefusalRight" and "may answer request spring until" in early["error"], early
    part = call("POST", path + "/accept", "/v1/requests/spring/accept", {"provider": "northwind", "power": 60, "by": "northwind"})
    assert part["stage"] == "PartlyMatched" and part["left_w"] == 40, part
    shown = call("GET", path, "/v1/requests/spring")
    assert [q["quote"]["name"] for q in shown["quotes"]] == ["cheap", "dear"], shown
    assert shown["quotes"][0]["usable"] == 27, "what 250 W at the meter carry beside the lease of 200 W: 250 / 1.1 - 200"
    call("POST", path + "/award", "/v1/requests/spring/award", {"quote": "cheap", "lease": "spring-lease", "by": "olga"}, 201)
    lease = call("GET", "/v1/leases/{name}", "/v1/leases/spring-lease")
    assert lease["lease"]["stage"] == "Pending" and lease["terms"]["request"] == "spring", lease
    assert call("PUT", "/v1/portfolio", body=leased) == {"changed": False}, "a file does not undo an award"
    assert "did you mean 'spring'" in call("GET", path, "/v1/requests/sprinf", status=404)["error"]

    out = run("request", "create", "--mw", "0.00005", "--from", "2027-03", "--until", "2030-01", "--name", "winter")
    assert "winter: 50 W from 2027-03-01, Offered" in out, out
    assert "Declined" in run("request", "decline", "winter")
    out = run("request", "quote", "winter", "--provider", "tidewater", "--site", "cellar", "--mw", "0.00005", "--price", "550 k$/MW-month", "--from", "2027-04",
              "--energy-price", "38 USD/MWh", "--pue", "1.2", "--carbon", "380 g/kWh")
    assert "tidewater-cellar" in out and "380" in out and "$38.00" in out, out
    assert "winter-tidewater-cellar" in run("request", "award", "winter", "tidewater-cellar")
    assert "expected a power" in run("request", "create", "--mw", "many", "--from", "2027-03", code=2)
    assert [r["name"] for r in json.loads(run("request", "list", "--json"))["requests"]] == ["spring", "winter"]
    assert call("GET", "/v1/requests")["requests"] and "PartlyMatched" in run("request", "list") and "cheap" in run("request", "show", "spring")
    call("POST", "/v1/requests", body={"request": {"name": "late", "power": 1, "from": start}, "by": "olga"}, status=201)
    assert call("POST", path + "/decline", "/v1/requests/late/decline", {"provider": "northwind"})["stage"] == "Declined"

    change = {"amendment": {"response_window": 3_600_000, "why": "addendum"}, "by": "olga"}
    rights = call("POST", "/v1/rights/{provider}", "/v1/rights/northwind", change, 201)["rights"]
    assert rights[0]["terms"]["response_window"] == 3_600_000 and len(rights[0]["amendments"]) == 1, rights
    assert "northwind" in run("right", "list") and "no " in run("right", "amend", "northwind", "--ends", "2026-06-01", "--why", "agreed")
    free = call("POST", "/v1/requests", body={"request": {"name": "free", "power": 1, "from": start}}, status=201)
    assert free["stage"] == "Unheld" and free["offers"] == [], free


def test_snapshot() -> None:
    head, state = call("GET", "/v1/snapshot").split("\n", 1)
    head = json.loads(head)
    assert head["digest"] == call("GET", "/v1/state")["digest"] and head["shape"] and head["at_ms"] > 0, head
    assert len(state) > 100, state


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
    for listing in (["jobs"], ["sites"], ["leases"], ["teams"], ["bookings"], ["policy"], ["job", str(sleeper)]):
        json.loads(run(*listing, "--json"))
    run("explain", str(sleeper), code=5)
    run("job", "99999", code=6)
    run("boat", code=2)
    run("jobs", "--server", "http://127.0.0.1:1", code=4)
    assert "drained" in run("drain", "cellar") and "service" in run("resume", "cellar")
    assert "cellar/hall is down" in run("node", "down", "cellar/hall") and "is up" in run("node", "up", "cellar/hall")
    blocker = json.loads(run("submit", "--gpus", "8", "--json", "--", "sleep", "60"))["job"]
    held = json.loads(run("submit", "--gpus", "8", "--json", "--", "true"))["job"]
    assert "is held" in run("hold", str(held), "--note", "disk") and "disk" in run("jobs") and "disk" in run("job", str(held))
    assert "would start if" in run("explain", str(held))
    run("hold", str(held), code=5)
    assert "is released" in run("release", str(held))
    run("cancel", str(blocker))
    run("wait", str(held))
    assert "no bookings" in run("bookings")
    assert "booking spring: 4 GPUs" in run("book", "spring", "--gpus", "4", "--site", "cellar", "--for", "1 h", "--note", "demo")
    assert "demo" in run("bookings") and json.loads(run("bookings", "--json"))["bookings"][0]["name"] == "spring"
    run("submit", "--gpus", "1", "--booking", "spring", "--walltime", "1 min", "--wait", "--", "true")
    run("book", "spring", "--gpus", "2", "--for", "1 h", code=5)
    run("book", "summer", "--gpus", "2", code=2)
    run("book", "summer", "--gpus", "2", "--from", "soon", "--for", "1 h", code=2)
    assert "has ended" in run("unbook", "spring")
    run("unbook", "spring", code=6)
    run("curtailments")
    assert "20 W less at cellar" in run("curtail", "cellar", "--mw", "0.00002", "--notice", "30 min", "--for", "1 h", "--name", "peak")
    assert json.loads(run("curtailments", "--json"))["curtailments"][0]["name"] == "peak" and "peak" in run("curtailments")
    run("curtail", "cellar", "--mw", "0.00002", "--for", "1 h", "--name", "peak", code=5)
    run("curtail", "cellar", "--mw", "much", "--for", "1 h", code=2)
    run("curtail", "cellar", "--mw", "1", "--for", "long", code=2)
    assert "is over" in run("uncurtail", "peak")
    run("uncurtail", "peak", code=6)
    assert "backfill  " in run("policy") and run("policy", "set", "backfill=none", "min_runtime=5 min") == "backfill=none\nmin_runtime=5 min\n"
    assert "did you mean 'backfill'" in run("policy", "set", "backfil=none", code=2)
    assert "is in force" in run("apply", str(DESK)) and "nothing changed" in run("apply", str(DESK)), "the file has easy backfill"
    (FOLDER / "bad.yaml").write_text(DESK.read_text().replace("grace: 5 s", "grace: 5"))
    assert "bad.yaml:" in run("apply", "bad.yaml", code=3)
    run("submit", "--gpus", "4", "--gpus-min", "1", "--accelerator", "cpu-slot=80 %", "--walltime", "1 min", "--wait", "--", "true")
    assert "expected a ratio" in run("submit", "--accelerator", "cpu-slot=fast", "--", "true", code=2)
    (FOLDER / "log.swf").write_text("1 0 -1 60 4 -1 -1 4 60 -1 1 1 1 1 1 1 -1 -1\n2 5 -1 -1 4 -1 -1 4 60 -1 5 1 1 1 1 1 -1 -1\n")
    assert "2 read, 1 kept: 1 without run time" in run("workload", "log.swf")
    assert json.loads(run("workload", "log.swf", "--json"))[0]["summary"]["gpu_ms"] == 240_000
    made = str(SOURCE / "examples/workloads/acme-kalos.yaml")
    assert "19,907 jobs" in run("workload", made) and "ok (synthetic workload" in run("check", made)
    assert "needs a mapping file" in run("workload", "rows.csv", code=3)
    (FOLDER / "log.swf").write_text("1 0 -1 soon 4\n")
    assert "log.swf:1:8: run time" in run("workload", "log.swf", code=3)
    assert "complete -o filenames" in run("completion")
    assert run("events").count("\n") == 20
    assert "\x1b[" not in run("jobs"), "colours in a pipe"
    for name in ("serve", "submit", "jobs", "job", "explain", "forecast", "logs", "wait", "cancel", "sites", "leases", "teams", "drain",
                 "resume", "node", "book", "unbook", "bookings", "power", "measure", "curtail", "curtailments", "uncurtail", "hold", "release", "apply", "policy", "events", "check",
                 "workload", "schema", "completion", "replay", "bench", "soak", "invoice", "chargeback", "energy", "programme", "article"):
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
        for test in (test_jobs, test_waiting_and_cancel, test_refusals, test_operations, test_holds, test_bookings, test_power, test_curtailments, test_openadr,
                     test_outage_of_a_rack,
                     test_elastic_and_speeds, test_policy, test_portfolio, test_snapshot, test_events, test_command_line, test_money, test_requests):
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
shutil.rmtree(FOLDER)  # kept where something failed: its log tells
