"""The page of `attn export DIR x.html` in the browser of browser_test.py: what it computes against what attn does."""

import ast
import json
import os
import struct
import subprocess
import time
import zipfile

TEXT = "To be, or not to be:\n  don't <b>go</b> naïve 🙂 ١٢"
# Where expressions and alphabets differ between languages: spaces, marks, digits, joiners, capitals.
ODD = ["a\u0085b\u00a0c\u2003d", "a\ufeffb\u200bc\u200dd", "e\u0301 n\u0303 ก็ कि", "x² ½ ٣٤ Ⅳ 一二", "İSTANBUL ΣΟΦΟΣ ẞ", "👩‍👩‍👧 🙂🙂",
       "  two  spaces\t\ttabs\n\n end ", "we'll they've I'm 'S 's''t", "__proto__ constructor", "a_b-c…d—e"]
LINES = "the small cat sees the old dog.\nDon't go, said the cat; it was 12 o'clock!\nÀ bientôt, naïve dog 🙂\n" * 6
PAIRS = "the cat\tel gato\nthe dog\tel perro\nthe old cat\tel gato viejo\na small dog\tun perro chico\n" * 6
DATES = "March 8, 1942\t1942-03-08\nMay 1, 1950\t1950-05-01\nJune 2, 1961\t1961-06-02\nJuly 9, 1975\t1975-07-09\n" * 4
LABELS = "good\tthe cat is fine\nbad\tthe dog is ill\ngood\ta fine old dog\nbad\tan ill small cat\n" * 6
# name, task, text of the training file, options: every option that shapes a model is there at least once.
TOY = [
    ("char", "generate", LINES, "--tokenizer char"),
    ("byte-llama", "generate", LINES, "--tokenizer byte --arch llama --kv-heads 2"),
    ("word-sinusoidal", "generate", LINES, "--tokenizer word --positions sinusoidal --norm-place post --activation relu --lines"),
    ("bpe-untied", "generate", LINES, "--tokenizer bpe --vocab-size 300 --positions rotary --activation swiglu --no-tie --lowercase --kv-heads 1"),
    ("bare", "generate", LINES, "--arch llama --tokenizer char --positions none --norm layer --norm-place post --activation gelu --tie"),
    ("translator", "translate", PAIRS, "--tokenizer char"),
    ("translator-pre", "translate", PAIRS, "--tokenizer bpe --vocab-size 300 --norm-place pre"),
    ("fill", "fill", LINES, "--tokenizer char"),
    ("fill-bpe", "fill", LINES, "--tokenizer bpe --vocab-size 300 --norm-place pre"),
    ("classifier", "classify", LABELS, "--tokenizer word"),
    ("classifier-mean", "classify", LABELS, "--tokenizer char --pooling mean --positions sinusoidal"),
]
DECODERS = [name for name, task, *_ in TOY if task == "generate"]
SMALL = "--layers 2 --d-model 32 --heads 4 --steps 20 --seed 1 --context 96 --quiet --force --threads 1".split()


