#pragma once
// What the pages for the browser share.

#include <span>
#include <string>

#include "base/json.h"
#include "inspection/heat_colors.h"

namespace attn {

/// JSON that no script element ends in: `<` is written as \u003c.
std::string script_json(const Json& value);

/// What pages show for tokens.
Json label_array(std::span<const std::string> tokens);

/// The 256 colours of weights, as six hexadecimal digits each.
Json heat_palette(Background background);

}  // namespace attn
