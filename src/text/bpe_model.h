#pragma once
// Byte pair encoding (Sennrich et al. 2016): a piece's symbols are merged in the order in which merges were learnt.
// Symbols are bytes (GPT-2), or characters with bytes for those that the vocabulary lacks (Llama).

#include <array>
#include <span>
#include <string>
#include <utility>

#include "text/token_model.h"

namespace attn {

struct BpeOptions {
  bool byte_level = false;     // symbols are bytes, named in GPT-2's alphabet
  bool byte_fallback = false;  // a character that is no token becomes its bytes, <0x00> … <0xFF>
  bool ignore_merges = false;  // a piece that is a token is taken whole
  bool fuse_unknown = false;   // neighbouring unknown characters are one token
  std::string unknown_name;    // empty: unknown characters vanish
};

/// Pieces that were encoded before, with their ids. Bounded: it forgets everything when it is full.
class PieceCache {
 public:
  static constexpr std::size_t kLongestPiece = 64;  // bytes
  /// The ids of a piece; empty if it is not held.
  std::span<const std::int32_t> find(std::string_view piece, std::uint64_t hash) const;
  void insert(std::string_view piece, std::uint64_t hash, std::span<const PieceToken> tokens);

 private:
  struct Entry {
    std::uint32_t tag = 0;  // upper half of the hash
    std::uint32_t bytes_begin = 0, ids_begin = 0;
    std::uint16_t byte_count = 0, id_count = 0;  // id_count 0: empty
  };
  void grow_or_clear();

  std::vector<Entry> entries_;
  std::size_t used_ = 0;
  std::string bytes_;
  std::vector<std::int32_t> ids_;
};

class BpeModel final : public TokenModel {
 public:
  using Merges = std::vector<std::pair<std::int32_t, std::int32_t>>;
  /// Throws Error if a merge's result, or a byte's token where one is needed, is not in the vocabulary.
  BpeModel(Vocabulary vocabulary, Merges merges, BpeOptions options);
  /// Uses a cache: one thread at a time.
  void encode(std::string_view piece, std::vector<PieceToken>& out) const override;
  std::optional<std::int32_t> unknown_id() const override { return unknown_; }
  std::string_view type() const override { return "BPE"; }
  Json to_json() const override;
  bool has_merges() const { return !merges_.empty(); }

 private:
  struct Merge {
    std::uint64_t pair = kNoPair;  // left id << 32 | right id
    std::uint32_t rank = 0;
    std::int32_t result = 0;
  };
  static constexpr std::uint64_t kNoPair = ~std::uint64_t{0};
  static constexpr std::uint32_t kNoRank = ~std::uint32_t{0};

  void find_byte_tokens();
  void fill_merge_table();
  const Merge& find_merge(std::int32_t left, std::int32_t right) const;
  std::uint32_t rank_of(std::size_t symbol) const;
  void split_into_symbols(std::string_view piece) const;
  void append_unknown(std::string_view character) const;
  void merge_few() const;
  void merge_many() const;

  BpeOptions options_;
  Merges merges_;
  std::vector<Merge> merge_table_;          // open addressing, a power of two
  std::array<std::int32_t, 256> byte_ids_;  // -1: none
  std::vector<std::uint32_t> token_bytes_;  // bytes of text that each id covers
  std::optional<std::int32_t> unknown_;
  mutable PieceCache cache_;
  mutable std::vector<PieceToken> symbols_;
  mutable std::vector<std::uint32_t> ranks_;  // of the merge of symbol i with the next one
};

}  // namespace attn
