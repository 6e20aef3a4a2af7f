#include "cli/attention_texts.h"

#include <algorithm>

namespace attn {

namespace {

/// A text as a model reads it: its tokens, some of which have no bytes of the text.
struct TokenizedText {
  std::string text;
  std::vector<EncodedToken> tokens;
};

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
  Reader(const AttentionModel& model, const AttentionTextOptions& options, const Invocation& call)
      : model_(model), tokenizer_(model.tokenizer()), options_(options), call_(call) {}

  /// With the special tokens that the model's tokenizer puts around a text.
  AttentionSide read_whole(const std::string& text, const std::string& where) {
    return side(
        cut({text, tokenizer_.encode_with_offsets(text)}, where, [this](auto tokens) { return around(tokens); }),
        where);
  }

  /// What a decoder reads of a target: the start token, then the target.
  AttentionSide read_target(const std::string& text, const std::string& where) {
    return side(
        cut({text, tokenizer_.encode_with_offsets(text)}, where, [this](auto tokens) { return behind(tokens); }),
        where);
  }

  /// The same for the model's own translation, whose text has to be put together.
  AttentionSide read_target(std::vector<std::int32_t> ids) {
    ids.resize(std::min(ids.size(), static_cast<std::size_t>(model_.config().context) - 1));
    std::string joined;
    for (const std::int32_t id : ids) joined += tokenizer_.is_special(id) ? "" : tokenizer_.token_bytes(id);
    const bool spaced = joined != tokenizer_.decode(ids);
    TokenizedText target;
    for (const std::int32_t id : ids) {
      const auto begin = static_cast<std::int64_t>(target.text.size());
      if (!tokenizer_.is_special(id)) target.text += tokenizer_.token_bytes(id);
      target.tokens.push_back({id, begin, static_cast<std::int64_t>(target.text.size())});
      if (spaced) target.text += ' ';
    }
    target.tokens = behind(target.tokens);
    return side(target, "");
  }

  void report() const {
    const int context = model_.config().context;
    if (cut_.texts > 0) call_.note("attention: ", cut_.who(), " cut to the first ", context, " tokens");
    if (empty_.texts > 0) call_.note("attention: ", empty_.who(), " without tokens, so without attention");
    if (unknown_tokens_ > 0) {
      call_.note("attention: ", unknown_tokens_, " tokens in ", unknown_.who(), " are unknown to the model");
    }
  }

 private:
  /// With special tokens around; a translator's source has the end token in any case.
  std::vector<EncodedToken> around(const std::vector<EncodedToken>& tokens) const {
    std::vector<std::int32_t> ids;
    for (const EncodedToken& token : tokens) ids.push_back(token.id);
    const std::vector<std::int32_t> all = tokenizer_.add_special_tokens(ids).ids;
    const auto first = std::search(all.begin(), all.end(), ids.begin(), ids.end());
    std::vector<EncodedToken> result;
    for (auto id = all.begin(); id != first; ++id) result.push_back({*id, 0, 0});
    result.insert(result.end(), tokens.begin(), tokens.end());
    const std::int64_t end = tokens.empty() ? 0 : tokens.back().end;
    for (std::size_t i = result.size(); i < all.size(); ++i) result.push_back({all[i], end, end});
    const auto end_id = model_.config().end_id;
    if (model_.translates() && end_id && (result.empty() || result.back().id != *end_id)) {
      result.push_back({*end_id, end, end});
    }
    return result;
  }

  std::vector<EncodedToken> behind(std::vector<EncodedToken> tokens) const {
    tokens.insert(tokens.begin(), {model_.config().pad_id.value(), 0, 0});
    return tokens;
  }

  /// With what `add` puts around; if that is longer than the context, the text's own tokens are cut.
  template <class Add>
  TokenizedText cut(TokenizedText text, const std::string& where, const Add& add) {
    const auto context = static_cast<std::size_t>(model_.config().context);
    std::vector<EncodedToken> all = add(text.tokens);
    if (all.size() > context) {
      if (!options_.truncate) {
        fail(where, ": the text has ", all.size(), " tokens, but the model's context is ", context,
             "; --truncate keeps the first ", context);
      }
      cut_.add(where);
      text.tokens.resize(text.tokens.size() - std::min(text.tokens.size(), all.size() - context));
      all = add(text.tokens);
    }
    text.tokens = std::move(all);
    return text;
  }

