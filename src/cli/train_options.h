#pragma once
// Every option of `attn train`. What a user leaves open is empty here until the defaults have been chosen from the
// data; training/options.conf then records all of it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/options.h"
#include "models/config.h"
#include "text/tokenizer_trainer.h"
#include "training/schedule.h"

namespace attn {

/// --activation: what the feed-forward layer does between its projections.
enum class FeedForwardKind { relu, gelu, swiglu };

enum class OptimizerKind { adamw, muon };

struct TrainOptions {
  // What to train on, and where to leave it.
  std::string task;
  std::vector<std::string> data;
  std::string out;
  bool resume = false;
  bool force = false;
  bool plan = false;
  bool json = false;

  // Model.
  std::optional<Architecture> architecture;
  std::optional<int> layers, decoder_layers, heads, kv_heads, d_model, d_ff, context;
  std::optional<float> dropout;
  std::optional<double> token_dropout;
  std::optional<Positions> positions;
  std::optional<NormKind> norm;
  std::optional<NormPlace> norm_place;
  std::optional<FeedForwardKind> activation;
  std::optional<bool> tie;
  std::optional<Pooling> pooling;
  std::optional<std::string> from;

  // Text.
  TokenizerKind tokenizer = TokenizerKind::bpe;
  std::optional<int> vocab_size;
  bool lowercase = false;
  bool lines = false;
  std::string columns;
  bool header = false;
  std::optional<std::string> valid;
  std::optional<double> valid_fraction;

  // Optimisation.
  std::optional<std::int64_t> steps;
  std::optional<double> epochs;
  std::optional<Seconds> time;
  std::optional<std::int64_t> batch, batch_tokens;
  std::int64_t accumulate = 1;
  OptimizerKind optimizer = OptimizerKind::adamw;
  Precision precision = Precision::f32;
  std::optional<double> lr, min_lr;
  std::optional<std::int64_t> warmup;
  std::optional<Schedule> schedule;
  std::optional<double> weight_decay, beta2, label_smoothing;
  double beta1 = 0.9, eps = 1e-8, clip = 1;
  int average = 0;
  bool class_weights = false;
  std::uint64_t seed = 1;

  // Evaluation and saving.
  std::optional<std::int64_t> eval_every;
  std::int64_t eval_batches = 0;
  std::int64_t patience = 0;
  std::int64_t sample_every = 0;
  std::optional<std::string> probe;
  std::int64_t save_every = 0;
  int keep = 3;

  // Recorded in options.conf; a user never types these.
  std::vector<std::string> data_sha256;
  std::string program_version, instruction_set;

  void visit(OptionTable& options);
  /// All but the task, and where and how to run: for commands that train in a folder of their own.
  void visit_learning(OptionTable& options);

 private:
  void visit_run(OptionTable& options);
  void visit_model(OptionTable& options);
  void visit_text(OptionTable& options);
  void visit_optimisation(OptionTable& options);
  void visit_evaluation(OptionTable& options);
};

}  // namespace attn
