#pragma once
// Runs the real program, as a shell would, for tests of the command line.

#include <string>
#include <utility>
#include <vector>

namespace attn {

/// What came of a run.
struct Outcome {
  int exit_code = -1;  // 128 + number of the signal that killed it
  std::string out, err;
};

/// How to run it besides its arguments.
struct RunOptions {
  std::string input = {};                                             // what standard input holds
  std::vector<std::pair<std::string, std::string>> environment = {};  // added to this process's own
  bool closed_output = false;                                         // standard output is a pipe that nobody reads
};

/// Runs the executable that the environment variable ATTN names, as `make test` sets it, and waits for its end.
Outcome run_attn(const std::vector<std::string>& arguments, const RunOptions& options = {});

/// Starts it and returns its process id; standard output and error go to the file `log`.
int start_attn(const std::vector<std::string>& arguments, const std::string& log);
/// Waits for it: its exit code, or 128 + number of the signal that killed it.
int wait_for_exit(int process);

}  // namespace attn
