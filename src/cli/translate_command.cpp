// attn translate: a line in, a line out, or a table of the best translations of each.

#include <algorithm>
#include <random>

#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/input.h"
#include "cli/model_source.h"
#include "cli/sampling_options.h"
#include "cli/table_output.h"
#include "generation/translate_text.h"

namespace attn {

namespace {

constexpr int kDefaultBeam = 4;
// Lines that are translated before their translations are written: few at first, so that somebody who waits sees some.
constexpr std::size_t kFirstChunk = 64, kLargestChunk = 1024;

class TranslateCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    input_.visit(options);
    use_.visit(options);
    options.group("Search");
    options.add(beam_, {.name = "beam",
                        .metavar = "N",
                        .minimum = 1,
                        .default_text = "4, or --n-best if that is more",
                        .help = "hypotheses that are followed at a time; 1 is greedy"});
    options.add(translation_.length_penalty,
                {.name = "length-penalty",
                 .metavar = "A",
                 .minimum = 0,
                 .help = "a score is the log-probability divided by length^A; 0 prefers short translations"});
    options.add(translation_.max_length, {.name = "max-length",
                                          .metavar = "N",
                                          .minimum = 1,
                                          .default_text = "2 x tokens of the source + 10",
                                          .help = "at most so many tokens, within the model's context"});
    options.add(n_best_, {.name = "n-best",
                          .metavar = "K",
                          .minimum = 1,
                          .default_text = "no table",
                          .help = "a table of the K best of each line"});
    options.group("Sampling");
    options.add(translation_.sample, {.name = "sample", .help = "draw translations instead of searching the best"});
    visit_filters(options, translation_.sampling);
    options.add(seed_, {.name = "seed",
                        .metavar = "N",
                        .default_text = "a new one each time, printed on stderr",
                        .help = "of the random numbers: the same seed, the same translations"});
    table_.visit(options);
    threads_.visit(options);
  }

  int run(Invocation& call) override {
    const simd::Kernels& kernels = require_kernels();
    const EncoderDecoderSource source = open_encoder_decoder(call.arguments[0], call.command, use_);
    settle(call);
    std::optional<std::string> file;
    if (call.arguments.size() > 1) file = call.arguments[1];
    const bool columns = file && (file->ends_with(".tsv") || file->ends_with(".csv"));
    TextInput input(input_, file, call, "lines to translate", {"source"},
                    columns ? std::vector<std::string>{"source", "target"} : std::vector<std::string>{});
    ThreadPool pool(threads_.count());
    TextTranslator translator(*source.model, *source.tokenizer, kernels, pool, translation_);
    TableOutput output(table_, call);
    if (wants_table()) {
      TableWriter table = output.table({"text", "rank", "score", "translation"});
      translate_all(
          input, translator, [&](std::int64_t line, const auto& translations) { add_rows(table, line, translations); },
          [&] { output.flush(table); });
      table.finish();
    } else {
      const Sink sink = output.sink();
      translate_all(
          input, translator, [&](std::int64_t, const auto& best) { sink(best.front().text + "\n"); },
          [&] {
            if (table_.out.empty()) call.out.flush();
          });
    }
    output.commit();
    report(translator, source.config(), call);
    return 0;
  }

 private:
  bool wants_table() const {
    constexpr std::string_view kEndings[] = {".csv", ".tsv", ".jsonl", ".json"};
    return n_best_ || table_.format ||
           std::any_of(std::begin(kEndings), std::end(kEndings),
                       [&](std::string_view ending) { return table_.out.ends_with(ending); });
  }

