#include "cli/signals.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace attn {
namespace {

/// The exit code of a process that does this, or 1000 + the signal that killed it.
int exit_code_of(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_DFL);  // nohup ignores SIGHUP
    _exit(work());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

TEST_CASE("signals: the first one is only noted while somebody polls") {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    CHECK(exit_code_of([number] {
            handle_signals();
            const Interrupts interrupts;
            if (interrupts.received() != 0) return 1;
            raise(number);
            raise(SIGTERM);
            return interrupts.received() == number ? interrupts.exit_code() : 2;
          }) == 128 + number);
  }
}

TEST_CASE("signals: a second Ctrl-C ends the program at once") {
  CHECK(exit_code_of([] {
          handle_signals();
          const Interrupts interrupts;
          raise(SIGTERM);
          raise(SIGINT);
          return 1;
        }) == 130);
}

TEST_CASE("signals: when nobody polls, a signal ends the program with 128 + its number") {
  CHECK(exit_code_of([] {
          handle_signals();
          { const Interrupts interrupts; }
          raise(SIGTERM);
          return 1;
        }) == 143);
}

TEST_CASE("signals: what the parent ignores stays ignored, and writing to a closed pipe only fails") {
  CHECK(exit_code_of([] {
          signal(SIGHUP, SIG_IGN);
          handle_signals();
          raise(SIGHUP);
          raise(SIGPIPE);
          return 7;
        }) == 7);
}

}  // namespace
}  // namespace attn
