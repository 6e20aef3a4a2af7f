#include "generation/vector_store.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/temporary_folder.h"

namespace attn {
namespace {

TEST_CASE("vector store: texts, vectors and metadata come back as they were written") {
  const TemporaryFolder folder;
  write_file(folder.path("corpus.txt"), "eins\n\nzwölf, drei\n");
  const CorpusTexts corpus = read_corpus_texts(folder.path("corpus.txt"), {{"text"}, {}, false});
  CHECK(corpus.sha256 == sha256_of_file(folder.path("corpus.txt")));
  REQUIRE(corpus.texts.size() == 3);
  CHECK(corpus.texts.at(0) == "eins");
  CHECK(corpus.texts.at(1).empty());
  CHECK(corpus.texts.at(2) == "zwölf, drei");

  const std::string path = folder.path("vectors");
  write_vector_store(path, {{"format", "test"}}, corpus.texts, 2, [](const auto& take) {
    for (int row = 0; row < 3; ++row) {
      const float vector[] = {static_cast<float>(row), 0.5f};
      take(vector);
    }
  });
  const VectorStore store(path);
  REQUIRE(store.size() == 3);
  CHECK(store.metadata().at("format") == "test");
  CHECK(store.text(2) == "zwölf, drei");
  const VectorRows rows = store.vectors();
  CHECK(rows.columns == 2);
  CHECK(std::vector<float>(rows.data, rows.data + 6) == std::vector<float>{0, 0.5f, 1, 0.5f, 2, 0.5f});
}

TEST_CASE("vector store: other files are refused, and so is a corpus without text") {
  const TemporaryFolder folder;
  write_file(folder.path("empty.txt"), "\n\n");
  CHECK_THROWS_AS(read_corpus_texts(folder.path("empty.txt"), {{"text"}, {}, false}), Error);
  CHECK_THROWS_AS(VectorStore(folder.path("empty.txt")), Error);
  const float numbers[] = {1, 2};
  const OutgoingTensor tensor = outgoing("vectors", "F32", {1, 2}, std::span<const float>(numbers));
  write_safetensors(folder.path("half"), {}, std::span(&tensor, 1));
  CHECK_THROWS_WITH_AS(VectorStore(folder.path("half")), doctest::Contains("holds no I64 array \"text_ends\""), Error);
}

}  // namespace
}  // namespace attn
