#include "cli/generation_settings.h"

#include <random>

namespace attn {

namespace {

// Models below this are small.
constexpr std::int64_t kSharedParameters = 4'000'000;

}  // namespace

void GenerationSettings::visit_sampling(OptionTable& table, std::string_view tokens_help) {
  table.group("Sampling");
  SamplingOptions& sampling = options.sampling;
  table.add(options.tokens, {.name = "tokens", .short_flag = 'n', .metavar = "N", .minimum = 0, .help = tokens_help});
  table.add(
      sampling.temperature,
      {.name = "temperature", .metavar = "X", .minimum = 0, .help = "lower is safer, higher is wilder; 0 is --greedy"});
  table.add(
      sampling.top_k,
      {.name = "top-k", .metavar = "K", .minimum = 0, .default_text = "all", .help = "only the K most likely tokens"});
  table.add(sampling.top_p, {.name = "top-p",
                             .metavar = "P",
                             .minimum = 0,
                             .maximum = 1,
                             .help = "only the likeliest tokens that together have this probability"});
  table.add(sampling.min_p, {.name = "min-p",
                             .metavar = "P",
                             .minimum = 0,
                             .maximum = 1,
                             .help = "only tokens at least this fraction as likely as the likeliest"});
  table.add(sampling.repetition_penalty, {.name = "repetition-penalty",
                                          .metavar = "X",
                                          .minimum = 0,
                                          .above_minimum = true,
                                          .help = "above 1: tokens of the text so far become less likely"});
  table.add(sampling.greedy, {.name = "greedy", .help = "always the likeliest token"});
  table.add(stop, {.name = "stop", .metavar = "TEXT", .help = "end before this text"});
}

void GenerationSettings::visit_seed(OptionTable& table) {
  table.add(seed, {.name = "seed",
                   .metavar = "N",
                   .default_text = "a new one each time, printed on stderr",
                   .help = "of the random numbers: the same seed, the same text"});
}

void GenerationSettings::choose_seed(const Invocation& call) {
  const bool random = !options.sampling.greedy && options.sampling.temperature > 0;
  options.seed = seed ? *seed : std::random_device()();
  if (!seed && random) call.note("attn: seed ", options.seed);
}

int GenerationSettings::thread_count(const DecoderModel& model) const {
  return !threads.threads && model.parameters().count() < kSharedParameters ? 1 : threads.count();
}

}  // namespace attn
