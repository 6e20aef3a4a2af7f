#include "cli/sampling_options.h"

namespace attn {

void visit_filters(OptionTable& options, SamplingOptions& sampling) {
  options.add(sampling.temperature, {.name = "temperature",
                                     .metavar = "X",
                                     .minimum = 0,
                                     .help = "lower is safer, higher is wilder; 0: always the likeliest token"});
  options.add(
      sampling.top_k,
      {.name = "top-k", .metavar = "K", .minimum = 0, .default_text = "all", .help = "only the K most likely tokens"});
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
}

}  // namespace attn
