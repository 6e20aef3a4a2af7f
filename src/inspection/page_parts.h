#pragma once
// What the pages for the browser share.

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "inspection/heat_colors.h"

namespace attn {

/// JSON that no script element ends in: `<` is written as \u003c.
std::string script_json(const Json& value);

/// What pages show for tokens.
Json label_array(std::span<const std::string> tokens);

/// The 256 colours of weights, as six hexadecimal digits each.
Json heat_palette(Background background);

/// Base64 as RFC 4648 has it, with padding.
std::string base64(std::string_view bytes);

}  // namespace attn
