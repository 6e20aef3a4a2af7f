// attn train generate: a decoder-only model on texts.

#include "base/error.h"
#include "cli/text_data.h"
#include "cli/train_decoder.h"
#include "cli/train_probe.h"
#include "cli/train_recipe.h"
#include "cli/train_tasks.h"
#include "generation/sample_text.h"
#include "models/decoder.h"
#include "training/language_task.h"

namespace attn {

namespace {

constexpr Architecture kArchitectures[] = {Architecture::gpt2, Architecture::llama};
constexpr int kTokensOfAnUpdate = 1024;
constexpr int kDefaultContext = 128;

class GenerateRecipe : public TrainRecipe {
 public:
  void prepare_data(TrainOptions& options, const std::string& folder) override {
    data_.emplace(LanguageData::prepare(options, folder));
  }
  void reopen_data(const TrainOptions& options, const std::string& folder) override {
    data_.emplace(LanguageData::reopen(options, folder));
  }
  std::vector<std::string> data_sha256() const override { return data_->summary().sha256; }
  std::string describe_data() const override { return data_->describe(); }
  std::int64_t valid_characters() const override { return data_->summary().valid.characters; }

  ModelConfig settle_model(TrainOptions& options, const ModelFolder* from) override {
    const std::int64_t longest = data_->train().size() - 1;
    if (from) {
      const ModelConfig config = from->read_config();
      adopt_decoder(options, config, data_->vocabulary());
      options.context = static_cast<int>(std::min<std::int64_t>(*options.context, longest));
      return config;
    }
    if (options.context && *options.context > longest) {
      usage_error("--context ", *options.context, " does not fit the training part of ", data_->train().size(),
                  " tokens; expected at most ", longest);
    }
    settle(options.context, std::min<std::int64_t>(kDefaultContext, longest));
    ModelConfig config = settle_decoder(options, data_->vocabulary(), data_->train().size());
    config.begin_id = config.end_id = data_->end_id();
    return config;
  }

  TrainingWork settle_work(TrainOptions& options, const ModelConfig& config) override {
    if (options.batch && options.batch_tokens) usage_error("--batch and --batch-tokens exclude each other");
    const std::int64_t wanted = options.batch_tokens.value_or(kTokensOfAnUpdate);
    settle(options.batch, std::max<std::int64_t>(1, wanted / *options.context));
    const auto tokens = static_cast<double>(*options.batch * *options.context * options.accumulate);
    return {.tokens_of_an_update = tokens,
            .updates_of_an_epoch = static_cast<double>(data_->train().size()) / tokens,
            .flops_of_an_update = tokens * decoder_flops_per_token(config, *options.context)};
  }

  TrainingTask& build(const TrainOptions& options, const ModelConfig& config) override {
    model_.emplace(config);
    return task_.emplace(*model_, data_->train(), data_->valid(),
                         LanguageTaskOptions{.batch = *options.batch,
                                             .context = *options.context,
                                             .label_smoothing = static_cast<float>(*options.label_smoothing),
                                             .seed = options.seed,
                                             .eval_batches = options.eval_batches,
                                             .valid_characters = static_cast<double>(valid_characters())});
  }

  void save_files(const std::string& folder, const ModelConfig& config) override {
    SpecialTokenNames names;
    if (data_->end_id()) names.begin = names.end = std::string(kEndOfText);
    save_tokenizer(folder, config, data_->tokenizer().to_json(), names);
  }

  std::string sample(const simd::Kernels& kernels, ThreadPool& pool) override {
    return sample_text(*model_, data_->tokenizer(), kernels, pool);
  }

  ProbeTrace open_probe(const std::string& text) override { return decoder_probe(*model_, data_->tokenizer(), text); }

 private:
  std::optional<LanguageData> data_;
  std::optional<DecoderModel> model_;
  std::optional<LanguageTask> task_;
};

}  // namespace

const TrainTaskRow kTrainGenerate{
    .name = "generate",
    .alias = "gpt",
    .data = "texts",
    .model = "a decoder-only model that continues them",
    .example = "attn train generate play.txt",
    .architectures = kArchitectures,
    .make = make_recipe<GenerateRecipe>,
};

}  // namespace attn
