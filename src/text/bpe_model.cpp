#include "text/bpe_model.h"

#include <algorithm>
#include <queue>
#include <tuple>

#include "base/error.h"
#include "base/random.h"
#include "base/utf8.h"
#include "text/byte_alphabet.h"

namespace attn {
namespace {

std::string fallback_name(std::size_t byte) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  return {'<', '0', 'x', kHex[byte >> 4], kHex[byte & 15], '>'};
}

}  // namespace

BpeModel::BpeModel(Vocabulary vocabulary, Merges merges, BpeOptions options)
    : TokenModel(std::move(vocabulary)), options_(std::move(options)), merges_(std::move(merges)) {
  if (!options_.unknown_name.empty()) unknown_ = vocabulary_.find(options_.unknown_name);
  token_bytes_.resize(static_cast<std::size_t>(vocabulary_.size()));
  for (std::int32_t id = 0; id < vocabulary_.size(); ++id) {
    const std::string_view name = vocabulary_.name(id);
    token_bytes_[static_cast<std::size_t>(id)] =
        static_cast<std::uint32_t>(options_.byte_level ? count_code_points(name) : name.size());
  }
  find_byte_tokens();
  fill_merge_table();
}

void BpeModel::find_byte_tokens() {
  byte_ids_.fill(-1);
  if (!options_.byte_level && !options_.byte_fallback) return;
  for (std::size_t byte = 0; byte < byte_ids_.size(); ++byte) {
    const std::string name =
        options_.byte_level ? encode_utf8(byte_to_alphabet(static_cast<unsigned char>(byte))) : fallback_name(byte);
    const auto id = vocabulary_.find(name);
    if (!id && options_.byte_level) fail("the vocabulary lacks the byte ", byte, " (\"", name, "\")");
    if (!id) continue;
    byte_ids_[byte] = *id;
    token_bytes_[static_cast<std::size_t>(*id)] = 1;
  }
}

void BpeModel::fill_merge_table() {
  std::size_t size = 16;
  while (size < 2 * merges_.size()) size *= 2;
  merge_table_.assign(size, Merge{});
  std::string name;
  for (std::size_t rank = 0; rank < merges_.size(); ++rank) {
    const auto [left, right] = merges_[rank];
    name = vocabulary_.name(left);
    name += vocabulary_.name(right);
    const auto result = vocabulary_.find(name);
    if (!result) fail("the vocabulary lacks \"", name, "\", the result of a merge");
    Merge& slot = const_cast<Merge&>(find_merge(left, right));
    slot = {static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right),
            static_cast<std::uint32_t>(rank), *result};
  }
}

/// The merge of this pair, or the empty slot where it would be.
const BpeModel::Merge& BpeModel::find_merge(std::int32_t left, std::int32_t right) const {
  const std::uint64_t pair = static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
  const std::size_t mask = merge_table_.size() - 1;
  std::size_t slot = mix64(pair) & mask;
  while (merge_table_[slot].pair != pair && merge_table_[slot].pair != kNoPair) slot = (slot + 1) & mask;
  return merge_table_[slot];
}

/// The rank of merging symbol i with the next one.
std::uint32_t BpeModel::rank_of(std::size_t symbol) const {
  const Merge& merge = find_merge(symbols_[symbol].id, symbols_[symbol + 1].id);
  return merge.pair == kNoPair ? kNoRank : merge.rank;
}

void BpeModel::append_unknown(std::string_view character) const {
  if (options_.byte_fallback) {
    const auto known = [&](char byte) { return byte_ids_[static_cast<unsigned char>(byte)] >= 0; };
    if (std::all_of(character.begin(), character.end(), known)) {
      for (const char byte : character) symbols_.push_back({byte_ids_[static_cast<unsigned char>(byte)], 1});
      return;
    }
  }
  const auto bytes = static_cast<std::uint32_t>(character.size());
  if (!unknown_) return;
  if (options_.fuse_unknown && !symbols_.empty() && symbols_.back().id == *unknown_) {
    symbols_.back().bytes += bytes;
  } else {
    symbols_.push_back({*unknown_, bytes});
  }
}

void BpeModel::split_into_symbols(std::string_view piece) const {
  symbols_.clear();
  if (options_.byte_level) {
    for (const char byte : piece) symbols_.push_back({byte_ids_[static_cast<unsigned char>(byte)], 1});
    return;
  }
  for (std::size_t i = 0; i < piece.size();) {
    const auto bytes = static_cast<std::size_t>(std::max(decode_utf8(piece, i).bytes, 1));
    const std::string_view character = piece.substr(i, bytes);
    if (const auto id = vocabulary_.find(character)) {
      symbols_.push_back({*id, static_cast<std::uint32_t>(bytes)});
    } else {
      append_unknown(character);
    }
    i += bytes;
  }
}

