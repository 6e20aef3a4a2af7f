#include "cli/attention_texts.h"

#include <algorithm>

namespace attn {

namespace {

/// The tokens with the special ones that the model's tokenizer puts around a text; those have no bytes of it.
std::vector<EncodedToken> encode(const Tokenizer& tokenizer, const std::string& text) {
  const std::vector<EncodedToken> tokens = tokenizer.encode_with_offsets(text);
  std::vector<std::int32_t> ids;
  for (const EncodedToken& token : tokens) ids.push_back(token.id);
  const std::vector<std::int32_t> all = tokenizer.add_special_tokens(ids).ids;
  const auto first = std::search(all.begin(), all.end(), ids.begin(), ids.end());
  std::vector<EncodedToken> result;
  for (auto id = all.begin(); id != first; ++id) result.push_back({*id, 0, 0});
  result.insert(result.end(), tokens.begin(), tokens.end());
  const std::int64_t end = static_cast<std::int64_t>(text.size());
  for (std::size_t i = result.size(); i < all.size(); ++i) result.push_back({all[i], end, end});
  return result;
}

/// How many texts something happened to, and where first.
struct Remark {
  std::int64_t texts = 0;
  std::string first;

  void add(const std::string& where) {
    if (texts++ == 0) first = where;
  }
  /// "one text (a.txt:3)" or "12 texts (first a.txt:3)".
  std::string who() const {
    return texts == 1 ? concat("one text (", first, ")") : concat(texts, " texts (first ", first, ")");
  }
};

class Reader {
 public:
  Reader(const DecoderSource& source, const AttentionTextOptions& options, const Invocation& call)
      : source_(source), options_(options), call_(call) {}

  AttentionText read(const std::string& text, const std::string& where) {
    std::vector<EncodedToken> tokens = encode(*source_.tokenizer, text);
    cut(tokens, where);
    if (tokens.empty()) empty_.add(where);
    AttentionText result;
    std::int64_t unknown = 0;
    for (const EncodedToken& token : tokens) {
      check_id(token.id);
      unknown += token.id == source_.tokenizer->unknown_id() ? 1 : 0;
      result.ids.push_back(token.id);
      if (!options_.words) result.names.push_back(source_.tokenizer->token_text(token.id));
    }
    if (unknown > 0) unknown_.add(where);
    unknown_tokens_ += unknown;
    if (options_.words) {
      result.words = find_words(text, tokens, *source_.tokenizer);
      for (const Word& word : result.words) result.names.push_back(word.text);
    }
    return result;
  }

  void report() const {
    const int context = source_.config().context;
    if (cut_.texts > 0) call_.note("attention: ", cut_.who(), " cut to the first ", context, " tokens");
    if (empty_.texts > 0) call_.note("attention: ", empty_.who(), " without tokens, so without attention");
    if (unknown_tokens_ > 0) {
      call_.note("attention: ", unknown_tokens_, " tokens in ", unknown_.who(), " are unknown to the model");
    }
  }

 private:
  void cut(std::vector<EncodedToken>& tokens, const std::string& where) {
    const std::size_t context = static_cast<std::size_t>(source_.config().context);
    if (tokens.size() <= context) return;
    if (!options_.truncate) {
      fail(where, ": the text has ", tokens.size(), " tokens, but the model's context is ", context,
           "; --truncate keeps the first ", context);
    }
    cut_.add(where);
    tokens.resize(context);
  }

  void check_id(std::int32_t id) const {
    if (id < source_.config().vocabulary) return;
    fail(call_.arguments[0], ": the tokenizer gives the id ", id, ", but the model's vocabulary ends at ",
         source_.config().vocabulary - 1);
  }

  const DecoderSource& source_;
  AttentionTextOptions options_;
  const Invocation& call_;
  Remark cut_, empty_, unknown_;
  std::int64_t unknown_tokens_ = 0;
};

}  // namespace

std::vector<AttentionText> read_attention_texts(TextInput& input, const DecoderSource& source,
                                                const AttentionTextOptions& options, const Invocation& call) {
  Reader reader(source, options, call);
  std::vector<AttentionText> texts;
  for (std::string text; input.next(text);) texts.push_back(reader.read(text, input.where()));
  reader.report();
  return texts;
}

}  // namespace attn
