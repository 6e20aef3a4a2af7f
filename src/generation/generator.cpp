#include "generation/generator.h"

#include <vector>

#include "generation/cached_decoder.h"

namespace attn {

namespace {

constexpr std::int32_t kEnded = -1;

}  // namespace

void generate(const DecoderModel& model, const simd::Kernels& kernels, ThreadPool& pool,
              std::span<const std::int32_t> prompt, const GenerationOptions& options, const OnToken& on_token,
              const OnEnd& on_end) {
  Sampler sampler(options.sampling, options.seed);
  CachedDecoder decoder(model, kernels, pool, options.samples,
                        static_cast<std::int64_t>(prompt.size()) + options.tokens);
  decoder.read(prompt);

  std::vector<std::int32_t> last(static_cast<std::size_t>(options.samples), 0);  // each sample's newest token
  int running = options.samples;
  const auto end = [&](int sample, StopReason reason) {
    last[static_cast<std::size_t>(sample)] = kEnded;
    --running;
    on_end(sample, reason);
  };
  for (int position = 0; position < options.tokens; ++position) {
    for (int sample = 0; sample < options.samples; ++sample) {
      std::int32_t& id = last[static_cast<std::size_t>(sample)];
      if (id == kEnded) continue;
      id = sampler.next(decoder.logits(sample), decoder.window(sample), static_cast<std::uint64_t>(sample),
                        static_cast<std::uint64_t>(position));
      if (id == options.end_id) {
        end(sample, StopReason::end_token);
      } else if (!on_token(sample, id)) {
        end(sample, StopReason::callback);
      }
    }
    if (running == 0) return;
    if (position + 1 < options.tokens) decoder.append(last);
  }
  for (int sample = 0; sample < options.samples; ++sample) {
    if (last[static_cast<std::size_t>(sample)] != kEnded) end(sample, StopReason::tokens);
  }
}

}  // namespace attn
