#!/usr/bin/env python3
"""Tests the pages of `attn attention --out x.html` and `attn export DIR x.html` in headless Chromium; not part of `make test`.

    ATTN=./attn tests/browser_test.py [folder for screenshots]

Needs Python 3 and a Chromium (CHROMIUM names it, default chromium); nothing else is installed or fetched. The browser
is driven over --remote-debugging-pipe: messages of the DevTools protocol, JSON ended by a zero byte."""

import base64
import json
import os
import struct
import subprocess
import sys
import tempfile
import time

import browser_model_page

ATTN = os.environ.get("ATTN", "./attn")
CHROMIUM = os.environ.get("CHROMIUM", "chromium")


class Browser:
    def __init__(self, profile):
        from_here, self.to = os.pipe()
        self.source, to_here = os.pipe()

        def connect():  # Chromium reads descriptor 3 and writes descriptor 4
            os.dup2(from_here, 13)
            os.dup2(to_here, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        self.process = subprocess.Popen(
            [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             "--no-first-run", "--user-data-dir=" + profile, "about:blank"],
            preexec_fn=connect, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(from_here)
        os.close(to_here)
        self.buffer, self.count, self.complaints, self.requests = b"", 0, [], []
        self.session = None
        page = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def read(self):
        while b"\0" not in self.buffer:
            part = os.read(self.source, 1 << 20)
            if not part:
                raise SystemExit("the browser ended")
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(message)
        method = message.get("method", "")
        if method in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded", "Page.javascriptDialogOpening"):
            self.complaints.append(message["params"])
        if method == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])
        return message

    def call(self, method, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']}")
                return answer["result"]

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise SystemExit(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def open(self, path):
        """Seconds until the page answered with its first picture, and until all small pictures were painted."""
        begin = time.monotonic()
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url="file://" + os.path.abspath(path.split("#")[0]) + "".join("#" + p for p in path.split("#")[1:]))
        self.wait_for("document.readyState === 'complete' && document.querySelectorAll('#tokens li').length > 0")
        self.value("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        first = time.monotonic() - begin
        self.wait_for("document.body.dataset.painted === 'all'")
        return first, time.monotonic() - begin

    def wait_for(self, expression):
        deadline = time.monotonic() + 60
        while not self.value(expression):
            if time.monotonic() > deadline:
                raise SystemExit("waited in vain for " + expression)
            time.sleep(0.02)

    def settle(self):
        self.value("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")

    def mouse(self, kind, x, y):
        buttons = {"button": "left", "clickCount": 1} if kind != "mouseMoved" else {}
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **buttons)

    def place(self, selector):
        return self.value(f"(() => {{ const r = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
                          " return [r.x + r.width / 2, r.y + r.height / 2]; })()")

    def hover(self, selector):
        self.mouse("mouseMoved", *self.place(selector))
        self.settle()

    def click(self, selector):
        x, y = self.place(selector)
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.mouse(kind, x, y)
        self.settle()

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, **({"text": key} if len(key) == 1 and kind == "keyDown" else {}))
        self.settle()

    def theme(self, name):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])
        self.settle()

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def text(self, selector):
        return self.value(f"document.querySelector({json.dumps(selector)}).textContent")

    def close(self):
        self.process.terminate()
        self.process.wait()


failures = 0


def check(name, found, expected=True):
    global failures
    if found == expected:
        print("ok   ", name)
    else:
        failures += 1
        print("FAIL ", name, "\n      found   ", repr(found), "\n      expected", repr(expected))


def weights_of(*arguments):
    """The weights as the CSV has them: {(layer, head, query, key): weight}."""
    out = subprocess.run([ATTN, "attention", *arguments, "--format", "jsonl"],
                         check=True, capture_output=True, text=True).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    return {(r["layer"], r["head"], r["query"], r["key"]): r["weight"] for r in rows}


def shown(weight):
    if weight >= 0.9995:
        return "1"
    return "0" if weight < 0.00005 else f"{weight:.{4 if weight < 0.01 else 3}f}"


