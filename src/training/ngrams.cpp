#include "training/ngrams.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "text/unicode.h"

namespace attn {

namespace {

std::vector<std::u32string_view> sorted_ngrams(std::span<const char32_t> sequence, std::size_t n) {
  std::vector<std::u32string_view> ngrams;
  for (std::size_t i = 0; i + n <= sequence.size(); ++i) ngrams.emplace_back(sequence.data() + i, n);
  std::sort(ngrams.begin(), ngrams.end());
  return ngrams;
}

}  // namespace

std::int64_t count_shared_ngrams(std::span<const char32_t> a, std::span<const char32_t> b, std::size_t n) {
  const auto left = sorted_ngrams(a, n);
  const auto right = sorted_ngrams(b, n);
  std::int64_t shared = 0;
  for (auto l = left.begin(), r = right.begin(); l != left.end() && r != right.end();) {
    const int order = l->compare(*r);
    shared += order == 0 ? 1 : 0;
    if (order <= 0) ++l;
    if (order >= 0) ++r;
  }
  return shared;
}

bool is_python_space(char32_t code_point) {
  return (CharacterClasses::table().of(code_point) & kSpace) != 0 || (code_point >= 0x1C && code_point <= 0x1F);
}

}  // namespace attn
