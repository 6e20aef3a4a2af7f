// attn train fill: an encoder that guesses masked tokens, from texts or lines.

#include <algorithm>

#include "base/error.h"
#include "cli/line_data.h"
#include "cli/text_data.h"
#include "cli/train_encoder.h"
#include "cli/train_tasks.h"
#include "text/example_pieces.h"
#include "training/masked_task.h"

namespace attn {

namespace {

constexpr Architecture kArchitectures[] = {Architecture::bert};
constexpr std::int64_t kTokensOfAnUpdate = 2048;
constexpr std::int64_t kLargestVocabulary = 8000;
constexpr double kMaskedPart = 0.15;
constexpr std::string_view kTrainPieces = "training/train.pieces", kValidPieces = "training/valid.pieces";

class FillRecipe : public TrainRecipe {
 public:
  void prepare_data(TrainOptions& options, const std::string& folder) override {
    const int longest = longest_encoder_text(options);
    if (options.lines) {
      lines_.emplace(LineData::prepare(options, folder,
                                       {.columns = {"text"},
                                        .tokenizer = encoder_tokenizer(),
                                        .fields = 1,
                                        .encode = [=](const LineCorpus&, const Tokenizer& tokenizer) {
                                          return encode_columns(tokenizer, longest);
                                        }}));
      return;
    }
    texts_.emplace(LanguageData::prepare(
        options, folder,
        {.tokenizer = encoder_tokenizer(), .marks_ends = false, .largest_vocabulary = kLargestVocabulary}));
    write_pieces(texts_->train(), texts_->tokenizer(), longest, join_path(folder, kTrainPieces));
    write_pieces(texts_->valid(), texts_->tokenizer(), longest, join_path(folder, kValidPieces));
    open_pieces(folder);
  }
  void reopen_data(const TrainOptions& options, const std::string& folder) override {
    if (options.lines) {
      lines_.emplace(LineData::reopen(options, folder));
      return;
    }
    texts_.emplace(LanguageData::reopen(options, folder));
    open_pieces(folder);
  }
  std::vector<std::string> data_sha256() const override {
    return lines_ ? lines_->summary().sha256 : texts_->summary().sha256;
  }
  std::string describe_data() const override { return lines_ ? lines_->describe() : texts_->describe(); }
  std::int64_t valid_characters() const override { return 0; }

  ModelConfig settle_model(TrainOptions& options, const ModelFolder* from) override {
    const std::int64_t longest = std::max(train().longest(0), valid().longest(0));
    ModelConfig config = settle_encoder(options, from, Head::masked, tokenizer(), train().total(), longest);
    config.tied = true;
    return config;
  }

  TrainingWork settle_work(TrainOptions& options, const ModelConfig& config) override {
    const double width = config.d_model, output = width * (width + config.vocabulary);
    const double masked = kMaskedPart * static_cast<double>(train().total());
    settle(options.lr, 1e-3);
    return encoder_work(options, config, train(), kTokensOfAnUpdate, masked, output);
  }

  TrainingTask& build(const TrainOptions& options, const ModelConfig& config) override {
    model_.emplace(config);
    return task_.emplace(*model_, train(), valid(), masking_of(tokenizer()),
                         MaskedTaskOptions{.batches = batches_of(options),
                                           .accumulate = options.accumulate,
                                           .label_smoothing = static_cast<float>(*options.label_smoothing),
                                           .seed = options.seed,
                                           .eval_batches = options.eval_batches});
  }
  void read_start(const ModelFolder& from, const ModelConfig&, Parameters& parameters) override {
    from.read_body_weights(parameters.list());
  }

  void save_files(const std::string& folder, const ModelConfig& config) override {
    save_encoder_tokenizer(folder, config, tokenizer());
  }
  std::string sample(const simd::Kernels&, ThreadPool&) override { return {}; }
  ProbeTrace open_probe(const std::string& text) override { return encoder_probe(*model_, tokenizer(), text); }

 private:
  void open_pieces(const std::string& folder) {
    train_pieces_.emplace(join_path(folder, kTrainPieces), texts_->vocabulary());
    valid_pieces_.emplace(join_path(folder, kValidPieces), texts_->vocabulary());
  }
  const Tokenizer& tokenizer() const { return lines_ ? lines_->tokenizer() : texts_->tokenizer(); }
  const ExampleFile& train() const { return lines_ ? lines_->train() : *train_pieces_; }
  const ExampleFile& valid() const { return lines_ ? lines_->valid() : *valid_pieces_; }

  std::optional<LineData> lines_;      // with --lines,
  std::optional<LanguageData> texts_;  // else these
  std::optional<ExampleFile> train_pieces_, valid_pieces_;
  std::optional<EncoderModel> model_;
  std::optional<MaskedTask> task_;
};

}  // namespace

const TrainTaskRow kTrainFill{
    .name = "fill",
    .alias = "bert",
    .data = "texts, or lines with --lines",
    .model = "an encoder that guesses masked tokens",
    .example = "attn train fill plays.txt",
    .architectures = kArchitectures,
    .make = make_recipe<FillRecipe>,
};

}  // namespace attn
