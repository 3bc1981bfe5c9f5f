#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Opens the page of `tvae report` in headless Chromium and uses it.

    test_report.py PROGRAM [--runs RUN...] [--screenshots FOLDER]

Trains two small runs (unless runs are given), one of them in a folder whose name and files
try to break out of the page, and checks, light and dark, at 400 and 1400 pixels: no error
on the console, nothing loaded, no horizontal scrolling, every picture decoded; then that
the slider changes the decoded frame and that the curves show values under the pointer.
Exit status 77 (skipped) where no Chromium is installed.
"""
import argparse
import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HOSTILE_NAME = "</script><img src=x onerror=alert(1)>"
SECONDS_TO_WAIT = 20


class Browser:
    """Chromium, driven through a pair of pipes: JSON messages, each ended by a zero byte."""

    def __init__(self, program, folder):
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()

        def place_pipes():
            first, second = os.dup(to_browser), os.dup(from_browser)
            os.dup2(first, 3)
            os.dup2(second, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--disable-background-networking",
             "--remote-debugging-pipe", f"--user-data-dir={folder}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=place_pipes, close_fds=False)
        os.close(to_browser)
        os.close(from_browser)
        self.buffer, self.last_id, self.events, self.session = b"", 0, [], None

    def receive(self):
        while b"\0" not in self.buffer:
            block = os.read(self.read_end, 1 << 20)
            if not block:
                raise RuntimeError("the browser closed its pipe")
            self.buffer += block
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        while True:
            reply = self.receive()
            if reply.get("id") == self.last_id:
                if "error" in reply:
                    raise RuntimeError(f"{method}: {reply['error']}")
                return reply["result"]
            self.events.append(reply)

    def open_tab(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
        except (OSError, RuntimeError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.write_end)
        os.close(self.read_end)


def complaints(events, page):
    """What went wrong between the events: exceptions, console errors, requests, dialogs."""
    found = []
    for event in events:
        method, values = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            found.append(str(values["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and values["type"] in ("error", "assert"):
            found.append(str(values["args"]))
        elif method == "Log.entryAdded" and values["entry"]["level"] == "error":
            found.append(values["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            found.append("a dialog opened: " + values["message"])
        elif method == "Network.requestWillBeSent":
            url = values["request"]["url"]
            if not url.startswith("data:") and url != page:
                found.append("the page asked for " + url[:200])
    return found


PICTURES = """(async () => {
    const images = [...document.images];
    images.forEach((image) => { image.loading = "eager"; });
    const broken = [];
    for (const image of images)
        try { await image.decode(); } catch (error) { broken.push(image.alt); }
    return {count: images.length, broken};
})()"""

# Moves the slider of every explorer; true where the decoded frame changed and came back.
SLIDERS = """(async () => {
    const results = [];
    for (const box of document.querySelectorAll(".explorer")) {
        const decoded = box.querySelectorAll("canvas")[1];
        const slider = box.querySelector("input[type=range]");
        const move = (value) => {
            slider.value = value;
            slider.dispatchEvent(new Event("input"));
            return decoded.toDataURL();
        };
        const blank = document.createElement("canvas");
        blank.width = decoded.width;
        blank.height = decoded.height;
        const first = move(0), second = move(Math.floor(Number(slider.max) / 2)), back = move(0);
        const select = box.querySelectorAll("select")[1];
        select.value = "0";
        select.dispatchEvent(new Event("change"));
        const one = move(Math.floor(Number(slider.max) / 2));
        results.push({changed: first !== second, same: first === back, drawn: first !== blank.toDataURL(),
            single: one !== second});
    }
    return results;
})()"""

CURVES = """[...document.querySelectorAll(".chart svg")].filter((svg) => svg.querySelector(".guide"))
    .map((svg) => {
        const box = svg.getBoundingClientRect();
        svg.dispatchEvent(new PointerEvent("pointermove", {clientX: box.left + 0.9 * box.width, clientY: box.top + 20}));
        return svg.parentElement.querySelector(".values").textContent;
    })"""


def require(condition, message):
    if not condition:
        sys.exit("FAILED: " + message)


def wait_for_page(browser):
    end = time.monotonic() + SECONDS_TO_WAIT
    while browser.evaluate("document.readyState") != "complete":
        require(time.monotonic() < end, "the page did not load in time")
        time.sleep(0.05)


def use_page(browser, page, n_runs):
    """Once the page is loaded: its parts are there, and work."""
    sections = browser.evaluate("[...document.querySelectorAll('h2')].map((h) => h.textContent)")
    for wanted in ("What was run", "Results", "Capsule explorer", "Learning curves", "Prediction by rolling", "Pictures"):
        require(wanted in sections, f"no section '{wanted}' in {sections}")
    ahead = browser.evaluate("[...document.querySelectorAll('td')].find((td) => td.textContent === '+1')?.parentElement.textContent")
    require(re.fullmatch(r"\+1(0\.\d{4} \(0\.\d{4}\))+", ahead or ""), f"errors one frame ahead: {ahead}")
    pictures = browser.evaluate(PICTURES)
    require(pictures["count"] >= 5 * n_runs and not pictures["broken"], f"pictures: {pictures}")
    sliders = browser.evaluate(SLIDERS)
    require(len(sliders) == n_runs, f"{len(sliders)} explorers, want {n_runs}")
    for number, result in enumerate(sliders):
        require(all(result.values()), f"slider of explorer {number}: {result}")
    curves = browser.evaluate(CURVES)
    require(curves and all(re.search(r"\d: -?\d", text) for text in curves), f"curves under the pointer: {curves}")


def check_page(browser, page, n_runs, screenshots):
    for scheme in ("light", "dark"):
        for width in (400, 1400):
            browser.events.clear()
            browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900,
                         deviceScaleFactor=1, mobile=False)
            browser.call("Emulation.setEmulatedMedia",
                         features=[{"name": "prefers-color-scheme", "value": scheme}])
            browser.call("Page.navigate", url=page)
            wait_for_page(browser)
            use_page(browser, page, n_runs)
            sizes = browser.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
            require(sizes[1] == width and sizes[0] <= sizes[1],
                    f"{sizes[0]} pixels of content on a page {sizes[1]} wide")
            dark = browser.evaluate("getComputedStyle(document.body).backgroundColor")
            require((dark == "rgb(255, 255, 255)") == (scheme == "light"), f"{scheme}: background {dark}")
            problems = complaints(browser.events, page)
            require(not problems, f"{scheme}, {width} pixels: {problems}")
            if screenshots:
                image = browser.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
                (screenshots / f"{scheme}-{width}.png").write_bytes(base64.b64decode(image))


def run_program(program, *words):
    done = subprocess.run([program, *map(str, words)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    require(done.returncode == 0, f"tvae {' '.join(map(str, words))}: {done.stdout}")


def make_runs(program, folder):
    """Two small runs; names and files of the second try to become markup."""
    # A name cannot hold '/', so the whole attack is in the files.
    runs = [folder / "tvae", folder / HOSTILE_NAME.replace("/", "")]
    small = ["--set", "image_size=16", "--set", "n_capsules=3", "--steps", "40",
             "--set", "log_steps=5", "--threads", "1"]
    run_program(program, "train", "sprites_quick", *small, "--out", runs[0])
    run_program(program, "train", "sprites_quick_vae", *small, "--out", runs[1])
    for run in runs:
        run_program(program, "eval", run, "--sequences", "20", "--samples", "2")
    summary = json.loads((runs[1] / "summary.json").read_text())
    summary["capcorr"] = {HOSTILE_NAME: 0.5, "__proto__": 1, "posX": HOSTILE_NAME}
    summary["kl"] = HOSTILE_NAME
    summary["\u2028<!--<script>"] = [HOSTILE_NAME]
    (runs[1] / "summary.json").write_text(json.dumps(summary))
    with (runs[1] / "log.jsonl").open("a") as log:
        log.write(json.dumps({"step": HOSTILE_NAME, "loss": 1}) + "\n")
        log.write(json.dumps({"step": 50, "loss": 1, "kl_z": HOSTILE_NAME}) + "\n")
    run_program(program, "figures", runs[1])
    (runs[1] / "figures" / "not_a_picture.png").write_text(HOSTILE_NAME)
    return runs


def check_file(page):
    """No text of a run's folder may end the element that holds it."""
    text = page.read_text(encoding="utf-8")
    require(text.count("</script>") == 2 and text.count("<script") == 2 and "<img" not in text,
            "a text of the run's folder became markup")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--runs", nargs="+", type=pathlib.Path)
    parser.add_argument("--screenshots", type=pathlib.Path)
    arguments = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not chromium:
        print("skipped: no Chromium is installed")
        return 77
    program = arguments.program.resolve()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        runs = arguments.runs or make_runs(program, folder)
        page = folder / "report.html"
        run_program(program, "report", *runs, "--out", page)
        check_file(page)
        browser = Browser(chromium, folder / "profile")
        try:
            browser.open_tab()
            check_page(browser, page.as_uri(), len(runs), arguments.screenshots)
        finally:
            browser.close()
    print("the page holds at both widths, light and dark")
    return 0


if __name__ == "__main__":
    sys.exit(main())
