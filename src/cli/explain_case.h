#pragma once
// The options of `attn explain` that make a topic's case: own words, vectors, matrices.

#include <cstdint>
#include <optional>
#include <string>

#include "base/options.h"
#include "inspection/explain/topics.h"

namespace attn {

struct ExplainCaseOptions {
  std::optional<std::string> text = {}, target = {};
  std::string input = {}, weights = {};
  std::uint64_t seed = 42;
  std::optional<int> d_model = {}, heads = {};
  HeadStyle style = HeadStyle::paper;

  void visit(OptionTable& options);
};

/// The case of a topic: what the options say, and the topic's own words and sizes else. Throws Error (usage) for
/// options that the topic has no use for or that contradict each other.
ExplainCase make_explain_case(const ExplainTopic& topic, const ExplainCaseOptions& given, const OptionTable& options);

}  // namespace attn
