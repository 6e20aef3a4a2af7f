#pragma once
// The "post_processor" of a tokenizer.json: the special tokens that go around one text or a pair ([CLS] … [SEP]).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "text/tokenizer.h"

namespace attn {

class PostProcessor {
 public:
  /// Leaves texts as they are.
  PostProcessor();
  PostProcessor(const Json& json, const std::string& file);
  ProcessedIds apply(std::span<const std::int32_t> first, std::optional<std::span<const std::int32_t>> second) const;

 private:
  /// A place in the result: one of the two texts, or special tokens.
  struct Item {
    enum class Kind { first, second, special } kind;
    std::vector<std::int32_t> ids;
    std::int32_t type;
  };
  using Template = std::vector<Item>;
  void read(const Json& json, const std::string& file);
  void read_template(const Json& json, const std::string& file);
  void read_bert(const Json& json, const std::string& file, bool roberta);

  Template single_, pair_;
};

}  // namespace attn
