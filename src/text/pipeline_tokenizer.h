#pragma once
// The one Tokenizer: added tokens, normalizer, pre-tokenizer, model and decoder, as a tokenizer.json lists them.

#include <memory>
#include <string>
#include <vector>

#include "text/added_tokens.h"
#include "text/decoder.h"
#include "text/normalizer.h"
#include "text/post_processor.h"
#include "text/pre_tokenizer.h"
#include "text/token_model.h"
#include "text/tokenizer.h"

namespace attn {

class PipelineTokenizer final : public Tokenizer {
 public:
  /// From the whole of a tokenizer.json. Throws Error naming `file` and what is damaged or not supported.
  PipelineTokenizer(const Json& json, const std::string& file);

  int vocabulary_size() const override;
  std::vector<EncodedToken> encode_with_offsets(std::string_view text, bool with_special) const override;
  std::vector<std::int32_t> encode(std::string_view text) const override;
  std::string decode(std::span<const std::int32_t> ids) const override;
  std::string token_bytes(std::int32_t id) const override;
  bool is_special(std::int32_t id) const override;
  std::optional<std::int32_t> id_of(std::string_view name) const override;
  std::optional<std::int32_t> unknown_id() const override { return model_->unknown_id(); }
  std::string kind() const override { return kind_; }
  std::string to_json() const override;
  std::size_t safe_cut(std::string_view text) const override;
  ProcessedIds add_special_tokens(std::span<const std::int32_t> first,
                                  std::optional<std::span<const std::int32_t>> second) const override;

 private:
  std::string_view name_of(std::int32_t id) const;
  /// Whether pieces of the text itself go to the model, so that offsets need no bookkeeping.
  bool keeps_text() const { return changes_.empty() && !pre_tokenizer_.changes_text(); }
  void encode_segment(std::string_view text, const Segment& segment, bool with_special,
                      std::vector<EncodedToken>& out) const;
  void encode_plain(std::string_view text, std::size_t offset, std::vector<EncodedToken>& out) const;
  void encode_aligned(AlignedText text, bool first, std::vector<EncodedToken>& out) const;

  AddedTokens added_, added_normalized_;  // the second: the same with normalized names
  std::vector<TextChange> changes_;
  PreTokenizer pre_tokenizer_;
  std::unique_ptr<TokenModel> model_;
  std::vector<DecodeStep> decode_steps_;
  PostProcessor post_processor_;
  Json normalizer_json_, pre_tokenizer_json_, post_processor_json_, decoder_json_;
  std::string kind_;
  std::string word_prefix_;           // WordPiece's mark of a continuation
  bool spaces_as_metaspace_ = false;  // names hold "▁" for spaces and <0x00> for bytes
  bool cuts_at_spaces_ = false;       // a space after something visible begins a piece
  mutable std::vector<PieceToken> scratch_;
};

}  // namespace attn
