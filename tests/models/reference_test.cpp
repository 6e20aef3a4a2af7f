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
#include "models/file_layout.h"
#include "models/folder.h"
#include "simd/kernels.h"
#include "threading/thread_pool.h"

namespace attn {
namespace {

std::vector<std::int32_t> read_ids(const SafetensorsFile& file, const std::string& name) {
  const TensorEntry* entry = file.find(name);
  REQUIRE(entry != nullptr);
  std::vector<std::int64_t> wide(static_cast<std::size_t>(entry->count()));
  file.read_exactly(name, "I64", std::span(wide));
  return {wide.begin(), wide.end()};
}

std::vector<float> read_values(const SafetensorsFile& file, const std::string& name) {
  const TensorEntry* entry = file.find(name);
  REQUIRE_MESSAGE(entry != nullptr, name);
  std::vector<float> values(static_cast<std::size_t>(entry->count()));
  file.read_floats(*entry, values);
  return values;
}

/// One of the models with its batch, ready to run.
struct Reference {
  explicit Reference(const std::string& name)
      : folder("tests/reference/" + name),
        file(folder.path_of("reference.safetensors")),
        model(load_decoder(folder)),
        ids(read_ids(file, "ids")),
        targets(read_ids(file, "targets")),
        starts(read_ids(file, "starts")) {
    for (std::size_t b = 0; b + 1 < starts.size(); ++b) {
      lengths.push_back(starts[b + 1] - starts[b]);
      for (std::int32_t t = 0; t < lengths.back(); ++t) positions.push_back(t);
    }
  }

  TokenBatch batch() const {
    return {{static_cast<std::int64_t>(lengths.size()), starts.data(), lengths.data(), positions.data()}, ids.data()};
  }

  ModelFolder folder;
  SafetensorsFile file;
  std::unique_ptr<DecoderModel> model;
  std::vector<std::int32_t> ids, targets, starts, lengths, positions;
  Arena arena;
  ThreadPool pool{2};
  Context context{arena, pool, *simd::kernels()};
};

/// Largest absolute difference.
float distance(const float* found, const std::vector<float>& expected) {
  float largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const float difference = std::fabs(found[i] - expected[i]);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

/// The gradients as the file has parameters: in the same layout, from the parameters' gradients instead of values.
std::vector<NamedParameter> gradients_as_values(const Parameters& parameters) {
  std::vector<NamedParameter> list = parameters.list();
  for (NamedParameter& parameter : list) parameter.tensor.data = parameter.tensor.gradient->data;
  return list;
}

}  // namespace

TEST_CASE("reference: logits are PyTorch's") {
  for (const char* name : {"gpt2", "llama"}) {
    CAPTURE(name);
    Reference reference(name);
    const Tensor hidden = reference.model->hidden(reference.context, reference.batch());
    const Tensor logits = reference.model->logits(reference.context, hidden);
    CHECK(distance(logits.data, read_values(reference.file, "logits")) < 1e-5f);
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
    const Tensor hidden = reference.model->hidden(reference.context, reference.batch());
    const double tokens = static_cast<double>(reference.targets.size());
    const LossOptions options{.gradient_scale = static_cast<float>(1 / tokens)};
    const double loss = output_loss(reference.context, hidden, reference.model->output_weight(), {},
                                    reference.targets.data(), options) /
                        tokens;
    tape.backward();
    parameters.finish_gradients();
    CHECK(loss == doctest::Approx(static_cast<double>(read_values(reference.file, "loss")[0])).epsilon(1e-6));

    const std::vector<NamedParameter> gradients = gradients_as_values(parameters);
    std::size_t compared = 0;
    for (const OutgoingTensor& tensor : outgoing_weights(reference.model->config(), gradients)) {
      CAPTURE(tensor.name);
      std::vector<float> found;
      tensor.write([&found](std::span<const std::byte> bytes) {
        const float* begin = reinterpret_cast<const float*>(bytes.data());
        found.insert(found.end(), begin, begin + bytes.size() / sizeof(float));
      });
      const std::vector<float> expected = read_values(reference.file, "gradient." + tensor.name);
      REQUIRE(found.size() == expected.size());
      const float scale = std::fabs(*std::max_element(expected.begin(), expected.end(),
                                                      [](float a, float b) { return std::fabs(a) < std::fabs(b); }));
      CHECK(scale > 0);
      CHECK(distance(found.data(), expected) < 1e-5f * scale + 1e-7f);
      ++compared;
    }
    const auto is_gradient = [](const TensorEntry& entry) { return entry.name.starts_with("gradient."); };
    const auto& all = reference.file.tensors();
    CHECK(compared == static_cast<std::size_t>(std::count_if(all.begin(), all.end(), is_gradient)));
  }
}

TEST_CASE("reference: every attention weight is that of transformers' eager attention") {
  for (const char* name : {"gpt2", "llama"}) {
    CAPTURE(name);
    Reference reference(name);
    AttentionTrace trace;
    reference.context.trace = &trace;
    reference.model->hidden(reference.context, reference.batch());
    const ModelConfig& config = reference.model->config();
    REQUIRE(trace.records.size() == static_cast<std::size_t>(config.layers) * reference.lengths.size());
    for (const AttentionRecord& record : trace.records) {
      CAPTURE(record.layer);
      CAPTURE(record.sequence);
      const std::string place = std::to_string(record.layer) + "." + std::to_string(record.sequence);
      const std::vector<float> expected = read_values(reference.file, "attention." + place);
      REQUIRE(record.weights.size() == expected.size());
      CHECK(record.heads == config.heads);
      CHECK(record.queries == reference.lengths[static_cast<std::size_t>(record.sequence)]);
      CHECK(distance(record.weights.data(), expected) < 1e-5f);
    }
  }
}

TEST_CASE("reference: weights times values are what the fused attention gives") {
  for (const char* name : {"gpt2", "llama"}) {
    CAPTURE(name);
    Reference reference(name);
    AttentionTrace trace;
    reference.context.trace = &trace;
    reference.model->hidden(reference.context, reference.batch());
    const ModelConfig& config = reference.model->config();
    const std::size_t d_head = static_cast<std::size_t>(config.d_head);
    const std::size_t width = static_cast<std::size_t>(config.heads) * d_head;
    const std::size_t value_width = static_cast<std::size_t>(config.kv_heads) * d_head;
    for (const AttentionRecord& record : trace.records) {
      const std::vector<float> values = read_values(reference.file, "values." + std::to_string(record.layer));
      const std::vector<float> contexts = read_values(reference.file, "contexts." + std::to_string(record.layer));
      const std::size_t first = static_cast<std::size_t>(reference.starts[static_cast<std::size_t>(record.sequence)]);
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
