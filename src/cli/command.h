#pragma once
// What a command is: a row of plain data, and an object that lists its options and runs. Each command has a file of
// its own, NAME_command.cpp, that defines one row; commands.h lists the rows.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/options.h"
#include "cli/console.h"

namespace attn {

/// Options that every command has.
struct CommonOptions {
  bool quiet = false;
  bool color = true;
  std::string config;
  bool dump_config = false;
  bool help = false;

  void visit(OptionTable& options);
};

/// The option of commands that compute.
struct ThreadOptions {
  std::optional<int> threads;

  void visit(OptionTable& options);
  /// How many to use: as asked, or one for each CPU that this process may use.
  int count() const;
};

/// One call of a command: what was given, and where results go.
struct Invocation {
  std::string_view command;            // its name
  std::vector<std::string> arguments;  // what is no option, in order
  const OptionTable& options;          // tells which options were set
  const CommonOptions& common;
  StandardOutput& out;  // results
  const Terminal& terminal;

  /// Writes one line to stderr, unless --quiet.
  template <class... Parts>
  void note(const Parts&... parts) const {
    if (!common.quiet) write_to_stderr(concat(parts..., "\n"));
  }
};

class Command {
 public:
  virtual ~Command() = default;
  /// Lists the command's own options.
  virtual void visit(OptionTable& options) = 0;
  /// Does the work; the result is the program's exit code. Throws Error.
  virtual int run(Invocation& call) = 0;
};

/// Everything that help and dispatch need to know about a command.
struct CommandRow {
  std::string_view name;
  std::string_view aliases = {};        // separated by spaces
  std::string_view group = "See also";  // of the overview: "Train and use a model"
  std::string_view arguments = {};      // for the usage line: "DIR [FILE]"
  int least_arguments = 0;
  int most_arguments = 0;                         // kAnyNumber: no limit
  std::string_view summary;                       // one line without a full stop: "continue a text"
  std::string_view examples = {};                 // lines "attn … # what it does", the first also in the overview
  std::string_view details = {};                  // paragraphs below the options
  std::string (*list)(int width) = nullptr;       // writes lines that stand before them, from a table
  std::vector<std::string> (*words)() = nullptr;  // what completion offers for TASK, TOPIC and the like
  std::unique_ptr<Command> (*make)() = nullptr;
};

inline constexpr int kAnyNumber = -1;

/// For CommandRow::make.
template <class Concrete>
std::unique_ptr<Command> make_command() {
  return std::make_unique<Concrete>();
}

}  // namespace attn
