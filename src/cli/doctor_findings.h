#pragma once
// What `attn doctor` says about a training: each check's verdict, the numbers behind it, and advice in plain words.

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "models/config.h"
#include "training/health.h"
#include "training/trainer.h"

namespace attn {

enum class Verdict { ok, look, bad };

struct Finding {
  std::string check;  // "initial loss"
  Verdict verdict = Verdict::ok;
  std::string measured = {};                                 // in words
  std::string advice = {};                                   // empty if all is well
  std::vector<std::pair<std::string, double>> figures = {};  // for --json
};

/// `expected`: the loss of a model that knows nothing; 0 if the task has no such figure. `started`: from other weights.
Finding judge_initial_loss(double loss, double expected, bool started);
Finding judge_overfit(const OverfitResult& result, double learning_rate);
Finding judge_gradients(const std::vector<GradientError>& errors);
Finding judge_units(const std::vector<SilentUnits>& layers, std::string_view activation);
Finding judge_heads(const std::vector<HeadEntropy>& heads);
/// What was learnt, against the loss at the beginning.
Finding judge_learning(const std::vector<Evaluation>& log, double initial_loss);
/// Training against validation loss.
Finding judge_gap(const std::vector<Evaluation>& log);

/// The loss of a model that gives everything the same probability; 0 if that has no meaning.
double loss_of_ignorance(const ModelConfig& config);

/// Lines for people: verdict, check, measurement; advice below.
std::string findings_text(const std::vector<Finding>& findings, int width, bool color);
Json findings_json(const std::vector<Finding>& findings);

}  // namespace attn
