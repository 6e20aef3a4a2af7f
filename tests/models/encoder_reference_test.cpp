// The encoder-decoder and the encoders against transformers: logits, losses, every parameter's gradient and every
// attention weight of the tiny models in tests/reference, which make_encoder_models.py made.

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "autograd/linear.h"
#include "autograd/output_loss.h"
#include "autograd/select_rows.h"
#include "autograd/unit_rows.h"
#include "base/error.h"
#include "base/file.h"
#include "models/encoder.h"
#include "models/encoder_decoder.h"
#include "models/folder.h"
#include "simd/kernels.h"
#include "support/reference_values.h"
#include "support/temporary_folder.h"
#include "support/workbench.h"

namespace attn {
namespace {

/// One of the models, ready to run.
template <class Model>
struct Reference {
  Reference(const std::string& name, std::unique_ptr<Model> (*load)(const ModelFolder&))
      : folder("tests/reference/" + name), file(folder.path_of("reference.safetensors")), model(load(folder)) {}

  Parameters& parameters() { return model->parameters(); }
  std::vector<float> values(const std::string& name) const { return read_values(file, name); }
  double number(const std::string& name) const { return static_cast<double>(values(name).at(0)); }

  /// Runs a pass that gives a loss, and compares the loss and the gradients of all parameters.
  template <class Pass>
  void check_training(const Pass& pass) {
    parameters().enable_gradients();
    parameters().begin_gradients();
    bench.begin(true);
    CHECK(pass(bench.context) == doctest::Approx(number("loss")).epsilon(2e-6));
    bench.tape.backward();
    parameters().finish_gradients();
    check_gradients(file, model->config(), parameters());
  }

  /// Runs a pass, and compares the attention weights of every layer and text; `expected` is how many there are.
  template <class Pass>
  void check_attentions(std::size_t expected, const Pass& pass) {
    AttentionTrace trace;
    bench.context.trace = &trace;
    pass(bench.context);
    bench.context.trace = nullptr;
    REQUIRE(trace.records.size() == expected);
    const char* const kinds[] = {"encoder", "decoder", "cross"};
    for (const AttentionRecord& record : trace.records) {
      const std::string place = std::to_string(record.layer) + "." + std::to_string(record.sequence);
      check_attention(file, concat("attention.", kinds[static_cast<int>(record.kind)], ".", place), record);
      CHECK(record.heads == model->config().heads);
    }
  }

  ModelFolder folder;
  SafetensorsFile file;
  std::unique_ptr<Model> model;
  Workbench bench{*simd::kernels(), 2};
};

/// Mean over the targets.
double mean_loss(Context& context, Tensor hidden, Tensor weight, Tensor bias, const std::vector<std::int32_t>& targets,
                 float label_smoothing = 0) {
  const double count = static_cast<double>(targets.size());
  const LossOptions options{.label_smoothing = label_smoothing, .gradient_scale = static_cast<float>(1 / count)};
  return output_loss(context, hidden, weight, bias, targets.data(), options) / count;
}

struct TranslatorReference : Reference<EncoderDecoderModel> {
  TranslatorReference() : Reference("marian", load_encoder_decoder) {}

  Tensor decode(Context& context) const {
    const TokenBatch batch = source.batch();
    return model->decode(context, target.batch(),
                         {model->encode(context, batch), nullptr, batch.sequences.starts, batch.sequences.lengths});
  }

  ReferenceTexts source{file, "source."}, target{file, "target."};
  std::vector<std::int32_t> targets = read_ids(file, "targets");
};

struct EncoderReference : Reference<EncoderModel> {
  explicit EncoderReference(const std::string& name) : Reference(name, load_encoder) {}

  Tensor hidden(Context& context) const { return model->hidden(context, texts.batch()); }
  Tensor pooled(Context& context) const { return model->pooled(context, hidden(context), texts.batch().sequences); }
  void check_encoder_attentions() {
    const std::size_t layers = static_cast<std::size_t>(model->config().layers);
    check_attentions(layers * texts.lengths.size(), [this](Context& context) { hidden(context); });
  }

