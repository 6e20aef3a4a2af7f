#pragma once
// How large models are and what memory they need, side by side.

#include <cstdint>
#include <span>
#include <string>

#include "base/json.h"
#include "models/config.h"

namespace attn {

/// A model as far as its size goes: a folder's, or a published one.
struct ModelSizes {
  std::string name;
  ModelConfig config;
  std::int64_t parameters = 0;
  std::string published, source;  // of a published model: the number of parameters that its authors give, and who
};

/// "1234567" with commas.
std::string grouped(std::int64_t number);
/// "1.2 MB": at most three digits.
std::string readable_bytes(double bytes);

/// What memory a model needs: weights, keys and values of one text as long as the context, weights with gradients and
/// both moments of Adam.
Json memory_of(const ModelConfig& config, std::int64_t parameters);

/// Reads names of published models, separated by commas, and adds them. Throws Error (usage) if there is none of that
/// name.
void add_presets(std::vector<ModelSizes>& models, std::string_view names);

/// An array with an object a model.
Json sizes_to_json(std::span<const ModelSizes> models);
/// A column a model.
std::string sizes_to_text(std::span<const ModelSizes> models);

}  // namespace attn
