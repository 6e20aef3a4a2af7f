// attn chat: a dialogue with a decoder-only model.

#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/generation_settings.h"
#include "cli/input.h"
#include "cli/model_source.h"
#include "generation/dialogue.h"

namespace attn {

namespace {

constexpr std::int64_t kAllTurns = 1'000'000;

class ChatCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    input_.visit(options);
    options.group("Dialogue");
    options.add(history_, {.name = "history",
                           .metavar = "N",
                           .minimum = 0,
                           .maximum = kAllTurns,
                           .default_text = "as many as fit on a terminal, else 0",
                           .help = "earlier turns that the model sees"});
    use_.visit(options);
    settings_.visit_sampling(options, "at most so many tokens of a reply");
    settings_.visit_seed(options);
    settings_.threads.visit(options);
  }

  int run(Invocation& call) override {
    const simd::Kernels& kernels = require_kernels();
    const DecoderSource source = open_decoder(call.arguments[0], call.command, use_);
    // A terminal is asked line by line; it counts as given, as typing is what this command is for.
    std::optional<std::string> file;
    if (call.arguments.size() > 1) file = call.arguments[1];
    const bool asks = call.terminal.input && !input_.text && (!file || *file == "-");
    if (asks) file = "-";
    TextInput input(input_, file, call, "prompts, one a line", {"prompt"});
    settings_.choose_seed(call);
    ThreadPool pool(settings_.thread_count(*source.model));
    if (use_.precision == Precision::f32) prepare_drafts(*source.model, kernels, settings_.options);
    const std::int64_t history = history_.value_or(asks ? kAllTurns : 0);
    Dialogue dialogue(*source.model, *source.tokenizer, kernels, pool, settings_.options, history, settings_.stop);
    if (asks) call.note("Ctrl-D ends the dialogue, an empty line forgets what was said");
    converse(call, input, dialogue, asks);
    return 0;
  }

 private:
  void converse(Invocation& call, TextInput& input, Dialogue& dialogue, bool asks) const {
    const bool shows_sign = asks && call.terminal.output;
    const auto next = [&](std::string& prompt) {
      if (shows_sign) call.out.write("> ");
      call.out.flush();
      // Ending a dialogue at once is no mistake; a pipe without any text is.
      return !(asks && input.at_end()) && input.next(prompt);
    };
    for (std::string prompt; next(prompt);) {
      if (prompt.empty()) {
        dialogue.forget();
      } else {
        dialogue.reply(prompt, [&](std::string_view text) {
          call.out.write(text);
          call.out.flush();
        });
      }
      if (!prompt.empty() || !shows_sign) call.out.write("\n");
    }
    if (shows_sign) call.out.write("\n");
  }

  InputOptions input_;
  std::optional<std::int64_t> history_;
  ModelUse use_;
  GenerationSettings settings_;
};

}  // namespace

const CommandRow kChatCommand{
    .name = "chat",
    .group = "Train and use a model",
    .arguments = "DIR [FILE]",
    .least_arguments = 1,
    .most_arguments = 2,
    .summary = "talk with a model",
    .examples =
        "attn chat bot                            # a dialogue in the terminal\n"
        "attn chat bot questions.txt --greedy     # a line in, a line out\n"
        "echo what is statquest | attn chat bot\n",
    .details =
        "On a terminal the model sees as much of what was said before as leaves it half of its context; an empty line "
        "makes it forget, Ctrl-D ends the dialogue. Lines of a file or a pipe are answered one by one, each on its "
        "own unless --history says otherwise; an empty line gives an empty line.\n"
        "\n"
        "The model reads: prompt, line break, reply, end of text, and so on (the end-of-text token instead of the "
        "line break where its tokenizer has no token for that). A reply ends at the end of text, a line break, a "
        "--stop text or after --tokens. Any decoder-only model can be talked with; one that attn train generate made "
        "continues the line.\n",
    .make = make_command<ChatCommand>,
};

}  // namespace attn
