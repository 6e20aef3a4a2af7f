#pragma once
// Tokens as the labels of pictures: on one line, and without anything that a terminal or a browser would obey.

#include <string>
#include <string_view>

namespace attn {

/// A space is shown as `·`, a line feed as `↵`, a tab as `⇥`; other control characters and characters that change the
/// direction of text or take no room by their number, `\x1B` or `\u202E`.
std::string token_label(std::string_view token);

/// Columns that a text takes on a terminal: 2 for East Asian characters and emoji, 0 for combining marks.
int columns_of(std::string_view text);
int columns_of(char32_t code_point);

/// The text in at most `columns` columns, with `…` for what was cut.
std::string shortened(std::string_view text, int columns);

}  // namespace attn
