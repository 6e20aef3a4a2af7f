// attn completion: scripts that let a shell complete attn's command line.

#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/completion_table.h"

namespace attn {

namespace {

const std::vector<std::string> kShells = {"bash", "zsh", "fish"};

class CompletionCommand : public Command {
 public:
  void visit(OptionTable&) override {}

  int run(Invocation& call) override {
    const std::string& shell = call.arguments[0];
    if (shell == "bash") {
      call.out.write(bash_completion());
    } else if (shell == "zsh") {
      call.out.write(zsh_completion());
    } else if (shell == "fish") {
      call.out.write(fish_completion());
    } else {
      usage_error("'", shell, "' is no shell that attn completion knows; expected bash, zsh or fish",
                  did_you_mean(shell, kShells));
    }
    return 0;
  }
};

}  // namespace

const CommandRow kCompletionCommand{
    .name = "completion",
    .group = "Data and files",
    .arguments = "SHELL",
    .least_arguments = 1,
    .most_arguments = 1,
    .summary = "print what lets bash, zsh or fish complete attn's options",
    .examples =
        "attn completion fish > ~/.config/fish/completions/attn.fish\n"
        "source <(attn completion bash)   # in this shell; as a line of ~/.bashrc in all\n"
        "source <(attn completion zsh)    # the same, in ~/.zshrc after compinit\n",
    .details =
        "make install puts all three where the shells look. They complete commands, options, values with choices, "
        "tasks and topics, model folders, and files.\n",
    .words = [] { return kShells; },
    .make = make_command<CompletionCommand>,
};

}  // namespace attn
