#pragma once
// The attention of one text over a training, as a page shows it behind a slider: frames in 256 steps of grey, at most a few
// megabytes of them however long the training is.

#include <cstdint>
#include <memory>
#include <string>

#include "base/json.h"
#include "inspection/head_view.h"
#include "inspection/thinned_history.h"

namespace attn {

class AttentionFilm {
 public:
  static constexpr std::size_t kMostFrames = 64;
  static constexpr std::size_t kMostBytes = std::size_t{3} << 20;  // but two frames are always kept

  /// Adds the attention after `step` updates; every frame has the shapes of the first.
  void add(std::int64_t step, const TracedText& text);

  bool empty() const { return frames_ == nullptr; }
  /// {"source": […], "target": […], "records": [{kind, layer, heads, queries, keys}], "frames": [{step, weights}]}; the
  /// weights of a frame are the base64 of a byte for each of (record, H, T, S): 255 is 1.
  Json to_json() const;

 private:
  struct Frame {
    std::int64_t step;
    std::string weights;
  };

  Json source_, target_, records_;
  std::unique_ptr<ThinnedHistory<Frame>> frames_;
};

}  // namespace attn
