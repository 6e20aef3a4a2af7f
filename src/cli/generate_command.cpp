// attn generate: continues a prompt, and prints the text as it comes.

#include <random>

#include "base/json.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/input.h"
#include "cli/model_source.h"
#include "generation/sample_text.h"
#include "generation/streamed_text.h"

namespace attn {

namespace {

enum class Form { text, jsonl };
constexpr std::pair<std::string_view, Form> kForms[] = {{"text", Form::text}, {"jsonl", Form::jsonl}};

// Models below this are decoded on one thread: a token's work is not worth meeting for.
constexpr std::int64_t kSharedParameters = 4'000'000;

std::string_view name_of(StopReason reason) {
  switch (reason) {
    case StopReason::end_token:
      return "end";
    case StopReason::callback:
      return "stop";
    case StopReason::tokens:
      break;
  }
  return "tokens";
}

// What JSON can hold: bytes that are no characters become U+FFFD.
std::string valid_utf8(std::string text) {
  while (const auto invalid = find_invalid_utf8(text)) text.replace(*invalid, 1, "\uFFFD");
  return text;
}

// Prints samples one after the other while they grow together: the first that has not ended goes out as it comes,
// those behind it wait.
class SamplePrinter {
 public:
  SamplePrinter(StandardOutput& out, Form form, std::string prompt, bool echo, int samples)
      : out_(out), form_(form), prompt_(std::move(prompt)), echo_(echo), samples_(static_cast<std::size_t>(samples)) {
    begin();
  }

  void add(int sample, std::string_view text) {
    Sample& added = at(sample);
    added.text += text;
    ++added.tokens;
    if (static_cast<std::size_t>(sample) == current_ && form_ == Form::text) print_current();
  }

  void end(int sample, std::string_view rest, StopReason reason) {
    Sample& ended = at(sample);
    ended.text += rest;
    ended.ended = true;
    ended.reason = reason;
    while (current_ < samples_.size() && samples_[current_].ended) {
      finish_current();
      if (++current_ < samples_.size()) begin();
    }
    out_.flush();
  }

 private:
  struct Sample {
    std::string text;  // not printed yet
    std::int64_t tokens = 0;
    bool ended = false;
    StopReason reason = StopReason::tokens;
  };

  Sample& at(int sample) { return samples_[static_cast<std::size_t>(sample)]; }

  void print(std::string_view text) {
    if (text.empty()) return;
    out_.write(text);
    line_is_open_ = text.back() != '\n';
  }

  void print_current() {
    print(samples_[current_].text);
    samples_[current_].text.clear();
    out_.flush();
  }

  void begin() {
    if (form_ != Form::text) return;
    if (current_ > 0) out_.write("\n");
    if (echo_) print(prompt_);
    print_current();
  }

  void finish_current() {
    Sample& sample = samples_[current_];
    if (form_ == Form::text) {
      print_current();
      if (line_is_open_) print("\n");
      return;
    }
    Json row = Json::object();
    row.set("sample", current_);
    if (echo_) row.set("prompt", prompt_);
    row.set("text", valid_utf8(std::move(sample.text))).set("tokens", sample.tokens);
    row.set("end", name_of(sample.reason));
    out_.write(write_json(row) + "\n");
  }

  StandardOutput& out_;
  Form form_;
  std::string prompt_;
  bool echo_;
  std::vector<Sample> samples_;
  std::size_t current_ = 0;    // the sample being printed
  bool line_is_open_ = false;  // what was printed last does not end a line
};

class GenerateCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    options.group("Prompt");
    options.add(prompt_, {.name = "prompt", .short_flag = 'p', .metavar = "TEXT", .help = "the text to continue"});
    options.add(no_prompt_, {.name = "no-prompt", .help = "print the continuation only"});
    options.group("Sampling");
    SamplingOptions& sampling = generation_.sampling;
    options.add(
        generation_.tokens,
        {.name = "tokens", .short_flag = 'n', .metavar = "N", .minimum = 0, .help = "at most so many new tokens"});
    options.add(sampling.temperature, {.name = "temperature",
                                       .metavar = "X",
                                       .minimum = 0,
                                       .help = "lower is safer, higher is wilder; 0 is --greedy"});
    options.add(sampling.top_k, {.name = "top-k",
                                 .metavar = "K",
                                 .minimum = 0,
                                 .default_text = "all",
                                 .help = "only the K most likely tokens"});
    options.add(sampling.top_p, {.name = "top-p",
                                 .metavar = "P",
                                 .minimum = 0,
                                 .maximum = 1,
                                 .help = "only the likeliest tokens that together have this probability"});
    options.add(sampling.min_p, {.name = "min-p",
                                 .metavar = "P",
                                 .minimum = 0,
                                 .maximum = 1,
                                 .help = "only tokens at least this fraction as likely as the likeliest"});
    options.add(sampling.repetition_penalty, {.name = "repetition-penalty",
                                              .metavar = "X",
                                              .minimum = 0,
                                              .above_minimum = true,
                                              .help = "above 1: tokens of the text so far become less likely"});
    options.add(sampling.greedy, {.name = "greedy", .help = "always the likeliest token"});
    options.add(stop_, {.name = "stop", .metavar = "TEXT", .help = "end before this text"});
    options.add(generation_.samples,
                {.name = "samples", .metavar = "N", .minimum = 1, .help = "so many texts, separated by a blank line"});
    options.add(seed_, {.name = "seed",
                        .metavar = "N",
                        .default_text = "a new one each time, printed on stderr",
                        .help = "of the random numbers: the same seed, the same text"});
    options.group("Output");
    options.add(form_, kForms, {.name = "format", .help = "text as it comes, or a JSON object a sample"});
    threads_.visit(options);
  }

