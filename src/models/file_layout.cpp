#include "models/file_layout.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.h"

namespace attn {
namespace {

/// The rows of a packed parameter that one array of the file holds.
enum class Rows { all, query, key, value, gate, up };

/// A module of ours and its name in the file; `#` stands for the layer. Holds for its weight and its bias.
struct Rule {
  std::string_view module;
  std::string_view file;
  Rows rows = Rows::all;
  bool transposed = false;  // the weight is stored as (in, out): GPT-2's Conv1D
};

constexpr Rule kGpt2Rules[] = {
    {"embedding", "transformer.wte"},
    {"positions", "transformer.wpe"},
    {"layers.#.attention_norm", "transformer.h.#.ln_1"},
    {"layers.#.attention.qkv", "transformer.h.#.attn.c_attn", Rows::all, true},
    {"layers.#.attention.output", "transformer.h.#.attn.c_proj", Rows::all, true},
    {"layers.#.feed_forward_norm", "transformer.h.#.ln_2"},
    {"layers.#.feed_forward.up", "transformer.h.#.mlp.c_fc", Rows::all, true},
    {"layers.#.feed_forward.down", "transformer.h.#.mlp.c_proj", Rows::all, true},
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

/// Arrays that a family's files may hold beside the parameters; computed anew by everybody who reads them.
constexpr std::string_view kGpt2Harmless[] = {"transformer.h.#.attn.bias", "transformer.h.#.attn.masked_bias"};
constexpr std::string_view kLlamaHarmless[] = {"model.rotary_emb.inv_freq",
                                               "model.layers.#.self_attn.rotary_emb.inv_freq"};

/// One family's files.
struct Layout {
  std::string_view transformers_class;  // see transformers_class(); empty: our own names
  std::span<const Rule> rules;          // empty: the file's names are ours
  std::string_view prefix;              // absent from names that the class without a head saved
  std::span<const std::string_view> harmless;
};

constexpr Layout kLayouts[] = {
    {"GPT2LMHeadModel", kGpt2Rules, "transformer.", kGpt2Harmless},
    {"LlamaForCausalLM", kLlamaRules, "model.", kLlamaHarmless},
    {"", {}, "", {}},
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
                   bool transposed) {
  const std::int64_t queries = std::int64_t{config.heads} * config.d_head;
  const std::int64_t keys = std::int64_t{config.kv_heads} * config.d_head;
  const Shape& shape = parameter.tensor.shape;
  FilePart part{std::move(name), &parameter, 0, is_matrix(parameter) ? shape.rows : shape.columns,
                transposed && is_matrix(parameter)};
  switch (rows) {
    case Rows::all:
      break;
    case Rows::query:
      part.rows = queries;
      break;
    case Rows::key:
      part.first = queries, part.rows = keys;
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

/// With the name that the file uses: with or without the class's prefix.
WeightFiles::Entry find_part(const WeightFiles& files, const Layout& layout, std::string_view name) {
  WeightFiles::Entry entry = files.find(name);
  if (!entry && name.starts_with(layout.prefix)) entry = files.find(name.substr(layout.prefix.size()));
  return entry;
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
  if (!part.transposed) return entry.file->read_floats(*entry.tensor, {data_of(part), count});
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

void check_extra(const WeightFiles::Entry& entry, const ModelConfig& config, const Layout& layout,
                 std::span<const NamedParameter> parameters) {
  const std::string pattern = split_number(entry.tensor->name).text;
  for (const std::string_view harmless : layout.harmless) {
    if (pattern == harmless || pattern == harmless.substr(layout.prefix.size())) return;
  }
  if (config.tied && pattern == "lm_head.weight") return check_tied_head(entry, parameters);
  fail(entry.file->path(), ": tensor ", entry.tensor->name, " is no part of the model that config.json describes");
}

}  // namespace

std::vector<std::int64_t> FilePart::shape() const {
  if (!is_matrix(*parameter)) return {rows};
  const std::int64_t columns = parameter->tensor.columns();
  if (transposed) return {columns, rows};
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
      if (rule.module != module.text) continue;
      const std::string name = put_number(rule.file, module.number) + field;
      parts.push_back(make_part(config, parameter, name, rule.rows, rule.transposed));
    }
    if (layout.rules.empty()) parts.push_back(make_part(config, parameter, parameter.name, Rows::all, false));
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
                         if (!part.transposed) return sink(std::as_bytes(std::span(data_of(part), count)));
                         std::vector<float> stored(count);
                         transpose(data_of(part), part.rows, width, stored.data());
                         sink(std::as_bytes(std::span(stored)));
                       }});
  }
  return tensors;
}

void load_weights(const WeightFiles& files, const ModelConfig& config, std::span<const NamedParameter> parameters) {
  const Layout& layout = layout_of(config);
  std::vector<const TensorEntry*> used;
  for (const FilePart& part : file_layout(config, parameters)) {
    const WeightFiles::Entry entry = find_part(files, layout, part.name);
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