  AttentionSide side(const TokenizedText& text, const std::string& where) {
    if (text.tokens.empty()) empty_.add(where);
    AttentionSide result;
    std::int64_t unknown = 0;
    for (const EncodedToken& token : text.tokens) {
      check_id(token.id);
      unknown += token.id == tokenizer_.unknown_id() ? 1 : 0;
      result.ids.push_back(token.id);
      if (!options_.words) result.names.push_back(tokenizer_.token_text(token.id));
    }
    if (unknown > 0) unknown_.add(where);
    unknown_tokens_ += unknown;
    if (options_.words) {
      result.words = find_words(text.text, text.tokens, tokenizer_);
      for (const Word& word : result.words) result.names.push_back(word.text);
    }
    return result;
  }

  void check_id(std::int32_t id) const {
    if (id < model_.config().vocabulary) return;
    fail(model_.path(), ": the tokenizer gives the id ", id, ", but the model's vocabulary ends at ",
         model_.config().vocabulary - 1);
  }

  const AttentionModel& model_;
  const Tokenizer& tokenizer_;
  AttentionTextOptions options_;
  const Invocation& call_;
  Remark cut_, empty_, unknown_;
  std::int64_t unknown_tokens_ = 0;
};

/// The target of the record last read, if it has one; the source stays in the first field.
TextInput open_input(const AttentionModel& model, const AttentionTextOptions& options, Invocation& call) {
  const std::optional<std::string> file = call.arguments.size() > 1 ? std::optional(call.arguments[1]) : std::nullopt;
  const bool columns = model.translates() && file && (file->ends_with(".tsv") || file->ends_with(".csv"));
  return {options.input,
          file,
          call,
          "texts, one a line",
          {model.translates() ? "source" : "text"},
          columns ? std::vector<std::string>{"source", "target"} : std::vector<std::string>{}};
}

std::optional<std::string> take_target(std::vector<std::string>& fields, const AttentionTextOptions& options,
                                       bool is_text) {
  if (options.target) return options.target;
  if (fields.size() > 1) return fields[1];
  const std::size_t tab = is_text ? std::string::npos : fields[0].find('\t');
  if (tab == std::string::npos) return std::nullopt;
  std::string target = fields[0].substr(tab + 1);
  fields[0].resize(tab);
  return target;
}

}  // namespace

void AttentionTextOptions::visit(OptionTable& options) {
  input.visit(options);
  options.add(target, {.name = "target",
                       .metavar = "TEXT",
                       .help = "what the decoder of a translator reads, beside --text; else its own translation",
                       .in_files = false});
}

std::vector<AttentionText> read_attention_texts(const AttentionModel& model, const AttentionTextOptions& options,
                                                Invocation& call, const simd::Kernels& kernels, ThreadPool& pool) {
  if (options.target && !model.translates()) {
    usage_error("--target is for encoder-decoder models; this is ", describe(model.kind()));
  }
  if (options.target && !options.input.text) usage_error("--target needs --text; a FILE holds source<TAB>target lines");
  TextInput input = open_input(model, options, call);
  Reader reader(model, options, call);
  std::vector<AttentionText> texts;
  std::vector<std::size_t> untranslated;
  std::vector<std::vector<std::int32_t>> sources;
  for (std::vector<std::string> fields; input.next(fields);) {
    const std::string where = input.where();
    AttentionText& text = texts.emplace_back();
    if (model.kind() == ModelKind::decoder) {
      text.target = reader.read_whole(fields[0], where);
      continue;
    }
    const auto target =
        model.translates() ? take_target(fields, options, where == "--text") : std::optional<std::string>();
    text.source = reader.read_whole(fields[0], where);
    if (!model.translates()) continue;
    if (target) {
      text.target = reader.read_target(*target, where);
    } else {
      untranslated.push_back(texts.size() - 1);
      sources.push_back(text.source.ids);
    }
  }
  if (!sources.empty()) {
    std::vector<std::vector<std::int32_t>> targets = model.translate(sources, kernels, pool);
    for (std::size_t i = 0; i < targets.size(); ++i) {
      texts[untranslated[i]].target = reader.read_target(std::move(targets[i]));
    }
  }
  reader.report();
  return texts;
}

}  // namespace attn
