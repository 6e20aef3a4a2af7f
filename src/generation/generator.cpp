#include "generation/generator.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "generation/cached_decoder.h"
#include "models/quantize.h"

namespace attn {

namespace {

constexpr int kBatch = 32;  // samples decoded together; more would cost memory and hardly save time
constexpr std::int32_t kEnded = -1;
constexpr int kDrafts = 3;                // with the newest token as many rows as products compute as they do one
constexpr std::int64_t kFewestLanes = 8;  // narrower vectors convert bytes more slowly than floats are read
constexpr std::int64_t kManyLanes = 16;   // fewer compute four rows much more slowly than one
constexpr int kFewestTokens = 32;         // fewer do not make up for copying the weights
// Fewer weights stay in the second-level cache, and cost little to read; with few lanes, in the last one (AVX2 on a Zen 3:
// drafts take 1.8 times as long with 2.7 million, and save a third or more of the time with 4.7).
constexpr std::int64_t kFewestWeights = 1 << 19, kFewestWeightsFewLanes = 1 << 22;

// What a round of drafts costs in passes without drafts, about: its own pass, and every draft. Texts whose drafts are
// wrong too often to make up for it pause: each token without drafts earns a share of a new try.
constexpr double kRoundCost = 1.25, kDraftCost = 0.4, kTry = 1.0 / 32, kMostCredit = 4;

// Samples first … first + count - 1 of a run.
class Batch {
 public:
  Batch(CachedDecoder& decoder, Sampler& sampler, const GenerationOptions& options, int first, int count)
      : decoder_(decoder),
        sampler_(sampler),
        options_(options),
        first_(first),
        running_(count),
        newest_(static_cast<std::size_t>(count), 0) {}

  void run(const OnToken& on_token, const OnEnd& on_end) {
    int position = 0;
    while (position < options_.tokens) {
      const int drafts = position > 0 ? possible_drafts(position) : 0;
      if (drafts > 0) {
        position = draw_drafted(position, drafts, on_token, on_end);
      } else {
        if (position > 0) decoder_.append(newest_);
        for (int slot = 0; slot < static_cast<int>(newest_.size()); ++slot) draw(slot, position, on_token, on_end);
        ++position;
        earn(kTry);
      }
      if (running_ == 0) return;
    }
    for (int slot = 0; slot < static_cast<int>(newest_.size()); ++slot) {
      if (newest(slot) != kEnded) end(slot, StopReason::tokens, on_end);
    }
  }

 private:
  std::int32_t& newest(int slot) { return newest_[static_cast<std::size_t>(slot)]; }

  // Drafts that are worth a try and have room: beside the newest token in the context, and before the last token that is
  // wanted.
  int possible_drafts(int position) const {
    if (newest_.size() > 1 || credit_ < 0) return 0;
    return std::min({options_.drafts, kDrafts, decoder_.room() - 1, options_.tokens - position - 1});
  }

  // Drafts tokens, reads the newest and them with the model's own weights, and draws from what it says as long as it says
  // what they are: one token or more. Returns the position of the next.
  int draw_drafted(int position, int drafts, const OnToken& on_token, const OnEnd& on_end) {
    const int first = position;
    const int passes = draft(position, drafts);
    decoder_.append_all(ahead_);
    int back = static_cast<int>(ahead_.size()) - 1;  // drafts that have not been compared
    draw(0, position++, on_token, on_end, back);
    for (; back > 0 && newest(0) == *(ahead_.end() - back); --back) draw(0, position++, on_token, on_end, back - 1);
    decoder_.take_back(back);
    earn(position - first - kRoundCost - kDraftCost * passes);
    return position;
  }

  void earn(double passes) { credit_ = std::min(kMostCredit, credit_ + passes); }

  // ahead_ becomes the newest token and those drafted behind it; returns the passes that this took.
  int draft(int position, int drafts) {
    ahead_.assign(1, newest(0));
    int read = 0;
    try {
      while (read < drafts) {
        decoder_.draft(ahead_.back());
        const std::int32_t id = next(0, position + read++, 0);
        if (id == options_.end_id) break;
        ahead_.push_back(id);
      }
    } catch (const Error&) {
      // No draft where the copies give no number; what the weights give is seen when they are read.
    }
    decoder_.take_back(read);
    return read;
  }

  void draw(int slot, int position, const OnToken& on_token, const OnEnd& on_end, int back = 0) {
    if (newest(slot) == kEnded) return;
    newest(slot) = next(slot, position, back);
    if (newest(slot) == options_.end_id) {
      end(slot, StopReason::end_token, on_end);
    } else if (!on_token(first_ + slot, newest(slot))) {
      end(slot, StopReason::callback, on_end);
    }
  }

  // The token that the decoder's logits give, before its newest `back` tokens.
  std::int32_t next(int slot, int position, int back) {
    std::span<const float> logits = decoder_.logits(slot, back);
    if (options_.vocabulary > 0) logits = logits.first(std::min(logits.size(), vocabulary()));
    const std::span<const std::int32_t> window = decoder_.window(slot);
    return sampler_.next(logits, window.first(window.size() - static_cast<std::size_t>(back)),
                         static_cast<std::uint64_t>(first_ + slot), static_cast<std::uint64_t>(position));
  }

  void end(int slot, StopReason reason, const OnEnd& on_end) {
    newest(slot) = kEnded;
    --running_;
    on_end(first_ + slot, reason);
  }

  std::size_t vocabulary() const { return static_cast<std::size_t>(options_.vocabulary); }

  CachedDecoder& decoder_;
  Sampler& sampler_;
  const GenerationOptions& options_;
  int first_, running_;
  double credit_ = 0;                 // passes that drafts have saved
  std::vector<std::int32_t> newest_;  // (slots): each sample's newest token, or kEnded
  std::vector<std::int32_t> ahead_;   // the newest token of the only sample, and drafts
};

}  // namespace

void prepare_drafts(DecoderModel& model, const simd::Kernels& kernels, GenerationOptions& options) {
  const std::int64_t fewest_weights = kernels.vector_floats < kManyLanes ? kFewestWeightsFewLanes : kFewestWeights;
  if (options.samples > 1 || options.tokens < kFewestTokens || kernels.vector_floats < kFewestLanes ||
      multiplied_weights(model.parameters(), model.config()) < fewest_weights) {
    return;
  }
  try {
    quantize(model.parameters(), model.config());
    options.drafts = kDrafts;
  } catch (const Error&) {
    // Without copies there are no drafts.
  }
}

void generate(const DecoderModel& model, const simd::Kernels& kernels, ThreadPool& pool,
              std::span<const std::int32_t> prompt, const GenerationOptions& options, const OnToken& on_token,
              const OnEnd& on_end) {
  Sampler sampler(options.sampling, options.seed);
  const std::int64_t room = static_cast<std::int64_t>(prompt.size()) + options.tokens;
  for (int first = 0; first < options.samples; first += kBatch) {
    const int count = std::min(kBatch, options.samples - first);
    CachedDecoder decoder(model, kernels, pool, count, room, options.drafts > 0);
    decoder.read(prompt);
    Batch(decoder, sampler, options, first, count).run(on_token, on_end);
  }
}

}  // namespace attn
