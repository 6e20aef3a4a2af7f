#pragma once
// `attn explain DIR`: the steps with a trained model's own numbers.

#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/explain_case.h"
#include "inspection/explain/model.h"

namespace attn {

struct ExplainModelOptions {
  std::optional<AttentionKind> kind = {};
  int layer = 0, head = 0;

  void visit(OptionTable& options);
};

/// Opens the model in `path` and explains one of its heads on the case's text. Throws Error, naming the option, if the
/// model has no such head or takes no such text.
Explanation explain_folder(const std::string& path, const ExplainCaseOptions& example,
                           const ExplainModelOptions& chosen, const ExplainTools& tools, const Invocation& call);

}  // namespace attn
