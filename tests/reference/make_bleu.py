#!/usr/bin/env python3
"""Writes translation_scores.json: words of 13a, BLEU with its parts, and chrF2 as sacreBLEU gives them with its default
settings, for sentences of our own, and for odd texts drawn from a list of awkward pieces. sacreBLEU 2.6.0 was used.
"""
import json
import pathlib
import random

from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

PAIRS = [
    ("The small boat crossed the lake before noon.", "The little boat crossed the lake before noon."),
    ("Two children, a dog and an old man wait for the bus.", "Two kids, one dog and an old man are waiting for a bus."),
    ("Prices rose by 3.5 % in 2019, to 1,250,000 euros.", "In 2019 prices rose by 3.5% to 1,250,000 euros."),
    ("She said: \"I'll be back at 5 p.m.\"", "She said, \"I will be back by 5 p.m.\""),
    ("Don't touch the well-known 10-year-old machine!", "Do not touch the well-known ten-year-old machine!"),
    ("Der Zug nach Köln fährt um 12.30 Uhr ab.", "Der Zug nach Köln fährt um 12:30 Uhr."),
    ("Größere Schiffe müssen draußen bleiben.", "Die größeren Schiffe müssen draußen warten."),
    ("¿Dónde está la biblioteca? ¡Allí!", "¿Dónde queda la biblioteca? ¡Ahí!"),
    ("L'été dernier, j'ai vu la mer.", "L’été dernier , j’ai vu la mer ."),
    ("Мальчик читает книгу в саду.", "Мальчик в саду читает книгу."),
    ("我们明天去北京。", "我们明天要去北京，好吗？"),
    ("今日は天気がいいです。", "今日はとても天気がいいですね。"),
    ("Tom &amp; Jerry &quot;live&quot; &lt;here&gt;", "Tom & Jerry \"live\" <here>"),
    ("&amp;lt; &amp;amp; &apos; &#39; &nbsp;", "< & ' ' "),
    ("a<skipped>b -\nc\nd", "ab c d"),
    ("e-mail: somebody@example.org, http://example.org/a_b?c=1&d=2", "E-mail somebody@example.org or see http://example.org/"),
    ("1. first 2) second ... third,fourth.fifth 6.7,8 -9 10-11 a-1 1-a", "1. first; 2. second… third, fourth. fifth 6.7,8"),
    ("x.,y .5 5. ,5 5, ..5 5.. .,. 1.,2", "x y .5 5 ,5 5 ..5 5"),
    ("[a]{b}(c)|d|~e~`f`^g^_h_\\i\\/j/*k*+l+=m=#n#$o$%p%@q@", "[a] {b} (c) |d| e f g h i j k l m n o p q"),
    ("wide\u00a0space\u2003and\u3000more \u2028 lines\x1cthere\x85", "wide space and more lines there"),
    ("zero\u200bwidth \ufeff mark e\u0301 \U0001F600\U0001F1E9\U0001F1EA", "zerowidth mark \u00e9 \U0001F600"),
    ("the the the the the the the", "the cat is on the mat"),
    ("A man in a red shirt", "A man in a red shirt climbs a very high wall without any rope ."),
    ("A man in a red shirt climbs a very high wall without any rope at all, and then goes home.", "A man climbs a wall."),
    ("nothing in common", "etwas ganz anderes, wirklich"),
    ("word", "word"),
    ("two words", "two words"),
    ("UPPER and lower", "upper and LOWER"),
    ("", "A missing translation counts."),
    ("An answer to nothing.", ""),
    ("", ""),
    ("   ", " \t "),
    ("  leading and trailing  ", "leading and trailing"),
]
PIECES = [".", ",", "-", "'", "\"", " ", "  ", "\t", "0", "1", "27", "a", "b", "Ab", "é", "ß", "—", "…", "“", "中", "。", "①",
          "\u0663", "&amp;", "&lt;", "&quot;", "&", ";", "<skipped>", "\n", "\u00a0", "\u200b", "\x1f", "!", "/", "_", "😀"]


def odd_pairs(count):
    draw = random.Random(1)
    pairs = []
    for _ in range(count):
        reference = [draw.choice(PIECES) for _ in range(draw.randint(3, 25))]
        hypothesis = [draw.choice(PIECES) if draw.random() < 0.2 else piece for piece in reference]
        pairs.append(("".join(hypothesis), "".join(reference)))
    return pairs


def score(name, pairs):
    hypotheses, references = ([pair[side] for pair in pairs] for side in (0, 1))
    metric = BLEU()
    bleu = metric.corpus_score(hypotheses, [references])
    chrf = CHRF()
    return {"name": name, "pairs": pairs, "bleu": bleu.score, "precisions": bleu.precisions, "brevity_penalty": bleu.bp,
            "ratio": bleu.ratio, "hypothesis_words": bleu.sys_len, "reference_words": bleu.ref_len,
            "chrf": chrf.corpus_score(hypotheses, [references]).score}


ODD = odd_pairs(40)
TOKENIZE = Tokenizer13a()
result = {
    "words": [[text, TOKENIZE(text.rstrip()).split()] for pair in PAIRS + ODD for text in pair],
    "corpora": [score(pair[0][:30], [pair]) for pair in PAIRS] + [
        score("all sentences", PAIRS), score("identical", [(b, b) for _, b in PAIRS]),
        score("the wrong lines", list(zip([a for a, _ in PAIRS], [b for _, b in PAIRS[1:] + PAIRS[:1]]))),
        score("without fourth words", PAIRS[25:27]), score("nothing shared", [PAIRS[24]] * 3),
        score("empty hypotheses", [("", b) for _, b in PAIRS[:5]]), score("odd texts", ODD)],
}
lines = ['"%s": [\n%s\n]' % (key, ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
         for key, rows in result.items()]
pathlib.Path(__file__).with_name("translation_scores.json").write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")
