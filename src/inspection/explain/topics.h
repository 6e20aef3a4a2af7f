#pragma once
// The topics of `attn explain`, in the order of the course. A topic is a function from a case to steps, and a row here.

#include <span>
#include <string>
#include <string_view>

#include "inspection/explain/case.h"
#include "inspection/explain/explanation.h"

namespace attn {

struct ExplainTopic {
  std::string_view name;
  std::string_view aliases = {};  // separated by spaces
  std::string_view summary;       // "every word looks at every word"
  std::string_view words;         // the text of the case, unless another is given
  std::string_view target = {};   // the second text, of topics that have one
  std::int64_t d_model = 2;
  std::int64_t heads = 1;
  bool takes_heads = false;       // --heads
  bool takes_style = false;       // --style
  bool takes_weights = true;      // --weights
  bool needs_even_width = false;  // d_model in pairs of sine and cosine
  Explanation (*explain)(ExplainCase& example, const ExplainTools& tools) = nullptr;
};

std::span<const ExplainTopic> explain_topics();

/// By name or alias; null if there is none.
const ExplainTopic* find_explain_topic(std::string_view name);

Explanation explain_embedding(ExplainCase& example, const ExplainTools& tools);
Explanation explain_positions(ExplainCase& example, const ExplainTools& tools);
Explanation explain_qkv(ExplainCase& example, const ExplainTools& tools);
Explanation explain_self_attention(ExplainCase& example, const ExplainTools& tools);
Explanation explain_masked_self_attention(ExplainCase& example, const ExplainTools& tools);
Explanation explain_cross_attention(ExplainCase& example, const ExplainTools& tools);
Explanation explain_multi_head_attention(ExplainCase& example, const ExplainTools& tools);
Explanation explain_parallel(ExplainCase& example, const ExplainTools& tools);
Explanation explain_encoder(ExplainCase& example, const ExplainTools& tools);
Explanation explain_decoder(ExplainCase& example, const ExplainTools& tools);
Explanation explain_encoder_decoder(ExplainCase& example, const ExplainTools& tools);
Explanation explain_training(ExplainCase& example, const ExplainTools& tools);

}  // namespace attn
