#pragma once
// "Did you mean": the known word that a mistyped one was probably meant to be.

#include <span>
#include <string>
#include <string_view>

namespace attn {

/// Fewest insertions, deletions, substitutions and swaps of neighbours that turn one word into the other
/// (optimal string alignment), case ignored.
int edit_distance(std::string_view a, std::string_view b);

/// The candidate closest to `word`, the first of equals; empty if none is close enough to be meant.
std::string closest_word(std::string_view word, std::span<const std::string> candidates);

/// Whether the word is in a list of words between spaces.
bool is_listed(std::string_view word, std::string_view list);

/// "; did you mean 'candidate'?" for an error message, or "" if no candidate is close.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace attn
