#include "cli/train_encoder.h"

#include <algorithm>

#include "base/error.h"
#include "cli/train_shape.h"
#include "generation/encoder_runner.h"

namespace attn {

namespace {

constexpr int kLongestDefaultContext = 128;
constexpr int kTokenTypes = 2;
constexpr float kBertEps = 1e-12f;

const ModelConfig& encoder_only(const ModelConfig& config) {
  if (config.architecture == Architecture::bert) return config;
  usage_error("--from: expected an encoder, found a model of the family ", name_of(config.architecture));
}

std::optional<std::string> name_in(const Tokenizer& tokenizer, std::string_view name) {
  if (tokenizer.id_of(name)) return std::string(name);
  return std::nullopt;
}

}  // namespace

TokenizerTraining encoder_tokenizer() {
  TokenizerTraining training;
  use_encoder_tokens(training);
  return training;
}

int longest_encoder_text(const TrainOptions& options) {
  if (options.context) return *options.context;
  if (options.from) return encoder_only(ModelFolder(*options.from).read_config()).context;
  return kLongestDefaultContext;
}

std::vector<std::int32_t> encode_example(const Tokenizer& tokenizer, int longest, std::string_view text, bool& cut) {
  EncoderText encoded = encode_text(tokenizer, longest, text);
  cut = cut || encoded.cut > 0;
  return std::move(encoded.ids);
}

EncodeLine encode_columns(const Tokenizer& tokenizer, int longest, std::size_t first) {
  return [&tokenizer, longest, first](const std::vector<std::string>& columns, EncodedLine& line) {
    line.fields.resize(columns.size());
    for (std::size_t i = first; i < columns.size(); ++i) {
      line.fields[i] = encode_example(tokenizer, longest, columns[i], line.cut);
    }
  };
}

ModelConfig settle_encoder(TrainOptions& options, const ModelFolder* from, Head head, const Tokenizer& tokenizer,
                           std::int64_t train_tokens, std::int64_t longest) {
  ModelConfig config;
  if (from) {
    config = encoder_only(from->read_config());
    adopt_model(options, config, tokenizer.vocabulary_size());
  } else {
    settle(options.context, longest);
    const FamilyDefaults family{.norm_place = NormPlace::post, .gelu = Activation::gelu};
    config = settle_shape(options, family, size_for(train_tokens), tokenizer.vocabulary_size());
    config.type_vocabulary = kTokenTypes;
    config.norm_eps = kBertEps;
    config.pad_id = tokenizer.id_of(kPadToken);
  }
  config.head = head;
  config.labels.clear();
  return config;
}

TrainingWork encoder_work(TrainOptions& options, const ModelConfig& config, const ExampleFile& train,
                          std::int64_t tokens_of_an_update, double targets, double output_weights) {
  if (options.batch && options.batch_tokens) usage_error("--batch and --batch-tokens exclude each other");
  if (!options.batch) settle(options.batch_tokens, tokens_of_an_update);
  const auto tokens = static_cast<double>(train.total());
  const double batches = options.batch ? static_cast<double>(train.size()) / static_cast<double>(*options.batch)
                                       : tokens / static_cast<double>(*options.batch_tokens);
  const double updates = std::max(1.0, batches) / static_cast<double>(options.accumulate);
  const double attention = 2.0 * config.d_model * tokens / static_cast<double>(train.size() * train.fields());
  const double weights = config.layers * (layer_weights(config) + attention);
  return {.tokens_of_an_update = targets / updates,
          .updates_of_an_epoch = updates,
          .flops_of_an_update = 6 * (weights * tokens + output_weights * targets) / updates};
}

BatchOptions batches_of(const TrainOptions& options) {
  if (options.batch) return {.examples = *options.batch};
  return {.tokens = *options.batch_tokens};
}

void save_encoder_tokenizer(const std::string& folder, const ModelConfig& config, const Tokenizer& tokenizer) {
  SpecialTokenNames names;
  names.pad = name_in(tokenizer, kPadToken);
  names.unknown = name_in(tokenizer, kEncoderUnknownToken);
  names.classifier = name_in(tokenizer, kClassifierToken);
  names.separator = name_in(tokenizer, kSeparatorToken);
  names.mask = name_in(tokenizer, kMaskToken);
  save_tokenizer(folder, config, tokenizer.to_json(), names);
}

ProbeTrace encoder_probe(const EncoderModel& model, const Tokenizer& tokenizer, const std::string& text) {
  EncoderText encoded = encode_text(tokenizer, model.config().context, text, true);
  if (encoded.cut > 0) {
    usage_error("--probe has ", encoded.cut, " tokens too many for the model's context of ", model.config().context);
  }
  std::vector<std::string> tokens;
  for (const std::int32_t id : encoded.ids) tokens.push_back(tokenizer.token_text(id));
  return [&model, encoded, tokens](const simd::Kernels& kernels, ThreadPool& pool) {
    AttentionTrace trace;
    EncoderRunner runner(model, kernels, pool, [](const EncoderRunner::Batch&) {});
    runner.trace(&trace);
    runner.add(encoded);
    runner.flush();
    return TracedText{std::move(trace.records), tokens, {}};
  };
}

}  // namespace attn
