#pragma once
// Ctrl-C and its kind. Without an Interrupts object a signal ends the program at once with 128 + its number.

namespace attn {

/// Installs the handlers for SIGINT, SIGTERM and SIGHUP, and ignores SIGPIPE (writing then fails with EPIPE). A signal
/// that the parent process had ignored (nohup, `&` in a script) stays ignored.
void handle_signals();

/// While it lives, the first signal only sets what received() tells, so that training can save and stop; a second
/// Ctrl-C ends the program at once. One at a time.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// The number of the first signal that came; 0 as long as there is none.
  int received() const;
  /// 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP.
  int exit_code() const { return 128 + received(); }
};

}  // namespace attn
