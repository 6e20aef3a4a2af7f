// attn train --resume: a training that was stopped, killed or finished goes on as if nothing had happened.

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string_view>

#include "base/json.h"
#include "cli/run_attn.h"
#include "cli/train_lab.h"

namespace attn {

TEST_CASE("train: a run killed again and again ends like one that was not") {
  const Lab lab;
  const std::vector<std::string> more = {"--steps", "1500", "--eval-every", "50", "--average", "2", "--resume"};
  REQUIRE(run_attn(lab.command("whole", more)).exit_code == 0);
  const RandomStream random(static_cast<std::uint64_t>(getpid()), RandomPurpose::data);
  for (std::uint64_t attempt = 0; attempt < 6; ++attempt) {
    const int process = start_attn(lab.command("killed", more), lab.folder.path("log"));
    usleep(static_cast<useconds_t>(20000 + random.below(attempt, 250000)));
    kill(process, SIGKILL);
    wait_for_exit(process);
  }
  const Outcome last = run_attn(lab.command("killed", more));
  REQUIRE_MESSAGE(last.exit_code == 0, last.err);
  CHECK(lab.digest("killed") == lab.digest("whole"));
  CHECK(log_without_times(lab.folder.path("killed/training/log.csv")) ==
        log_without_times(lab.folder.path("whole/training/log.csv")));
}

// As a training leaves its state that is killed between its last evaluation and the choice of its model.
void unmark_finished(const std::string& path) {
  constexpr std::string_view kMarked = R"(\"finished\":true)", kUnmarked = R"(\"finished\":false)";
  std::string state = read_file(path);
  std::uint64_t header = 0;
  std::memcpy(&header, state.data(), sizeof header);
  const std::size_t at = state.find(kMarked);
  REQUIRE(at < header);
  state.replace(at, kMarked.size(), kUnmarked);
  ++header;
  std::memcpy(state.data(), &header, sizeof header);
  write_file(path, state);
}

TEST_CASE("train: killed before its model is chosen, it chooses the same when resumed") {
  const Lab lab;
  const std::vector<std::string> steps = {"--steps", "1500", "--eval-every", "50"};
  std::vector<std::string> averaged = steps;
  averaged.insert(averaged.end(), {"--average", "2"});
  REQUIRE(run_attn(lab.command("best", steps)).exit_code == 0);
  REQUIRE(run_attn(lab.command("killed", averaged)).exit_code == 0);
  const std::string whole = lab.digest("killed");
  REQUIRE(whole != lab.digest("best"));
  std::filesystem::copy_file(lab.folder.path("best/model.safetensors"), lab.folder.path("killed/model.safetensors"),
                             std::filesystem::copy_options::overwrite_existing);
  unmark_finished(lab.folder.path("killed/training/state.safetensors"));
  const Outcome run = run_attn({"train", "--resume", lab.folder.path("killed"), "--json"});
  REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  CHECK(lab.digest("killed") == whole);
  const Json result = parse_json(run.out, "output");
  CHECK(result.at("steps").as_int() == 1500);
  CHECK(result.at("train_loss").as_double() > 0);
  CHECK(contains(run_attn({"train", "--resume", lab.folder.path("killed")}).err, "is finished"));
}

TEST_CASE("train: a finished training that is continued and killed is not finished any more") {
  const Lab lab;
  const std::string folder = lab.folder.path("m"), log = lab.folder.path("log");
  REQUIRE(run_attn(lab.command("m")).exit_code == 0);
  CHECK(contains(run_attn({"train", "--resume", folder}).err, "is finished"));
  const int continued = start_attn({"train", "--resume", folder, "--steps", "1000000", "--quiet"}, log);
  while (!contains(read_file(folder + "/training/log.csv"), "\n100,")) usleep(1000);
  kill(continued, SIGKILL);
  wait_for_exit(continued);
  const int resumed = start_attn({"train", "--resume", folder, "--quiet"}, log);
  usleep(300000);
  kill(resumed, SIGINT);
  CHECK(wait_for_exit(resumed) == 130);
}

TEST_CASE("train: Ctrl-C saves and exits with 130; --resume DIR goes on where it stopped, SIGTERM likewise") {
  const Lab lab;
  struct Case {
    int signal;
    std::string out, optimizer;
  };
  for (const Case& one : {Case{SIGINT, "int", "adamw"}, Case{SIGTERM, "term", "muon"}}) {
    CAPTURE(one.optimizer);
    const std::vector<std::string> more = {"--steps", "3000", "--eval-every", "1000", "--optimizer", one.optimizer};
    REQUIRE(run_attn(lab.command("whole-" + one.optimizer, more)).exit_code == 0);
    const int process = start_attn(lab.command(one.out, more), lab.folder.path("log"));
    while (!lab.has(one.out + "/training/log.csv")) usleep(1000);
    usleep(50000);
    kill(process, one.signal);
    CHECK(wait_for_exit(process) == 128 + one.signal);
    CHECK(lab.has(one.out + "/model.safetensors"));
    const Outcome resumed = run_attn({"train", "--resume", lab.folder.path(one.out), "--quiet"});
    REQUIRE_MESSAGE(resumed.exit_code == 0, resumed.err);
    CHECK(lab.digest(one.out) == lab.digest("whole-" + one.optimizer));
  }
  CHECK(lab.digest("whole-adamw") != lab.digest("whole-muon"));
}

TEST_CASE("train: a finished run says so; more steps continue it; other options and changed data are refused") {
  const Lab lab;
  const std::string folder = lab.folder.path("m");
  REQUIRE(run_attn(lab.command("m")).exit_code == 0);
  const Outcome finished = run_attn({"train", "--resume", folder});
  CHECK(finished.exit_code == 0);
  CHECK(contains(finished.err, "finished"));
  CHECK(run_attn({"train", "--resume", folder, "--steps", "80", "--quiet"}).exit_code == 0);
  const Outcome other = run_attn({"train", "--resume", folder, "--lr", "0.5"});
  CHECK(other.exit_code == 2);
  CHECK(contains(other.err, "--lr"));
  write_file(lab.text, small_text(201));
  const Outcome changed = run_attn({"train", "--resume", folder, "--steps", "100"});
  CHECK(changed.exit_code == 1);
  CHECK(contains(changed.err, "has changed"));
}

}  // namespace attn