def test_small_page(browser, folder, pictures):
    path = os.path.join(folder, "small.html")
    text = "don't go"
    subprocess.run([ATTN, "attention", "tests/reference/gpt2", "--text", text, "--out", path, "--quiet"], check=True)
    weights = weights_of("tests/reference/gpt2", "--text", text)
    browser.open(path)
    item = lambda side, index: f"#{side} li:nth-child({index + 1})"
    check("tokens on both sides", browser.value("document.querySelectorAll('#tokens li').length"), 2 * len(text))
    check("a small picture for each head", browser.value("document.querySelectorAll('#grid button').length"), 8)
    browser.click("#grid button[data-layer='1'][data-head='2']")
    check("a click chooses layer and head", browser.value("[document.querySelector('#layer').value, document.querySelector('#head').value].join()"), "1,2")
    check("the address keeps the choice", "layer=1&head=2" in browser.value("location.hash"))
    browser.hover(item("queries", 4))
    values = browser.value("[...document.querySelectorAll('#keys li')].map(li => li.dataset.value || null)")
    expected = [shown(weights[1, 2, 4, k]) if weights[1, 2, 4, k] >= 0.0005 and k <= 4 else None for k in range(len(text))]
    check("pointing at a query shows its weights", values, expected)
    check("… and says them", browser.text("#status").startswith("t (4) looks at "))
    drawn = "document.querySelector('#lines canvas').toDataURL().length"  # more on a picture takes more bytes
    one = browser.value(drawn)
    browser.press("Escape")
    check("lines are drawn, more of them without a choice", 0 < one < browser.value(drawn))
    browser.hover(item("keys", 0))
    check("pointing at a key shows who looks at it", browser.text("#status").startswith("d (0) is looked at by "))
    browser.click(item("queries", 2))
    browser.hover("header")
    check("a click keeps the token", browser.value("document.querySelectorAll('#queries li.chosen').length"), 1)
    browser.press("Escape")
    check("Escape lets it go", browser.value("document.querySelectorAll('#tokens li.chosen').length"), 0)
    browser.press("n")
    browser.press("n")
    check("n goes through the queries", browser.text("#queries li.chosen"), "o")
    browser.press("ArrowRight")
    browser.press("ArrowUp")
    check("arrows choose head and layer", "layer=0&head=3" in browser.value("location.hash"))
    if pictures:
        browser.screenshot(os.path.join(pictures, "lines.png"))
    browser.press("Escape")
    browser.click("#views button[data-view=matrix]")
    box = browser.value("(() => { const r = document.querySelector('#matrix').getBoundingClientRect(); return [r.x, r.y]; })()")
    cells = set()
    for step in range(40):  # along the diagonal, through label, cells and what lies beyond
        browser.mouse("mouseMoved", box[0] + 5 + 12 * step, box[1] + 5 + 12 * step)
        browser.settle()
        status = browser.text("#status")
        if " looks at " in status and ": " in status and "," not in status.split(": ")[0]:
            query, key = (int(part.split("(")[1].split(")")[0]) for part in status.split(": ")[0].split(" looks at "))
            cells.add((query, key, status.split(": ")[1]))
    check("the matrix shows the weights of its cells",
          len(cells) > 3 and all(v == "masked" if k > q else abs(float(v) - weights[0, 3, q, k]) <= 1e-3 * float(v) for q, k, v in cells))
    for name in ("light", "dark"):
        browser.theme(name)
        browser.wait_for("document.body.dataset.painted === 'all'")
        check(f"the page is {name} where the system is", browser.value("document.documentElement.hasAttribute('data-dark')"), name == "dark")
        if pictures:
            browser.screenshot(os.path.join(pictures, f"matrix-{name}.png"))
    browser.press("d")
    check("d changes it", browser.value("document.documentElement.hasAttribute('data-dark')"), False)
    browser.press("3")
    check("3 shows all heads", browser.value("document.body.dataset.view"), "all")
    if pictures:
        browser.screenshot(os.path.join(pictures, "all.png"))
    check("nothing was asked for from elsewhere", [u for u in browser.requests if not u.startswith(("file:", "about:", "data:"))], [])


