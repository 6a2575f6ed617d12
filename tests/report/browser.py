# SPDX-License-Identifier: Apache-2.0
"""Debian's chromium, driven through its debugging pipe (JSON, each message ended by a zero byte): no other package,
no port. Collects what the page says on the console, what it throws, what it fetches."""

import json
import os
import select
import shutil
import subprocess
import tempfile
import time

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
         "--enable-logging=stderr", "--v=0", "--remote-debugging-pipe"]


class Browser:
    """One page. Everything waits at most `patience` seconds."""

    def __init__(self, patience: float = 60):
        self.patience, self.number, self.buffer, self.events = patience, 0, b"", []
        self.profile = tempfile.mkdtemp(prefix="ampacity-browser-")
        to_read, self.to = os.pipe()
        self.answers, from_write = os.pipe()

        def descriptors():  # 3 and 4 are where chromium looks; the pipes may have these numbers themselves
            read, write = os.dup2(to_read, 100), os.dup2(from_write, 101)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(["chromium", *FLAGS, f"--user-data-dir={self.profile}", "about:blank"],
                                        preexec_fn=descriptors, close_fds=False, stdout=subprocess.DEVNULL,
                                        stderr=open(os.path.join(self.profile, "stderr"), "w"), start_new_session=True)
        os.close(to_read)
        os.close(from_write)
        self.session = None
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(t for t in targets if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self):
        self.session = None
        try:
            self.call("Browser.close")
        except (OSError, TimeoutError, EOFError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self) -> dict:
        until = time.monotonic() + self.patience
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.answers], [], [], max(0, until - time.monotonic()))
            if not ready:
                raise TimeoutError(f"chromium said nothing for {self.patience} s")
            part = os.read(self.answers, 1 << 20)
            if not part:
                raise EOFError("chromium has gone: " + open(os.path.join(self.profile, "stderr")).read()[-2000:])
            self.buffer += part
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method: str, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        data = json.dumps(request).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, url: str):
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self.message())

    def size(self, width: int, height: int):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def evaluate(self, script: str):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def press(self, key: str):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def complaints(self) -> list[str]:
        """What the console, the security policy and exceptions said."""
        said = []
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                said.append(json.dumps(params["exceptionDetails"])[:600])
            if method == "Log.entryAdded":
                said.append(params["entry"]["text"])
            if method == "Runtime.consoleAPICalled":
                said.append(f"console.{params['type']}: {params['args']}")
            if method == "Page.javascriptDialogOpening":
                said.append(f"a dialog: {params['message']}")
        return said

    def requests(self) -> list[str]:
        return [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]
