#pragma once
// The options of commands that draw tokens.

#include "base/options.h"
#include "generation/sampler.h"

namespace attn {

/// --temperature, --top-k, --top-p, --min-p.
void visit_filters(OptionTable& options, SamplingOptions& sampling);

}  // namespace attn
