#include "models/presets.h"

#include <doctest/doctest.h>

namespace attn {

TEST_CASE("presets: as many parameters as the published models") {
  for (const Preset& preset : presets()) CHECK_NOTHROW(check_config(preset.config));
  // transformers: GPT2LMHeadModel, BertModel and LlamaForCausalLM of these configurations.
  CHECK(find_preset("gpt2")->parameters() == 124'439'808);
  CHECK(find_preset("bert-base")->parameters() == 109'482'240);
  CHECK(find_preset("llama-3.1-405b")->parameters() == 405'853'388'800);
  // MarianMTModel: with final_logits_bias, without the computed positions.
  CHECK(find_preset("transformer-base")->parameters() == 63'119'496);
  CHECK(find_preset("gpt3") == nullptr);
}

}  // namespace attn
