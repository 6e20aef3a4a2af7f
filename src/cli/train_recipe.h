#pragma once
// What a task adds to `attn train`: its data, its model and its loss. Each task has a file of its own, train_NAME.cpp,
// that defines one row; train_tasks.cpp lists the rows. Folders, options, --time, the loop and the report are the
// driver's business (train_run.h).

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/train_defaults.h"
#include "cli/train_options.h"
#include "inspection/head_view.h"
#include "models/config.h"
#include "models/folder.h"
#include "simd/kernels.h"
#include "threading/thread_pool.h"
#include "training/task.h"

namespace attn {

/// The attention that the model has now on the --probe text.
using ProbeTrace = std::function<TracedText(const simd::Kernels& kernels, ThreadPool& pool)>;

/// One training of one model, called in the order of its functions.
class TrainRecipe {
 public:
  virtual ~TrainRecipe() = default;

  /// Reads the data that the options name, learns the tokenizer (or takes that of --from), settles the options of the
  /// text, and leaves in `folder`/training and tokenizer.json what reopen_data() needs. Throws Error.
  virtual void prepare_data(TrainOptions& options, const std::string& folder) = 0;
  /// What prepare_data() left in the folder of a training that is resumed. Throws Error, also if a file has changed.
  virtual void reopen_data(const TrainOptions& options, const std::string& folder) = 0;
  /// SHA-256 of each file of options.data, then of options.valid.
  virtual std::vector<std::string> data_sha256() const = 0;
  /// Lines that say what the data are.
  virtual std::string describe_data() const = 0;
  /// Characters of target text of the validation part, for bits per character; 0 if that has no meaning.
  virtual std::int64_t valid_characters() const = 0;

  /// The model to train, special tokens included, from options and data alone, never from a clock; settles every
  /// model option that is open but --dropout. `from`: the model of --from, or null. Throws Error (usage) if what was
  /// said does not fit together. Not called on resume.
  virtual ModelConfig settle_model(TrainOptions& options, const ModelFolder* from) = 0;
  /// Settles --batch or --batch-tokens, and whatever of the optimisation this task wants otherwise than
  /// settle_training() chooses.
  virtual TrainingWork settle_work(TrainOptions& options, const ModelConfig& config) = 0;

  /// The model, all parameters zero, with its loss; they live as long as the recipe.
  virtual TrainingTask& build(const TrainOptions& options, const ModelConfig& config) = 0;
  /// The weights of --from into the model, which has been initialised.
  virtual void read_start(const ModelFolder& from, const ModelConfig& config, Parameters& parameters) {
    from.read_weights(config, parameters.list());
  }

  /// Writes the tokenizer, and what else a model folder holds beside configuration and weights.
  virtual void save_files(const std::string& folder, const ModelConfig& config) = 0;
  /// What the model makes of something short, for --sample-every.
  virtual std::string sample(const simd::Kernels& kernels, ThreadPool& pool) = 0;
  /// For --probe. Throws Error (usage) if the text does not fit the model.
  virtual ProbeTrace open_probe(const std::string& text) = 0;
  /// A line about the best model on the validation part besides its loss; may be empty.
  virtual std::string describe_best(const simd::Kernels& /*kernels*/, ThreadPool& /*pool*/) { return {}; }
};

/// Everything that help and dispatch need to know about a task. `attn NAME DIR` is the command that uses its models.
struct TrainTaskRow {
  std::string_view name;
  std::string_view alias = {};
  std::string_view data;                        // what DATA are: "texts"
  std::string_view model;                       // what is learnt: "a decoder-only model that continues them"
  std::string_view example;                     // of a command line, without --out: "attn train generate play.txt"
  std::span<const Architecture> architectures;  // that it can train, the default first
  std::unique_ptr<TrainRecipe> (*make)() = nullptr;
};

/// For TrainTaskRow::make.
template <class Concrete>
std::unique_ptr<TrainRecipe> make_recipe() {
  return std::make_unique<Concrete>();
}

}  // namespace attn
