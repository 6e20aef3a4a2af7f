#include "generation/translator.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "autograd/context.h"
#include "base/error.h"

namespace attn {

namespace {

// A batch has at most so many hypotheses, and source tokens. More would cost memory and hardly save time.
constexpr std::size_t kRows = 128;
constexpr std::size_t kSourceTokens = 2048;
constexpr double kFlopsOfALogit = 10;  // roughly, of the softmax and the choice

const TranslationOptions& checked(const TranslationOptions& options) {
  check_translation(options);
  return options;
}

std::int32_t required(const std::optional<std::int32_t>& id, const char* what) {
  if (!id) fail("the model has no ", what, " token, which a translation needs");
  return *id;
}

}  // namespace

struct Translator::Member {
  std::size_t source;  // its number among the sources
  std::unique_ptr<TargetSearch> search;
  std::size_t first_row = 0, rows = 1;
};

void check_translation(const TranslationOptions& options) {
  if (options.beam < 1) usage_error("--beam is ", options.beam, ", expected a whole number from 1");
  if (!(options.length_penalty >= 0) || !std::isfinite(options.length_penalty)) {
    usage_error("--length-penalty is ", options.length_penalty, ", expected a number from 0");
  }
  if (options.n_best < 1) usage_error("--n-best is ", options.n_best, ", expected a whole number from 1");
  if (!options.sample && options.n_best > options.beam) {
    usage_error("--n-best ", options.n_best, " needs a --beam of at least as many, found ", options.beam);
  }
  if (options.max_length < 0) usage_error("--max-length is ", options.max_length, ", expected a whole number from 1");
}

Translator::Translator(const EncoderDecoderModel& model, const simd::Kernels& kernels, ThreadPool& pool,
                       const TranslationOptions& options)
    : model_(model),
      kernels_(kernels),
      pool_(pool),
      options_(checked(options)),
      sampler_(options.sampling, options.seed),
      cache_(model.config().decoder_layers, 0, 0,
             static_cast<std::int64_t>(model.config().kv_heads) * model.config().d_head) {
  required(model.config().end_id, "end");
  required(model.config().pad_id, "pad");
}

Translator::~Translator() = default;

std::unique_ptr<TargetSearch> Translator::make_search(std::size_t tokens, std::uint64_t number) {
  const ModelConfig& config = model_.config();
  const std::int64_t longest =
      options_.max_length > 0 ? options_.max_length : 2 * static_cast<std::int64_t>(tokens) + 10;
  const SearchOptions search{*config.end_id, static_cast<int>(std::min<std::int64_t>(longest, config.context)),
                             options_.length_penalty};
  if (!options_.sample) return std::make_unique<BeamSearch>(search, options_.beam);
  const auto count = static_cast<std::uint64_t>(options_.n_best);
  return std::make_unique<SampleSearch>(search, sampler_, number * count, options_.n_best);
}

std::vector<std::vector<Hypothesis>> Translator::translate(std::span<const std::vector<std::int32_t>> sources,
                                                           std::uint64_t first) {
  const auto context = static_cast<std::size_t>(model_.config().context);
  for (const auto& source : sources) {
    if (source.empty() || source.size() > context) {
      fail("a source of ", source.size(), " tokens, expected 1 to the model's context of ", context);
    }
  }
  // Sources of similar length go together, so that they end together; the longest first, so that memory is got once.
  std::vector<std::size_t> order(sources.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return sources[a].size() > sources[b].size(); });
  const auto width = static_cast<std::size_t>(options_.sample ? options_.n_best : options_.beam);
  std::vector<std::vector<Hypothesis>> targets(sources.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    const auto fits = [&](std::size_t count) {
      return count * width <= kRows && count * sources[order[begin]].size() <= kSourceTokens;
    };
    for (end = begin + 1; end < order.size() && fits(end + 1 - begin);) ++end;
    begin_batch(sources, std::span(order).subspan(begin, end - begin), first);
    while (!ids_.empty()) step();
    for (Member& member : members_) {
      std::vector<Hypothesis>& found = targets[member.source];
      found = member.search->finished();
      if (found.size() > static_cast<std::size_t>(options_.n_best))
        found.resize(static_cast<std::size_t>(options_.n_best));
    }
  }
  return targets;
}

