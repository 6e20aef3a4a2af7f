#pragma once
// training/state.safetensors: all that resuming needs, in one file that is replaced atomically. Resuming never reads
// model.safetensors, so a kill between two renames harms nothing.

#include <string>

#include "training/trainer.h"

namespace attn {

/// Writes parameters, moments and counters. Throws Error if the file cannot be written.
void save_training_state(const std::string& path, Trainer& trainer, const Parameters& parameters);

/// Restores them. Throws Error naming the file if it is damaged or belongs to a model of another shape.
void load_training_state(const std::string& path, Trainer& trainer, Parameters& parameters);

}  // namespace attn
