#include "models/sentence_modules.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "support/tiny_encoder.h"

namespace attn {
namespace {

struct Folder {
  Folder() { write_file(folder.path("config.json"), config_to_json(tiny_encoder_config(Head::none))); }
  SentenceModules read() const { return read_sentence_modules(ModelFolder(folder.path())); }
  TemporaryFolder folder;
};

TEST_CASE("sentence modules: what is written is read, and a folder without them means the plain mean") {
  Folder lab;
  CHECK(lab.read().pooling == Pooling::mean);
  CHECK_FALSE(lab.read().unit);
  for (const Pooling pooling : {Pooling::first, Pooling::mean}) {
    for (const bool unit : {true, false}) {
      save_sentence_modules(lab.folder.path(), tiny_encoder_config(Head::none), {.pooling = pooling, .unit = unit});
      const SentenceModules found = lab.read();
      CHECK(found.pooling == pooling);
      CHECK(found.unit == unit);
      CHECK(found.max_tokens == 16);
    }
  }
}

// As sentence-transformers 5.7.0 writes them.
TEST_CASE("sentence modules: the newer form, and steps that are not supported") {
  Folder lab;
  const auto modules = [&](const std::string& pooling, const std::string& last) {
    make_directories(lab.folder.path("1_Pooling"));
    write_file(lab.folder.path("1_Pooling/config.json"), pooling);
    write_file(lab.folder.path("modules.json"),
               R"([{"idx":0,"name":"0","path":"","type":"sentence_transformers.base.modules.transformer.Transformer"},
                   {"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
                   {"idx":2,"name":"2","path":"2_)" +
                   last + R"(","type":"sentence_transformers.models.)" + last + R"("}])");
  };
  modules(R"({"embedding_dimension":16,"pooling_mode":"cls","include_prompt":true})", "Normalize");
  CHECK(lab.read().pooling == Pooling::first);
  CHECK(lab.read().unit);
  modules(R"({"pooling_mode":"max"})", "Normalize");
  CHECK_THROWS_WITH_AS(lab.read(), doctest::Contains("pooling_mode is \"max\""), Error);
  modules(R"({"pooling_mode_cls_token":false,"pooling_mode_max_tokens":true})", "Normalize");
  CHECK_THROWS_WITH_AS(lab.read(), doctest::Contains("pooling_mode_max_tokens is not supported"), Error);
  modules(R"({"pooling_mode":"mean"})", "Dense");
  CHECK_THROWS_WITH_AS(lab.read(), doctest::Contains("models.Dense is not supported"), Error);
}

}  // namespace
}  // namespace attn
