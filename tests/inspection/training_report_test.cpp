#include "inspection/training_report.h"

#include <doctest/doctest.h>

#include "inspection/thinned_history.h"

namespace attn {
namespace {

TracedText traced(float first) {
  AttentionRecord record;
  record.kind = AttentionKind::decoder;
  record.heads = 1;
  record.queries = record.keys = 2;
  record.causal = true;
  record.weights = {1, 0, first, 1 - first};
  return {{record}, {}, {"</script><img onerror=x>", "b"}};
}

std::string report_with(const AttentionFilm& film, const std::vector<ReportSample>& samples) {
  return training_report_html({.title = "a <b> & c",
                               .facts = {"<i>"},
                               .figures = {{"step", "7"}},
                               .options = {{"stop", "<s>"}},
                               .panels = {{"loss", "step", {{"train", {{1, 2}, {2, 1}}}}}},
                               .samples = samples,
                               .film = film,
                               .film_text = "<u>"});
}

}  // namespace

TEST_CASE("history: the first, the newest, and evenly what lies between, never more than the limit") {
  ThinnedHistory<int> history(8);
  for (int i = 0; i < 1000; ++i) {
    history.add(i);
    const std::vector<int>& things = history.things();
    REQUIRE(things.size() <= 8);
    REQUIRE(things.front() == 0);
    REQUIRE(things.back() == i);
    for (std::size_t j = 2; j + 1 < things.size(); ++j) REQUIRE(things[j] - things[j - 1] == things[1]);
  }
  CHECK(history.things().size() >= 4);
}

TEST_CASE("report: what users wrote stays text") {
  AttentionFilm film;
  film.add(1, traced(0.5f));
  const std::string html = report_with(film, {{3, "<script>alert(1)</script>"}});
  for (const char* forbidden : {"<b>", "<i>", "<s>", "<u>", "<script>alert", "<img"}) {
    CHECK_MESSAGE(html.find(forbidden) == html.npos, forbidden);
  }
  CHECK(html.find("&lt;script&gt;alert(1)&lt;/script&gt;") != html.npos);
  CHECK(html.find("http://www.w3.org/2000/svg") != html.npos);
  CHECK(html.find("src=") == html.npos);
  CHECK(report_with(AttentionFilm(), {}).find("Attention over time") == std::string::npos);
}

TEST_CASE("report: frames of attention are bytes in base64, and never more than the limit") {
  AttentionFilm film;
  CHECK(film.empty());
  for (int step = 1; step <= 500; ++step) film.add(step, traced(0.2f));
  const Json json = film.to_json();
  const Json::Array& frames = json.at("frames").as_array();
  CHECK(frames.size() <= AttentionFilm::kMostFrames);
  CHECK(frames.front().at("step").as_int() == 1);
  CHECK(frames.back().at("step").as_int() == 500);
  CHECK(frames[0].at("weights").as_string() == "/wAzzA==");  // 255 0 51 204
}

}  // namespace attn
