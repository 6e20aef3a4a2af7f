#include "text/example_pieces.h"

#include <algorithm>

#include "base/error.h"
#include "text/example_file.h"

namespace attn {

void write_pieces(const TokenFile& tokens, const Tokenizer& tokenizer, int longest, const std::string& path) {
  ExampleFileWriter file(path, 1, tokenizer.vocabulary_size());
  const auto around = static_cast<std::int64_t>(tokenizer.add_special_tokens({}).ids.size());
  const std::int64_t room = longest - around;
  if (room < 1) usage_error("--context ", longest, " has no room beside ", around, " special tokens");
  std::vector<std::int32_t> piece;
  for (std::int64_t begin = 0; begin < tokens.size(); begin += room) {
    piece.resize(static_cast<std::size_t>(std::min(room, tokens.size() - begin)));
    tokens.read(begin, static_cast<std::int64_t>(piece.size()), piece.data());
    const std::vector<std::int32_t> framed = tokenizer.add_special_tokens(piece).ids;
    file.add(std::span(&framed, 1));
  }
  file.commit();
}

}  // namespace attn
