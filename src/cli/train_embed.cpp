// attn train embed: an encoder whose vectors are near each other where texts belong together.

#include <algorithm>

#include "base/error.h"
#include "cli/line_data.h"
#include "cli/train_encoder.h"
#include "cli/train_tasks.h"
#include "models/sentence_modules.h"
#include "text/text_reader.h"
#include "training/contrastive_task.h"

namespace attn {

namespace {

constexpr Architecture kArchitectures[] = {Architecture::bert};
constexpr std::int64_t kExamplesOfAnUpdate = 64;

/// Whether lines are pairs: --columns names two, or the first line has two.
bool has_pairs(const TrainOptions& options) {
  if (!options.columns.empty()) return std::count(options.columns.begin(), options.columns.end(), ',') == 1;
  const std::string& path = options.data[0];
  LineReader lines(path);
  std::string line;
  if (!lines.next(line)) return false;
  return std::count(line.begin(), line.end(), path.ends_with(".csv") ? ',' : '\t') > 0;
}

class EmbedRecipe : public TrainRecipe {
 public:
  void prepare_data(TrainOptions& options, const std::string& folder) override {
    const int longest = longest_encoder_text(options);
    const bool pairs = has_pairs(options);
    LineDataPlan plan{
        .columns = pairs ? std::vector<std::string>{"text", "pair"} : std::vector<std::string>{"text"},
        .tokenizer = encoder_tokenizer(),
        .fields = pairs ? 2 : 1,
        .encode = [=](const LineCorpus&, const Tokenizer& tokenizer) { return encode_columns(tokenizer, longest); }};
    data_.emplace(LineData::prepare(options, folder, plan));
  }
  void reopen_data(const TrainOptions& options, const std::string& folder) override {
    data_.emplace(LineData::reopen(options, folder));
  }
  std::vector<std::string> data_sha256() const override { return data_->summary().sha256; }
  std::string describe_data() const override {
    return data_->describe() + (data_->train().fields() == 2
                                    ? "\neach line is a pair: its second text is told apart from those of other lines"
                                    : "\neach line is its own partner, under another dropout");
  }
  std::int64_t valid_characters() const override { return 0; }

  ModelConfig settle_model(TrainOptions& options, const ModelFolder* from) override {
    std::int64_t longest = 0;
    for (int field = 0; field < data_->train().fields(); ++field) {
      longest = std::max({longest, data_->train().longest(field), data_->valid().longest(field)});
    }
    ModelConfig config = settle_encoder(options, from, Head::none, data_->tokenizer(), data_->train().total(), longest);
    config.pooling = settle(options.pooling, Pooling::mean);
    return config;
  }

  TrainingWork settle_work(TrainOptions& options, const ModelConfig& config) override {
    if (options.batch_tokens) usage_error("--batch-tokens is not for attn train embed; expected --batch, in lines");
    settle(options.batch, kExamplesOfAnUpdate);
    const bool own_partner = data_->train().fields() == 1;
    const auto lines = static_cast<double>(data_->train().size());
    TrainingWork work = encoder_work(options, config, data_->train(), 0, lines, 0);
    if (own_partner) work.flops_of_an_update *= 2;
    work.most_epochs = own_partner ? 3 : 20;
    settle(options.dropout, 0.1);
    settle(options.lr, options.from ? 3e-4 : 5e-4);
    if (own_partner && *options.dropout == 0) {
      usage_error("--dropout 0: plain lines are paired with themselves under another dropout, which must be above 0");
    }
    return work;
  }

  TrainingTask& build(const TrainOptions& options, const ModelConfig& config) override {
    model_.emplace(config);
    return task_.emplace(*model_, data_->train(), data_->valid(),
                         ContrastiveTaskOptions{.batch = *options.batch,
                                                .accumulate = options.accumulate,
                                                .label_smoothing = static_cast<float>(*options.label_smoothing),
                                                .seed = options.seed,
                                                .eval_batches = options.eval_batches});
  }
  void read_start(const ModelFolder& from, const ModelConfig&, Parameters& parameters) override {
    from.read_body_weights(parameters.list());
  }

  void save_files(const std::string& folder, const ModelConfig& config) override {
    save_encoder_tokenizer(folder, config, data_->tokenizer());
    save_sentence_modules(folder, config, {.pooling = config.pooling, .unit = true});
  }
  std::string sample(const simd::Kernels&, ThreadPool&) override { return {}; }
  ProbeTrace open_probe(const std::string& text) override { return encoder_probe(*model_, data_->tokenizer(), text); }

 private:
  std::optional<LineData> data_;
  std::optional<EncoderModel> model_;
  std::optional<ContrastiveTask> task_;
};

}  // namespace

const TrainTaskRow kTrainEmbed{
    .name = "embed",
    .data = "text<TAB>text pairs, or plain lines",
    .model = "an encoder that puts pairs close",
    .example = "attn train embed questions.tsv",
    .architectures = kArchitectures,
    .make = make_recipe<EmbedRecipe>,
};

}  // namespace attn
