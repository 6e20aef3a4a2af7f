#pragma once
// Published models, as far as their shapes go: what a model of one's own can be compared with.

#include <cstdint>
#include <span>
#include <string_view>

#include "models/config.h"

namespace attn {

struct Preset {
  std::string_view name;       // "gpt2"
  std::string_view published;  // the number of parameters that its authors give: "124 M"
  std::string_view source;     // "Radford et al. 2019"
  ModelConfig config;
  /// Parameters of the published model that this program's has no place for.
  std::int64_t others = 0;

  /// Trained numbers, of the published model's shapes.
  std::int64_t parameters() const;
};

/// In the order of their years.
std::span<const Preset> presets();

/// Null if there is none of that name.
const Preset* find_preset(std::string_view name);

}  // namespace attn
