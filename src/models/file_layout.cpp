#include "models/file_layout.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.h"

namespace attn {
namespace {

/// Names of a head's own parameters begin with this.
constexpr std::string_view kHeadPrefix = "head.";

/// The rows of a packed parameter that one array of the file holds.
enum class Rows { all, query, key, value, gate, up, cross_key, cross_value };

/// A module of ours and its name in the file, for its weight and its bias; or a single parameter and its name. `#`
/// stands for the layer.
struct Rule {
  std::string_view module;
  std::string_view file;
  Rows rows = Rows::all;
  Stored stored = Stored::plain;
};

constexpr Rule kGpt2Rules[] = {
    {"embedding", "transformer.wte"},
    {"positions", "transformer.wpe"},
    {"layers.#.attention_norm", "transformer.h.#.ln_1"},
    {"layers.#.attention.qkv", "transformer.h.#.attn.c_attn", Rows::all, Stored::transposed},
    {"layers.#.attention.output", "transformer.h.#.attn.c_proj", Rows::all, Stored::transposed},
    {"layers.#.feed_forward_norm", "transformer.h.#.ln_2"},
    {"layers.#.feed_forward.up", "transformer.h.#.mlp.c_fc", Rows::all, Stored::transposed},
    {"layers.#.feed_forward.down", "transformer.h.#.mlp.c_proj", Rows::all, Stored::transposed},
    {"final_norm", "transformer.ln_f"},
    {"output", "lm_head"},
};

constexpr Rule kLlamaRules[] = {
    {"embedding", "model.embed_tokens"},
    {"layers.#.attention_norm", "model.layers.#.input_layernorm"},
    {"layers.#.attention.qkv", "model.layers.#.self_attn.q_proj", Rows::query},
    {"layers.#.attention.qkv", "model.layers.#.self_attn.k_proj", Rows::key},
    {"layers.#.attention.qkv", "model.layers.#.self_attn.v_proj", Rows::value},
    {"layers.#.attention.output", "model.layers.#.self_attn.o_proj"},
    {"layers.#.feed_forward_norm", "model.layers.#.post_attention_layernorm"},
    {"layers.#.feed_forward.up", "model.layers.#.mlp.gate_proj", Rows::gate},
    {"layers.#.feed_forward.up", "model.layers.#.mlp.up_proj", Rows::up},
    {"layers.#.feed_forward.down", "model.layers.#.mlp.down_proj"},
    {"final_norm", "model.norm"},
    {"output", "lm_head"},
};

constexpr Rule kBertRules[] = {
    {"embedding", "bert.embeddings.word_embeddings"},
    {"positions", "bert.embeddings.position_embeddings"},
    {"types", "bert.embeddings.token_type_embeddings"},
    {"embedding_norm", "bert.embeddings.LayerNorm"},
    {"layers.#.attention.qkv", "bert.encoder.layer.#.attention.self.query", Rows::query},
    {"layers.#.attention.qkv", "bert.encoder.layer.#.attention.self.key", Rows::key},
    {"layers.#.attention.qkv", "bert.encoder.layer.#.attention.self.value", Rows::value},
    {"layers.#.attention.output", "bert.encoder.layer.#.attention.output.dense"},
    {"layers.#.attention_norm", "bert.encoder.layer.#.attention.output.LayerNorm"},
    {"layers.#.feed_forward.up", "bert.encoder.layer.#.intermediate.dense"},
    {"layers.#.feed_forward.down", "bert.encoder.layer.#.output.dense"},
    {"layers.#.feed_forward_norm", "bert.encoder.layer.#.output.LayerNorm"},
    {"head.transform", "cls.predictions.transform.dense"},
    {"head.norm", "cls.predictions.transform.LayerNorm"},
    {"head.output", "cls.predictions"},
    {"head.pooler", "bert.pooler.dense"},
    {"head.classifier", "classifier"},
};

constexpr Rule kMarianRules[] = {
    {"embedding", "model.shared"},
    {"encoder.layers.#.attention.qkv", "model.encoder.layers.#.self_attn.q_proj", Rows::query},
    {"encoder.layers.#.attention.qkv", "model.encoder.layers.#.self_attn.k_proj", Rows::key},
    {"encoder.layers.#.attention.qkv", "model.encoder.layers.#.self_attn.v_proj", Rows::value},
    {"encoder.layers.#.attention.output", "model.encoder.layers.#.self_attn.out_proj"},
    {"encoder.layers.#.attention_norm", "model.encoder.layers.#.self_attn_layer_norm"},
    {"encoder.layers.#.feed_forward.up", "model.encoder.layers.#.fc1"},
    {"encoder.layers.#.feed_forward.down", "model.encoder.layers.#.fc2"},
    {"encoder.layers.#.feed_forward_norm", "model.encoder.layers.#.final_layer_norm"},
    {"decoder.layers.#.attention.qkv", "model.decoder.layers.#.self_attn.q_proj", Rows::query},
    {"decoder.layers.#.attention.qkv", "model.decoder.layers.#.self_attn.k_proj", Rows::key},
    {"decoder.layers.#.attention.qkv", "model.decoder.layers.#.self_attn.v_proj", Rows::value},
    {"decoder.layers.#.attention.output", "model.decoder.layers.#.self_attn.out_proj"},
    {"decoder.layers.#.attention_norm", "model.decoder.layers.#.self_attn_layer_norm"},
    {"decoder.layers.#.cross_attention.query", "model.decoder.layers.#.encoder_attn.q_proj"},
    {"decoder.layers.#.cross_attention.key_value", "model.decoder.layers.#.encoder_attn.k_proj", Rows::cross_key},
    {"decoder.layers.#.cross_attention.key_value", "model.decoder.layers.#.encoder_attn.v_proj", Rows::cross_value},
    {"decoder.layers.#.cross_attention.output", "model.decoder.layers.#.encoder_attn.out_proj"},
    {"decoder.layers.#.cross_norm", "model.decoder.layers.#.encoder_attn_layer_norm"},
    {"decoder.layers.#.feed_forward.up", "model.decoder.layers.#.fc1"},
    {"decoder.layers.#.feed_forward.down", "model.decoder.layers.#.fc2"},
    {"decoder.layers.#.feed_forward_norm", "model.decoder.layers.#.final_layer_norm"},
    {"output.bias", "final_logits_bias", Rows::all, Stored::row},
};

/// Arrays that a family's files may hold beside the parameters: computed anew by everybody who reads them, copies of the
/// shared embedding, or other heads. `*` stands for any ending.
constexpr std::string_view kGpt2Harmless[] = {"transformer.h.#.attn.bias", "transformer.h.#.attn.masked_bias"};
constexpr std::string_view kLlamaHarmless[] = {"model.rotary_emb.inv_freq",
                                               "model.layers.#.self_attn.rotary_emb.inv_freq"};
constexpr std::string_view kBertHarmless[] = {"bert.embeddings.position_ids", "bert.pooler.*", "cls.*", "classifier.*"};
constexpr std::string_view kMarianHarmless[] = {
    "model.encoder.embed_positions.weight", "model.decoder.embed_positions.weight", "model.encoder.embed_tokens.weight",
    "model.decoder.embed_tokens.weight"};

constexpr std::string_view kOwnHarmless[] = {"head.*"};

/// One family's files.
struct Layout {
  std::string_view transformers_class;  // see transformers_class(); empty: our own names
  std::span<const Rule> rules;          // empty: the file's names are ours
  std::string_view prefix;              // absent from names that the class without a head saved
  std::span<const std::string_view> harmless;
  std::string_view tied_output = {};  // the output projection, where it is the embedding
  bool without_prefix = false;        // this is the class without a head
};

constexpr Layout kLayouts[] = {
    {"GPT2LMHeadModel", kGpt2Rules, "transformer.", kGpt2Harmless, "lm_head.weight"},
    {"LlamaForCausalLM", kLlamaRules, "model.", kLlamaHarmless, "lm_head.weight"},
    {"BertForMaskedLM", kBertRules, "bert.", kBertHarmless, "cls.predictions.decoder.weight"},
    {"BertForSequenceClassification", kBertRules, "bert.", kBertHarmless},
    {"BertModel", kBertRules, "bert.", kBertHarmless, "", true},
    {"MarianMTModel", kMarianRules, "model.", kMarianHarmless, "lm_head.weight"},
    {"", {}, "", kOwnHarmless},
};

const Layout& layout_of(const ModelConfig& config) {
  const std::string_view name = transformers_class(config);
  for (const Layout& layout : kLayouts) {
    if (layout.transformers_class == name) return layout;
  }
  fail("weights of ", name, " cannot be read or written");
}

/// A dotted name with its first number taken out: "layers.12.x" is "layers.#.x" and "12".
struct Pattern {
  std::string text;
  std::string number;
};

Pattern split_number(std::string_view name) {
  for (std::size_t begin = 0; begin < name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    if (!part.empty() && part.find_first_not_of("0123456789") == part.npos) {
      return {std::string(name.substr(0, begin)) + '#' + std::string(name.substr(end)), std::string(part)};
    }
    begin = end + 1;
  }
  return {std::string(name), ""};
}

std::string put_number(std::string_view pattern, const std::string& number) {
  std::string name(pattern);
  const std::size_t place = name.find('#');
  if (place != name.npos) name.replace(place, 1, number);
  return name;
}

bool is_matrix(const NamedParameter& parameter) {
  return parameter.tensor.shape.rank == 2;
}

FilePart make_part(const ModelConfig& config, const NamedParameter& parameter, std::string name, Rows rows,
                   Stored stored) {
  const std::int64_t queries = std::int64_t{config.heads} * config.d_head;
  const std::int64_t keys = std::int64_t{config.kv_heads} * config.d_head;
  const Shape& shape = parameter.tensor.shape;
  if (stored == Stored::transposed && !is_matrix(parameter)) stored = Stored::plain;
  FilePart part{std::move(name), &parameter, 0, is_matrix(parameter) ? shape.rows : shape.columns, stored};
  switch (rows) {
    case Rows::all:
      break;
    case Rows::query:
      part.rows = queries;
      break;
    case Rows::key:
      part.first = queries, part.rows = keys;
      break;
    case Rows::cross_key:
      part.rows = keys;
      break;
    case Rows::cross_value:
      part.first = part.rows = keys;
      break;
    case Rows::value:
      part.first = queries + keys, part.rows = keys;
      break;
    case Rows::gate:
      part.rows = config.d_ff;
      break;
    case Rows::up:
      part.first = part.rows = config.d_ff;
      break;
  }
  return part;
}

float* data_of(const FilePart& part) {
  const std::int64_t width = is_matrix(*part.parameter) ? part.parameter->tensor.columns() : 1;
  return part.parameter->tensor.data + part.first * width;
}

/// to (columns, rows) = from (rows, columns), in squares that fit the cache.
void transpose(const float* from, std::int64_t rows, std::int64_t columns, float* to) {
  constexpr std::int64_t kSquare = 32;
  for (std::int64_t row = 0; row < rows; row += kSquare) {
    for (std::int64_t column = 0; column < columns; column += kSquare) {
      for (std::int64_t r = row; r < std::min(row + kSquare, rows); ++r) {
        for (std::int64_t c = column; c < std::min(column + kSquare, columns); ++c) {
          to[c * rows + r] = from[r * columns + c];
        }
      }
    }
  }
}

/// With the class's prefix or without it, as the file has it.
WeightFiles::Entry find_prefixed(const WeightFiles& files, const Layout& layout, std::string_view name) {
  WeightFiles::Entry entry = files.find(name);
  if (!entry && name.starts_with(layout.prefix)) entry = files.find(name.substr(layout.prefix.size()));
  if (!entry && layout.without_prefix) entry = files.find(std::string(layout.prefix).append(name));
  return entry;
}

/// With the name that the file uses. The norms of BERT's first files, and of those that transformers 5.0 saves, have
/// gamma and beta instead of weight and bias.
WeightFiles::Entry find_part(const WeightFiles& files, const Layout& layout, std::string_view name) {
  const WeightFiles::Entry entry = find_prefixed(files, layout, name);
  const std::size_t dot = name.rfind('.');
  if (entry || dot == name.npos || !name.substr(0, dot).ends_with("LayerNorm")) return entry;
  const std::string_view old_field = name.substr(dot) == ".weight" ? ".gamma" : ".beta";
  return find_prefixed(files, layout, std::string(name.substr(0, dot)).append(old_field));
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + ")";
}

void load_part(const WeightFiles::Entry& entry, const FilePart& part) {
  const std::vector<std::int64_t> expected = part.shape();
  if (entry.tensor->shape != expected) {
    fail(entry.file->path(), ": tensor ", entry.tensor->name, " is ", describe(*entry.tensor), ", expected shape ",
         shape_text(expected), " from config.json");
  }
  const std::size_t count = static_cast<std::size_t>(entry.tensor->count());
  if (part.stored != Stored::transposed) return entry.file->read_floats(*entry.tensor, {data_of(part), count});
  std::vector<float> stored(count);
  entry.file->read_floats(*entry.tensor, stored);
  transpose(stored.data(), expected[0], expected[1], data_of(part));
}

/// A head that a tied model's file states all the same must be the embedding.
void check_tied_head(const WeightFiles::Entry& head, std::span<const NamedParameter> parameters) {
  const auto embedding = std::find_if(parameters.begin(), parameters.end(),
                                      [](const NamedParameter& p) { return p.name == "embedding.weight"; });
  const std::int64_t size = embedding == parameters.end() ? 0 : embedding->tensor.size();
  bool equal = head.tensor->count() == size;
  if (equal) {
    std::vector<float> values(static_cast<std::size_t>(size));
    head.file->read_floats(*head.tensor, values);
    equal = std::equal(values.begin(), values.end(), embedding->tensor.data);
  }
  if (!equal) {
    fail(head.file->path(), ": tensor ", head.tensor->name,
         " differs from the embedding, but config.json says that they are tied (tie_word_embeddings)");
  }
}

/// `*` at the end of the expected name stands for anything.
bool matches(std::string_view name, std::string_view expected) {
  if (!expected.ends_with('*')) return name == expected;
  return name.starts_with(expected.substr(0, expected.size() - 1));
}

void check_extra(const WeightFiles::Entry& entry, const ModelConfig& config, const Layout& layout,
                 std::span<const NamedParameter> parameters) {
  const std::string pattern = split_number(entry.tensor->name).text;
  if (config.tied && pattern == layout.tied_output) return check_tied_head(entry, parameters);
  for (const std::string_view harmless : layout.harmless) {
    if (matches(pattern, harmless)) return;
    if (harmless.starts_with(layout.prefix) && matches(pattern, harmless.substr(layout.prefix.size()))) return;
  }
  fail(entry.file->path(), ": tensor ", entry.tensor->name, " is no part of the model that config.json describes");
}

}  // namespace

std::vector<std::int64_t> FilePart::shape() const {
  if (stored == Stored::row) return {1, rows};
  if (!is_matrix(*parameter)) return {rows};
  const std::int64_t columns = parameter->tensor.columns();
  if (stored == Stored::transposed) return {columns, rows};
  return {rows, columns};
}

std::vector<FilePart> file_layout(const ModelConfig& config, std::span<const NamedParameter> parameters) {
  const Layout& layout = layout_of(config);
  std::vector<FilePart> parts;
  for (const NamedParameter& parameter : parameters) {
    const std::size_t dot = parameter.name.rfind('.');
    const std::string field = parameter.name.substr(dot);
    const Pattern module = split_number(std::string_view(parameter.name).substr(0, dot));
    const std::size_t before = parts.size();
    for (const Rule& rule : layout.rules) {
      const bool alone = rule.module == module.text + field;
      if (rule.module != module.text && !alone) continue;
      std::string name = put_number(rule.file, module.number) + (alone ? "" : field);
      if (layout.without_prefix && name.starts_with(layout.prefix)) name.erase(0, layout.prefix.size());
      parts.push_back(make_part(config, parameter, name, rule.rows, rule.stored));
    }
    if (layout.rules.empty()) parts.push_back(make_part(config, parameter, parameter.name, Rows::all, Stored::plain));
    if (parts.size() == before) fail("parameter ", parameter.name, " has no name in ", layout.transformers_class);
  }
  return parts;
}

std::vector<OutgoingTensor> outgoing_weights(const ModelConfig& config, std::span<const NamedParameter> parameters) {
  std::vector<OutgoingTensor> tensors;
  for (const FilePart& part : file_layout(config, parameters)) {
    tensors.push_back({part.name, "F32", part.shape(), [part](const ByteSink& sink) {
                         const std::int64_t width = is_matrix(*part.parameter) ? part.parameter->tensor.columns() : 1;
                         const std::size_t count = static_cast<std::size_t>(part.rows * width);
                         if (part.stored != Stored::transposed)
                           return sink(std::as_bytes(std::span(data_of(part), count)));
                         std::vector<float> stored(count);
                         transpose(data_of(part), part.rows, width, stored.data());
                         sink(std::as_bytes(std::span(stored)));
                       }});
  }
  return tensors;
}

void load_weights(const WeightFiles& files, const ModelConfig& config, std::span<const NamedParameter> parameters,
                  HeadWeights head) {
  const Layout& layout = layout_of(config);
  std::vector<const TensorEntry*> used;
  for (const FilePart& part : file_layout(config, parameters)) {
    const WeightFiles::Entry entry = find_part(files, layout, part.name);
    if (!entry && head == HeadWeights::optional && part.parameter->name.starts_with(kHeadPrefix)) continue;
    if (!entry) fail(files.path(), ": tensor ", part.name, " is missing");
    load_part(entry, part);
    used.push_back(entry.tensor);
  }
  std::sort(used.begin(), used.end());
  for (const WeightFiles::Entry& entry : files.all()) {
    if (!std::binary_search(used.begin(), used.end(), entry.tensor)) check_extra(entry, config, layout, parameters);
  }
}

}  // namespace attn
