#pragma once
// The one error type. Users' mistakes throw it anywhere; only main catches it. Layers below cli print nothing.

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

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

/// One part of a message: a text, a character or a number (floating-point with six significant digits).
class MessagePart {
 public:
  MessagePart(std::string_view text) : text_(text.data()), size_(text.size()) {}
  MessagePart(const std::string& text) : text_(text.data()), size_(text.size()) {}
  MessagePart(const char* text) : MessagePart(std::string_view(text)) {}
  MessagePart(char character) : size_(1) { buffer_[0] = character; }
  MessagePart(std::signed_integral auto number) { write(static_cast<long long>(number)); }
  MessagePart(std::unsigned_integral auto number) { write(static_cast<unsigned long long>(number)); }
  MessagePart(double number);

  std::string_view text() const { return {text_ != nullptr ? text_ : buffer_, size_}; }

 private:
  void write(long long number);
  void write(unsigned long long number);

  const char* text_ = nullptr;  // null: the text is in the buffer
  std::size_t size_ = 0;
  char buffer_[24];
};

std::string join(std::initializer_list<MessagePart> parts);
[[noreturn]] void throw_error(ExitCode code, std::initializer_list<MessagePart> parts);

/// All parts written one after the other.
template <class... Parts>
std::string concat(const Parts&... parts) {
  return join({MessagePart(parts)...});
}

/// Throws Error with the parts as its message and exit code 1.
template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw_error(ExitCode::failure, {MessagePart(parts)...});
}

/// Throws Error with the parts as its message and exit code 2: the command line itself is wrong.
template <class... Parts>
[[noreturn]] void usage_error(const Parts&... parts) {
  throw_error(ExitCode::usage, {MessagePart(parts)...});
}

}  // namespace attn
