// attn train fill: an encoder that guesses masked tokens, from texts or lines.

#include <algorithm>

#include "base/error.h"
#include "cli/line_data.h"
#include "cli/text_data.h"
#include "cli/train_encoder.h"
#include "cli/train_tasks.h"
#include "training/masked_task.h"

namespace attn {

namespace {

constexpr Architecture kArchitectures[] = {Architecture::bert};
constexpr std::int64_t kTokensOfAnUpdate = 2048;
constexpr std::int64_t kLargestVocabulary = 8000;
constexpr double kMaskedPart = 0.15;
constexpr std::string_view kTrainPieces = "training/train.pieces", kValidPieces = "training/valid.pieces";

/// Texts cut into examples of `longest` tokens, one after the other; the last one may be short.
void write_pieces(const TokenFile& tokens, const Tokenizer& tokenizer, int longest, const std::string& path) {
  ExampleFileWriter file(path, 1, tokenizer.vocabulary_size());
  const auto around = static_cast<std::int64_t>(tokenizer.add_special_tokens({}).ids.size());
  const std::int64_t room = longest - around;
  if (room < 1) usage_error("--context ", longest, " has no room beside ", around, " special tokens");
  std::vector<std::int32_t> piece;
  for (std::int64_t begin = 0; begin < tokens.size(); begin += room) {
    piece.resize(static_cast<std::size_t>(std::min(room, tokens.size() - begin)));
    tokens.read(begin, static_cast<std::int64_t>(piece.size()), piece.data());
    const std::vector<std::int32_t> framed = tokenizer.add_special_tokens(piece).ids;
    file.add(std::span(&framed, 1));
  }
  file.commit();
}

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
    return encoder_work(options, config, train(), kTokensOfAnUpdate, masked, output);
  }

  TrainingTask& build(const TrainOptions& options, const ModelConfig& config) override {
    std::vector<std::int32_t> special;
    for (std::int32_t id = 0; id < tokenizer().vocabulary_size(); ++id) {
      if (tokenizer().is_special(id)) special.push_back(id);
    }
    const std::optional<std::int32_t> mask = tokenizer().id_of(kMaskToken);
    if (!mask) fail("--from: its tokenizer has no token ", kMaskToken);
    model_.emplace(config);
    return task_.emplace(*model_, train(), valid(), TokenMasking(tokenizer().vocabulary_size(), special, *mask),
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
