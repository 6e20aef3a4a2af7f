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
    {.name = "multi-head-attention",
     .summary = "several heads look at once",
     .words = kWritePoem,
     .heads = 2,
     .takes_heads = true,
     .takes_style = true,
     .explain = explain_multi_head_attention},
    {.name = "parallel",
     .summary = "a whole text in one step, or token by token",
     .words = kWritePoem,
     .explain = explain_parallel},
    {.name = "encoder",
     .aliases = "bert",
     .summary = "a text is read, both sides at once",
     .words = kWritePoem,
     .d_model = 4,
     .heads = 2,
     .takes_heads = true,
     .needs_even_width = true,
     .explain = explain_encoder},
    {.name = "decoder",
     .aliases = "gpt",
     .summary = "a text is continued, word by word",
     .words = kWritePoem,
     .d_model = 4,
     .heads = 2,
     .takes_heads = true,
     .needs_even_width = true,
     .explain = explain_decoder},
    {.name = "encoder-decoder",
     .aliases = "transformer",
     .summary = "one text becomes another",
     .words = kWritePoem,
     .target = "<start> Escribe un",
     .d_model = 4,
     .heads = 2,
     .takes_heads = true,
     .needs_even_width = true,
     .explain = explain_encoder_decoder},
    {.name = "training", .summary = "one gradient step", .words = kWritePoem, .explain = explain_training},
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
