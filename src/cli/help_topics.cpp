#include "cli/help_topics.h"

#include "base/suggest.h"

namespace attn {

namespace {

constexpr std::string_view kInput =
    R"(Most commands take a FILE with one text a line. Without FILE, or with -, they
read standard input; --text T is one text itself, newlines included.

    attn attention play --text "To be"
    echo "To be" | attn attention play
    attn attention play lines.txt

A .csv FILE (RFC 4180) begins with the names of its columns; a .tsv FILE has
columns between tabs, without quotes, and names only with --header. --columns
picks those that the command needs, by name or by number from 1:

    attn tokenize play reviews.csv --columns text=review
    attn evaluate mood reviews.tsv --columns label=3,text=1

Texts are UTF-8. A byte-order mark at the beginning and \r\n line ends are
accepted; anything that is not UTF-8 is an error with file and line.
)";

constexpr std::string_view kTokenizers =
    R"(A model reads numbers, not letters. The tokenizer cuts a text into tokens and
gives each a number; it is learnt from the training part before the model is,
and saved with it. attn train --tokenizer chooses:

    bpe    the default. Starts from the 256 bytes and joins the most frequent
           pair of neighbours again and again, so that common words become one
           token and rare ones a few. Reads any text, gives it back unchanged.
           --vocab-size: at most 1024 for train generate and chat, else 8000,
           and no more than 256 + a token for every 100 characters of the data
    char   a token a character (Unicode code point). Easiest to look at in
           attn attention. Characters not in the training part become <unk>
    byte   a token a byte: 256 of them. Reads any text; é takes two
    word   a token a word or run of punctuation. Spaces are not kept, so what
           is generated has one between all tokens; rare words become <unk>

Longer tokens make a text shorter for the model: less to compute, more text in
a context of the same size, but a larger table to learn. Losses per token of
different tokenizers cannot be compared; valid_bits_per_character can.

    attn tokenize play --text "Once upon a time"
    attn train generate names.txt --lines --tokenizer char --out names
    attn train generate play.txt --vocab-size 4000 --out play

--lowercase learns and reads in lower case. --from DIR takes over DIR's
tokenizer. Encoders add [CLS] before a text and [SEP] behind it, [MASK] for what
is to be guessed; translators </s> behind both sides; train generate puts
<|endoftext|> between documents, and a model that saw it knows when to stop.

DIR/tokenizer.json is in the format of the tokenizers library; attn also reads
WordPiece (BERT), byte-level BPE (GPT-2), BPE with byte fallback (LLaMA), and
vocab.json with merges.txt.
)";

constexpr std::string_view kSchedules =
    R"(The learning rate (--lr) says how far an update moves the weights. It changes
over a training of --steps updates: --warmup of them rise to it, the rest follow
--schedule. With t = the update's number from 1, w = --warmup, n = --steps:

    warm-up   lr t/(w+1), until t = w; of all but noam
    cosine    from lr to min-lr along half a cosine: slow, fast, slow. The
              default
    linear    from lr to min-lr along a line
    constant  stays at lr
    noam      lr min(t/w, sqrt(w/t)): that of "Attention Is All You Need",
              scaled so that it is lr where it is highest, at t = w. The paper's
              own rate is --lr 1/sqrt(d_model w): 0.0007 for 512 and 4000

Defaults: lr 0.003 for 4 layers of width 128, less for wider and deeper models
and for encoders (the first lines of attn train say it); min-lr lr/10; warmup
steps/20, at most 200, of translate 1000.

    attn train generate play.txt --out play --lr 1e-3 --warmup 100
    attn train translate en-es.tsv --out en-es --schedule noam --warmup 1000

What the loss says: if it jumps up or becomes NaN, halve --lr or lengthen
--warmup; if it falls slowly and evenly, double --lr; if train falls and valid
rises, the model learns the data by heart: more data, more --dropout, fewer
--steps (the model that is kept is the best by valid in any case).

--optimizer adamw keeps two averages of every gradient (--beta1, --beta2) and
divides one by the root of the other (+ --eps); --weight-decay pulls matrices
towards 0 by lr x decay an update. muon treats the matrices inside the layers as
a whole instead. --clip limits the norm of all gradients together.

Fast recipe: on Tiny Shakespeare, letter by letter, muon with rotary positions,
a rate of 0.01 to 0.02 and two or three layers came to a loss of 1.88 to 1.70 in
the fewest seconds (README, Figures, has more):

    attn train generate play.txt --out play --tokenizer char --optimizer muon \
      --positions rotary --lr 1e-2 --layers 2 --d-model 128 --context 128 \
      --batch 8 --dropout 0 --warmup 30 --steps 750

--steps counts updates, --epochs passes over the data; --time 10m takes as many
updates as fit: after 20 of them the number is fixed and recorded, so that the
training can be repeated. training/log.csv has the learning rate of every
evaluation.
)";

constexpr std::string_view kSampling =
    R"(A model gives every token of its vocabulary a probability to come next. How one
