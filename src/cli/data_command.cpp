// attn data: toy data on standard output.

#include "cli/commands.h"
#include "text/toy_data.h"

namespace attn {

namespace {

constexpr std::pair<std::string_view, ToyPart> kParts[] = {
    {"train", ToyPart::train}, {"valid", ToyPart::valid}, {"test", ToyPart::test}};

class DataCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    options.group("Data");
    options.add(lines_, {.name = "lines", .metavar = "N", .minimum = 1, .help = "how many lines"});
    options.add(seed_, {.name = "seed", .metavar = "N", .help = "other lines, or another order of them"});
    options.add(part_, kParts, {.name = "part", .help = "parts never share a line, whatever the seed"});
  }

  int run(Invocation& call) override {
    if (call.arguments.empty()) {
      for (const ToyTask& task : toy_tasks()) {
        call.out.write(concat(task.name, ": ", task.summary, "\n    ", toy_example(task), "\n"));
      }
      return 0;
    }
    const ToyTask& task = find_toy_task(call.arguments[0]);
    make_toy_data(task, lines_, seed_, part_, [&](std::string_view line) {
      call.out.write(line);
      call.out.write("\n");
    });
    return 0;
  }

 private:
  std::int64_t lines_ = 1000;
  std::uint64_t seed_ = 1;
  ToyPart part_ = ToyPart::train;
};

}  // namespace

const CommandRow kDataCommand{
    .name = "data",
    .group = "Data and files",
    .arguments = "[TASK]",
    .least_arguments = 0,
    .most_arguments = 1,
    .summary = "make toy data",
    .examples =
        "attn data                                     # the tasks, with an example line each\n"
        "attn data stories --lines 1000 > stories.txt\n"
        "attn data sort --part valid --lines 200 > sort-valid.tsv\n",
    .words =
        [] {
          std::vector<std::string> names;
          for (const ToyTask& task : toy_tasks()) names.emplace_back(task.name);
          return names;
        },
    .make = make_command<DataCommand>,
};

}  // namespace attn
