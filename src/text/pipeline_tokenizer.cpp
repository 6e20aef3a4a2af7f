#include "text/pipeline_tokenizer.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "text/bpe_model.h"
#include "text/byte_alphabet.h"

namespace attn {
namespace {

const Json& member(const Json& json, std::string_view name) {
  static const Json null;
  const Json* found = json.find(name);
  return found == nullptr ? null : *found;
}

std::string kind_of(const TokenModel& model, const PreTokenizer& pre_tokenizer) {
  if (model.type() == "WordLevel") return pre_tokenizer.find == find_character ? "char" : "word";
  if (model.type() == "WordPiece") return "wordpiece";
  const auto* bpe = dynamic_cast<const BpeModel*>(&model);
  return pre_tokenizer.byte_level && bpe != nullptr && !bpe->has_merges() ? "byte" : "bpe";
}

/// Changes that make each character something else, but leave spaces where they are.
bool is_characterwise(const Json& normalizer) {
  if (normalizer.is_null()) return true;
  const std::string& type = normalizer.at("type").as_string();
  return type == "Lowercase" || type == "BertNormalizer";
}

bool ends_with_space(std::string_view text) {
  std::size_t begin = text.size() - 1;
  while (begin > 0 && (text[begin] & 0xC0) == 0x80) --begin;
  std::size_t length = 0;
  return (CharacterClasses::table().at(text, begin, length) & kSpace) != 0;
}

}  // namespace

PipelineTokenizer::PipelineTokenizer(const Json& json, const std::string& file)
    : added_(added_tokens_from_json(member(json, "added_tokens"), file)),
      changes_(text_changes_from_json(member(json, "normalizer"), file)),
      pre_tokenizer_(pre_tokenizer_from_json(member(json, "pre_tokenizer"), file)),
      model_(token_model_from_json(json.at("model", file), pre_tokenizer_.byte_level, file)),
      decode_steps_(decode_steps_from_json(member(json, "decoder"), file)),
      post_processor_(member(json, "post_processor"), file),
      normalizer_json_(member(json, "normalizer")),
      pre_tokenizer_json_(member(json, "pre_tokenizer")),
      post_processor_json_(member(json, "post_processor")),
      decoder_json_(member(json, "decoder")) {
  kind_ = kind_of(*model_, pre_tokenizer_);
  for (AddedToken token : added_.all()) {
    if (const auto id = model_->vocabulary().find(token.content); id && *id != token.id) {
      fail(file, ": the added token \"", token.content, "\" has id ", token.id, ", but ", *id, " in the vocabulary");
    }
    if (!token.normalized) continue;
    AlignedText content(token.content, 0);
    for (const TextChange& change : changes_) change(content);
    token.content = content.text();
    added_normalized_.add(token);
  }
  cuts_at_spaces_ =
      pre_tokenizer_.find != find_everything && !pre_tokenizer_.changes_text() && is_characterwise(normalizer_json_);
  spaces_as_metaspace_ = write_json(decoder_json_).find("▁") != std::string::npos ||
                         write_json(decoder_json_).find("Metaspace") != std::string::npos;
  if (const Json* prefix = json.at("model").find("continuing_subword_prefix");
      prefix != nullptr && prefix->is_string()) {
    word_prefix_ = prefix->as_string();
  }
}

int PipelineTokenizer::vocabulary_size() const {
  int size = model_->vocabulary().size();
  for (const AddedToken& token : added_.all()) size = std::max(size, token.id + 1);
  return size;
}

void PipelineTokenizer::encode_plain(std::string_view text, std::size_t offset, std::vector<EncodedToken>& out) const {
  for (Piece piece = pre_tokenizer_.find(text, 0); piece.begin < piece.end;
       piece = pre_tokenizer_.find(text, piece.end)) {
    scratch_.clear();
    model_->encode(text.substr(piece.begin, piece.end - piece.begin), scratch_);
    std::size_t at = offset + piece.begin;
    for (const PieceToken& token : scratch_) {
      out.push_back({token.id, static_cast<std::int64_t>(at), static_cast<std::int64_t>(at + token.bytes)});
      at += token.bytes;
    }
  }
}

void PipelineTokenizer::encode_aligned(AlignedText text, bool first, std::vector<EncodedToken>& out) const {
  pre_tokenizer_.prepare(text, first);
  const std::size_t before = out.size();
  encode_plain(text.text(), 0, out);
  for (std::size_t i = before; i < out.size(); ++i) {
    const auto begin = static_cast<std::size_t>(out[i].begin);
    const auto end = static_cast<std::size_t>(out[i].end);
    out[i].begin = static_cast<std::int64_t>(text.begin_of(begin));
    out[i].end = static_cast<std::int64_t>(text.end_of(end - 1));
  }
}

void PipelineTokenizer::encode_segment(std::string_view text, const Segment& segment, bool with_special,
                                       std::vector<EncodedToken>& out) const {
  if (segment.token != nullptr) {
    out.push_back(
        {segment.token->id, static_cast<std::int64_t>(segment.begin), static_cast<std::int64_t>(segment.end)});
    return;
  }
  const std::string_view part = text.substr(segment.begin, segment.end - segment.begin);
  const bool finds_normalized = with_special && added_normalized_.any(true);
  if (keeps_text() && !finds_normalized) return encode_plain(part, segment.begin, out);
  AlignedText aligned(part, segment.begin);
  for (const TextChange& change : changes_) change(aligned);
  if (!finds_normalized) return encode_aligned(std::move(aligned), segment.begin == 0, out);
  for (const Segment& inner : added_normalized_.cut(aligned.text(), true)) {
    if (inner.token == nullptr) {
      encode_aligned(aligned.part(inner.begin, inner.end), segment.begin == 0 && inner.begin == 0, out);
    } else {
      out.push_back({inner.token->id, static_cast<std::int64_t>(aligned.begin_of(inner.begin)),
                     static_cast<std::int64_t>(aligned.end_of(inner.end - 1))});
    }
  }
}

std::vector<EncodedToken> PipelineTokenizer::encode_with_offsets(std::string_view text, bool with_special) const {
  std::vector<EncodedToken> out;
  if (!with_special) {
    if (!text.empty()) encode_segment(text, {0, text.size(), nullptr}, false, out);
    return out;
  }
  for (const Segment& segment : added_.cut(text, false)) encode_segment(text, segment, true, out);
  return out;
}

std::vector<std::int32_t> PipelineTokenizer::encode(std::string_view text) const {
  if (!keeps_text()) return Tokenizer::encode(text);
  std::vector<std::int32_t> ids;
  for (Piece piece = pre_tokenizer_.find(text, 0); piece.begin < piece.end;
       piece = pre_tokenizer_.find(text, piece.end)) {
    scratch_.clear();
    model_->encode(text.substr(piece.begin, piece.end - piece.begin), scratch_);
    for (const PieceToken& token : scratch_) ids.push_back(token.id);
  }
  return ids;
}

std::string_view PipelineTokenizer::name_of(std::int32_t id) const {
  if (const AddedToken* token = added_.find(id)) return token->content;
  return model_->vocabulary().name(id);
}

std::string PipelineTokenizer::decode(std::span<const std::int32_t> ids) const {
  std::vector<std::string> parts;
  for (const std::int32_t id : ids) {
    if (!is_special(id)) parts.emplace_back(name_of(id));
  }
  for (const DecodeStep& step : decode_steps_) parts = step(std::move(parts));
  std::string text;
  for (const std::string& part : parts) text += part;
  return text;
}

std::string PipelineTokenizer::token_bytes(std::int32_t id) const {
  std::string name(name_of(id));
  if (added_.find(id) != nullptr) return name;
  if (pre_tokenizer_.byte_level) return from_alphabet(name).value_or(name);
  if (!word_prefix_.empty() && name.starts_with(word_prefix_)) return name.substr(word_prefix_.size());
  if (!spaces_as_metaspace_) return name;
  if (name.size() == 6 && name.starts_with("<0x")) {
    unsigned byte = 0;
    std::from_chars(name.data() + 3, name.data() + 5, byte, 16);
    return std::string(1, static_cast<char>(byte));
  }
  AlignedText text(name, 0);
  text.replace("▁", " ");
  return text.text();
}

bool PipelineTokenizer::is_special(std::int32_t id) const {
  const AddedToken* token = added_.find(id);
  return token != nullptr && token->special;
}

std::optional<std::int32_t> PipelineTokenizer::id_of(std::string_view name) const {
  if (const AddedToken* token = added_.find(name)) return token->id;
  return model_->vocabulary().find(name);
}

/// Expressions look at most to the end of a run of spaces and three characters ahead.
std::size_t PipelineTokenizer::safe_cut(std::string_view text) const {
  constexpr std::size_t kLookAhead = 16;
  if (!cuts_at_spaces_ || text.size() <= kLookAhead) return 0;
  const std::size_t reach = text.size() - kLookAhead;
  // A plain space after something visible begins a piece in every expression: no need to start from the beginning.
  for (std::size_t cut = reach; cut > 0; --cut) {
    const auto before = static_cast<unsigned char>(text[cut - 1]);
    if (text[cut] == ' ' && before > ' ' && before < 0x7F) return cut;
  }
  if (!keeps_text()) return 0;
  std::size_t safe = 0;
  for (Piece piece = pre_tokenizer_.find(text, 0); piece.begin < piece.end && piece.begin <= reach;
       piece = pre_tokenizer_.find(text, piece.end)) {
    // Spaces must stay with what follows them: the last one of several goes to the next word.
    if (piece.begin > 0 && !ends_with_space(text.substr(0, piece.begin))) safe = piece.begin;
  }
  return safe;
}

ProcessedIds PipelineTokenizer::add_special_tokens(std::span<const std::int32_t> first,
                                                   std::optional<std::span<const std::int32_t>> second) const {
  return post_processor_.apply(first, second);
}

std::string PipelineTokenizer::to_json() const {
  Json json;
  json.set("version", "1.0").set("truncation", nullptr).set("padding", nullptr);
  json.set("added_tokens", added_.to_json()).set("normalizer", normalizer_json_);
  json.set("pre_tokenizer", pre_tokenizer_json_).set("post_processor", post_processor_json_);
  json.set("decoder", decoder_json_).set("model", model_->to_json());
  return write_json(json, 2);
}

}  // namespace attn