  int run(Invocation& call) override {
    const simd::Kernels& kernels = require_kernels();
    const DecoderSource source = open_decoder(call.arguments[0], call.command);
    const std::string prompt = read_prompt(call);
    const PromptTokens tokens = encode_prompt(*source.tokenizer, source.config(), prompt);
    if (tokens.unknown > 0) {
      call.note("attn: ", tokens.unknown,
                tokens.unknown == 1 ? " character of the prompt is" : " characters of the prompt are",
                " unknown to the model's tokenizer");
    }
    choose_seed(call);
    generation_.end_id = source.config().end_id;
    generation_.vocabulary = source.tokenizer->vocabulary_size();

    const auto samples = static_cast<std::size_t>(generation_.samples);
    std::vector<StreamedText> texts(samples, StreamedText(*source.tokenizer, stop_, tokens.ids));
    ThreadPool pool(threads_for(*source.model));
    SamplePrinter printer(call.out, form_, prompt, !no_prompt_, generation_.samples);
    const auto on_token = [&](int sample, std::int32_t id) {
      StreamedText& text = texts[static_cast<std::size_t>(sample)];
      printer.add(sample, text.add(id));
      return !text.stopped();
    };
    const auto on_end = [&](int sample, StopReason reason) {
      printer.end(sample, texts[static_cast<std::size_t>(sample)].finish(), reason);
    };
    generate(*source.model, kernels, pool, tokens.ids, generation_, on_token, on_end);
    return 0;
  }

 private:
  // On a terminal, and where standard input is empty, there is no prompt: the text starts from nothing.
  std::string read_prompt(const Invocation& call) const {
    if (prompt_) {
      if (find_invalid_utf8(*prompt_)) usage_error("--prompt is not valid UTF-8");
      if (call.arguments.size() > 1) usage_error("--prompt replaces FILE, but '", call.arguments[1], "' was given too");
      return *prompt_;
    }
    std::optional<std::string> file;
    if (call.arguments.size() > 1) file = call.arguments[1];
    if (!file && call.terminal.input) return {};
    TextInput input({}, file, call, "a prompt");
    return input.at_end() ? std::string() : input.rest();
  }

  int threads_for(const DecoderModel& model) const {
    return !threads_.threads && model.parameters().count() < kSharedParameters ? 1 : threads_.count();
  }

  void choose_seed(const Invocation& call) {
    const bool random = !generation_.sampling.greedy && generation_.sampling.temperature > 0;
    generation_.seed = seed_ ? *seed_ : std::random_device()();
    if (!seed_ && random) call.note("attn: seed ", generation_.seed);
  }

  std::optional<std::string> prompt_;
  bool no_prompt_ = false;
  GenerationOptions generation_;
  std::vector<std::string> stop_;
  std::optional<std::uint64_t> seed_;
  Form form_ = Form::text;
  ThreadOptions threads_;
};

}  // namespace

const CommandRow kGenerateCommand{
    .name = "generate",
    .arguments = "DIR [FILE]",
    .least_arguments = 1,
    .most_arguments = 2,
    .summary = "continue a text",
    .examples =
        "attn generate play --prompt \"Once upon\"   # continue a prompt\n"
        "echo Once upon | attn generate play --samples 3 --seed 1\n"
        "attn generate play --greedy --stop . --no-prompt --prompt \"To be\"\n",
    .details =
        "Without --prompt, all of FILE or standard input is the prompt; its last line end is dropped. Without any, the "
        "text starts from nothing: behind the end-of-text token, or a line break if the model has no such token.\n"
        "\n"
        "Filters work in this order: repetition penalty, temperature, top-k, top-p, min-p. A sample ends at the "
        "model's "
        "end token, before a --stop text (which is not printed), or after --tokens. When the context is full, the last "
        "half of it is read again from position 0; of a longer prompt the last part that fits is read.\n"
        "\n"
        "Small models run on one thread unless --threads says otherwise: sharing so little work costs more than it "
        "saves.\n"
        "\n"
        "jsonl: {\"sample\",\"prompt\",\"text\",\"tokens\",\"end\"}, end being end, stop or tokens.\n",
    .make = make_command<GenerateCommand>,
};

}  // namespace attn
