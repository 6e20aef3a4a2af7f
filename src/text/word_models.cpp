#include "text/word_models.h"

#include "base/error.h"
#include "base/utf8.h"

namespace attn {

WordLevelModel::WordLevelModel(Vocabulary vocabulary, std::string unknown_name)
    : TokenModel(std::move(vocabulary)),
      unknown_name_(std::move(unknown_name)),
      unknown_(vocabulary_.find(unknown_name_)) {
  for (std::size_t c = 0; c < ascii_.size(); ++c) {
    const char character = static_cast<char>(c);
    ascii_[c] = vocabulary_.find({&character, 1}).value_or(-1);
  }
}

void WordLevelModel::encode(std::string_view piece, std::vector<PieceToken>& out) const {
  const auto bytes = static_cast<std::uint32_t>(piece.size());
  if (bytes == 1 && static_cast<unsigned char>(piece[0]) < ascii_.size()) {
    const std::int32_t id = ascii_[static_cast<unsigned char>(piece[0])];
    if (id >= 0) return out.push_back({id, bytes});
  }
  const auto id = vocabulary_.find(piece);
  if (!id && !unknown_)
    fail("the tokenizer has neither the word \"", piece, "\" nor the unknown token \"", unknown_name_, "\"");
  out.push_back({id ? *id : *unknown_, bytes});
}

Json WordLevelModel::to_json() const {
  Json json;
  json.set("type", "WordLevel").set("vocab", vocabulary_json()).set("unk_token", unknown_name_);
  return json;
}

WordPieceModel::WordPieceModel(Vocabulary vocabulary, std::string unknown_name, std::string prefix, int longest_word)
    : TokenModel(std::move(vocabulary)),
      unknown_name_(std::move(unknown_name)),
      prefix_(std::move(prefix)),
      unknown_(0),
      longest_word_(longest_word) {
  const auto unknown = vocabulary_.find(unknown_name_);
  if (!unknown) fail("the vocabulary lacks the unknown token \"", unknown_name_, "\"");
  unknown_ = *unknown;
}

void WordPieceModel::encode(std::string_view piece, std::vector<PieceToken>& out) const {
  const auto give_up = [&] { out.push_back({unknown_, static_cast<std::uint32_t>(piece.size())}); };
  if (count_code_points(piece) > static_cast<std::size_t>(longest_word_)) return give_up();
  const std::size_t before = out.size();
  std::string candidate;
  for (std::size_t begin = 0; begin < piece.size();) {
    candidate = begin == 0 ? "" : prefix_;
    const std::size_t prefix_size = candidate.size();
    candidate += piece.substr(begin);
    std::optional<std::int32_t> id;
    while (candidate.size() > prefix_size && !(id = vocabulary_.find(candidate))) {
      while ((candidate.back() & 0xC0) == 0x80) candidate.pop_back();
      candidate.pop_back();
    }
    if (!id) {
      out.resize(before);
      return give_up();
    }
    const std::size_t bytes = candidate.size() - prefix_size;
    out.push_back({*id, static_cast<std::uint32_t>(bytes)});
    begin += bytes;
  }
}

Json WordPieceModel::to_json() const {
  Json json;
  json.set("type", "WordPiece").set("unk_token", unknown_name_).set("continuing_subword_prefix", prefix_);
  json.set("max_input_chars_per_word", longest_word_).set("vocab", vocabulary_json());
  return json;
}

}  // namespace attn
