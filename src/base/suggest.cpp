#include "base/suggest.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace attn {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

int edit_distance(std::string_view a, std::string_view b) {
  std::vector<int> two_above(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(two_above, above);
    std::swap(above, row);
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1])) {
        row[j] = std::min(row[j], two_above[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

std::string closest_word(std::string_view word, std::span<const std::string> candidates) {
  std::string closest;
  int smallest = std::max(1, static_cast<int>(word.size()) / 3) + 1;
  for (const std::string& candidate : candidates) {
    int distance = edit_distance(word, candidate);
    // A beginning that is long enough to mean something: "temp" for "temperature".
    if (word.size() >= 3 && std::string_view(candidate).starts_with(word)) distance = std::min(distance, 1);
    if (distance < smallest) {
      smallest = distance;
      closest = candidate;
    }
  }
  return closest;
}

bool is_listed(std::string_view word, std::string_view list) {
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(' ', begin), list.size());
    if (list.substr(begin, end - begin) == word) return true;
    begin = end + 1;
  }
  return false;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const std::string closest = closest_word(word, candidates);
  return closest.empty() ? "" : "; did you mean '" + closest + "'?";
}

}  // namespace attn
