#include "inspection/attention_film.h"

#include <algorithm>
#include <cmath>

#include "inspection/attention_html.h"
#include "inspection/page_parts.h"

namespace attn {

void AttentionFilm::add(std::int64_t step, const TracedText& text) {
  std::string bytes;
  for (const AttentionRecord& record : text.records) {
    for (const float weight : record.weights) {
      bytes += static_cast<char>(static_cast<unsigned char>(std::lround(std::clamp(weight, 0.0f, 1.0f) * 255)));
    }
  }
  if (bytes.empty()) return;
  if (frames_ == nullptr) {
    source_ = label_array(text.source_tokens);
    target_ = label_array(text.target_tokens);
    records_ = Json::array();
    for (const AttentionRecord& record : text.records) {
      records_.push_back(Json::object()
                             .set("kind", name_of(record.kind))
                             .set("layer", record.layer)
                             .set("heads", record.heads)
                             .set("queries", record.queries)
                             .set("keys", record.keys));
    }
    frames_ =
        std::make_unique<ThinnedHistory<Frame>>(std::clamp(kMostBytes / bytes.size(), std::size_t{2}, kMostFrames));
  }
  frames_->add({step, base64(bytes)});
}

Json AttentionFilm::to_json() const {
  Json frames = Json::array();
  if (frames_ != nullptr) {
    for (const Frame& frame : frames_->things()) {
      frames.push_back(Json::object().set("step", frame.step).set("weights", frame.weights));
    }
  }
  return Json::object().set("source", source_).set("target", target_).set("records", records_).set("frames", frames);
}

}  // namespace attn
