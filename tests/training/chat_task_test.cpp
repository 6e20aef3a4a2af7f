// What the loss of a chat task counts, and how examples become sequences.

#include "training/chat_task.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>

#include "base/temporary_folder.h"
#include "support/random_model.h"
#include "support/workbench.h"

namespace attn {
namespace {

// Examples of prompt and reply, in a file.
struct Examples {
  explicit Examples(const std::vector<std::vector<std::vector<std::int32_t>>>& examples) {
    ExampleFileWriter writer(folder.path("x"), 2, 23);
    for (const auto& example : examples) writer.add(example);
    writer.commit();
    file.emplace(folder.path("x"), 23);
  }
  TemporaryFolder folder;
  std::optional<ExampleFile> file;
};

const Examples& three() {
  static const Examples examples({{{1, 2, 9}, {3, 4, 0}}, {{5, 9}, {0}}, {{6, 7, 8, 9}, {10, 0}}});
  return examples;
}

}  // namespace

TEST_CASE("chat task: a reply that is too long loses its end, a prompt its beginning") {
  const auto check = [](TurnLengths turn, std::int64_t prompt, std::int64_t reply, std::int64_t context) {
    CHECK(turn.prompt == prompt);
    CHECK(turn.reply == reply);
    CHECK(turn.tokens() <= context);
  };
  check(fit_turn(3, 4, 6), 3, 4, 6);
  check(fit_turn(3, 5, 6), 3, 4, 6);
  check(fit_turn(9, 2, 6), 5, 2, 6);
  check(fit_turn(9, 9, 6), 4, 3, 6);
  check(fit_turn(5, 5, 1), 1, 1, 1);
}

TEST_CASE("chat task: targets are the reply and its end, also behind an earlier turn") {
  TurnSequences sequences;
  sequences.begin_sequence();
  sequences.add(*three().file, 0, 16);
  CHECK(sequences.tokens_with({2, 1}) == 5 + 1 + 2);
  sequences.add(*three().file, 1, 16);
  sequences.begin_sequence();
  sequences.add(*three().file, 2, 16);
  Arena arena;
  const TokenBatch batch = sequences.batch(arena);
  const std::vector<std::int32_t> ids = {1, 2, 9, 3, 4, 0, 5, 9, 6, 7, 8, 9, 10};
  const std::vector<std::int32_t> targets = {-1, -1, 3, 4, 0, -1, -1, 0, -1, -1, -1, 10, 0};
  REQUIRE(batch.sequences.tokens() == static_cast<std::int64_t>(ids.size()));
  CHECK(batch.sequences.lengths[0] == 8);
  CHECK(std::equal(ids.begin(), ids.end(), batch.ids));
  CHECK(std::equal(targets.begin(), targets.end(), sequences.target_ids()));
  CHECK(sequences.targets() == 6);
}

TEST_CASE("chat task: small data fill a batch several times; its targets are what targets() says") {
  auto model = random_model(tiny_config(Architecture::gpt2, 16));
  ChatTask task(*model, *three().file, *three().file, {.context = 16, .batch_tokens = 60, .accumulate = 2});
  Workbench bench(*simd::kernels_named("baseline"));
  for (std::int64_t step = 0; step < 3; ++step) {
    for (std::int64_t micro = 0; micro < 2; ++micro) {
      bench.begin(false);
      const LossSum loss = task.train(bench.context, {step, micro}, 1);
      CHECK(loss.targets == 4 * 6);
      CHECK(task.targets(step, micro) == loss.targets);
    }
  }
  bench.begin(false);
  CHECK(task.validate(bench.context, 0).targets == 6);
}

}  // namespace attn
