#include "generation/encoder_runner.h"

#include <algorithm>

#include "base/error.h"

namespace attn {

namespace {

constexpr std::size_t kBatchTokens = 2048;  // a batch is run when it has so many

}  // namespace

EncoderText encode_text(const Tokenizer& tokenizer, int longest, std::string_view text, bool with_special) {
  std::vector<std::int32_t> ids;
  if (with_special) {
    for (const EncodedToken& token : tokenizer.encode_with_offsets(text, true)) ids.push_back(token.id);
  } else {
    ids = tokenizer.encode(text);
  }
  const std::size_t around = tokenizer.add_special_tokens({}).ids.size();
  const auto most = static_cast<std::size_t>(longest);
  if (around >= most) fail("a context of ", longest, " tokens has no room beside ", around, " special tokens");
  const std::size_t kept = std::min(ids.size(), most - around);
  if (kept + around == 0) fail("a text has no tokens, and the model's tokenizer puts none around it");
  EncoderText result;
  result.cut = static_cast<std::int64_t>(ids.size() - kept);
  ids.resize(kept);
  ProcessedIds processed = tokenizer.add_special_tokens(ids);
  result.ids = std::move(processed.ids);
  result.types = std::move(processed.types);
  return result;
}

EncoderRunner::EncoderRunner(const EncoderModel& model, const simd::Kernels& kernels, ThreadPool& pool, Sink sink)
    : model_(model), kernels_(kernels), pool_(pool), sink_(std::move(sink)) {}

void EncoderRunner::add(const EncoderText& text) {
  const ModelConfig& config = model_.config();
  if (text.ids.empty()) fail("a text to encode has no tokens");
  if (text.ids.size() > static_cast<std::size_t>(config.context)) {
    fail("a text has ", text.ids.size(), " tokens, the model's context ", config.context);
  }
  for (const std::int32_t id : text.ids) {
    if (id < 0 || id >= config.vocabulary) fail("the model has no token ", id);
  }
  for (std::size_t i = 0; i < text.ids.size(); ++i) positions_.push_back(static_cast<std::int32_t>(i));
  ids_.insert(ids_.end(), text.ids.begin(), text.ids.end());
  types_.insert(types_.end(), text.types.begin(), text.types.end());
  lengths_.push_back(static_cast<std::int32_t>(text.ids.size()));
  starts_.push_back(static_cast<std::int32_t>(ids_.size()));
  if (ids_.size() >= kBatchTokens) flush();
}

void EncoderRunner::flush() {
  if (lengths_.empty()) return;
  arena_.reset();
  Context context{arena_, pool_, kernels_};
  context.trace = trace_;
  const Sequences sequences{static_cast<std::int64_t>(lengths_.size()), starts_.data(), lengths_.data(),
                            positions_.data()};
  const TokenBatch tokens{sequences, ids_.data(), model_.config().type_vocabulary > 1 ? types_.data() : nullptr};
  sink_({context, tokens, texts_, model_.hidden(context, tokens)});
  texts_ += sequences.count;
  starts_.assign(1, 0);
  lengths_.clear();
  positions_.clear();
  ids_.clear();
  types_.clear();
}

}  // namespace attn
