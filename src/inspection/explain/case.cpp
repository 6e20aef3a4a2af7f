#include "inspection/explain/case.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "base/random.h"
#include "text/records.h"

namespace attn {

namespace {

/// FNV-1a, 64 bits (Fowler, Noll, Vo).
std::uint64_t hash_of(std::string_view word) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return hash;
}

float read_number(const std::string& text, const std::string& where) {
  float value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    fail(where, ": found \"", text, "\", expected a number");
  }
  return value;
}

}  // namespace

std::vector<std::string> split_words(std::string_view text, std::string_view option) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n\v\f");
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(" \t\r\n\v\f"), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  if (words.empty()) usage_error(option, " holds no word");
  return words;
}

TokenVectors draw_vectors(std::vector<std::string> words, std::int64_t d_model, std::uint64_t seed) {
  TokenVectors result{std::move(words), {}};
  result.vectors = Matrix(std::ssize(result.tokens), d_model);
  for (std::int64_t t = 0; t < result.count(); ++t) {
    const RandomStream stream =
        RandomStream(seed, RandomPurpose::data).derive(hash_of(result.tokens[static_cast<std::size_t>(t)]));
    for (std::int64_t c = 0; c < d_model; ++c) {
      result.vectors.at(t, c) =
          static_cast<float>(std::round(100 * stream.normal(static_cast<std::uint64_t>(c))) / 100);
    }
  }
  return result;
}

TokenVectors read_vectors(const std::string& path) {
  RecordReader reader(path, {.wanted = {}, .columns = {}, .header = true, .or_wanted = {}});
  TokenVectors result;
  std::vector<std::string> fields;
  while (reader.next(fields)) {
    const std::string where = concat(path, ":", reader.line_number());
    if (fields.size() < 2) fail(where, ": found one column, expected a token and then its numbers");
    result.vectors.columns = std::ssize(fields) - 1;
    ++result.vectors.rows;
    result.tokens.push_back(fields[0]);
    for (std::size_t i = 1; i < fields.size(); ++i) result.vectors.values.push_back(read_number(fields[i], where));
  }
  if (result.tokens.empty()) fail(path, ": found no token below the header");
  return result;
}

TokenVectors course_vectors() {
  TokenVectors result{{"Write", "a", "poem"}, Matrix(3, 2)};
  result.vectors.values = {1.16f, 0.23f, 0.57f, 1.36f, 4.41f, -2.16f};
  return result;
}

std::vector<std::string> vocabulary_of(const std::vector<std::string>& words) {
  std::vector<std::string> vocabulary;
  for (const std::string& word : words) {
    if (std::find(vocabulary.begin(), vocabulary.end(), word) == vocabulary.end()) vocabulary.push_back(word);
  }
  return vocabulary;
}

std::vector<std::int32_t> ids_in(const std::vector<std::string>& vocabulary, const std::vector<std::string>& words) {
  std::vector<std::int32_t> ids;
  for (const std::string& word : words) {
    const auto place = std::find(vocabulary.begin(), vocabulary.end(), word);
    ids.push_back(place == vocabulary.end() ? -1 : static_cast<std::int32_t>(place - vocabulary.begin()));
  }
  return ids;
}

std::string python_vectors(std::string_view variable, const TokenVectors& vectors) {
  std::string names;
  for (const std::string& token : vectors.tokens) {
    if (!names.empty()) names += ", ";
    append_json_string(names, token);
  }
  return concat(variable, " = ", python_tensor(vectors.vectors), "  # ", names, "\n");
}

}  // namespace attn
