#include "cli/signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace attn {

namespace {

// A signal handler can only reach what is global.
std::atomic<bool> polled{false};
std::atomic<int> first_signal{0};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

extern "C" void on_signal(int number) {
  if (!polled.load()) _exit(128 + number);
  int none = 0;
  const bool first = first_signal.compare_exchange_strong(none, number);
  if (!first && number == SIGINT) _exit(128 + number);
}

}  // namespace

void handle_signals() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    sigaction(number, nullptr, &before);
    if (before.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigaction(number, &action, nullptr);
  }
  signal(SIGPIPE, SIG_IGN);
}

Interrupts::Interrupts() {
  first_signal = 0;
  polled = true;
}

Interrupts::~Interrupts() {
  polled = false;
}

int Interrupts::received() const {
  return first_signal.load();
}

}  // namespace attn
