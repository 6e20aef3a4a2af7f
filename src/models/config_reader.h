#pragma once
// Typed access to the keys of a config.json, with messages that name file, key, found and expected.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace attn {

class ConfigReader {
 public:
  /// Throws Error if this is no JSON object, or if a name appears twice.
  ConfigReader(const Json& object, std::string where);

  const std::string& where() const { return where_; }
  /// The value; null also where the key is left out or is JSON's null.
  const Json* find(std::string_view key) const;

  /// `otherwise` if the key is left out; nothing there: the key must be present.
  int integer(std::string_view key, std::optional<int> otherwise = std::nullopt) const;
  float number(std::string_view key, std::optional<float> otherwise = std::nullopt) const;
  bool flag(std::string_view key, std::optional<bool> otherwise = std::nullopt) const;
  std::string word(std::string_view key, std::optional<std::string> otherwise = std::nullopt) const;
  /// A list of strings; empty if the key is left out.
  std::vector<std::string> words(std::string_view key) const;
  /// A special token; `otherwise` if the key is left out, nothing if it is null or no id of the vocabulary. Of a
  /// list of ids the first.
  std::optional<std::int32_t> token(std::string_view key, int vocabulary, std::optional<std::int32_t> otherwise) const;

  /// Throws Error unless the key is left out or has the only value that `attn` can compute.
  void require_flag(std::string_view key, bool only) const;
  /// Throws Error that the value found under `key` is not the expected one.
  [[noreturn]] void reject(std::string_view key, std::string_view expected) const;

 private:
  std::string name(std::string_view key) const { return where_ + ": " + std::string(key); }
  [[noreturn]] void missing(std::string_view key, std::string_view expected) const;

  const Json& object_;
  std::string where_;
};

}  // namespace attn
