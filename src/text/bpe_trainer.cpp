#include "text/bpe_trainer.h"

#include <algorithm>
#include <queue>

#include "base/random.h"
#include "text/vocabulary.h"

namespace attn {
namespace {

using Id = std::int32_t;
using Place = std::uint32_t;

/// A pair of neighbouring tokens: how often it occurs, and where its first token begins (or once began).
struct Pair {
  Id left, right;
  std::int64_t count = 0;
  bool merged = false;
  std::vector<Place> places;
};

class Learner {
 public:
  Learner(const WordCounter& words, std::size_t token_count) : token_count_(token_count) {
    for (int byte = 0; byte < 256; ++byte) {
      learnt_.tokens.emplace_back(1, static_cast<char>(byte));
      names_.add(learnt_.tokens.back(), byte);
    }
    lay_out(words);
    find_pairs();
  }

  LearntMerges learn() {
    const auto comes_later = [this](const Candidate& a, const Candidate& b) { return is_behind(a, b); };
    std::priority_queue<Candidate, std::vector<Candidate>, decltype(comes_later)> queue(comes_later);
    for (std::uint32_t i = 0; i < pairs_.size(); ++i) queue.push({pairs_[i].count, i});
    while (learnt_.tokens.size() < token_count_ && !queue.empty()) {
      const Candidate best = queue.top();
      queue.pop();
      const std::int64_t count = pairs_[best.pair].count;
      if (count < best.count && count > 0) queue.push({count, best.pair});  // it was counted before other merges
      if (count != best.count) continue;
      if (count < 2) break;
      merge(best.pair);
      for (const std::uint32_t pair : grown_) queue.push({pairs_[pair].count, pair});
    }
    return std::move(learnt_);
  }

 private:
  struct Candidate {
    std::int64_t count;
    std::uint32_t pair;
  };
  static constexpr Id kNothing = -1;  // between words, and inside a token
  static constexpr std::uint32_t kEmpty = ~0u;

  bool is_behind(const Candidate& a, const Candidate& b) const {
    if (a.count != b.count) return a.count < b.count;
    const auto name = [this](Id id) -> const std::string& { return learnt_.tokens[static_cast<std::size_t>(id)]; };
    const int order = name(pairs_[a.pair].left).compare(name(pairs_[b.pair].left));
    return order != 0 ? order < 0 : name(pairs_[a.pair].right) < name(pairs_[b.pair].right);
  }

  /// All words one after the other, a place a byte, with nothing before, between and after them. A token stands at
  /// its first and its last place.
  void lay_out(const WordCounter& words) {
    std::size_t size = 1;
    for (std::size_t i = 0; i < words.size(); ++i) size += words.word(i).size() + 1;
    text_.reserve(size);
    word_at_.reserve(size);
    text_.push_back(kNothing);
    word_at_.push_back(0);
    for (std::size_t i = 0; i < words.size(); ++i) {
      for (const char byte : words.word(i)) text_.push_back(static_cast<unsigned char>(byte));
      text_.push_back(kNothing);
      word_at_.resize(text_.size(), static_cast<std::uint32_t>(i));
      counts_.push_back(words.count(i));
    }
  }

  /// Counts pairs and notes their places; twice, so that no list is larger than it must be.
  void find_pairs() {
    std::vector<std::uint32_t> occurrences(65536);
    const auto each_pair = [this](auto&& visit) {
      for (Place place = 0; place + 1 < text_.size(); ++place) {
        if (text_[place] != kNothing && text_[place + 1] != kNothing) visit(place);
      }
    };
    const auto key = [this](Place place) { return static_cast<std::size_t>(text_[place] << 8 | text_[place + 1]); };
    each_pair([&](Place place) { ++occurrences[key(place)]; });
    each_pair([&](Place place) {
      const std::uint32_t index = pair_index(text_[place], text_[place + 1]);
      Pair& pair = pairs_[index];
      if (pair.places.empty()) pair.places.reserve(occurrences[key(place)]);
      pair.places.push_back(place);
      pair.count += counts_[word_at_[place]];
    });
  }