  void settle(const Invocation& call) {
    const SamplingOptions& sampling = translation_.sampling;
    const bool filters = call.options.is_set(sampling.temperature) || call.options.is_set(sampling.top_k) ||
                         call.options.is_set(sampling.top_p) || call.options.is_set(sampling.min_p) || seed_;
    if (filters && !translation_.sample) {
      usage_error("--temperature, --top-k, --top-p, --min-p and --seed need --sample");
    }
    if (beam_ && translation_.sample) usage_error("--beam and --sample exclude each other");
    translation_.n_best = n_best_.value_or(1);
    translation_.beam = beam_.value_or(std::max(kDefaultBeam, translation_.n_best));
    check_translation(translation_);
    if (!translation_.sample) return;
    translation_.seed = seed_ ? *seed_ : std::random_device()();
    if (!seed_) call.note("attn: seed ", translation_.seed);
  }

  // Reads chunks of lines, as long as there are lines without waiting, and gives each line's translations to `write`.
  template <class Write, class Flush>
  static void translate_all(TextInput& input, TextTranslator& translator, const Write& write, const Flush& flush) {
    std::vector<std::string> lines;
    std::size_t most = kFirstChunk;
    std::int64_t number = 0;
    const auto translate = [&] {
      for (const auto& translations : translator.translate(lines)) write(number++, translations);
      lines.clear();
      flush();
      most = std::min(2 * most, kLargestChunk);
    };
    for (std::string line; input.next(line);) {
      lines.push_back(std::move(line));
      if (lines.size() == most || input.must_wait()) translate();
    }
    if (!lines.empty()) translate();
  }

  static void add_rows(TableWriter& table, std::int64_t line, const std::vector<Translation>& translations) {
    for (std::size_t rank = 0; rank < translations.size(); ++rank) {
      table.cell(line).cell(rank + 1).cell(translations[rank].score).cell(translations[rank].text).end_row();
    }
  }

  void report(const TextTranslator& translator, const ModelConfig& config, const Invocation& call) const {
    if (translator.cut() > 0) {
      call.note("attn: ", translator.cut(), translator.cut() == 1 ? " line was" : " lines were",
                " longer than the model's context of ", config.context, " tokens and cut there");
    }
    if (translator.unknown() > 0) {
      call.note("attn: ", translator.unknown(), translator.unknown() == 1 ? " character is" : " characters are",
                " unknown to the model's tokenizer");
    }
    if (table_.out.empty()) return;
    call.note(table_.out, ": translations of ", translator.lines(), translator.lines() == 1 ? " line" : " lines",
              "; next: head -3 ", table_.out);
  }

  InputOptions input_;
  ModelUse use_;
  TranslationOptions translation_;
  std::optional<int> beam_, n_best_;
  std::optional<std::uint64_t> seed_;
  TableOptions table_;
  ThreadOptions threads_;
};

}  // namespace

const CommandRow kTranslateCommand{
    .name = "translate",
    .group = "Train and use a model",
    .arguments = "DIR [FILE]",
    .least_arguments = 1,
    .most_arguments = 2,
    .summary = "translate lines with an encoder-decoder model",
    .examples =
        "attn translate en-de lines.txt                   # a line in, a line out\n"
        "echo A dog runs. | attn translate en-de --beam 1\n"
        "attn translate en-de lines.txt --n-best 5 --format tsv\n"
        "attn translate en-de --text \"A dog runs.\" --sample --n-best 3 --seed 1\n",
    .details =
        "Lines keep their order, and an empty line gives an empty one. Many lines are translated together; what comes "
        "out of a line does not depend on the others.\n"
        "\n"
        "The score of a translation is the sum of its tokens' log-probabilities, divided by n^A: n counts the tokens "
        "with the end token, A is --length-penalty. A line's search ends when none of its hypotheses can become better "
        "than the worst of --beam finished ones; one that reaches --max-length counts as finished. Of a line longer "
        "than the model's context the first part is read.\n"
        "\n"
        "--n-best, --format and an --out that ends in .csv, .tsv, .jsonl or .json give a table, "
        "text,rank,score,translation: the line's number from 0, and the best translation at rank 1. --sample draws "
        "--n-best translations, sorted by score.\n",
    .make = make_command<TranslateCommand>,
};

}  // namespace attn
