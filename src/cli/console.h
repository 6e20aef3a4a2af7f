#pragma once
// Where results and messages go: standard output, standard error, and whether they are terminals.

#include <functional>
#include <string>
#include <string_view>

namespace attn {

/// Thrown when whoever reads standard output has gone; main ends quietly.
struct ClosedPipe {};

/// Results. Buffered; every error is noticed.
class StandardOutput {
 public:
  /// Throws ClosedPipe, or Error if the output cannot take more.
  void write(std::string_view text);
  /// Hands over everything written so far.
  void flush();

 private:
  std::string buffer_;
};

/// Messages; a standard error that cannot be written to is ignored.
void write_to_stderr(std::string_view text);

/// Colours that a terminal has: about eight, xterm's 256, or all.
enum class Palette { basic, indexed, full };

/// What is known of the terminal, if any.
struct Terminal {
  bool input = false, output = false, error = false;  // which of the three streams is one
  int width = 80;                                     // columns
  bool color = false;                                 // neither NO_COLOR nor a dumb terminal
  bool redraws = false;                               // its cursor can be moved: it is not dumb
  Palette palette = Palette::basic;                   // as TERM and COLORTERM say

  static Terminal detect();
};

/// How large the terminal is now; 80 × 24 where there is none.
struct TerminalSize {
  int width = 80, height = 24;
};
TerminalSize terminal_size();

}  // namespace attn
