// attn generate: continues a prompt, and prints the text as it comes.

#include "base/json.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/generation_settings.h"
#include "cli/input.h"
#include "cli/model_source.h"
#include "generation/sample_text.h"
#include "generation/streamed_text.h"

namespace attn {

namespace {

enum class Form { text, jsonl };
constexpr std::pair<std::string_view, Form> kForms[] = {{"text", Form::text}, {"jsonl", Form::jsonl}};

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
    settings_.visit_sampling(options, "at most so many new tokens");
    options.add(settings_.options.samples,
                {.name = "samples", .metavar = "N", .minimum = 1, .help = "so many texts, separated by a blank line"});
    settings_.visit_seed(options);
    use_.visit(options);
    options.group("Output");
    options.add(form_, kForms, {.name = "format", .help = "text as it comes, or a JSON object a sample"});
    settings_.threads.visit(options);
  }

  int run(Invocation& call) override {
    const simd::Kernels& kernels = require_kernels();
    const DecoderSource source = open_decoder(call.arguments[0], call.command, use_);
    const std::string prompt = read_prompt(call);
    const PromptTokens tokens = encode_prompt(*source.tokenizer, source.config(), prompt);
    if (tokens.unknown > 0) {
      call.note("attn: ", tokens.unknown,
                tokens.unknown == 1 ? " character of the prompt is" : " characters of the prompt are",
                " unknown to the model's tokenizer");
    }
    settings_.choose_seed(call);
    GenerationOptions& generation = settings_.options;
    generation.end_id = source.config().end_id;
    generation.vocabulary = source.tokenizer->vocabulary_size();

    if (use_.precision == Precision::f32) prepare_drafts(*source.model, kernels, generation);
    const auto samples = static_cast<std::size_t>(generation.samples);
    std::vector<StreamedText> texts(samples, StreamedText(*source.tokenizer, settings_.stop, tokens.ids));
    ThreadPool pool(settings_.thread_count(*source.model));
    SamplePrinter printer(call.out, form_, prompt, !no_prompt_, generation.samples);
    const auto on_token = [&](int sample, std::int32_t id) {
      StreamedText& text = texts[static_cast<std::size_t>(sample)];
      printer.add(sample, text.add(id));
      return !text.stopped();
    };
    const auto on_end = [&](int sample, StopReason reason) {
      printer.end(sample, texts[static_cast<std::size_t>(sample)].finish(), reason);
    };
    generate(*source.model, kernels, pool, tokens.ids, generation, on_token, on_end);
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

  std::optional<std::string> prompt_;
  ModelUse use_;
  bool no_prompt_ = false;
  GenerationSettings settings_;
  Form form_ = Form::text;
};

}  // namespace

const CommandRow kGenerateCommand{
    .name = "generate",
    .group = "Train and use a model",
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
