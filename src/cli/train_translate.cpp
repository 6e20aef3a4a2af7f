// attn train translate: an encoder-decoder model on lines of source and target.

#include <algorithm>

#include "base/error.h"
#include "cli/line_data.h"
#include "cli/train_probe.h"
#include "cli/train_recipe.h"
#include "cli/train_shape.h"
#include "cli/train_tasks.h"
#include "generation/translate_text.h"
#include "models/encoder_decoder.h"
#include "training/translation_task.h"

namespace attn {

namespace {

constexpr Architecture kArchitectures[] = {Architecture::transformer};
constexpr std::string_view kPad = "<pad>", kEnd = "</s>";
constexpr int kSource = 0, kTarget = 1;
constexpr int kLongestDefaultContext = 256;
constexpr std::int64_t kTokensOfAnUpdate = 4096;  // of source and target

class TranslateRecipe : public TrainRecipe {
 public:
  void prepare_data(TrainOptions& options, const std::string& folder) override {
    const int longest = options.context.value_or(kLongestDefaultContext);
    LineDataPlan plan{.columns = {"source", "target"}, .encode = [=](const LineCorpus&, const Tokenizer& tokenizer) {
                        return encoder_of(tokenizer, static_cast<std::size_t>(longest));
                      }};
    plan.tokenizer.special_tokens = {std::string(kPad), std::string(kEnd)};
    plan.tokenizer.last_token = kEnd;
    data_.emplace(LineData::prepare(options, folder, plan));
  }
  void reopen_data(const TrainOptions& options, const std::string& folder) override {
    data_.emplace(LineData::reopen(options, folder));
  }
  std::vector<std::string> data_sha256() const override { return data_->summary().sha256; }
  std::string describe_data() const override { return data_->describe(); }
  std::int64_t valid_characters() const override { return data_->summary().valid.characters[kTarget]; }

  ModelConfig settle_model(TrainOptions& options, const ModelFolder* from) override {
    if (from) {
      const ModelConfig config = from->read_config();
      if (config.architecture != Architecture::transformer) {
        usage_error("--from: expected an encoder-decoder model, found one of the family ",
                    name_of(config.architecture));
      }
      adopt("--decoder-layers", options.decoder_layers, config.decoder_layers);
      adopt_model(options, config, data_->vocabulary());
      return config;
    }
    settle(options.context, default_context());
    const FamilyDefaults family{
        .positions = Positions::sinusoidal, .norm_place = NormPlace::post, .feed_forward = FeedForwardKind::relu};
    ModelConfig config = settle_shape(options, family, size_for(data_->train().total()), data_->vocabulary());
    config.decoder_layers = settle(options.decoder_layers, config.layers);
    config.scaled_embedding = true;
    config.pad_id = data_->tokenizer().id_of(kPad);
    config.end_id = data_->tokenizer().id_of(kEnd);
    return config;
  }

  TrainingWork settle_work(TrainOptions& options, const ModelConfig& config) override {
    if (options.batch && options.batch_tokens) usage_error("--batch and --batch-tokens exclude each other");
    if (!options.batch) settle(options.batch_tokens, kTokensOfAnUpdate);
    settle(options.label_smoothing, 0.1);
    settle(options.beta2, 0.98);
    const auto sources = static_cast<double>(data_->train().total(kSource));
    const auto targets = static_cast<double>(data_->train().total(kTarget));
    const ExampleBatches batches(data_->train(), batches_of(options));
    const double updates = static_cast<double>(batches.batches_per_epoch()) / static_cast<double>(options.accumulate);
    const double layer = layer_weights(config), c = config.d_model;
    const double side = 2.0 * c * config.heads * config.d_head;  // q and output of cross-attention, or its k and v
    const double source_weights = config.layers * layer + config.decoder_layers * side;
    const double target_weights = config.decoder_layers * (layer + side) + config.vocabulary * c;
    return {.tokens_of_an_update = targets / updates,
            .updates_of_an_epoch = updates,
            .flops_of_an_update = 6 * (source_weights * sources + target_weights * targets) / updates,
            .most_epochs = 100,
            .longest_warmup = 1000};
  }

  TrainingTask& build(const TrainOptions& options, const ModelConfig& config) override {
    model_.emplace(config);
    return task_.emplace(*model_, data_->train(), data_->valid(),
                         TranslationTaskOptions{.batches = batches_of(options),
                                                .accumulate = options.accumulate,
                                                .label_smoothing = static_cast<float>(*options.label_smoothing),
                                                .seed = options.seed,
                                                .eval_batches = options.eval_batches,
                                                .valid_characters = static_cast<double>(valid_characters())});
  }

  void save_files(const std::string& folder, const ModelConfig& config) override {
    SpecialTokenNames names;
    names.end = kEnd;
    names.pad = kPad;
    names.unknown = unknown_name();
    save_tokenizer(folder, config, data_->tokenizer().to_json(), names);
  }

  // The first validation line with its greedy translation.
  std::string sample(const simd::Kernels& kernels, ThreadPool& pool) override {
    const ExampleFile& examples = data_->valid().size() > 0 ? data_->valid() : data_->train();
    std::vector<std::int32_t> source(static_cast<std::size_t>(examples.length(0, kSource)));
    examples.read(0, kSource, source.data());
    const Tokenizer& tokenizer = data_->tokenizer();
    Translator translator(*model_, kernels, pool, {.vocabulary = tokenizer.vocabulary_size()});
    const std::vector<Hypothesis> target = translator.translate({&source, 1}).front();
    return concat(tokenizer.decode(source), " -> ", decode_target(tokenizer, target.front().ids));
  }

  ProbeTrace open_probe(const std::string& text) override {
    return translation_probe(*model_, data_->tokenizer(), text);
  }

 private:
  // Source and target with the end token; what is longer is cut before it.
  static EncodeLine encoder_of(const Tokenizer& tokenizer, std::size_t longest) {
    return [&tokenizer, longest](const std::vector<std::string>& columns, EncodedLine& line) {
      line.fields.resize(columns.size());
      for (std::size_t i = 0; i < columns.size(); ++i) {
        std::vector<std::int32_t> ids = tokenizer.encode(columns[i]);
        if (ids.size() + 1 > longest) {
          ids.resize(longest - 1);
          line.cut = true;
        }
        line.fields[i] = tokenizer.add_special_tokens(ids).ids;
      }
    };
  }

  // Room for a translation twice as long as the longest source; computed positions cost nothing.
  int default_context() const {
    const std::int64_t longest = std::max(data_->train().longest(kSource), data_->train().longest(kTarget));
    return static_cast<int>(std::clamp<std::int64_t>(2 * longest + 10, 32, 2 * kLongestDefaultContext));
  }

  static BatchOptions batches_of(const TrainOptions& options) {
    if (options.batch) return {.examples = *options.batch};
    return {.tokens = *options.batch_tokens};
  }

  std::optional<std::string> unknown_name() const {
    const std::optional<std::int32_t> id = data_->tokenizer().unknown_id();
    if (!id) return std::nullopt;
    return data_->tokenizer().token_bytes(*id);
  }

  std::optional<LineData> data_;
  std::optional<EncoderDecoderModel> model_;
  std::optional<TranslationTask> task_;
};

}  // namespace

const TrainTaskRow kTrainTranslate{
    .name = "translate",
    .alias = "seq2seq",
    .data = "source<TAB>target lines",
    .model = "an encoder-decoder that turns one into the other",
    .example = "attn train translate en-de.tsv",
    .architectures = kArchitectures,
    .make = make_recipe<TranslateRecipe>,
};

}  // namespace attn
