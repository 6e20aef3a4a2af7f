#pragma once
// What a command changes in a model before it uses it: --ablate and --precision.

#include <string>

#include "autograd/types.h"
#include "base/options.h"
#include "models/config.h"
#include "tensor/parameters.h"

namespace attn {

struct ModelUse {
  std::string ablated = {};              // heads that are switched off
  Precision precision = Precision::f32;  // of the weights

  void visit(OptionTable& options);

  /// Changes a model that has just been read. Throws Error, as parse_heads and quantize do.
  void apply(Parameters& parameters, const ModelConfig& config) const;
};

}  // namespace attn