void Translator::read_sources(std::span<const std::vector<std::int32_t>> sources, std::span<const std::size_t> batch) {
  source_ids_.clear();
  source_positions_.clear();
  source_lengths_.clear();
  source_starts_.assign(1, 0);
  for (const std::size_t number : batch) {
    const std::vector<std::int32_t>& source = sources[number];
    source_ids_.insert(source_ids_.end(), source.begin(), source.end());
    for (std::size_t i = 0; i < source.size(); ++i) source_positions_.push_back(static_cast<std::int32_t>(i));
    source_lengths_.push_back(static_cast<std::int32_t>(source.size()));
    source_starts_.push_back(static_cast<std::int32_t>(source_ids_.size()));
  }
  source_arena_.reset();
  Context context{source_arena_, pool_, kernels_};
  const Sequences sequences{static_cast<std::int64_t>(batch.size()), source_starts_.data(), source_lengths_.data(),
                            source_positions_.data()};
  states_ = model_.encode(context, {sequences, source_ids_.data()});
  keys_values_ = model_.project(context, states_);
}

void Translator::begin_batch(std::span<const std::vector<std::int32_t>> sources, std::span<const std::size_t> batch,
                             std::uint64_t first) {
  read_sources(sources, batch);
  members_.clear();
  int longest = 0;
  for (const std::size_t number : batch) {
    members_.push_back({number, make_search(sources[number].size(), first + number)});
    longest = std::max(longest, members_.back().search->max_length());
  }
  const int width = options_.sample ? options_.n_best : options_.beam;
  cache_.restart(static_cast<int>(batch.size()) * width, longest);
  position_ = 0;
  gather();
  std::fill(ids_.begin(), ids_.end(), *model_.config().pad_id);
}

// The rows of the next step, from what the searches want to go on with.
void Translator::gather() {
  ids_.clear();
  parents_.clear();
  row_starts_.clear();
  row_lengths_.clear();
  for (std::size_t i = 0; i < members_.size(); ++i) {
    Member& member = members_[i];
    const auto first_before = static_cast<std::int32_t>(member.first_row);
    member.first_row = ids_.size();
    for (const TargetSearch::Live& live : member.search->live()) {
      ids_.push_back(live.id);
      parents_.push_back(first_before + live.parent);
      row_starts_.push_back(source_starts_[i]);
      row_lengths_.push_back(source_lengths_[i]);
    }
    member.rows = ids_.size() - member.first_row;
  }
}

void Translator::step() {
  const std::size_t rows = ids_.size();
  starts_.resize(rows + 1);
  std::iota(starts_.begin(), starts_.end(), 0);
  lengths_.assign(rows, 1);
  positions_.assign(rows, position_);
  arena_.reset();
  Context context{arena_, pool_, kernels_};
  context.cache = &cache_;
  const Sequences sequences{static_cast<std::int64_t>(rows), starts_.data(), lengths_.data(), positions_.data()};
  const Tensor hidden = model_.decode(context, {sequences, ids_.data()},
                                      {states_, keys_values_, row_starts_.data(), row_lengths_.data()});
  search(model_.logits(context, hidden));
  ++position_;
  gather();
  cache_.reorder(parents_);
}

void Translator::search(const Tensor& logits) {
  const std::int64_t vocabulary = logits.columns();
  const std::int64_t written =
      options_.vocabulary > 0 ? std::min<std::int64_t>(options_.vocabulary, vocabulary) : vocabulary;
  constexpr float kExcluded = -std::numeric_limits<float>::infinity();
  std::atomic<bool> valid = true;
  const auto run = [&](std::int64_t block, int) {
    Member& member = members_[static_cast<std::size_t>(block)];
    float* const first = logits.data + static_cast<std::int64_t>(member.first_row) * vocabulary;
    const auto rows = static_cast<std::int64_t>(member.rows);
    kernels_.log_softmax(first, vocabulary, vocabulary, 0, rows);
    for (std::int64_t row = 0; row < rows; ++row) {
      float* const log_probabilities = first + row * vocabulary;
      if (std::isnan(log_probabilities[0])) valid = false;
      log_probabilities[*model_.config().pad_id] = kExcluded;
      std::fill(log_probabilities + written, log_probabilities + vocabulary, kExcluded);
    }
    if (!options_.sample && rows > 0) member.search->advance(first, vocabulary);
  };
  pool_.run(static_cast<std::int64_t>(members_.size()), kFlopsOfALogit * static_cast<double>(logits.size()), run);
  if (!valid) fail("the model's output is not a number (NaN or infinity): its weights are damaged or diverged");
  if (!options_.sample) return;
  // One sampler serves all: one after the other.
  for (Member& member : members_) {
    if (member.rows == 0) continue;
    member.search->advance(logits.data + static_cast<std::int64_t>(member.first_row) * vocabulary, vocabulary);
  }
}

}  // namespace attn