  ReferenceTexts texts{file};
  std::vector<std::int32_t> targets = read_ids(file, "targets");
};

}  // namespace

TEST_CASE("reference: MarianMTModel's logits, losses, gradients and three kinds of attention") {
  TranslatorReference reference;
  const EncoderDecoderModel& model = *reference.model;
  CHECK(model.config().pad_id == 22);
  CHECK(model.config().end_id == 0);
  const Tensor hidden = reference.decode(reference.bench.context);
  check_close(model.logits(reference.bench.context, hidden), reference.values("logits"), 1e-5f);
  CHECK(mean_loss(reference.bench.context, hidden, model.output_weight(), model.output_bias(), reference.targets) ==
        doctest::Approx(reference.number("plain_loss")).epsilon(2e-6));
  reference.check_training([&](Context& context) {
    return mean_loss(context, reference.decode(context), model.output_weight(), model.output_bias(), reference.targets,
                     0.1f);
  });
  reference.check_attentions((2 + 2 + 2) * 3, [&](Context& context) { reference.decode(context); });
}

TEST_CASE("reference: MarianMTModel's logits with the source projected once") {
  TranslatorReference reference;
  Context& context = reference.bench.context;
  const TokenBatch batch = reference.source.batch();
  const Tensor states = reference.model->encode(context, batch);
  const Source source{states, reference.model->project(context, states), batch.sequences.starts,
                      batch.sequences.lengths};
  const Tensor hidden = reference.model->decode(context, reference.target.batch(), source);
  check_close(reference.model->logits(context, hidden), reference.values("logits"), 1e-5f);
}

TEST_CASE("reference: BertForMaskedLM's logits, loss, gradients and attention") {
  EncoderReference reference("bert_masked");
  const EncoderModel& model = *reference.model;
  REQUIRE(model.config().head == Head::masked);
  Context& inference = reference.bench.context;
  const Tensor states = model.masked_states(inference, reference.hidden(inference));
  check_close(linear(inference, states, model.output_weight(), model.output_bias()), reference.values("logits"), 1e-5f);

  const std::vector<std::int32_t> chosen = read_ids(reference.file, "chosen");
  reference.check_training([&](Context& context) {
    const Tensor rows =
        select_rows(context, reference.hidden(context), chosen.data(), static_cast<std::int64_t>(chosen.size()));
    return mean_loss(context, model.masked_states(context, rows), model.output_weight(), model.output_bias(),
                     reference.targets);
  });
  reference.check_encoder_attentions();
}

TEST_CASE("reference: BertForSequenceClassification's logits, loss, gradients and attention") {
  EncoderReference reference("bert_classifier");
  const EncoderModel& model = *reference.model;
  CHECK(model.config().labels == std::vector<std::string>{"cold", "mild", "hot"});
  Context& inference = reference.bench.context;
  check_close(model.classify(inference, reference.pooled(inference)), reference.values("logits"), 1e-5f);
  reference.check_training([&](Context& context) {
    return mean_loss(context, reference.pooled(context), model.classifier_weight(), model.classifier_bias(),
                     reference.targets);
  });
  reference.check_encoder_attentions();
}

TEST_CASE("reference: BertModel's states and their means, and a contrastive loss of them") {
  EncoderReference reference("bert_model");
  REQUIRE(reference.model->config().head == Head::none);
  Context& inference = reference.bench.context;
  check_close(reference.hidden(inference), reference.values("hidden"), 1e-5f);

  ModelConfig means = reference.model->config();
  means.pooling = Pooling::mean;
  reference.model = std::make_unique<EncoderModel>(means);
  reference.folder.read_weights(means, reference.parameters().list());
  check_close(reference.pooled(inference), reference.values("mean"), 1e-5f);
  constexpr std::int32_t kAnchors[] = {0, 1}, kPositives[] = {2, 3};
  reference.check_training([&](Context& context) {
    const Tensor vectors = reference.pooled(context);
    const Tensor anchors = unit_rows(context, select_rows(context, vectors, kAnchors, 2), 20);
    const Tensor positives = unit_rows(context, select_rows(context, vectors, kPositives, 2));
    return mean_loss(context, anchors, positives, {}, reference.targets);
  });
  reference.check_encoder_attentions();
}

TEST_CASE("reference: a classifier made from a BertModel has its pooler") {
  EncoderReference reference("bert_model");
  ModelConfig config = reference.model->config();
  config.head = Head::classifier;
  config.labels = {"a", "b"};
  reference.model = std::make_unique<EncoderModel>(config);
  reference.folder.read_body_weights(reference.parameters().list());
  check_close(reference.pooled(reference.bench.context), reference.values("first"), 1e-5f);
}

TEST_CASE("reference: without token types BERT takes all tokens for the first text's") {
  EncoderReference reference("bert_model");
  const std::vector<float> expected = reference.values("hidden");
  reference.texts.types.clear();
  const Tensor hidden = reference.hidden(reference.bench.context);
  const std::size_t width = static_cast<std::size_t>(hidden.columns());
  const auto row = [&](std::size_t index) { return hidden.data + index * width; };
  const auto expected_row = [&](std::size_t index) {
    return expected.begin() + static_cast<std::ptrdiff_t>(index * width);
  };
  const std::size_t pair = static_cast<std::size_t>(reference.texts.starts[2]);
  CHECK(distance(row(0), {expected_row(0), expected_row(pair)}) < 1e-5f);
  CHECK(distance(row(pair), {expected_row(pair), expected_row(pair + 1)}) > 1e-2f);
}

TEST_CASE("reference: norms may be called gamma and beta, as in BERT's first files and those of transformers 5.0") {
  const TemporaryFolder folder;
  std::filesystem::copy("tests/reference/bert_masked", folder.path("m"));
  std::string weights = read_file(folder.path("m/model.safetensors"));
  // In the header, without changing its length.
  const auto replace = [&weights](const std::string& old_text, const std::string& new_text) {
    REQUIRE(old_text.size() == new_text.size());
    std::size_t place = 0;
    while ((place = weights.find(old_text, place)) != std::string::npos) {
      weights.replace(place, old_text.size(), new_text);
    }
  };
  replace("LayerNorm.weight\"", "LayerNorm.gamma\" ");
  replace("LayerNorm.bias\"", "LayerNorm.beta\"");
  write_file(folder.path("m/model.safetensors"), weights);
  EncoderReference reference("bert_masked");
  reference.model = load_encoder(ModelFolder(folder.path("m")));
  const Tensor states =
      reference.model->masked_states(reference.bench.context, reference.hidden(reference.bench.context));
  const Tensor logits =
      linear(reference.bench.context, states, reference.model->output_weight(), reference.model->output_bias());
  check_close(logits, reference.values("logits"), 1e-5f);
}

}  // namespace attn
