#pragma once
// The "decoder" of a tokenizer.json: names of tokens back to text.

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"

namespace attn {

/// One step: a list of parts to another.
using DecodeStep = std::function<std::vector<std::string>(std::vector<std::string>)>;

/// The steps in order; the parts that come out are joined. Null: names joined by spaces. Throws Error naming `file`
/// and a type that is not supported.
std::vector<DecodeStep> decode_steps_from_json(const Json& json, const std::string& file);

/// Bytes as text: what is no valid UTF-8 becomes U+FFFD, one for each longest beginning of a character.
std::string replace_invalid_utf8(std::string_view bytes);

}  // namespace attn
