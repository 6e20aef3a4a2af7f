#pragma once
// The one error type. Users' mistakes throw it anywhere; only main catches it. Layers below cli print nothing.

#include <sstream>
#include <stdexcept>
#include <string>

namespace attn {

/// Exit codes of the program; signals exit with 128 + their number.
enum class ExitCode { success = 0, failure = 1, usage = 2 };

/// A mistake of the user, or a file or system that does not do what is needed. The message is one sentence that
/// names the option or `file:line`, what was found and what was expected.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, ExitCode code = ExitCode::failure)
      : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

/// All parts written one after the other with operator<<.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return std::move(out).str();
}

/// Throws Error with the parts as its message and exit code 1.
template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw Error(concat(parts...));
}

/// Throws Error with the parts as its message and exit code 2: the command line itself is wrong.
template <class... Parts>
[[noreturn]] void usage_error(const Parts&... parts) {
  throw Error(concat(parts...), ExitCode::usage);
}

}  // namespace attn