def arrays_of(path):
    """The float32 arrays of an .npz, as (shape, flat list)."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            end = 10 + struct.unpack("<H", data[8:10])[0]
            header = ast.literal_eval(data[10:end].decode())
            if header["descr"] == "<f4":
                found[name[:-4]] = header["shape"], struct.unpack(f"<{(len(data) - end) // 4}f", data[end:])
    return found


class Pages:
    def __init__(self, attn, browser, folder, check):
        self.attn, self.browser, self.folder, self.check = attn, browser, folder, check

    def run(self, *arguments):
        return subprocess.run([self.attn, *arguments], check=True, capture_output=True, text=True).stdout

    def open(self, model, text):
        path = os.path.join(self.folder, "model.html")
        self.run("export", model, path, "--text", text, "--force", "--quiet")
        self.browser.call("Page.navigate", url="about:blank")
        self.browser.call("Page.navigate", url="file://" + path)
        self.wait()
        return path

    def wait(self):
        self.browser.wait_for("document.body && document.body.dataset.read === 'all'")

    def pass_of(self, model, text):
        """Logits (N, V) and attention, as the program has them, and those of the page."""
        archive = os.path.join(self.folder, "pass.npz")
        self.run("trace", model, "--text", text, "--what", "logits", "--out", archive, "--force", "--quiet")
        (rows, columns), values = arrays_of(archive)["text0_logits"]
        expected = [values[row * columns:(row + 1) * columns] for row in range(rows)]
        return expected, self.browser.value("attn.logits()")

    def check_weights(self, name, model, text):
        rows = [json.loads(line) for line in self.run("attention", model, "--text", text, "--format", "jsonl").splitlines()]
        shown = {kind: self.browser.value(f"attn.weights('{kind}')") for kind in {row["kind"] for row in rows}}
        worst = 0
        for r in rows:
            visible = shown[r["kind"]][r["layer"]][r["head"]][r["query"]]
            worst = max(worst, abs((visible[r["key"]] if r["key"] < len(visible) else 0) - r["weight"]))
        self.check(f"{name}: {len(rows)} weights of attention agree", worst < 1e-5)

    def check_model(self, name, model, text):
        self.open(model, "a")
        ids = self.browser.value(f"attn.read({json.dumps(text)})")
        expected, found = self.pass_of(model, text)
        self.check(f"{name}: as many tokens as the program's", len(found), len(expected))
        worst = max(abs(a - b) for e, f in zip(expected, found) for a, b in zip(e, f))
        print(f"      {name}: {len(ids)} tokens, logits differ by at most {worst:.1e}")
        self.check(f"{name}: logits agree", worst < 1e-4)
        self.check_weights(name, model, text)

    def check_odd_texts(self, name, model):
        wrong = []
        for text in ODD:
            rows = [json.loads(line) for line in self.run("tokenize", model, "--text", text, "--format", "jsonl").splitlines()]
            if self.browser.value(f"attn.read({json.dumps(text)})") != [row["id"] for row in rows]:
                wrong.append(text)
        self.check(f"{name}: odd texts have the program's ids", wrong, [])

    def check_classifier(self, name, model, text):
        self.open(model, text)
        row = json.loads(self.run("classify", model, "--text", text, "--format", "jsonl"))
        expected = [value for key, value in row.items() if key.startswith("p_")]
        found = self.browser.value("(() => { const e = attn.logits()[0].map(Math.exp); return e.map(x => x / e.reduce((a, b) => a + b)); })()")
        self.check(f"{name}: probabilities of the labels agree", len(found) == len(expected) and max(abs(a - b) for a, b in zip(found, expected)) < 1e-5)
        self.check(f"{name}: the likeliest label comes first", self.browser.text("#next button span"), row["label"])
        self.check_weights(name, model, text)


def test(attn, browser, folder, pictures, check):
    pages = Pages(attn, browser, folder, check)
    models = [(name, os.path.join("tests/reference", name)) for name in ("gpt2", "llama", "marian", "bert_masked", "bert_classifier")]
    for name, task, text, options in TOY:
        data, model = os.path.join(folder, "data.txt"), os.path.join(folder, name)
        with open(data, "w", encoding="utf-8") as file:
            file.write(text)
        pages.run("train", task, data, "--out", model, *options.split(), *SMALL)
        models.append((name, model))
    for name, model in models:
        text = "the cat" if "reference" in model else TEXT
        (pages.check_classifier if "classifier" in name else pages.check_model)(name, model, text)
        if name in DECODERS:
            pages.check_odd_texts(name, model)
    test_typing(pages, pictures)
    test_other_kinds(pages, pictures)
    large = os.path.join(folder, "large")
    pages.run("train", "generate", data, "--tokenizer", "char", "--layers", "4", "--heads", "4", "--d-model", "128", "--context", "256",
              "--steps", "1", "--out", large, "--force", "--quiet")
    test_speed(pages, large)


def test_typing(pages, pictures):
    """What a person does on the page: types, points, clicks, lets the model write."""
    browser, check = pages.browser, pages.check
    pages.open("tests/reference/gpt2", "don't")
    first = "#next li:first-child button"
    check("the page reads the text that it opens with", browser.value("document.querySelectorAll('#queries li').length"), 5)
    check("… and shows ten tokens that may follow", browser.value("document.querySelectorAll('#next button').length"), 10)
    browser.click("#input")
    browser.press("End")
    browser.call("Input.insertText", text=" go")
    browser.wait_for("attn.ids.length === 8")
    pages.wait()
    check("typed text goes through the model", browser.value("document.querySelectorAll('#queries li').length"), 8)
    expected, found = pages.pass_of("tests/reference/gpt2", "don't go")
    check("… behind what was read before, with the same logits", max(abs(a - b) for e, f in zip(expected, found) for a, b in zip(e, f)) < 1e-4)
    best = max(range(len(expected[-1])), key=lambda i: expected[-1][i])
    check("the likeliest token comes first", browser.value(f"+document.querySelector('{first}').dataset.id"), best)
    browser.hover("#queries li:nth-child(2)")
    check("pointing at a token shows what follows it", browser.text("#after h2"), "After o (1)")
    check("… as the program predicts it", browser.value(f"+document.querySelector('{first}').dataset.id"),
          max(range(len(expected[1])), key=lambda i: expected[1][i]))
    browser.hover("header")
    if pictures:
        browser.screenshot(os.path.join(pictures, "page-decoder.png"))
    browser.click(first)
    pages.wait()
    check("a click appends a token", browser.value("attn.ids.slice(8)"), [best])
    browser.value("document.querySelector('#temperature').value = 0")
    browser.click("#continue")
    browser.wait_for("document.querySelector('#input').value.length > 20 || document.querySelector('#continue').textContent === 'Continue'")
    if browser.text("#continue") == "Stop":
        browser.click("#continue")
    pages.wait()
    greedy = pages.run("generate", "tests/reference/gpt2", "--prompt", "don't go", "--greedy", "--tokens", "9")
    written = browser.value("document.querySelector('#input').value")
    check("Continue writes what attn generate --greedy writes", written[:len("don't go") + 7], greedy[:len("don't go") + 7])
    browser.value("attn.read('dog')")
    browser.click("#input")
    head = browser.value("document.querySelector('#head').value")
    browser.press("ArrowRight")
    browser.press("3")
    pages.browser.wait_for("attn.ids.length === 4")
    check("keys in the field are text, not commands", [browser.value("document.querySelector('#head').value"), browser.value("document.body.dataset.view")], [head, "lines"])
    for kind in ("keyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key="Enter", modifiers=2)
    check("Ctrl+Enter lets the model write", browser.text("#continue"), "Stop")
    browser.click("#continue")
    pages.wait()
    check("… and Stop stops it", browser.text("#continue"), "Continue")
    evil = "</script><img src=x onerror=alert(1)>"
    browser.value(f"attn.read({json.dumps(evil)})")
    check("what is typed stays text", browser.value("document.querySelectorAll('img').length"), 0)
    count = browser.value("(() => { attn.read('x'.repeat(2000)); return attn.ids.length; })()")
    check("a text longer than the context is read from its last part", 0 < count < 2000)
    browser.value("attn.read('')")
    check("an empty text begins with the end-of-text token", browser.value("attn.ids.length"), 1)
    check("nothing was asked for from elsewhere", [u for u in browser.requests if not u.startswith(("file:", "about:", "data:"))], [])


def test_other_kinds(pages, pictures):
    browser, check = pages.browser, pages.check
    pages.open("tests/reference/translator", "the cat")
    translation = pages.run("translate", "tests/reference/translator", "--text", "the cat", "--beam", "1").rstrip("\n")
    check("the page translates as attn translate --beam 1", browser.text("#answer b"), translation)
    if pictures:
        browser.screenshot(os.path.join(pictures, "page-translator.png"))
    check("three kinds of attention", browser.value("document.querySelectorAll('#kinds button').length"), 3)
    test_answers(pages, pictures)
    for name in ("tests/reference/bert_masked", "fill", "fill-bpe"):
        model, text = name if "/" in name else os.path.join(pages.folder, name), "the [MASK] cat "
        pages.open(model, text)
        rows = [json.loads(line) for line in
                pages.run("fill", model, "--text", text, "--format", "jsonl", "--top", "3").splitlines()]
        shown = browser.value("[...document.querySelectorAll('#next button span:first-child')].slice(0, 3).map(s => s.textContent)")
        check(f"{name}: the page fills masks as attn fill", shown, [row["token"].replace(" ", "·").replace("\n", "↵") for row in rows])


def test_answers(pages, pictures):
    """A model of train chat, with a line break as a token and without; more than an encoder has room for."""
    browser, check = pages.browser, pages.check
    data = os.path.join(pages.folder, "dates.tsv")
    with open(data, "w", encoding="utf-8") as file:
        file.write(DATES)
    for tokenizer in ("byte", "char"):
        model = os.path.join(pages.folder, "chat-" + tokenizer)
        pages.run("train", "chat", data, "--out", model, "--tokenizer", tokenizer, *SMALL[:-6], "--context", "64",
                  "--steps", "150", "--quiet", "--force", "--threads", "1")
        pages.open(model, "May 1, 1950")
        answer = pages.run("chat", model, "--text", "May 1, 1950", "--greedy").rstrip("\n")
        check(f"{tokenizer}: the page answers as attn chat --greedy", [len(answer) > 0, browser.text("#answer b")], [True, answer])
        browser.click("#input")
        browser.press("End")
        browser.call("Input.insertText", text="1")
        browser.wait_for("document.querySelector('#queries li:nth-child(12)').textContent === '1'")
        pages.wait()
        answer = pages.run("chat", model, "--text", "May 1, 19501", "--greedy").rstrip("\n")
        check("… after a key stroke too", browser.text("#answer b"), answer)
        if pictures:
            browser.screenshot(os.path.join(pictures, f"page-chat-{tokenizer}.png"))
        browser.value("attn.read('')")
        check("… and nothing to nothing", browser.text("#answer b"), "")
    pages.open("tests/reference/translator", "the cat " * 200)
    check("a source without room is cut, and the page says so", "the first of" in browser.text("#answer"))
    browser.value("attn.read('the cat')")
    check("… but no longer than it is", browser.text("#answer").endswith(")"), False)


def test_speed(pages, model):
    browser = pages.browser
    pages.open(model, "the cat " * 28)
    milliseconds = browser.value("(() => { const t = performance.now(); for (const c of 'abcdefgh') attn.read(document.querySelector('#input').value + c);"
                                 " return (performance.now() - t) / 8; })()")
    print(f"      4 x 128, {browser.value('attn.ids.length')} tokens: {milliseconds:.0f} ms from key to picture")
    pages.check("typing stays responsive", milliseconds < 500)
