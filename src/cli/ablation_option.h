#pragma once
// --ablate: the heads that are switched off while a command uses a model.

#include <string>
#include <vector>

#include "base/options.h"
#include "models/ablation.h"

namespace attn {

void add_ablation_option(OptionTable& options, std::string& heads);

/// What "decoder:2.1,encoder:0,cross" or "all" names; the kind may be left out where the model has one only. Throws a
/// usage error that names --ablate and what was found.
std::vector<HeadPlace> parse_heads(const std::string& heads, const ModelConfig& config);

}  // namespace attn
