#pragma once
// What commands have in common that write texts with a decoder-only model: options of sampling, seed and threads.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "generation/generator.h"
#include "models/decoder.h"

namespace attn {

struct GenerationSettings {
  GenerationOptions options;
  std::vector<std::string> stop;
  std::optional<std::uint64_t> seed;
  ThreadOptions threads;

  /// The group Sampling, but --seed; `tokens_help` describes --tokens.
  void visit_sampling(OptionTable& table, std::string_view tokens_help);
  void visit_seed(OptionTable& table);

  /// Sets options.seed: as asked, or a new one, which is printed on stderr if it matters.
  void choose_seed(const Invocation& call);
  /// Small models are decoded on one thread unless --threads says otherwise: a token's work is not worth meeting for.
  int thread_count(const DecoderModel& model) const;
};

}  // namespace attn
