#include "models/folder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <vector>

#include "../support/temporary_folder.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "models/decoder.h"
#include "models/file_layout.h"
#include "models/initialize.h"

namespace attn {
namespace {

ModelConfig small_gpt2() {
  ModelConfig config;
  config.vocabulary = 11;
  config.context = 6;
  config.layers = 2;
  config.heads = config.kv_heads = 2;
  config.d_model = 8;
  config.d_head = 4;
  config.d_ff = 12;
  return config;
}

ModelConfig small_llama() {
  ModelConfig config = small_gpt2();
  config.architecture = Architecture::llama;
  config.positions = Positions::rotary;
  config.norm = NormKind::rms;
  config.kv_heads = 1;
  config.gated = true;
  config.activation = Activation::none;
  config.biases = false;
  config.tied = false;
  return config;
}

/// Different numbers everywhere, so that a mistaken place shows.
void fill(DecoderModel& model) {
  float number = 0;
  for (const NamedParameter& parameter : model.parameters().list()) {
    for (std::int64_t i = 0; i < parameter.tensor.size(); ++i) parameter.tensor.data[i] = number += 0.25f;
  }
}

bool same_weights(const DecoderModel& a, const DecoderModel& b) {
  const auto& first = a.parameters().list();
  const auto& second = b.parameters().list();
  return std::equal(first.begin(), first.end(), second.begin(), second.end(), [](const auto& x, const auto& y) {
    return x.name == y.name && x.tensor.shape == y.tensor.shape &&
           std::equal(x.tensor.data, x.tensor.data + x.tensor.size(), y.tensor.data);
  });
}

/// Loads the folder and compares it with `expected`.
bool loads_as(const std::string& folder, const DecoderModel& expected) {
  const auto loaded = load_decoder(ModelFolder(folder));
  return loaded->config() == expected.config() && same_weights(*loaded, expected);
}

std::string error_of(const std::string& folder) {
  try {
    load_decoder(ModelFolder(folder));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

std::set<std::string> tensor_names(const std::string& path) {
  const SafetensorsFile file(path);
  std::set<std::string> names;
  for (const TensorEntry& entry : file.tensors()) names.insert(entry.name);
  return names;
}

/// A tensor in memory, on its way to another file.
struct LooseTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

std::vector<LooseTensor> read_all(const std::string& path) {
  const SafetensorsFile file(path);
  std::vector<LooseTensor> tensors;
  for (const TensorEntry& entry : file.tensors()) {
    tensors.push_back({entry.name, entry.shape, std::vector<float>(static_cast<std::size_t>(entry.count()))});
    file.read_floats(entry, tensors.back().values);
  }
  return tensors;
}

void write_all(const std::string& path, const std::vector<LooseTensor>& tensors) {
  std::vector<OutgoingTensor> out;
  for (const LooseTensor& tensor : tensors) {
    out.push_back(outgoing(tensor.name, "F32", tensor.shape, std::span<const float>(tensor.values)));
  }
  write_safetensors(path, {{"format", "pt"}}, out);
}

/// A saved model whose weights a test rearranges.
struct SavedModel {
  explicit SavedModel(const ModelConfig& config) : model(config) {
    fill(model);
    save_model(folder.path(), config, model.parameters().list());
    tensors = read_all(weights());
  }
  std::string weights() const { return folder.path("model.safetensors"); }
  LooseTensor& tensor(const std::string& name) {
    return *std::find_if(tensors.begin(), tensors.end(), [&](const LooseTensor& t) { return t.name == name; });
  }
  void write() const { write_all(weights(), tensors); }

  TemporaryFolder folder;
  DecoderModel model;
  std::vector<LooseTensor> tensors;
};

}  // namespace

TEST_CASE("folder: models of every kind come back as they were") {
  ModelConfig plain = small_gpt2();
  plain.positions = Positions::sinusoidal;
  plain.norm_place = NormPlace::post;
  plain.tied = false;
  ModelConfig biased = small_llama();
  biased.biases = true;
  biased.tied = true;
  for (const ModelConfig& config : {small_gpt2(), small_llama(), plain, biased}) {
    CAPTURE(transformers_class(config));
    const SavedModel saved(config);
    CHECK(loads_as(saved.folder.path(), saved.model));
    CHECK(parameter_count(config) == static_cast<double>(saved.model.parameters().count()));
    CHECK(std::filesystem::exists(saved.folder.path("generation_config.json")));
  }
}

TEST_CASE("folder: GPT-2's file has the names and shapes of transformers") {
  SavedModel saved(small_gpt2());
  const std::set<std::string> names = tensor_names(saved.weights());
  CHECK(names.size() == 4 + 2 * 12);
  CHECK(names.contains("transformer.h.1.attn.c_attn.bias"));
  CHECK_FALSE(names.contains("lm_head.weight"));
  const LooseTensor& qkv = saved.tensor("transformer.h.1.attn.c_attn.weight");
  CHECK(qkv.shape == std::vector<std::int64_t>{8, 24});
  const Tensor& ours = saved.model.parameters().find("layers.1.attention.qkv.weight")->tensor;
  REQUIRE(ours.shape == Shape::matrix(24, 8));
  for (std::size_t in = 0; in < 8; ++in) {
    for (std::size_t out = 0; out < 24; ++out) REQUIRE(qkv.values[in * 24 + out] == ours.data[out * 8 + in]);
  }
  const SafetensorsFile file(saved.weights());
  CHECK(file.metadata().at("format") == "pt");
}

TEST_CASE("folder: LLaMA's file has queries, keys and values, gate and up apart") {
  SavedModel saved(small_llama());
  const std::set<std::string> names = tensor_names(saved.weights());
  CHECK(names.size() == 3 + 2 * 9);
  CHECK(names.contains("lm_head.weight"));
  const float* qkv = saved.model.parameters().find("layers.0.attention.qkv.weight")->tensor.data;
  const LooseTensor& key = saved.tensor("model.layers.0.self_attn.k_proj.weight");
  const LooseTensor& value = saved.tensor("model.layers.0.self_attn.v_proj.weight");
  CHECK(key.shape == std::vector<std::int64_t>{4, 8});
  CHECK(std::equal(key.values.begin(), key.values.end(), qkv + 8 * 8));
  CHECK(std::equal(value.values.begin(), value.values.end(), qkv + 12 * 8));
  const float* up = saved.model.parameters().find("layers.1.feed_forward.up.weight")->tensor.data;
  const LooseTensor& gate = saved.tensor("model.layers.1.mlp.gate_proj.weight");
  CHECK(std::equal(gate.values.begin(), gate.values.end(), up));
}

TEST_CASE("folder: names without the class's prefix are read, and what others keep beside the weights is ignored") {
  for (const ModelConfig& config : {small_gpt2(), small_llama()}) {
    SavedModel saved(config);
    for (LooseTensor& tensor : saved.tensors) {
      for (const std::string prefix : {"transformer.", "model."}) {
        if (tensor.name.starts_with(prefix)) tensor.name.erase(0, prefix.size());
      }
    }
    if (config.architecture == Architecture::gpt2) {
      saved.tensors.push_back({"h.0.attn.bias", {1, 1, 2, 2}, {1, 0, 1, 1}});
      saved.tensors.push_back({"transformer.h.1.attn.masked_bias", {}, {-1e4f}});
    } else {
      saved.tensors.push_back({"layers.1.self_attn.rotary_emb.inv_freq", {2}, {1, 0.5}});
    }
    saved.write();
    CHECK(loads_as(saved.folder.path(), saved.model));
  }
}

TEST_CASE("folder: a tied model's head may stand in the file if it is the embedding") {
  SavedModel saved(small_gpt2());
  LooseTensor head = saved.tensor("transformer.wte.weight");
  head.name = "lm_head.weight";
  saved.tensors.push_back(head);
  saved.write();
  CHECK(loads_as(saved.folder.path(), saved.model));
  saved.tensor("lm_head.weight").values[5] += 1;
  saved.write();
  CHECK(contains(error_of(saved.folder.path()), "lm_head.weight differs from the embedding"));
}

TEST_CASE("folder: missing, extra, misshapen and broken tensors are named") {
  for (const ModelConfig& config : {small_gpt2(), small_llama()}) {
    SavedModel saved(config);
    const std::vector<LooseTensor> good = saved.tensors;
    for (std::size_t i = 0; i < good.size(); ++i) {
      CAPTURE(good[i].name);
      saved.tensors = good;
      saved.tensors.erase(saved.tensors.begin() + static_cast<std::ptrdiff_t>(i));
      saved.write();
      CHECK(contains(error_of(saved.folder.path()), saved.weights() + ": tensor " + good[i].name + " is missing"));

      saved.tensors = good;
      saved.tensors[i].shape.push_back(1);
      saved.write();
      CHECK(contains(error_of(saved.folder.path()), "tensor " + good[i].name + " is F32 ("));

      saved.tensors = good;
      saved.tensors[i].values.back() = std::numeric_limits<float>::infinity();
      saved.write();
      CHECK(contains(error_of(saved.folder.path()), "tensor " + good[i].name + " holds inf"));
    }
    for (const char* name : {"transformer.h.2.ln_1.weight", "model.layers.2.input_layernorm.weight", "x", "", "7"}) {
      saved.tensors = good;
      saved.tensors.push_back({name, {1}, {0}});
      saved.write();
      CHECK(contains(error_of(saved.folder.path()), concat("tensor ", name, " is no part of the model")));
    }
  }
}

TEST_CASE("folder: sharded weights") {
  SavedModel saved(small_llama());
  const std::size_t half = saved.tensors.size() / 2;
  const auto middle = saved.tensors.begin() + static_cast<std::ptrdiff_t>(half);
  const std::string first = "model-00001-of-00002.safetensors", second = "model-00002-of-00002.safetensors";
  write_all(saved.folder.path(first), {saved.tensors.begin(), middle});
  write_all(saved.folder.path(second), {middle, saved.tensors.end()});
  std::filesystem::remove(saved.weights());
  const auto write_index = [&](const auto& change) {
    Json map = Json::object();
    for (std::size_t i = 0; i < saved.tensors.size(); ++i) map.append(saved.tensors[i].name, i < half ? first : second);
    change(map);
    Json index = Json::object();
    index.append("metadata", Json::object()).append("weight_map", std::move(map));
    write_file(saved.folder.path("model.safetensors.index.json"), write_json(index));
  };
  write_index([](Json&) {});
  CHECK(loads_as(saved.folder.path(), saved.model));
  write_index([&](Json& map) { map.set("lm_head.weight", first); });
  CHECK(contains(error_of(saved.folder.path()), "tensor lm_head.weight is missing from"));
  write_index([&](Json& map) { map.append("lm_head.weight", second); });
  CHECK(contains(error_of(saved.folder.path()), "appears twice"));
  write_index([&](Json& map) { map.set("lm_head.weight", "../" + second); });
  CHECK(contains(error_of(saved.folder.path()), "expected a file of the same folder"));
  write_index([&](Json& map) { map.set("lm_head.weight", 3); });
  CHECK(contains(error_of(saved.folder.path()), "expected a string"));
  write_index([&](Json& map) { map.set("lm_head.weight", "none.safetensors"); });
  CHECK(contains(error_of(saved.folder.path()), "none.safetensors"));
  write_index([&](Json& map) { map = Json::object(); });
  CHECK(contains(error_of(saved.folder.path()), "holds 0 numbers"));
  write_file(saved.folder.path("model.safetensors.index.json"), "{}");
  CHECK(contains(error_of(saved.folder.path()), "weight_map"));
}

TEST_CASE("folder: a config.json that asks for far more than the weights hold is refused before memory is taken") {
  const SavedModel saved(small_gpt2());
  ModelConfig config = saved.model.config();
  config.vocabulary = 1 << 28;
  config.d_model = 1 << 20;
  config.heads = config.kv_heads = 2;
  config.d_head = 1 << 19;
  write_file(saved.folder.path("config.json"), config_to_json(config));
  CHECK(contains(error_of(saved.folder.path()), "describes a model of"));
  config = saved.model.config();
  config.architecture = Architecture::bert;
  config.head = Head::masked;
  write_file(saved.folder.path("config.json"), config_to_json(config));
  CHECK(contains(error_of(saved.folder.path()), "of the bert family, expected a language model"));
}

TEST_CASE("folder: what is no model says so") {
  const TemporaryFolder folder;
  CHECK(contains(error_of(folder.path("none")), "no such folder"));
  CHECK(contains(error_of(folder.path()), "holds no config.json"));
  write_file(folder.path("config.json"), config_to_json(small_gpt2()));
  CHECK(contains(error_of(folder.path()), "holds no model.safetensors"));
  write_file(folder.path("pytorch_model.bin"), "");
  CHECK(contains(error_of(folder.path()), "safe_serialization"));
  CHECK(contains(error_of(folder.path("config.json")), "config.json"));
}

TEST_CASE("folder: nothing is overwritten unasked") {
  const TemporaryFolder folder;
  const std::string fresh = folder.path("a/b");
  create_model_folder(fresh, false);
  CHECK(std::filesystem::is_directory(fresh));
  create_model_folder(fresh, false);
  CHECK_THROWS_AS(create_model_folder(folder.path(), false), Error);
  create_model_folder(folder.path(), true);
  write_file(fresh + "/config.json", "{}");
  CHECK_THROWS_AS(create_model_folder(fresh, false), Error);
  create_model_folder(fresh, true);
  CHECK(std::filesystem::exists(fresh + "/config.json"));
  write_file(folder.path("file"), "");
  CHECK_THROWS_AS(create_model_folder(folder.path("file"), true), Error);
}

TEST_CASE("folder: config.json with flipped or missing bytes is read or refused, never worse") {
  const SavedModel saved(small_llama());
  const std::string path = saved.folder.path("config.json");
  const std::string good = read_file(path);
  for (std::size_t length = 0; length + 2 < good.size(); ++length) {
    write_quickly(path, good.substr(0, length));
    CHECK(contains(error_of(saved.folder.path()), path));
  }
  const RandomStream random(2, RandomPurpose::data);
  for (std::uint64_t round = 0; round < 2000; ++round) {
    std::string damaged = good;
    damaged[random.below(2 * round, good.size())] = static_cast<char>(random.below(2 * round + 1, 256));
    write_quickly(path, damaged);
    error_of(saved.folder.path());
  }
}

TEST_CASE("folder: the weights file cut short at any place is refused") {
  const SavedModel saved(small_gpt2());
  const std::string good = read_file(saved.weights());
  for (std::size_t length = 0; length < good.size(); length += 37) {
    write_quickly(saved.weights(), good.substr(0, length));
    CHECK(contains(error_of(saved.folder.path()), saved.weights()));
  }
}

}  // namespace attn
