#include "training/bleu.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/error.h"
#include "base/utf8.h"
#include "base/version.h"
#include "training/ngrams.h"

namespace attn {

namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_stop(char c) {
  return c == '.' || c == ',';
}

/// ASCII's punctuation and symbols but for `'`, `,`, `-` and `.`; and the space, for which it makes no difference.
bool stands_alone(char c) {
  return (c >= '{' && c <= '~') || (c >= '[' && c <= '`') || (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') ||
         (c >= ':' && c <= '@') || c == '/';
}

/// Writes " X " around the chosen character of every pair that matches. As with a regular expression, pairs do not
/// overlap; a byte of a longer character matches like the character itself.
template <class First, class Second>
std::string set_apart(const std::string& text, std::size_t chosen, First first, Second second) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i + 1 == text.size() || !first(text[i]) || !second(text[i + 1])) {
      result += text[i];
      continue;
    }
    const char pair[] = {text[i], text[++i]};
    for (std::size_t part = 0; part < 2; ++part) {
      if (part == chosen) result += ' ';
      result += pair[part];
      if (part == chosen) result += ' ';
    }
  }
  return result;
}

/// Python's str.split().
std::vector<std::string> split_at_spaces(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  for (std::size_t i = 0; i < text.size();) {
    const auto [value, bytes] = decode_utf8(text, i);
    const auto length = static_cast<std::size_t>(std::max(bytes, 1));
    const bool space = bytes > 0 && is_python_space(value);
    if (!space && !in_word) words.emplace_back();
    if (!space) words.back().append(text, i, length);
    in_word = !space;
    i += length;
  }
  return words;
}

std::string_view without_final_spaces(std::string_view text) {
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && (text[last] & 0xC0) == 0x80) --last;
    const auto [value, bytes] = decode_utf8(text, last);
    if (bytes == 0 || !is_python_space(value)) break;
    text.remove_suffix(text.size() - last);
  }
  return text;
}

/// Words as numbers, the same for equal words.
class WordNumbers {
 public:
  std::u32string number(const std::vector<std::string>& words) {
    std::u32string numbers;
    for (const std::string& word : words) {
      numbers += numbers_.try_emplace(word, static_cast<char32_t>(numbers_.size())).first->second;
    }
    return numbers;
  }

 private:
  std::unordered_map<std::string, char32_t> numbers_;
};

}  // namespace

std::vector<std::string> tokenize_13a(std::string_view text) {
  std::string line(without_final_spaces(text));
  replace_all(line, "<skipped>", "");
  replace_all(line, "-\n", "");
  replace_all(line, "\n", " ");
  // In this order: "&amp;lt;" becomes "<".
  replace_all(line, "&quot;", "\"");
  replace_all(line, "&amp;", "&");
  replace_all(line, "&lt;", "<");
  replace_all(line, "&gt;", ">");
  std::string spaced = " ";
  for (const char c : line) {
    if (stands_alone(c)) {
      spaced.append({' ', c, ' '});
    } else {
      spaced += c;
    }
  }
  spaced += ' ';
  const auto no_digit = [](char c) { return !is_digit(c); };
  // Stops stay in numbers only, hyphens everywhere but behind a digit.
  spaced = set_apart(spaced, 1, no_digit, is_stop);
  spaced = set_apart(spaced, 0, is_stop, no_digit);
  spaced = set_apart(spaced, 1, is_digit, [](char c) { return c == '-'; });
  return split_at_spaces(spaced);
}

void Bleu::add(std::string_view hypothesis, std::string_view reference) {
  WordNumbers numbers;
  const std::u32string words = numbers.number(tokenize_13a(hypothesis));
  const std::u32string wanted = numbers.number(tokenize_13a(reference));
  hypothesis_words_ += static_cast<std::int64_t>(words.size());
  reference_words_ += static_cast<std::int64_t>(wanted.size());
  for (std::size_t i = 0; i < BleuScore::kOrders; ++i) {
    totals_[i] += count_ngrams(words.size(), i + 1);
    matches_[i] += count_shared_ngrams(words, wanted, i + 1);
  }
}

BleuScore Bleu::score() const {
  BleuScore result;
  result.hypothesis_words = hypothesis_words_;
  result.reference_words = reference_words_;
  const auto length = static_cast<double>(hypothesis_words_);
  const auto wanted = static_cast<double>(reference_words_);
  result.ratio = wanted > 0 ? length / wanted : 0;
  result.brevity_penalty = length >= wanted ? 1 : length > 0 ? std::exp(1 - wanted / length) : 0;
  if (matches_[0] == 0) return result;  // nothing is shared: 0, not a smoothed value
  double logarithms = 0;
  double halves = 1;
  for (std::size_t i = 0; i < BleuScore::kOrders; ++i) {
    if (totals_[i] == 0) return result;  // no line is that long: without effective order, 0
    const bool none = matches_[i] == 0;
    if (none) halves *= 2;
    result.precisions[i] =
        100 * (none ? 1 / halves : static_cast<double>(matches_[i])) / static_cast<double>(totals_[i]);
    logarithms += std::log(result.precisions[i]);
  }
  result.score = result.brevity_penalty * std::exp(logarithms / BleuScore::kOrders);
  return result;
}

std::string Bleu::signature() {
  return concat("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:attn-", kVersion);
}

}  // namespace attn
