#pragma once
// Reading the reference.safetensors of tests/reference, and comparing a model with what it holds.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "autograd/trace.h"
#include "models/file_layout.h"
#include "models/safetensors.h"
#include "nn/sequences.h"

namespace attn {

inline std::vector<std::int32_t> read_ids(const SafetensorsFile& file, const std::string& name) {
  const TensorEntry* entry = file.find(name);
  REQUIRE_MESSAGE(entry != nullptr, name);
  std::vector<std::int64_t> wide(static_cast<std::size_t>(entry->count()));
  file.read_exactly(name, "I64", std::span(wide));
  return {wide.begin(), wide.end()};
}

inline std::vector<float> read_values(const SafetensorsFile& file, const std::string& name) {
  const TensorEntry* entry = file.find(name);
  REQUIRE_MESSAGE(entry != nullptr, name);
  std::vector<float> values(static_cast<std::size_t>(entry->count()));
  file.read_floats(*entry, values);
  return values;
}

/// Texts as the file holds them, one after the other.
struct ReferenceTexts {
  /// `prefix`starts and `prefix`ids.
  explicit ReferenceTexts(const SafetensorsFile& file, const std::string& prefix = "")
      : ids(read_ids(file, prefix + "ids")), starts(read_ids(file, prefix + "starts")) {
    if (file.find(prefix + "types") != nullptr) types = read_ids(file, prefix + "types");
    for (std::size_t b = 0; b + 1 < starts.size(); ++b) {
      lengths.push_back(starts[b + 1] - starts[b]);
      for (std::int32_t t = 0; t < lengths.back(); ++t) positions.push_back(t);
    }
  }

  TokenBatch batch() const {
    return {{static_cast<std::int64_t>(lengths.size()), starts.data(), lengths.data(), positions.data()},
            ids.data(),
            types.empty() ? nullptr : types.data()};
  }

  std::vector<std::int32_t> ids, starts, types, lengths, positions;
};

/// Largest absolute difference.
inline float distance(const float* found, const std::vector<float>& expected) {
  float largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const float difference = std::fabs(found[i] - expected[i]);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

/// All elements, and none beside them.
inline void check_close(const Tensor& found, const std::vector<float>& expected, float tolerance) {
  REQUIRE(found.size() == static_cast<std::int64_t>(expected.size()));
  CHECK(distance(found.data, expected) < tolerance);
}

/// The gradients as the file has parameters: in the same layout, from the parameters' gradients instead of values.
inline std::vector<NamedParameter> gradients_as_values(const Parameters& parameters) {
  std::vector<NamedParameter> list = parameters.list();
  for (NamedParameter& parameter : list) parameter.tensor.data = parameter.tensor.gradient->data;
  return list;
}

/// Every `gradient.NAME` of the file against the parameters' gradients.
inline void check_gradients(const SafetensorsFile& file, const ModelConfig& config, const Parameters& parameters) {
  const std::vector<NamedParameter> gradients = gradients_as_values(parameters);
  std::ptrdiff_t compared = 0;
  for (const OutgoingTensor& tensor : outgoing_weights(config, gradients)) {
    CAPTURE(tensor.name);
    std::vector<float> found;
    tensor.write([&found](std::span<const std::byte> bytes) {
      const float* begin = reinterpret_cast<const float*>(bytes.data());
      found.insert(found.end(), begin, begin + bytes.size() / sizeof(float));
    });
    const std::vector<float> expected = read_values(file, "gradient." + tensor.name);
    REQUIRE(found.size() == expected.size());
    float scale = 0;
    for (const float value : expected) scale = std::max(scale, std::fabs(value));
    CHECK(scale > 0);
    CHECK(distance(found.data(), expected) < 1e-5f * scale + 1e-7f);
    ++compared;
  }
  const auto is_gradient = [](const TensorEntry& entry) { return entry.name.starts_with("gradient."); };
  CHECK(compared == std::count_if(file.tensors().begin(), file.tensors().end(), is_gradient));
}

/// The weights that an attention gave against `name` of the file.
inline void check_attention(const SafetensorsFile& file, const std::string& name, const AttentionRecord& record) {
  CAPTURE(name);
  const std::vector<float> expected = read_values(file, name);
  REQUIRE(record.weights.size() == expected.size());
  CHECK(distance(record.weights.data(), expected) < 1e-5f);
}

}  // namespace attn
