#include "base/error.h"

#include <charconv>
#include <cstdio>

namespace attn {

MessagePart::MessagePart(double number) {
  size_ = static_cast<std::size_t>(std::snprintf(buffer_, sizeof buffer_, "%g", number));
}

void MessagePart::write(long long number) {
  size_ = static_cast<std::size_t>(std::to_chars(buffer_, buffer_ + sizeof buffer_, number).ptr - buffer_);
}

void MessagePart::write(unsigned long long number) {
  size_ = static_cast<std::size_t>(std::to_chars(buffer_, buffer_ + sizeof buffer_, number).ptr - buffer_);
}

std::string join(std::initializer_list<MessagePart> parts) {
  std::size_t size = 0;
  for (const MessagePart& part : parts) size += part.text().size();
  std::string joined;
  joined.reserve(size);
  for (const MessagePart& part : parts) joined += part.text();
  return joined;
}

void throw_error(ExitCode code, std::initializer_list<MessagePart> parts) {
  throw Error(join(parts), code);
}

}  // namespace attn
