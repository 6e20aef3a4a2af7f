#pragma once
// The steps of attention with the own numbers of a trained model, and what the model predicts at the end.

#include "inspection/explain/attention_steps.h"
#include "inspection/explain/model_head.h"
#include "models/decoder.h"
#include "models/encoder.h"
#include "models/encoder_decoder.h"
#include "text/tokenizer.h"

namespace attn {

/// A text as the model reads it.
struct ModelText {
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> types = {};  // of encoders with token types
};

/// `name`: what the model is called in the title. The text must have tokens and fit the context, else Error.
Explanation explain_model(const DecoderModel& model, const Tokenizer& tokenizer, const ExplainTools& tools,
                          const std::string& name, ExplainedHead place, const ModelText& text);
/// At the end: each [MASK]'s most likely tokens, or the classes' probabilities, if the model has such a head.
Explanation explain_model(const EncoderModel& model, const Tokenizer& tokenizer, const ExplainTools& tools,
                          const std::string& name, ExplainedHead place, const ModelText& text);
/// The target begins with the start token.
Explanation explain_model(const EncoderDecoderModel& model, const Tokenizer& tokenizer, const ExplainTools& tools,
                          const std::string& name, ExplainedHead place, const ModelText& text, const ModelText& target);

}  // namespace attn
