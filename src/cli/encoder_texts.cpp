#include "cli/encoder_texts.h"

#include <algorithm>

namespace attn {

void encode_texts(TextInput& input, const Tokenizer& tokenizer, const ModelConfig& config,
                  const EncoderTextOptions& options, const Invocation& call,
                  const std::function<void(const EncoderText&)>& add, const std::function<void()>& flush) {
  const int longest = options.max_tokens > 0 ? std::min(config.context, options.max_tokens) : config.context;
  std::int64_t cut = 0;
  for (std::string line; input.next(line);) {
    const EncoderText text = encode_text(tokenizer, longest, line, options.with_special);
    cut += text.cut > 0;
    add(text);
    if (input.must_wait()) flush();
  }
  flush();
  if (cut > 0) {
    call.note("attn: ", cut, cut == 1 ? " text was" : " texts were", " longer than ", longest, " tokens and cut there");
  }
}

}  // namespace attn
