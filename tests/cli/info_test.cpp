#include <doctest/doctest.h>

#include <filesystem>

#include "base/file.h"
#include "base/json.h"
#include "cli/run_attn.h"
#include "models/folder.h"
#include "support/temporary_folder.h"

namespace attn {

TEST_CASE("info: configuration, parameters and memory for people") {
  const Outcome outcome = run_attn({"info", "tests/reference/gpt2"});
  CHECK(outcome.exit_code == 0);
  for (const char* part : {"a decoder-only model of 18,464 parameters", "in transformers: GPT2LMHeadModel",
                           "n_layer              2", "layers.N.attention.qkv.weight", "(96, 32) x 2 = 6,144",
                           "weights   74 KB", "there is no training/options.conf"}) {
    CAPTURE(part);
    CHECK_MESSAGE(outcome.out.find(part) != std::string::npos, outcome.out);
  }
}

TEST_CASE("info: every family, with its kind, its class and as many parameters as its file holds") {
  struct Family {
    const char *folder, *class_name, *kind;
    int parameters;
    std::vector<const char*> parts;
  };
  // Counts of PyTorch: of Marian with final_logits_bias (23), without the computed positions; of BertModel without the
  // pooler (272), which is read where a classifier needs it.
  const Family families[] = {
      {"marian",
       "MarianMTModel",
       "an encoder-decoder model",
       10471,
       {"decoder.layers.N.cross_attention.query.weight", "(32, 16) x 2 = 1,024", "a source and a target"}},
      {"bert_masked", "BertForMaskedLM", "an encoder that fills masks", 4903, {"head.output.bias"}},
      {"bert_classifier",
       "BertForSequenceClassification",
       "a classifier",
       4899,
       {R"(id2label                      {"0":"cold","1":"mild","2":"hot"})", "head.pooler.weight"}},
      {"bert_model", "BertModel", "an encoder of whole texts", 4848 - 272, {"types.weight"}},
  };
  for (const Family& family : families) {
    CAPTURE(family.folder);
    const std::string folder = std::string("tests/reference/") + family.folder;
    const Json info = parse_json(run_attn({"info", folder, "--json"}).out, "info");
    CHECK(info.at("kind") == Json(family.kind));
    CHECK(info.at("transformers_class") == Json(family.class_name));
    CHECK(info.at("parameter_count") == Json(family.parameters));
    const bool keeps_cache = std::string(family.folder) == "marian";
    CHECK(info.at("memory_bytes").at("cache") == Json(keeps_cache ? 2 * 2 * 14 * 2 * 16 * 4 : 0));
    const Outcome outcome = run_attn({"info", folder});
    REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
    for (const char* part : family.parts) CHECK_MESSAGE(outcome.out.find(part) != std::string::npos, outcome.out);
  }
}

TEST_CASE("info: as JSON, with the options of the training") {
  const TemporaryFolder folder;
  std::filesystem::copy("tests/reference/llama", folder.path("m"));
  std::filesystem::create_directory(folder.path("m/training"));
  write_file(folder.path("m/training/options.conf"), "# saved\ntask = generate\nlr = 0.001\n");
  const Outcome outcome = run_attn({"info", folder.path("m"), "--json"});
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  const Json info = parse_json(outcome.out, "info");
  CHECK(info.at("transformers_class") == Json("LlamaForCausalLM"));
  CHECK(info.at("config").at("num_key_value_heads") == Json(2));
  CHECK(info.at("parameter_count") == Json(17376));
  CHECK(info.at("memory_bytes").at("weights") == Json(4 * 17376));
  CHECK(info.at("training").at("task") == Json("generate"));
  CHECK(info.at("training").at("lr") == Json("0.001"));
  std::int64_t sum = 0;
  for (const Json& row : info.at("parameters").as_array()) sum += row.at("numbers").as_int();
  CHECK(sum == 17376);
}

TEST_CASE("info: published models beside one's own") {
  const Outcome text = run_attn({"info", "tests/reference/gpt2", "--preset", "transformer-base,llama-3.1-405b"});
  REQUIRE_MESSAGE(text.exit_code == 0, text.err);
  for (const char* part :
       {"tests/reference/gpt2", "6 + 6", "18,464", "405,853,388,800", "812 GB", "Vaswani et al. 2017"}) {
    CAPTURE(part);
    CHECK_MESSAGE(text.out.find(part) != std::string::npos, text.out);
  }
  const Outcome outcome = run_attn({"info", "--preset", "gpt2,bert-base", "--json"});
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  const Json models = parse_json(outcome.out, "info");
  REQUIRE(models.as_array().size() == 2);
  const Json& gpt2 = models.as_array()[0];
  CHECK(gpt2.at("layers") == Json(12));
  CHECK(gpt2.at("published") == Json("124 M"));
  CHECK(gpt2.at("memory_bytes").at("weights_bf16") == Json(2 * 124439808));
  // 12 layers of keys and values (1024, 768).
  CHECK(gpt2.at("memory_bytes").at("cache") == Json(12 * 2 * 1024 * 768 * 4));
  CHECK(models.as_array()[1].at("memory_bytes").at("cache") == Json(0));
}

TEST_CASE("info: a published model that is not known, or no model at all") {
  const Outcome typo = run_attn({"info", "--preset", "gpt2,bert-bas"});
  CHECK(typo.exit_code == 2);
  CHECK_MESSAGE(typo.err.find("did you mean 'bert-base'?") != std::string::npos, typo.err);
  CHECK(run_attn({"info"}).exit_code == 2);
}

TEST_CASE("info: damage is an error") {
  CHECK(run_attn({"info", "tests/none"}).exit_code == 1);
  const TemporaryFolder folder;
  std::filesystem::copy("tests/reference/gpt2", folder.path("m"));
  std::filesystem::resize_file(folder.path("m/model.safetensors"), 1000);
  const Outcome outcome = run_attn({"info", folder.path("m")});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.err.find("model.safetensors") != std::string::npos);
}

}  // namespace attn
