#include "cli/command.h"

#include "threading/thread_pool.h"

namespace attn {

void CommonOptions::visit(OptionTable& options) {
  options.group("Common");
  options.add(quiet, {.name = "quiet", .short_flag = 'q', .help = "no progress and no remarks", .in_files = false});
  options.add(color, {.name = "color", .help = "no colors, even on a terminal", .in_files = false});
  options.add(config, {.name = "config",
                       .metavar = "FILE",
                       .help = "read options from lines `key = value`; the command line wins",
                       .in_files = false});
  options.add(dump_config,
              {.name = "dump-config", .help = "print all options as such a file and stop", .in_files = false});
  options.add(help, {.name = "help", .short_flag = 'h', .help = "print this", .in_files = false});
}

void ThreadOptions::visit(OptionTable& options) {
  options.group("Common");
  options.add(threads, {.name = "threads",
                        .metavar = "N",
                        .minimum = 1,
                        .maximum = 4096,
                        .default_text = "the CPUs this process may use",
                        .help = "threads; results do not depend on their number"});
}

int ThreadOptions::count() const {
  return threads.value_or(available_cpus());
}

}  // namespace attn