is chosen, for generate, chat, and translate --sample, in this order:

    --repetition-penalty X  scores of tokens that stand in the context already
                            are made worse: divided by X if above 0, else
                            multiplied (generate, chat)
    --temperature X         scores divided by X. Below 1 the likely tokens get
                            likelier, above 1 all become more alike; 0 is
                            --greedy. Default 0.8
    --top-k K               only the K likeliest; default all
    --top-p P               only the fewest that have probability P together, so
                            few where the model is sure and many where it is
                            not. Default 0.95
    --min-p P               only those at least P times as likely as the
                            likeliest; default 0
    --greedy                no chance at all: always the likeliest. Small models
                            soon repeat themselves

Then one of what is left is drawn. --seed N makes the draw repeatable; without
it a new seed is taken each time and printed on standard error.

    attn generate play --prompt "Once upon" --temperature 0.5      # careful
    attn generate play --prompt "Once upon" --temperature 1.2      # wild
    attn generate play --prompt "Once upon" --samples 5 --seed 1   # five texts
    attn generate play --prompt "Once upon" --greedy --tokens 20

A sample ends at the model's end token, before a --stop text, or after --tokens.

translate does not draw: it follows the --beam best beginnings and takes the one
with the best score, sum of log p / n^A, n its tokens, A --length-penalty.
--beam 1 takes the likeliest token each time.
)";

constexpr std::string_view kFileFormats =
    R"(Training data, UTF-8; .csv and .tsv with --columns too (attn help input):

    generate, fill   texts; with --lines every line is a text of its own
    chat             prompt<TAB>reply lines
    translate        source<TAB>target lines
    classify         label<TAB>text lines
    embed            text<TAB>text lines, or plain lines

A model is a folder as the Python library transformers has it, so either opens
what the other saved (from_pretrained("DIR")). Every file is checked when it is
read, and written under another name first, so none is ever half there:

    config.json               family, layers, heads, sizes
    generation_config.json    tokens that start, end and pad
    model.safetensors         weights, float32; F16, BF16 and shards are read
    tokenizer.json            and tokenizer_config.json: attn help tokenizers
    training/log.csv          a row an evaluation
    training/options.conf     all options, data files with their SHA-256
    training/state.safetensors   what attn train --resume DIR needs
    training/step-N/          kept checkpoints (--save-every), models themselves
    training/probe.csv        attention of the --probe text over time

attn export DIR x.tar puts all but the state into one file; every command takes
it as DIR. attn export DIR x.html makes a page that runs the model in a browser.

Where a table comes out, --format or the ending of --out chooses its form:

    text     columns for people: the default on a terminal
    csv      RFC 4180: the default in pipes and files
    tsv      tab, line breaks and backslash are written \t \n \r \\
    jsonl    a JSON object a row
    json     one array of such objects

csv and tsv begin with the names of the columns; --no-header leaves them out.
Numbers have just the digits needed to read back the same value.

    .npy     one float32 array for NumPy (embed, attention)
    .npz     several, with the tokens (attention)
    .svg     a picture (attention)
    .html    a page that needs no network (attention, export)

An existing file is replaced only with --force.
)";

constexpr std::string_view kSpeed =
    R"(What decides how long a training takes, the largest first:

  Model size   an update costs about 6 x parameters x tokens operations, plus
               attention's share, which grows with --context. Half the
               --d-model is a quarter of the work of a layer
  Steps        the default number aims at about two minutes on two cores;
               --time 10m takes what fits. The first lines say how many minutes
  Batch        --batch x --context tokens an update. Larger ones use the
               processor a little better, but cost as much more each
  Tokenizer    bpe makes texts two to four times shorter than char
  Evaluation   --eval-every and --eval-batches; not counted in tokens/s

    attn train generate play.txt --out play --plan   # seconds and memory first
    attn bench                                       # this machine's limits

Threads: all CPUs that the process may use, unless --threads says otherwise; the
result is the same to the last bit for every number. A machine that is busy
otherwise is slower with all of them than with one less. Small models generate
on one thread: sharing so little work costs more than it saves.

Instruction sets: AVX-512 (with AMX, VNNI, BF16 or none of them), AVX2 or the
baseline, the best that the machine has; ATTN_SIMD=avx2 forces one. Results of
different sets differ in the last bits, of bf16 by its rounding.

AMX, the matrix unit of Intel's Xeons since 2023, multiplies bfloat16 numbers
only, but sixteen times as many as the vector units do floats. A float is the
sum of three bfloat16 numbers, 24 bits in all. Where it saves a quarter of the
time, products in f32 become sums of the six products of such parts that matter:
their errors are those of fused multiply-adds and at most half a last bit of a
product more. In attn bench they may exceed 100 % of the peak of multiply-adds.
An infinite operand makes NaN of its results. Where another thread works on the
same core (hyperthreading), ATTN_SIMD=avx512vnni, which does without, may be
faster: attn bench tells.

