#pragma once
// What `attn train` says before and after, in words and as JSON.

#include <cstdint>
#include <string>

#include "cli/train_defaults.h"
#include "cli/train_options.h"
#include "cli/train_session.h"
#include "models/config.h"
#include "training/trainer.h"

namespace attn {

std::string describe_model(const ModelConfig& config, std::int64_t parameters);
/// `seconds`: expected duration of all steps still to come.
std::string describe_training(const TrainOptions& options, const TrainingWork& work, double seconds, int threads,
                              const char* instruction_set);

/// NaN if there are no characters to speak of.
double bits_per_character(const LossSum& loss, std::int64_t characters);
std::string describe_result(const TrainSession::Result& result, const TrainerState& state, double bits);
std::string result_json(const TrainSession::Result& result, const TrainerState& state, double bits,
                        std::int64_t parameters, const std::string& model_sha256);

/// The most memory this process has held so far, in bytes.
std::int64_t peak_memory_bytes();

/// What --plan prints.
struct PlanFigures {
  std::int64_t parameters = 0;
  std::int64_t peak_memory_bytes = 0;
  double seconds_per_1000_steps = 0;
  std::int64_t steps = 0;
};
std::string describe_plan(const PlanFigures& figures, bool json);

}  // namespace attn
