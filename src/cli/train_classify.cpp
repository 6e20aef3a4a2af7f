// attn train classify: an encoder that tells to which class a text belongs.

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "cli/line_data.h"
#include "cli/train_encoder.h"
#include "cli/train_tasks.h"
#include "training/classification_task.h"

namespace attn {

namespace {

constexpr Architecture kArchitectures[] = {Architecture::bert};
constexpr std::size_t kLabelColumn = 0, kTextColumn = 1;
constexpr std::size_t kMostLabels = 10'000;
constexpr std::int64_t kTokensOfAnUpdate = 1024;
constexpr std::string_view kLabelsFile = "training/labels.json";

std::string percent(double part) {
  return concat(std::round(1000 * part) / 10, " %");
}

class ClassifyRecipe : public TrainRecipe {
 public:
  void prepare_data(TrainOptions& options, const std::string& folder) override {
    const int longest = longest_encoder_text(options);
    LineDataPlan plan{
        .columns = {"label", "text"},
        .input = kTextColumn,
        .tokenizer = encoder_tokenizer(),
        .text = {kTextColumn},
        .encode = [&, longest](const LineCorpus& corpus, const Tokenizer& tokenizer) {
          for (const auto& [label, count] : corpus.count_values(CorpusPart::train, kLabelColumn, kMostLabels)) {
            labels_.push_back(label);
          }
          return encoder_of(tokenizer, longest);
        }};
    data_.emplace(LineData::prepare(options, folder, plan));
    if (labels_.size() < 2) {
      fail("the training part has only the label '", labels_[0], "'; expected two different ones at least");
    }
    Json json = Json::array();
    for (const std::string& label : labels_) json.push_back(label);
    write_file(join_path(folder, kLabelsFile), write_json(json) + "\n");
  }

  void reopen_data(const TrainOptions& options, const std::string& folder) override {
    data_.emplace(LineData::reopen(options, folder));
    const std::string path = join_path(folder, kLabelsFile);
    const Json json = read_json(path);
    for (const Json& label : json.as_array(path)) labels_.push_back(label.as_string(path));
  }

  std::vector<std::string> data_sha256() const override { return data_->summary().sha256; }
  std::string describe_data() const override {
    std::string text = data_->describe();
    const std::vector<std::int64_t> counts = label_counts();
    text += concat("\nlabels: ", labels_.size());
    constexpr std::size_t kShown = 12;
    for (std::size_t i = 0; i < std::min(kShown, labels_.size()); ++i) {
      text += concat(i == 0 ? ": " : ", ", labels_[i], " ",
                     percent(static_cast<double>(counts[i]) / static_cast<double>(data_->train().size())));
    }
    return text + (labels_.size() > kShown ? ", …" : "");
  }
  std::int64_t valid_characters() const override { return 0; }

  ModelConfig settle_model(TrainOptions& options, const ModelFolder* from) override {
    const ExampleFile& train = data_->train();
    const std::int64_t longest =
        std::max(train.longest(ClassificationTask::kText), data_->valid().longest(ClassificationTask::kText));
    ModelConfig config = settle_encoder(options, from, Head::classifier, data_->tokenizer(), train.total(), longest);
    config.pooling = settle(options.pooling, Pooling::first);
    config.labels = labels_;
    return config;
  }

  TrainingWork settle_work(TrainOptions& options, const ModelConfig& config) override {
    const auto texts = static_cast<double>(data_->train().size());
    TrainingWork work = encoder_work(options, config, data_->train(), kTokensOfAnUpdate, texts, 0);
    work.most_epochs = options.from ? 4 : 6;  // more only overfits
    settle(options.token_dropout, 0.3);
    settle(options.dropout, 0.3);
    settle(options.lr, options.from ? 3e-4 : 5e-4);
    return work;
  }

  TrainingTask& build(const TrainOptions& options, const ModelConfig& config) override {
    model_.emplace(config);
    if (data_->tokenizer().id_of(kMaskToken)) masking_.emplace(masking_of(data_->tokenizer()));
    return task_.emplace(
        *model_, data_->train(), data_->valid(),
        ClassificationTaskOptions{
            .batches = batches_of(options),
            .accumulate = options.accumulate,
            .label_smoothing = static_cast<float>(*options.label_smoothing),
            .class_weights = options.class_weights ? balanced_weights(label_counts()) : std::vector<float>{},
            .label_base = data_->vocabulary(),
            .token_dropout = *options.token_dropout,
            .masking = masking_ ? &*masking_ : nullptr,
            .seed = options.seed,
            .eval_batches = options.eval_batches});
  }
  void read_start(const ModelFolder& from, const ModelConfig&, Parameters& parameters) override {
    from.read_body_weights(parameters.list());
  }

  void save_files(const std::string& folder, const ModelConfig& config) override {
    save_encoder_tokenizer(folder, config, data_->tokenizer());
  }
  std::string sample(const simd::Kernels&, ThreadPool&) override { return {}; }
  ProbeTrace open_probe(const std::string& text) override { return encoder_probe(*model_, data_->tokenizer(), text); }

  std::string describe_best(const simd::Kernels& kernels, ThreadPool& pool) override {
    const ConfusionMatrix matrix = task_->confusion(kernels, pool);
    std::int64_t most = 0;
    for (std::size_t i = 0; i < matrix.classes(); ++i) most = std::max(most, matrix.of(i).actual);
    return concat("accuracy ", percent(matrix.accuracy()), ", macro F1 ", percent(matrix.macro_f1()), " on ",
                  matrix.total(), " validation texts; always the most frequent label: ",
                  percent(static_cast<double>(most) / static_cast<double>(matrix.total())));
  }

 private:
  EncodeLine encoder_of(const Tokenizer& tokenizer, int longest) const {
    return [this, &tokenizer, longest](const std::vector<std::string>& columns, EncodedLine& line) {
      const auto found = std::lower_bound(labels_.begin(), labels_.end(), columns[kLabelColumn]);
      if (found == labels_.end() || *found != columns[kLabelColumn]) {
        fail("the label '", columns[kLabelColumn], "' does not occur in the training part");
      }
      line.fields = {label_ids(static_cast<std::int64_t>(found - labels_.begin()), tokenizer.vocabulary_size()),
                     encode_example(tokenizer, longest, columns[kTextColumn], line.cut)};
    };
  }

  std::vector<std::int64_t> label_counts() const {
    std::vector<std::int64_t> counts(labels_.size());
    const ExampleFile& train = data_->train();
    for (std::int64_t example = 0; example < train.size(); ++example) {
      ++counts.at(static_cast<std::size_t>(read_label(train, example, data_->vocabulary())));
    }
    return counts;
  }

  std::vector<std::string> labels_;  // sorted
  std::optional<LineData> data_;
  std::optional<EncoderModel> model_;
  std::optional<TokenMasking> masking_;
  std::optional<ClassificationTask> task_;
};

}  // namespace

const TrainTaskRow kTrainClassify{
    .name = "classify",
    .data = "label<TAB>text lines",
    .model = "an encoder that sorts texts into the labels",
    .example = "attn train classify reviews.tsv",
    .architectures = kArchitectures,
    .make = make_recipe<ClassifyRecipe>,
};

}  // namespace attn