/// Merges the pair of lowest rank, the leftmost of equals, until there is none: quadratic, but best for a word.
void BpeModel::merge_few() const {
  ranks_.clear();
  for (std::size_t i = 0; i + 1 < symbols_.size(); ++i) ranks_.push_back(rank_of(i));
  while (!ranks_.empty()) {
    const auto lowest = std::min_element(ranks_.begin(), ranks_.end());
    if (*lowest == kNoRank) return;
    const auto at = static_cast<std::size_t>(lowest - ranks_.begin());
    const std::uint32_t bytes = symbols_[at].bytes + symbols_[at + 1].bytes;
    symbols_[at] = {find_merge(symbols_[at].id, symbols_[at + 1].id).result, bytes};
    symbols_.erase(symbols_.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    ranks_.erase(lowest);
    if (at < ranks_.size()) ranks_[at] = rank_of(at);
    if (at > 0) ranks_[at - 1] = rank_of(at - 1);
  }
}

/// The same in O(n log n): a queue of candidate merges over a linked list of symbols.
void BpeModel::merge_many() const {
  struct Candidate {
    std::uint32_t rank, left;
    std::int32_t result;
    bool operator>(const Candidate& other) const { return std::tie(rank, left) > std::tie(other.rank, other.left); }
  };
  const auto count = static_cast<std::uint32_t>(symbols_.size());
  std::vector<std::uint32_t> next(count), previous(count);
  std::vector<Candidate> storage;
  storage.reserve(count);
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue(std::greater<>(), std::move(storage));
  const auto push = [&](std::uint32_t left) {
    const Merge& merge = find_merge(symbols_[left].id, symbols_[next[left]].id);
    if (merge.pair != kNoPair) queue.push({merge.rank, left, merge.result});
  };
  for (std::uint32_t i = 0; i < count; ++i) {
    next[i] = i + 1;
    previous[i] = i - 1;
  }
  for (std::uint32_t i = 0; i + 1 < count; ++i) push(i);
  while (!queue.empty()) {
    const Candidate merge = queue.top();
    queue.pop();
    const std::uint32_t left = merge.left;
    const std::uint32_t right = next[left];
    // A symbol that was merged away covers 0 bytes; a candidate is stale if its pair has changed since.
    if (symbols_[left].bytes == 0 || right >= count) continue;
    const Merge& now = find_merge(symbols_[left].id, symbols_[right].id);
    if (now.pair == kNoPair || now.result != merge.result) continue;
    symbols_[left] = {merge.result, symbols_[left].bytes + symbols_[right].bytes};
    symbols_[right].bytes = 0;
    next[left] = next[right];
    if (next[left] < count) {
      previous[next[left]] = left;
      push(left);
    }
    if (left > 0 && previous[left] < count) push(previous[left]);
  }
  std::erase_if(symbols_, [](const PieceToken& symbol) { return symbol.bytes == 0; });
}

void BpeModel::encode(std::string_view piece, std::vector<PieceToken>& out) const {
  const bool cached = piece.size() <= PieceCache::kLongestPiece;
  const std::uint64_t hash = cached ? hash_bytes(piece) : 0;
  if (cached) {
    const auto ids = cache_.find(piece, hash);
    for (const std::int32_t id : ids) out.push_back({id, token_bytes_[static_cast<std::size_t>(id)]});
    if (!ids.empty()) return;
  }
  if (options_.ignore_merges) {
    if (const auto id = options_.byte_level ? vocabulary_.find(to_alphabet(piece)) : vocabulary_.find(piece)) {
      out.push_back({*id, static_cast<std::uint32_t>(piece.size())});
      return;
    }
  }
  split_into_symbols(piece);
  constexpr std::size_t kFew = 100;
  if (symbols_.size() <= kFew) {
    merge_few();
  } else {
    merge_many();
  }
  const bool has_unknown = unknown_ && std::any_of(symbols_.begin(), symbols_.end(),
                                                   [&](const PieceToken& token) { return token.id == *unknown_; });
  if (cached && !has_unknown) cache_.insert(piece, hash, symbols_);
  out.insert(out.end(), symbols_.begin(), symbols_.end());
}

Json BpeModel::to_json() const {
  Json merges = Json::array();
  const auto has_space = [&](std::int32_t id) { return vocabulary_.name(id).find(' ') != std::string_view::npos; };
  // "a b" is what every version of the library reads; names that hold spaces need the newer pairs.
  const bool pairs = std::any_of(merges_.begin(), merges_.end(),
                                 [&](const auto& merge) { return has_space(merge.first) || has_space(merge.second); });
  for (const auto& [left, right] : merges_) {
    const std::string first(vocabulary_.name(left));
    const std::string second(vocabulary_.name(right));
    merges.push_back(pairs ? Json(Json::Array{first, second}) : Json(first + " " + second));
  }
  Json json;
  json.set("type", "BPE").set("dropout", nullptr);
  json.set("unk_token", options_.unknown_name.empty() ? Json() : Json(options_.unknown_name));
  json.set("continuing_subword_prefix", nullptr).set("end_of_word_suffix", nullptr);
  json.set("fuse_unk", options_.fuse_unknown).set("byte_fallback", options_.byte_fallback);
  json.set("ignore_merges", options_.ignore_merges).set("vocab", vocabulary_json()).set("merges", std::move(merges));
  return json;
}

}  // namespace attn