def page_with(text, weight):
    """A page like the program's, its texts and weights replaced: `text` an entry, `weight` a function of the indices."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "page.html")
        subprocess.run([ATTN, "attention", "tests/reference/gpt2", "--text", "a", "--out", path, "--quiet"], check=True)
        with open(path, encoding="utf-8") as file:
            page = file.read()
    begin = page.index('<script type="text/plain" id="w0">')
    end = page.rindex("</script>\n", 0, page.index('<script>\n"use strict"')) + len("</script>\n")
    parts = []
    for record in text["records"]:
        values = [weight(record, head, query, key) for head in range(len(record["heads"]))
                  for query in range(record["queries"]) for key in range(query + 1 if record["causal"] else record["keys"])]
        packed = base64.b64encode(struct.pack(f"<{len(values)}{'H' if record['bits'] == 16 else 'f'}", *values)).decode()
        parts.append(f'<script type="text/plain" id="{record["id"]}">{packed}</script>\n')
    entry = json.dumps(text).replace("<", "\\u003c")
    parts.append(f'<script type="application/json" class="text">{entry}</script>\n')
    return page[:begin] + "".join(parts) + page[end:]


def test_three_kinds(browser, folder, pictures):
    evil = "</script><img src=x onerror=alert(1)>"
    source, target = ["The", "·white", "·cat", "·is", "·small", ".", evil], ["El", "·gato", "·blanco", "·es", "·pequeño"]
    record = lambda kind, layer, t, s: {"kind": kind, "layer": layer, "heads": [0, 1], "queries": t, "keys": s,
                                        "causal": kind == "decoder", "id": f"w{kind}{layer}", "bits": 32}
    sizes = {"encoder": (7, 7), "decoder": (5, 5), "cross": (5, 7)}
    records = [record(kind, layer, *sizes[kind]) for kind in sizes for layer in range(3)]
    path = os.path.join(folder, "kinds.html")
    with open(path, "w", encoding="utf-8") as file:
        file.write(page_with({"name": "0: The white cat", "source": source, "target": target, "records": records},
                             lambda r, head, q, k: 0.7 if k == min(q, r["keys"] - 1) else 0.3 / max(1, (q if r["causal"] else r["keys"] - 1))))
    browser.open(path + "#kind=cross&layer=1&head=1&view=lines")
    check("a button for each kind", browser.value("[...document.querySelectorAll('#kinds button')].map(b => b.textContent).join()"), "encoder,decoder,cross")
    check("cross attention: the target looks at the source",
          browser.value("[document.querySelectorAll('#queries li').length, document.querySelectorAll('#keys li').length].join()"), "5,7")
    check("tokens stay text", [browser.text("#keys li:last-child"), browser.value("document.querySelectorAll('img').length")], [evil, 0])
    for kind in ("encoder", "decoder", "cross"):
        browser.click(f"#kinds button:nth-child({list(sizes).index(kind) + 1})")
        browser.hover("#queries li:nth-child(3)")
        check(f"{kind}: the third query looks at the third key", browser.text("#keys li:nth-child(3)") in browser.text("#status").split(",")[0])
        if pictures:
            browser.screenshot(os.path.join(pictures, f"{kind}.png"))


def test_translation(browser, folder, pictures):
    path = os.path.join(folder, "translation.html")
    model = ["tests/reference/marian", "--text", "big frog", "--target", "le gros"]
    subprocess.run([ATTN, "attention", *model, "--out", path, "--quiet"], check=True)
    for kind in ("encoder", "decoder", "cross"):
        weights = weights_of(*model, "--kind", kind)
        queries, keys = (max(place[side] for place in weights) + 1 for side in (2, 3))
        browser.open(path + f"#kind={kind}&layer=1&head=3&view=lines")
        found, expected = [], []
        for query in range(queries):
            browser.hover(f"#queries li:nth-child({query + 1})")
            found.append(browser.value("[...document.querySelectorAll('#keys li')].map(li => li.dataset.value || null)"))
            expected.append([shown(w) if w >= 0.0005 else None for w in (weights[1, 3, query, key] for key in range(keys))])
        check(f"a translator's {kind} attention has the weights of the CSV", found, expected)


def test_large_page(browser, folder, pictures):
    count, layers, heads = 200, 12, 12
    records = [{"kind": "encoder", "layer": layer, "heads": list(range(heads)), "queries": count, "keys": count,
                "causal": False, "id": f"w{layer}", "bits": 16} for layer in range(layers)]
    weight = lambda r, head, q, k: 40000 if k == (q + head) % count else (q * 31 + k * 17 + r["layer"]) % 250
    names = [f"·token{i}" for i in range(count)]
    path = os.path.join(folder, "large.html")
    with open(path, "w", encoding="utf-8") as file:
        file.write(page_with({"name": "0: long", "source": names, "target": [], "records": records}, weight))
    first, all_heads = browser.open(path)
    print(f"      200 × 200 × 144 heads: {os.path.getsize(path) / 1e6:.1f} MB, {first:.2f} s to the first picture, {all_heads:.2f} s to all heads")
    check("144 heads of 200 tokens open quickly", first < 5 and all_heads < 10)
    for view in ("lines", "matrix"):
        browser.click(f"#views button[data-view={view}]")
        begin = time.monotonic()
        for _ in range(10):
            browser.press("ArrowRight")
        per_head = (time.monotonic() - begin) / 10
        print(f"      {view}: {per_head * 1000:.0f} ms from head to head")
        check(f"{view}: the next head comes at once", per_head < 0.5)
        if pictures:
            browser.screenshot(os.path.join(pictures, f"large-{view}.png"))


def test_training_report(browser, folder, pictures):
    text, model = os.path.join(folder, "text.txt"), os.path.join(folder, "trained")
    with open(text, "w") as file:
        file.write("".join("the cat sees the dog.\n" if i % 3 == 0 else "a dog runs home.\n" for i in range(200)))
    subprocess.run([ATTN, "train", "generate", text, "--out", model, "--tokenizer", "char", "--layers", "2", "--heads", "2",
                    "--d-model", "16", "--steps", "40", "--eval-every", "10", "--sample-every", "10", "--probe", "the cat",
                    "--lr", "0.01", "--quiet"], check=True)
    browser.call("Page.navigate", url="file://" + os.path.join(model, "training", "report.html"))
    browser.wait_for("document.readyState === 'complete' && document.querySelectorAll('#heads canvas').length > 0")
    check("report: curves are drawn", browser.value("document.querySelectorAll('svg path, svg polyline').length > 2"))
    check("report: a small picture for each head", browser.value("document.querySelectorAll('#heads canvas').length"), 4)
    check("report: the slider stands at the last step", browser.text("#step"), "40")
    matrix = "document.querySelector('#matrix').toDataURL()"
    last = browser.value(matrix)
    browser.value("document.querySelector('#time').focus()")
    browser.call("Input.dispatchKeyEvent", type="keyDown", key="Home", code="Home", windowsVirtualKeyCode=36)
    browser.settle()
    check("report: Home goes to the first evaluation", browser.text("#step"), "10")
    first = browser.value(matrix)
    check("report: attention was another then", first != last)
    browser.value("document.querySelector('#heads').scrollIntoView()")
    browser.click("#heads canvas:last-of-type")
    check("report: a click chooses a head", browser.value("document.querySelector('#heads canvas:last-of-type').ariaPressed"), "true")
    check("report: … and shows it", browser.value(matrix) != first)
    browser.value("document.querySelector('#matrix').scrollIntoView({block: 'center'})")
    browser.hover("#matrix")
    check("report: pointing says a weight", browser.value("/: [01][.][0-9][0-9]$/.test(document.querySelector('#value').textContent)"))
    if pictures:
        browser.screenshot(os.path.join(pictures, "report.png"))


def main():
    pictures = sys.argv[1] if len(sys.argv) > 1 else None
    if pictures:
        os.makedirs(pictures, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        browser = Browser(os.path.join(folder, "profile"))
        try:
            browser.call("Emulation.setDeviceMetricsOverride", width=1200, height=760, deviceScaleFactor=1, mobile=False)
            for test in (test_small_page, test_three_kinds, test_translation, test_large_page, test_training_report):
                test(browser, folder, pictures)
            browser_model_page.test(ATTN, browser, folder, pictures, check)
            check("the console stays clean", browser.complaints, [])
        finally:
            browser.close()
    sys.exit(1 if failures else 0)


main()