Memory: parameters x 16 bytes (value, gradient and the optimizer's two averages)
and the activations of one batch, which grow with --batch x --context but not
with its square. --accumulate N takes N small batches for one update where a
large one does not fit. Arrays of 2 MB or more ask for pages of that size, which
Linux gives if /sys/kernel/mm/transparent_hugepage/enabled says always or
madvise: trainings are 1 to 2 % faster.

Generating: keys and values of what was read are kept, so a token costs one pass
of the weights. --samples and lines of translate are computed together, which
costs less than one after the other. Where the weights exceed 2 MB, or 16 MB
without AVX-512, generate and chat draft a single text of 32 tokens or more (not
with SSE2): three tokens ahead with a copy of the weights in int8 (below; a
quarter more memory), which one pass of the weights then reads together. What
the weights choose otherwise is taken back with all behind it, so the text is
the same, in 0.6 to 0.7 of the time; where that is too often, drafts pause.

Precision: everything is computed in 32-bit floats (f32) unless --precision asks
for less.

  int8   of generate, chat, translate and evaluate: a row w of a weight matrix
         becomes whole numbers q = round(w / s) with s = max|w| / 127, a byte
         each, and s x q stands for w. Models that no cache holds decode up to
         four times as fast, as a token costs a pass of the weights; the loss
         hardly changes. The folder keeps its floats
  bf16   of train: what is multiplied is rounded to bfloat16, 8 significant
         bits; sums, weights, optimizer, norms, attention and validation stay
         f32. Twice as fast where AMX is; faster too, from about d_model 256
         on, where AVX512-BF16 is (taken on AMD's processors) or AVX512-VNNI
         (taken on Intel's). VNNI multiplies whole numbers: the bfloat16 numbers
         of 128 in a row become multiples of a common power of two, 12 bits for
         the largest, which loses about a tenth of what rounding lost. Without
         any of them, floats are rounded, in the time of f32, and training says
         so

    attn train generate play.txt --out play --precision bf16
    attn evaluate play valid.txt --precision int8    # the loss, to compare
    attn generate play --precision int8 --prompt "To be"
    attn bench --decode 6,6,384,256,1,65             # both on this machine
)";

constexpr std::string_view kConfig =
    R"(--config FILE reads options from lines `key = value`, with the same names as on
the command line; what the command line says wins. Empty lines and lines that
begin with # mean nothing. Values with spaces at their ends or with line breaks
stand in double quotes, with \n, \t, \" and \\.

    # small.conf
    layers = 2
    tie = false

--dump-config prints all options of a call in this form. A training saves its
own as DIR/training/options.conf, and

    attn train --config DIR/training/options.conf --out NEW

repeats it, to the last bit on the same instruction set.
)";

constexpr std::string_view kCompletion =
    R"(make install puts the completions of bash, zsh and fish where these shells look.
Without it, for this session and, as the last line of ~/.bashrc, for all:

    source <(attn completion bash)      # bash
    source <(attn completion zsh)       # zsh, after compinit
    attn completion fish | source       # fish

They complete commands, options, the values of options that have choices, topics
and tasks, model folders, and files. The manual page without installing it:

    attn help --man | man -l -
)";

constexpr std::string_view kExit =
    R"(0      success; also when the reader of a pipe has had enough
1      failure: a file, a model or the system was not as needed
2      usage: the command line itself was wrong
130    Ctrl-C; training saves first, a second Ctrl-C ends it at once
143    SIGTERM, and 129 SIGHUP; training saves first
)";

constexpr std::string_view kEnvironment =
    R"(NO_COLOR        if set, no colors
COLORTERM, TERM how many colors the terminal has: truecolor, 256color, dumb
ATTN_SIMD       the instruction set to use: baseline, avx2, avx512, avx512vnni,
                avx512bf16 or avx512amx, instead of the best one that the
                machine has
XDG_CACHE_HOME  attn search keeps vectors under $XDG_CACHE_HOME/attn where it
                cannot write beside the corpus
)";

constexpr HelpTopic kTopics[] = {
    {"input", "what commands read: files, columns, --text", kInput},
    {"tokenizers", "what a token is: bpe, char, byte, word", kTokenizers},
    {"schedules", "learning rate, warm-up, optimizers; what the loss says", kSchedules, "schedule optimizers"},
    {"sampling", "how the next token is chosen: temperature, top-p, beam", kSampling},
    {"file-formats", "data, model folders, tables and arrays", kFileFormats, "formats files"},
    {"speed", "what training and generating cost, threads, memory", kSpeed, "memory threads"},
    {"config", "options in files: --config, --dump-config", kConfig},
    {"shells", "completion in bash, zsh and fish; the manual page", kCompletion, "man shell"},
    {"exit", "exit codes and signals", kExit},
    {"environment", "environment variables", kEnvironment},
};

}  // namespace

std::span<const HelpTopic> help_topics() {
  return kTopics;
}

const HelpTopic* find_help_topic(std::string_view name) {
  for (const HelpTopic& topic : kTopics) {
    if (topic.name == name || is_listed(name, topic.aliases)) return &topic;
  }
  return nullptr;
}

}  // namespace attn
