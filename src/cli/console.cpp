#include "cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace attn {

namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 16;

/// 0, or the errno that stopped it.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

Palette palette_of(std::string_view term, std::string_view color_term) {
  if (color_term == "truecolor" || color_term == "24bit" || term.ends_with("-direct")) return Palette::full;
  // Who calls itself xterm today has its 256 colours.
  const bool indexed = term.find("256color") != std::string_view::npos || term.starts_with("xterm");
  return indexed ? Palette::indexed : Palette::basic;
}

}  // namespace

void StandardOutput::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kBufferBytes) flush();
}

void StandardOutput::flush() {
  const int error = write_all(STDOUT_FILENO, buffer_);
  buffer_.clear();
  if (error == EPIPE) throw ClosedPipe();
  if (error != 0) fail("cannot write to standard output: ", std::strerror(error));
}

void write_to_stderr(std::string_view text) {
  write_all(STDERR_FILENO, text);
}

TerminalSize terminal_size() {
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
    winsize size{};
    if (ioctl(stream, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
      return {size.ws_col, size.ws_row > 0 ? size.ws_row : TerminalSize().height};
    }
  }
  return {};
}

Terminal Terminal::detect() {
  Terminal terminal;
  terminal.input = isatty(STDIN_FILENO) != 0;
  terminal.output = isatty(STDOUT_FILENO) != 0;
  terminal.error = isatty(STDERR_FILENO) != 0;
  terminal.width = terminal_size().width;
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const kind = std::getenv("TERM");
  const bool forbidden = no_color != nullptr && *no_color != '\0';
  terminal.redraws = kind != nullptr && std::string_view(kind) != "dumb";
  terminal.color = !forbidden && terminal.redraws;
  const char* const color_term = std::getenv("COLORTERM");
  terminal.palette = palette_of(kind != nullptr ? kind : "", color_term != nullptr ? color_term : "");
  return terminal;
}

}  // namespace attn
