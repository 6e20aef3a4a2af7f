#pragma once
// Texts as examples: cut into pieces that fit a model's context.

#include <string>

#include "text/token_file.h"
#include "text/tokenizer.h"

namespace attn {

/// Writes an example file of one field at `path`: consecutive pieces of the texts' tokens with the tokenizer's special
/// tokens around each, `longest` tokens in all; the last one may be short. Throws Error (usage) if there is no room.
void write_pieces(const TokenFile& tokens, const Tokenizer& tokenizer, int longest, const std::string& path);

}  // namespace attn
