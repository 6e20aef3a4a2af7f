// attn bench, as far as no clock decides.

#include <doctest/doctest.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/run_attn.h"
#include "simd/kernels.h"
#include "support/temporary_folder.h"

namespace attn {
namespace {

std::vector<std::string> names_of(const std::vector<std::string>& options) {
  std::vector<std::string> call{"bench", "--json", "--seconds", "0.001"};
  call.insert(call.end(), options.begin(), options.end());
  const Outcome outcome = run_attn(call);
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  const Json result = parse_json(outcome.out, "stdout");
  std::vector<std::string> names;
  for (const Json& row : result.at("measurements").as_array()) {
    CHECK(row.at("value").as_double() > 0);
    names.push_back(std::to_string(row.at("threads").as_int()) + " " + row.at("name").as_string());
  }
  return names;
}

TEST_CASE("bench: only what was asked for") {
  CHECK(names_of({"--matmul", "3,4,5", "--threads", "2"}) ==
        std::vector<std::string>{"1 3 x 4 x 5 NT", "1 3 x 4 x 5 NN", "1 3 x 4 x 5 TN", "2 3 x 4 x 5 NT",
                                 "2 3 x 4 x 5 NN", "2 3 x 4 x 5 TN"});
  // Training is measured in bf16 too where an instruction helps, decoding on one thread only.
  std::vector<std::string> steps;
  for (const char* const step : {"1 GPT 1 x 8, T 4, B 2, V 10", "2 GPT 1 x 8, T 4, B 2, V 10"}) {
    steps.emplace_back(step);
    if (simd::kernels()->bf16_instruction) steps.push_back(steps.back() + ", bf16");
  }
  CHECK(names_of({"--train", "1,1,8,4,2,10", "--threads", "2"}) == steps);
  CHECK(names_of({"--decode", "1,1,8,4,1,10", "--threads", "2"}) ==
        std::vector<std::string>{"1 GPT 1 x 8, T 4, B 1, V 10", "1 GPT 1 x 8, T 4, B 1, V 10, int8"});
  // Where generate drafts, it is measured without drafts too.
  std::vector<std::string> decoding = {"1 GPT 6 x 256, T 4, B 1, V 10", "1 GPT 6 x 256, T 4, B 1, V 10, no drafts",
                                       "1 GPT 6 x 256, T 4, B 1, V 10, int8"};
  if (simd::kernels()->vector_floats < 8) decoding.erase(decoding.begin() + 1);
  CHECK(names_of({"--decode", "6,1,256,4,1,10", "--threads", "1"}) == decoding);
  const TemporaryFolder folder;
  write_file(folder.path("text.txt"), "ab ab\nab");
  CHECK(names_of({"--text", folder.path("text.txt"), "--threads", "1"})[1].starts_with("1 encode 8 bytes as "));
}

TEST_CASE("bench: shapes that are none") {
  for (const char* shape : {"3,4", "3,4,0", "3,4,5,6"}) {
    const Outcome outcome = run_attn({"bench", "--matmul", shape});
    CHECK(outcome.exit_code == 2);
    CHECK_MESSAGE(outcome.err.find("--matmul: expected 3 whole numbers") != std::string::npos, outcome.err);
  }
  CHECK(run_attn({"bench", "--train", "1,3,8,4,2,10"}).err.find("no multiple of 3 heads") != std::string::npos);
  CHECK(run_attn({"bench", "--text", "none.txt"}).exit_code == 1);
}

}  // namespace
}  // namespace attn
