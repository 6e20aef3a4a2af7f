#pragma once
// A tokenizer as the page of a model needs it.

#include <string_view>

#include "base/json.h"
#include "text/tokenizer.h"

namespace attn {

/// From the contents of a tokenizer.json: `pieces` (a regular expression of JavaScript that finds what the model
/// encodes), `lowercase`, `prefixSpace`, `bytes` (byte-level BPE, else whole words), `vocabulary`, `merges`, `whole` (a
/// piece that is a token is taken so), `unknown`, `spaced` (words are joined by spaces). Throws Error naming `where` and
/// the part that the page's script does not know.
Json page_tokenizer(const Json& json, const Tokenizer& tokenizer, std::string_view where);

}  // namespace attn
