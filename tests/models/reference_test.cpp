// Whole models against PyTorch: loss, logits, every parameter's gradient and every attention weight of the tiny models
// in tests/reference, which make_language_models.py made.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "autograd/output_loss.h"
#include "base/arena.h"
#include "models/decoder.h"
#include "models/folder.h"
#include "simd/kernels.h"
#include "support/reference_values.h"
#include "threading/thread_pool.h"

namespace attn {
namespace {

/// One of the models with its batch, ready to run.
struct Reference {
  explicit Reference(const std::string& name)
      : folder("tests/reference/" + name),
        file(folder.path_of("reference.safetensors")),
        model(load_decoder(folder)),
        texts(file),
        targets(read_ids(file, "targets")) {}

  ModelFolder folder;
  SafetensorsFile file;
  std::unique_ptr<DecoderModel> model;
  ReferenceTexts texts;
  std::vector<std::int32_t> targets;
  Arena arena;
  ThreadPool pool{2};
  Context context{arena, pool, *simd::kernels()};
};

}  // namespace

TEST_CASE("reference: logits are PyTorch's") {
  for (const char* name : {"gpt2", "llama"}) {
    CAPTURE(name);
    Reference reference(name);
    const Tensor hidden = reference.model->hidden(reference.context, reference.texts.batch());
    const Tensor logits = reference.model->logits(reference.context, hidden);
    check_close(logits, read_values(reference.file, "logits"), 1e-5f);
  }
}

TEST_CASE("reference: loss and every parameter's gradient are PyTorch's") {
  for (const char* name : {"gpt2", "llama"}) {
    CAPTURE(name);
    Reference reference(name);
    Tape tape;
    Parameters& parameters = reference.model->parameters();
    parameters.enable_gradients();
    parameters.begin_gradients();
    reference.context.tape = &tape;
    const Tensor hidden = reference.model->hidden(reference.context, reference.texts.batch());
    const double tokens = static_cast<double>(reference.targets.size());
    const LossOptions options{.gradient_scale = static_cast<float>(1 / tokens)};
    const double loss = output_loss(reference.context, hidden, reference.model->output_weight(), {},
                                    reference.targets.data(), options) /
                        tokens;
    tape.backward();
    parameters.finish_gradients();
    CHECK(loss == doctest::Approx(static_cast<double>(read_values(reference.file, "loss")[0])).epsilon(1e-6));

    check_gradients(reference.file, reference.model->config(), parameters);
  }
}

TEST_CASE("reference: every attention weight is that of transformers' eager attention") {
  for (const char* name : {"gpt2", "llama"}) {
    CAPTURE(name);
    Reference reference(name);
    AttentionTrace trace;
    reference.context.trace = &trace;
    reference.model->hidden(reference.context, reference.texts.batch());
    const ModelConfig& config = reference.model->config();
    REQUIRE(trace.records.size() == static_cast<std::size_t>(config.layers) * reference.texts.lengths.size());
    for (const AttentionRecord& record : trace.records) {
      CAPTURE(record.layer);
      CAPTURE(record.sequence);
      const std::string place = std::to_string(record.layer) + "." + std::to_string(record.sequence);
      check_attention(reference.file, "attention." + place, record);
      CHECK(record.heads == config.heads);
      CHECK(record.queries == reference.texts.lengths[static_cast<std::size_t>(record.sequence)]);
    }
  }
}

TEST_CASE("reference: weights times values are what the fused attention gives") {
  for (const char* name : {"gpt2", "llama"}) {
    CAPTURE(name);
    Reference reference(name);
    AttentionTrace trace;
    reference.context.trace = &trace;
    reference.model->hidden(reference.context, reference.texts.batch());
    const ModelConfig& config = reference.model->config();
    const std::size_t d_head = static_cast<std::size_t>(config.d_head);
    const std::size_t width = static_cast<std::size_t>(config.heads) * d_head;
    const std::size_t value_width = static_cast<std::size_t>(config.kv_heads) * d_head;
    for (const AttentionRecord& record : trace.records) {
      const std::vector<float> values = read_values(reference.file, "values." + std::to_string(record.layer));
      const std::vector<float> contexts = read_values(reference.file, "contexts." + std::to_string(record.layer));
      const std::size_t first =
          static_cast<std::size_t>(reference.texts.starts[static_cast<std::size_t>(record.sequence)]);
      const std::size_t queries = static_cast<std::size_t>(record.queries);
      float largest = 0;
      for (std::size_t head = 0; head < static_cast<std::size_t>(record.heads); ++head) {
        const std::size_t group =
            head * static_cast<std::size_t>(config.kv_heads) / static_cast<std::size_t>(config.heads);
        for (std::size_t t = 0; t < queries; ++t) {
          for (std::size_t d = 0; d < d_head; ++d) {
            double sum = 0;
            for (std::size_t s = 0; s < queries; ++s) {
              sum += static_cast<double>(record.weights[(head * queries + t) * queries + s]) *
                     static_cast<double>(values[(first + s) * value_width + group * d_head + d]);
            }
            const float expected = contexts[(first + t) * width + head * d_head + d];
            largest = std::max(largest, std::fabs(static_cast<float>(sum) - expected));
          }
        }
      }
      CHECK(largest < 1e-5f);
    }
  }
}

}  // namespace attn
