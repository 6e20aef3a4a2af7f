#include "cli/run_attn.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>

extern char** environ;

namespace attn {

namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File unnamed_file(const std::string& contents = {}) {
  File file(std::tmpfile(), &std::fclose);
  if (!file) throw std::runtime_error("no temporary file");
  std::fwrite(contents.data(), 1, contents.size(), file.get());
  std::rewind(file.get());
  return file;
}

std::string contents_of(const File& file) {
  std::rewind(file.get());
  std::string contents;
  char chunk[4096];
  while (const std::size_t size = std::fread(chunk, 1, sizeof chunk, file.get())) contents.append(chunk, size);
  return contents;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Starts ATTN with these three descriptors as its standard streams.
pid_t spawn(const std::vector<std::string>& arguments, const RunOptions& options, int in, int out, int err) {
  const char* const program = std::getenv("ATTN");
  if (program == nullptr) throw std::runtime_error("ATTN must name the program to test; `make test` does that");
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment;
  for (const auto& [name, value] : options.environment) environment.push_back(name + "=" + value);
  for (char** variable = environ; *variable != nullptr; ++variable) environment.emplace_back(*variable);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  pid_t process = 0;
  const int error =
      posix_spawn(&process, program, &actions, nullptr, pointers_to(words).data(), pointers_to(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error(std::string("cannot start ") + program + ": " + std::strerror(error));
  return process;
}

}  // namespace

Outcome run_attn(const std::vector<std::string>& arguments, const RunOptions& options) {
  const File in = unnamed_file(options.input);
  const File out = unnamed_file();
  const File err = unnamed_file();
  int pipe_ends[2] = {-1, -1};
  if (options.closed_output) {
    if (pipe2(pipe_ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    close(pipe_ends[0]);
  }
  const int standard_output = options.closed_output ? pipe_ends[1] : fileno(out.get());
  Outcome outcome;
  outcome.exit_code = wait_for_exit(spawn(arguments, options, fileno(in.get()), standard_output, fileno(err.get())));
  if (options.closed_output) close(pipe_ends[1]);
  outcome.out = contents_of(out);
  outcome.err = contents_of(err);
  return outcome;
}

int start_attn(const std::vector<std::string>& arguments, const std::string& log) {
  const File in = unnamed_file();
  const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) throw std::runtime_error("cannot write " + log);
  const pid_t process = spawn(arguments, {}, fileno(in.get()), file, file);
  close(file);
  return process;
}

int wait_for_exit(int process) {
  int status = 0;
  while (waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) throw std::runtime_error("lost the process");
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace attn
