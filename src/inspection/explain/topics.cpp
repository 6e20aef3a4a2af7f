#include "inspection/explain/topics.h"

#include <algorithm>

namespace attn {

namespace {

constexpr std::string_view kWritePoem = "Write a poem";
constexpr std::string_view kPizza = "the pizza left the oven";

constexpr ExplainTopic kTopics[] = {
    {.name = "embedding",
     .summary = "words become vectors",
     .words = kPizza,
     .d_model = 4,
     .takes_weights = false,
     .explain = explain_embedding},
    {.name = "positions",
     .summary = "vectors that know their place in the text",
     .words = kPizza,
     .d_model = 4,
     .takes_weights = false,
     .needs_even_width = true,
     .explain = explain_positions},
    {.name = "qkv", .summary = "queries, keys and values", .words = kWritePoem, .explain = explain_qkv},
    {.name = "self-attention",
     .summary = "every token looks at every token",
     .words = kWritePoem,
     .explain = explain_self_attention},
    {.name = "masked-self-attention",
     .aliases = "mk-attention",
     .summary = "every token looks at itself and those before it",
     .words = kWritePoem,
     .explain = explain_masked_self_attention},
    {.name = "cross-attention",
     .aliases = "encoder-decoder-attention",
     .summary = "one text looks at another",
     .words = kWritePoem,
     .target = "Escribe un",
     .takes_style = true,
     .explain = explain_cross_attention},
};

}  // namespace

std::span<const ExplainTopic> explain_topics() {
  return kTopics;
}

const ExplainTopic* find_explain_topic(std::string_view name) {
  const auto found = std::find_if(std::begin(kTopics), std::end(kTopics), [&](const ExplainTopic& topic) {
    return topic.name == name || topic.aliases == name;
  });
  return found == std::end(kTopics) ? nullptr : found;
}

}  // namespace attn
