#pragma once
// training/state.safetensors: all that resuming needs, in one file that is replaced atomically. Resuming never reads
// model.safetensors, so a kill between two renames harms nothing.

#include <string>

#include "training/averaging.h"
#include "training/trainer.h"

namespace attn {

/// Writes parameters, moments, counters and the models to be averaged. Throws Error if the file cannot be written.
void save_training_state(const std::string& path, Trainer& trainer, const Parameters& parameters,
                         const CheckpointAverage& average);

/// Restores them. Throws Error naming the file if it is damaged or belongs to a model of another shape.
void load_training_state(const std::string& path, Trainer& trainer, Parameters& parameters, CheckpointAverage& average);

}  // namespace attn