  std::uint32_t pair_index(Id left, Id right) {
    if (2 * (pairs_.size() + 1) > slots_.size()) {
      slots_.assign(std::max<std::size_t>(4096, 2 * slots_.size()), kEmpty);
      for (std::uint32_t i = 0; i < pairs_.size(); ++i) slots_[slot_of(pairs_[i].left, pairs_[i].right)] = i;
    }
    const std::size_t slot = slot_of(left, right);
    if (slots_[slot] == kEmpty) {
      slots_[slot] = static_cast<std::uint32_t>(pairs_.size());
      pairs_.push_back({left, right, 0, false, {}});
    }
    return slots_[slot];
  }

  std::size_t slot_of(Id left, Id right) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = mix64(static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right)) & mask;
    while (slots_[slot] != kEmpty && (pairs_[slots_[slot]].left != left || pairs_[slots_[slot]].right != right)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  Place length(Id id) const { return static_cast<Place>(learnt_.tokens[static_cast<std::size_t>(id)].size()); }

  /// The token that this pair becomes: a new one, unless another pair spells the same bytes.
  Id result_of(const Pair& pair) {
    std::string name = learnt_.tokens[static_cast<std::size_t>(pair.left)];
    name += learnt_.tokens[static_cast<std::size_t>(pair.right)];
    if (const auto known = names_.find(name)) return *known;
    const auto id = static_cast<Id>(learnt_.tokens.size());
    names_.add(name, id);
    learnt_.tokens.push_back(std::move(name));
    return id;
  }

  void lower(Id left, Id right, std::int64_t count) { pairs_[pair_index(left, right)].count -= count; }

  void raise(Id left, Id right, std::int64_t count, Place place) {
    const std::uint32_t index = pair_index(left, right);
    Pair& pair = pairs_[index];
    pair.count += count;
    pair.places.push_back(place);
    grown_.push_back(index);
  }

  void merge(std::uint32_t index) {
    grown_.clear();
    const Id left = pairs_[index].left;
    const Id right = pairs_[index].right;
    const Id result = result_of(pairs_[index]);
    if (!pairs_[index].merged) learnt_.merges.emplace_back(left, right);
    pairs_[index].merged = true;
    std::vector<Place> places = std::move(pairs_[index].places);
    pairs_[index].places = {};
    if (!std::is_sorted(places.begin(), places.end())) std::sort(places.begin(), places.end());
    for (const Place place : places) merge_at(place, left, right, result);
    pairs_[index].count = 0;
    std::sort(grown_.begin(), grown_.end());
    grown_.erase(std::unique(grown_.begin(), grown_.end()), grown_.end());
  }

  void merge_at(Place place, Id left, Id right, Id result) {
    const Place middle = place + length(left);
    if (text_[place] != left || text_[middle] != right) return;  // an earlier merge took one of them
    const Place end = middle + length(right);
    const std::int64_t count = counts_[word_at_[place]];
    const Id before = text_[place - 1];
    const Id after = text_[end];
    if (before != kNothing) {
      lower(before, left, count);
      raise(before, result, count, place - length(before));
    }
    if (after != kNothing) {
      lower(right, after, count);
      raise(result, after, count, place);
    }
    text_[middle - 1] = kNothing;
    text_[middle] = kNothing;
    text_[place] = result;
    text_[end - 1] = result;
  }

  std::size_t token_count_;
  LearntMerges learnt_;
  Vocabulary names_;
  std::vector<Id> text_;
  std::vector<std::uint32_t> word_at_;  // the word that each place belongs to
  std::vector<std::int64_t> counts_;    // of each word
  std::vector<Pair> pairs_;
  std::vector<std::uint32_t> slots_;  // open addressing into pairs_
  std::vector<std::uint32_t> grown_;  // pairs that the last merge made more frequent
};

}  // namespace

LearntMerges learn_merges(const WordCounter& words, std::size_t token_count) {
  return Learner(words, token_count).learn();
}

}  // namespace attn
