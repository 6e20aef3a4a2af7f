#pragma once
// Tiny model folders with random weights and a char tokenizer, for tests of commands.

#include <string>

#include "base/error.h"
#include "base/file.h"
#include "models/folder.h"
#include "support/random_model.h"

namespace attn {

/// The vocabulary of tiny_config(): [UNK], <|endoftext|>, newline, space, a … s.
inline std::string tiny_tokenizer_json() {
  std::string vocabulary = R"("[UNK]":0,"<|endoftext|>":1,"\n":2," ":3)";
  for (int i = 0; i < 19; ++i) {
    vocabulary += concat(",\"", static_cast<char>('a' + i), "\":", i + 4);
  }
  const auto special = [](int id, const char* content) {
    return concat(R"({"id":)", id, R"(,"content":")", content,
                  R"(","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true})");
  };
  return concat(
      R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[)", special(0, "[UNK]"), ",",
      special(1, "<|endoftext|>"), R"(],"normalizer":null,)",
      R"("pre_tokenizer":{"type":"Split","pattern":{"Regex":"[\\s\\S]"},"behavior":"Isolated","invert":false},)",
      R"("post_processor":null,"decoder":{"type":"Fuse"},)", R"("model":{"type":"WordLevel","vocab":{)", vocabulary,
      R"(},"unk_token":"[UNK]"}})");
}

inline void write_model_folder(const std::string& folder, const ModelConfig& config) {
  const auto model = random_model(config);
  save_model(folder, config, model->parameters().list());
  write_file(join_path(folder, kTokenizerFile), tiny_tokenizer_json());
}

}  // namespace attn
