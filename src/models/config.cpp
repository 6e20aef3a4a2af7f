#include "models/config.h"

#include <array>
#include <cmath>

#include "base/error.h"

namespace attn {
namespace {

/// Sizes above this are damage, not models, and products of two of them stay far inside 64 bits.
constexpr int kLargestSize = 1 << 28;
constexpr int kMostLayers = 100'000;
/// Tables of angles or sines are computed for every position.
constexpr int kLongestContext = 1 << 22;

struct Size {
  const char* name;
  int value, least, most;
};

void check_sizes(const ModelConfig& config, const std::string& where) {
  const bool two_stacks = config.architecture == Architecture::transformer;
  const std::array<Size, 9> sizes = {{{"vocabulary", config.vocabulary, 1, kLargestSize},
                                      {"context", config.context, 1, kLongestContext},
                                      {"layers", config.layers, 1, kMostLayers},
                                      {"decoder_layers", config.decoder_layers, two_stacks ? 1 : 0, kMostLayers},
                                      {"heads", config.heads, 1, kLargestSize},
                                      {"kv_heads", config.kv_heads, 1, kLargestSize},
                                      {"d_model", config.d_model, 1, kLargestSize},
                                      {"d_head", config.d_head, 1, kLargestSize},
                                      {"d_ff", config.d_ff, 1, kLargestSize}}};
  for (const Size& size : sizes) {
    if (size.value < size.least || size.value > size.most) {
      fail(where, ": ", size.name, " is ", size.value, ", expected ", size.least, " to ", size.most);
    }
  }
  if (config.type_vocabulary < 0 || config.type_vocabulary > kLargestSize) {
    fail(where, ": type_vocabulary is ", config.type_vocabulary, ", expected 0 to ", kLargestSize);
  }
}

void check_heads(const ModelConfig& config, const std::string& where) {
  if (config.heads % config.kv_heads != 0) {
    fail(where, ": kv_heads is ", config.kv_heads, ", expected a divisor of heads (", config.heads, ")");
  }
  const std::int64_t width = std::int64_t{config.heads} * config.d_head;
  if (width > kLargestSize) {
    fail(where, ": heads times d_head is ", width, ", expected at most ", kLargestSize);
  }
  if (config.positions == Positions::rotary && config.d_head % 2 != 0) {
    fail(where, ": d_head is ", config.d_head, ", expected an even number for rotary positions");
  }
}

void check_numbers(const ModelConfig& config, const std::string& where) {
  if (!(config.dropout >= 0 && config.dropout < 1)) {
    fail(where, ": dropout is ", config.dropout, ", expected 0 or more and less than 1");
  }
  if (!(config.norm_eps > 0 && config.norm_eps < 1)) {
    fail(where, ": norm_eps is ", config.norm_eps, ", expected more than 0 and less than 1");
  }
  if (!(config.rope_theta > 0) || !std::isfinite(config.rope_theta)) {
    fail(where, ": rope_theta is ", config.rope_theta, ", expected a positive number");
  }
}

void check_token(const ModelConfig& config, const std::string& where, const char* name,
                 const std::optional<std::int32_t>& id) {
  if (id && (*id < 0 || *id >= config.vocabulary)) {
    fail(where, ": ", name, " is ", *id, ", expected an id below the vocabulary's size, ", config.vocabulary);
  }
}

void check_head(const ModelConfig& config, const std::string& where) {
  const bool encoder = config.architecture == Architecture::bert;
  if (encoder == (config.head == Head::language)) {
    fail(where, ": head is ", name_of(config.head), ", which no ", name_of(config.architecture), " model has");
  }
  if ((config.head == Head::classifier) != !config.labels.empty()) {
    fail(where, ": found ", config.labels.size(), " labels, expected ",
         config.head == Head::classifier ? "at least 1 for a classifier" : "none without a classifier");
  }
  if (config.architecture == Architecture::transformer && (!config.end_id || !config.pad_id)) {
    fail(where, ": an encoder-decoder model needs an end token and a pad token, found no ",
         config.end_id ? "pad_id" : "end_id");
  }
}

}  // namespace

std::string_view name_of(Architecture value) {
  switch (value) {
    case Architecture::gpt2:
      return "gpt2";
    case Architecture::llama:
      return "llama";
    case Architecture::bert:
      return "bert";
    case Architecture::transformer:
      return "transformer";
  }
  return "";
}

std::string_view name_of(Positions value) {
  switch (value) {
    case Positions::none:
      return "none";
    case Positions::learned:
      return "learned";
    case Positions::sinusoidal:
      return "sinusoidal";
    case Positions::rotary:
      return "rotary";
  }
  return "";
}

std::string_view name_of(NormPlace value) {
  return value == NormPlace::pre ? "pre" : "post";
}

std::string_view name_of(NormKind value) {
  return value == NormKind::layer ? "layer" : "rms";
}

std::string_view name_of(Activation value) {
  switch (value) {
    case Activation::none:
      return "none";
    case Activation::relu:
      return "relu";
    case Activation::gelu:
      return "gelu";
    case Activation::gelu_tanh:
      return "gelu_tanh";
    case Activation::tanh:
      return "tanh";
  }
  return "";
}

std::string_view name_of(Head value) {
  switch (value) {
    case Head::language:
      return "language";
    case Head::masked:
      return "masked";
    case Head::classifier:
      return "classifier";
    case Head::none:
      return "none";
  }
  return "";
}

std::string_view name_of(Pooling value) {
  return value == Pooling::first ? "first" : "mean";
}

void check_config(const ModelConfig& config, const std::string& where) {
  check_sizes(config, where);
  check_heads(config, where);
  check_numbers(config, where);
  check_token(config, where, "begin_id", config.begin_id);
  check_token(config, where, "end_id", config.end_id);
  check_token(config, where, "pad_id", config.pad_id);
  check_head(config, where);
}

const ModelConfig& checked(const ModelConfig& config) {
  check_config(config);
  return config;
}

double parameter_count(const ModelConfig& config) {
  const double c = config.d_model, f = config.d_ff, d = config.d_head, v = config.vocabulary;
  const double queries = config.heads * d, keys = config.kv_heads * d;
  const double ups = config.gated ? 2 * f : f;
  const bool pre_norm = config.norm_place == NormPlace::pre;
  const double norm = config.norm == NormKind::layer && config.biases ? 2 * c : c;
  double attention = (queries + 2 * keys) * c + c * queries + norm;
  double feed_forward = ups * c + c * f + norm;
  if (config.biases) {
    attention += queries + 2 * keys + c;
    feed_forward += ups + c;
  }
  double count = v * c + config.layers * (attention + feed_forward);
  if (config.positions == Positions::learned) count += config.context * c;
  if (pre_norm) count += norm;

  if (config.architecture == Architecture::transformer) {
    count += config.decoder_layers * (2 * attention + feed_forward);
    if (pre_norm) count += norm;
    if (config.biases) count += v;
  }
  if (config.architecture == Architecture::bert) {
    count += config.type_vocabulary * c;
    if (!pre_norm) count += norm;
    if (config.head == Head::masked) count += c * c + norm + (config.biases ? c + v : 0);
    if (config.head == Head::classifier) {
      if (config.pooling == Pooling::first) count += c * c + c;
      count += static_cast<double>(config.labels.size()) * (c + 1);
    }
  }
  const bool has_output = config.head == Head::language || config.head == Head::masked;
  return has_output && !config.tied ? count + v * c : count;
}

}  // namespace attn
