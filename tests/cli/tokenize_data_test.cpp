#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "cli/run_attn.h"
#include "support/model_folder.h"

namespace attn {
namespace {

TEST_CASE("attn tokenize: a row a token, with characters' positions and special tokens by name") {
  const TemporaryFolder folder;
  const std::string path = folder.path("model");
  write_model_folder(path, tiny_config(Architecture::gpt2, 16));
  CHECK(run_attn({"tokenize", path, "--text", "a é\nb<|endoftext|>", "--format", "csv"}).out ==
        "text,position,id,token,start,end\n"
        "0,0,4,a,0,1\n0,1,3, ,1,2\n0,2,0,[UNK],2,3\n0,3,2,\"\n\",3,4\n0,4,5,b,4,5\n0,5,1,<|endoftext|>,5,18\n");
  const Outcome lines = run_attn({"tokenize", path}, {.input = "ab\n\nc\n"});
  CHECK(lines.exit_code == 0);
  CHECK(lines.out == "text,position,id,token,start,end\n0,0,4,a,0,1\n0,1,5,b,1,2\n2,0,6,c,0,1\n");
  CHECK(run_attn({"tokenize", folder.path("nothing"), "--text", "a"}).exit_code == 1);
}

TEST_CASE("attn tokenize: a column of a file or of standard input") {
  const TemporaryFolder folder;
  const std::string path = folder.path("model");
  write_model_folder(path, tiny_config(Architecture::gpt2, 16));
  const std::string rows = "0,0,4,a,0,1\n0,1,5,b,1,2\n1,0,6,c,0,1\n";
  write_file(folder.path("f.csv"), "n,review\n1,ab\n2,\"c\"\n");
  CHECK(run_attn({"tokenize", path, folder.path("f.csv"), "--columns", "text=review", "--no-header"}).out == rows);
  CHECK(run_attn({"tokenize", path, "--columns", "2", "--no-header"}, {.input = "1\tab\n2\tc\n"}).out == rows);
  CHECK(
      run_attn({"tokenize", path, "--header", "--columns", "t", "--no-header"}, {.input = "n\tt\n1\tab\n2\tc\n"}).out ==
      rows);
  const Outcome unknown = run_attn({"tokenize", path, folder.path("f.csv"), "--columns", "title"});
  CHECK(unknown.exit_code == 2);
  CHECK(unknown.err.find("has no column \"title\"; it has n, review") != std::string::npos);
}

TEST_CASE("attn tokenize: bytes that are parts of a character cover it") {
  const TemporaryFolder folder;
  const std::string path = folder.path("model");
  const std::string text = folder.path("text.txt");
  write_file(text, "some text to learn bytes from, long enough to be split\n");
  REQUIRE(run_attn({"train", "generate", text, "--out", path, "--tokenizer", "byte", "--layers", "1", "--d-model", "8",
                    "--heads", "1", "--context", "8", "--steps", "1"})
              .exit_code == 0);
  const std::string out = run_attn({"tokenize", path, "--text", "é€", "--format", "csv", "--no-header"}).out;
  CHECK(out.find(",\\xC3,0,1\n") != std::string::npos);
  CHECK(out.find(",\\xA9,0,1\n") != std::string::npos);
  CHECK(out.find(",\\xE2,1,2\n") != std::string::npos);
  CHECK(out.find(",\\xAC,1,2\n") != std::string::npos);
}

TEST_CASE("attn data: lists its tasks, makes lines, and says how many exist where there are too few") {
  const Outcome list = run_attn({"data"});
  CHECK(list.exit_code == 0);
  for (const char* task :
       {"copy", "reverse", "sort", "add", "dates", "induction", "stories", "reviews", "en-es", "summaries"}) {
    CHECK(list.out.find(std::string(task) + ": ") != std::string::npos);
  }
  const Outcome lines = run_attn({"data", "sort", "--lines", "3", "--seed", "5"});
  CHECK(lines.exit_code == 0);
  CHECK(std::count(lines.out.begin(), lines.out.end(), '\n') == 3);
  CHECK(run_attn({"data", "sort", "--lines", "3", "--seed", "5"}).out == lines.out);
  CHECK(run_attn({"data", "sort", "--lines", "3", "--seed", "5", "--part", "valid"}).out != lines.out);
  const Outcome many = run_attn({"data", "add", "--lines", "9000"});
  CHECK(many.exit_code == 1);
  CHECK(many.out.empty());
  CHECK(many.err.find("of the task add only ") != std::string::npos);
  CHECK(run_attn({"data", "nothing"}).exit_code == 2);
  CHECK(run_attn({"data", "revers"}).err.ends_with("did you mean 'reverse'?\n"));
}

TEST_CASE("attn data: the files in data/ are what their commands make") {
  constexpr std::tuple<const char*, const char*, const char*> kFiles[] = {
      {"stories", "1200", "stories.txt"}, {"reverse", "2000", "reverse.tsv"}, {"sort", "1000", "sort.tsv"},
      {"dates", "1000", "dates.tsv"},     {"en-es", "2000", "en-es.tsv"},     {"summaries", "700", "summaries.tsv"},
      {"reviews", "600", "reviews.tsv"},
  };
  for (const auto& [task, lines, name] : kFiles) {
    const std::string file = std::string("data/") + name;
    CAPTURE(file);
    CHECK(run_attn({"data", task, "--lines", lines, "--seed", "1"}).out == read_file(file));
  }
}

}  // namespace
}  // namespace attn
