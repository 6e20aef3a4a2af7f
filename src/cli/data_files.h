#pragma once
// The data files of a training, as training/options.conf names them.

#include <string>
#include <vector>

#include "cli/train_options.h"

namespace attn {

/// Throws Error if a data or validation file has changed since these digests were taken; one that is gone cannot have.
void check_unchanged(const TrainOptions& options, const std::vector<std::string>& sha256);

}  // namespace attn
