// What a training leaves for people to look at: training/report.html, loss.svg, samples.jsonl and probe.csv.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "cli/run_attn.h"
#include "training/log.h"

namespace attn {
namespace {

struct Lab {
  TemporaryFolder folder;
  Lab() {
    std::string text;
    for (int i = 0; i < 400; ++i) text += i % 3 == 0 ? "the cat sees the dog.\n" : "a dog runs home.\n";
    write_file(folder.path("text.txt"), text);
  }
  Outcome train(const std::string& out, std::vector<std::string> more) const {
    std::vector<std::string> words = {"train",
                                      "generate",
                                      folder.path("text.txt"),
                                      "--out",
                                      folder.path(out),
                                      "--tokenizer",
                                      "char",
                                      "--layers",
                                      "1",
                                      "--heads",
                                      "2",
                                      "--d-model",
                                      "16",
                                      "--context",
                                      "16",
                                      "--batch",
                                      "4",
                                      "--eval-every",
                                      "10",
                                      "--sample-every",
                                      "20",
                                      "--probe",
                                      "the <cat>",
                                      "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return run_attn(words);
  }
  std::string file(const std::string& name) const { return read_file(folder.path(name)); }
};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// The frames of the attention film, which no clock changes.
std::string frames(const std::string& html) {
  const std::size_t begin = html.find("id=\"frames\">");
  return begin == html.npos ? "" : html.substr(begin, html.find("</script>", begin) - begin);
}

}  // namespace

TEST_CASE("training pages: report, picture and samples, and resuming continues them") {
  const Lab lab;
  REQUIRE(lab.train("whole", {"--steps", "60"}).exit_code == 0);
  const std::string html = lab.file("whole/training/report.html");
  CHECK(html.find("attn train generate text.txt") != html.npos);
  CHECK(html.find(lab.folder.path()) == html.npos);  // folders are nobody's business
  CHECK(html.find("the &lt;cat&gt;") != html.npos);
  CHECK(html.find("<th>d-model</th><td>16</td>") != html.npos);
  CHECK(count(html, "class=\"sample\"") == 3);
  CHECK(count(frames(html), "\"step\":") == 6);
  const std::string picture = lab.file("whole/training/loss.svg");
  CHECK(count(picture, "<circle") == 12);
  CHECK(count(lab.file("whole/training/samples.jsonl"), "\n") == 3);

  REQUIRE(lab.train("parts", {"--steps", "30", "--schedule", "constant", "--warmup", "2"}).exit_code == 0);
  REQUIRE(lab.train("straight", {"--steps", "60", "--schedule", "constant", "--warmup", "2"}).exit_code == 0);
  const Outcome resumed = run_attn({"train", "--resume", lab.folder.path("parts"), "--steps", "60", "--quiet"});
  REQUIRE_MESSAGE(resumed.exit_code == 0, resumed.err);
  const std::string once = lab.file("straight/training/report.html"), twice = lab.file("parts/training/report.html");
  CHECK(!frames(once).empty());
  CHECK(frames(once) == frames(twice));
  CHECK(lab.file("straight/training/samples.jsonl") == lab.file("parts/training/samples.jsonl"));
  CHECK(lab.file("straight/training/probe.csv") == lab.file("parts/training/probe.csv"));
  CHECK(count(lab.file("parts/training/loss.svg"), "<circle") == 12);
}

TEST_CASE("log: read back as it was written") {
  const Lab lab;
  REQUIRE(lab.train("m", {"--steps", "30"}).exit_code == 0);
  const std::vector<Evaluation> rows = read_training_log(lab.folder.path("m/training/log.csv"));
  REQUIRE(rows.size() == 3);
  CHECK(rows[2].step == 30);
  CHECK(rows[2].tokens == 30 * 64);
  CHECK(rows[0].train_loss > rows[2].train_loss);
  CHECK(rows[1].gradient_norm > 0);
  CHECK(rows[1].tokens_per_second > 0);
  write_file(lab.folder.path("bad.csv"), "step,train_loss\n1,2\n2,x\n");
  CHECK_THROWS_WITH(read_training_log(lab.folder.path("bad.csv")), doctest::Contains("bad.csv:3: found 'x'"));
  write_file(lab.folder.path("other.csv"), "a,b\n1,2\n");
  CHECK_THROWS_WITH(read_training_log(lab.folder.path("other.csv")), doctest::Contains("\"step\""));
  write_file(lab.folder.path("short.csv"), "step,train_loss\n1\n");
  CHECK_THROWS_WITH(read_training_log(lab.folder.path("short.csv")), doctest::Contains("found 1 cells, expected 2"));
}

}  // namespace attn
