#include "generation/generator.h"

#include <algorithm>
#include <vector>

#include "generation/cached_decoder.h"

namespace attn {

namespace {

constexpr int kBatch = 32;  // samples decoded together; more would cost memory and hardly save time
constexpr std::int32_t kEnded = -1;

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
    for (int position = 0; position < options_.tokens; ++position) {
      if (position > 0) decoder_.append(newest_);
      for (int slot = 0; slot < static_cast<int>(newest_.size()); ++slot) draw(slot, position, on_token, on_end);
      if (running_ == 0) return;
    }
    for (int slot = 0; slot < static_cast<int>(newest_.size()); ++slot) {
      if (newest(slot) != kEnded) end(slot, StopReason::tokens, on_end);
    }
  }

 private:
  std::int32_t& newest(int slot) { return newest_[static_cast<std::size_t>(slot)]; }

  void draw(int slot, int position, const OnToken& on_token, const OnEnd& on_end) {
    if (newest(slot) == kEnded) return;
    std::span<const float> logits = decoder_.logits(slot);
    if (options_.vocabulary > 0) logits = logits.first(std::min(logits.size(), vocabulary()));
    newest(slot) = sampler_.next(logits, decoder_.window(slot), static_cast<std::uint64_t>(first_ + slot),
                                 static_cast<std::uint64_t>(position));
    if (newest(slot) == options_.end_id) {
      end(slot, StopReason::end_token, on_end);
    } else if (!on_token(first_ + slot, newest(slot))) {
      end(slot, StopReason::callback, on_end);
    }
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
  std::vector<std::int32_t> newest_;  // (slots): each sample's newest token, or kEnded
};

}  // namespace

void generate(const DecoderModel& model, const simd::Kernels& kernels, ThreadPool& pool,
              std::span<const std::int32_t> prompt, const GenerationOptions& options, const OnToken& on_token,
              const OnEnd& on_end) {
  Sampler sampler(options.sampling, options.seed);
  const std::int64_t room = static_cast<std::int64_t>(prompt.size()) + options.tokens;
  for (int first = 0; first < options.samples; first += kBatch) {
    const int count = std::min(kBatch, options.samples - first);
    CachedDecoder decoder(model, kernels, pool, count, room);
    decoder.read(prompt);
    Batch(decoder, sampler, options, first, count).run(on_token, on_end);
  }
}

}  // namespace attn
