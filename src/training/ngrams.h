#pragma once
// N-grams that two sequences share: what BLEU counts on words and chrF on characters.

#include <cstddef>
#include <cstdint>
#include <span>

namespace attn {

/// How many n-grams a sequence of `length` elements has.
constexpr std::int64_t count_ngrams(std::size_t length, std::size_t n) {
  return length < n ? 0 : static_cast<std::int64_t>(length - n + 1);
}

/// Σ over all n-grams of the smaller of their numbers in `a` and in `b` ("clipped" matches). n is at least 1.
std::int64_t count_shared_ngrams(std::span<const char32_t> a, std::span<const char32_t> b, std::size_t n);

/// What str.isspace() and str.split() of Python take for white space: \s and the separators U+001C to U+001F.
bool is_python_space(char32_t code_point);

}  // namespace attn
