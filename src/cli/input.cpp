#include "cli/input.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/utf8.h"

namespace attn {

namespace {

constexpr std::size_t kChunk = std::size_t{1} << 16;

/// How this command takes a text itself: as --text, or as --prompt if it has that option.
std::string_view text_option(const OptionTable& table) {
  for (const Option& option : table.options()) {
    if (option.text.name == "prompt") return "--prompt";
  }
  return "--text";
}

FileDescriptor open_file(const std::string& path, std::string_view text_option) {
  FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() >= 0) return file;
  const int error = errno;
  const bool looks_like_text = error == ENOENT && path.find(' ') != std::string::npos;
  if (looks_like_text) {
    fail("cannot read '", path, "': there is no such file; did you mean ", text_option, " '", path, "'?");
  }
  fail("cannot read '", path, "': ", std::strerror(error));
}

/// "byte 0xE2 at column 7"
std::string describe_byte(std::string_view line, std::size_t position) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(line[position]);
  return concat("byte 0x", kHex[byte >> 4], kHex[byte & 15], " at column ",
                count_code_points(line.substr(0, position)) + 1);
}

}  // namespace

void InputOptions::visit(OptionTable& options) {
  options.group("Input");
  options.add(text, {.name = "text", .metavar = "TEXT", .help = "this text instead of a file", .in_files = false});
  options.add(columns, {.name = "columns",
                        .metavar = "NAME=C,...",
                        .help = "columns of FILE to read, by name or number from 1: label=sentiment,text=3, or 3"});
  options.add(header, {.name = "header", .help = "FILE begins with the names of its columns, as .csv always does"});
}

TextInput::TextInput(const InputOptions& options, std::optional<std::string> file, const Invocation& call,
                     std::string_view wanted, std::vector<std::string> columns, std::vector<std::string> or_columns)
    : record_options_{std::move(columns), options.columns, options.header, std::move(or_columns)} {
  if (options.text) {
    if (file) usage_error("--text replaces FILE, but '", *file, "' was given too");
    if (!options.columns.empty()) usage_error("--columns picks columns of FILE, but --text was given");
    if (options.header) usage_error("--header is for a FILE, but --text was given");
    name_ = "--text";
    is_text_ = true;
    text_ = options.text;
  } else if (!file || *file == "-") {
    if (call.terminal.input && !file) {
      usage_error("attn ", call.command, " waits for ", wanted,
                  ": give a FILE, --text '…', or pipe them in, as in: echo 'some text' | attn ", call.command, " ",
                  call.arguments.empty() ? "DIR" : call.arguments.front());
    }
    name_ = "standard input";
    descriptor_ = STDIN_FILENO;
  } else {
    name_ = *file;
    file_ = open_file(*file, text_option(call.options));
    descriptor_ = file_.get();
  }
}

bool TextInput::fill() {
  buffer_.erase(0, position_);
  position_ = 0;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kChunk);
  ssize_t bytes = 0;
  do {
    bytes = read(descriptor_, buffer_.data() + before, kChunk);
  } while (bytes < 0 && errno == EINTR);
  buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
  if (bytes < 0) fail("cannot read ", name_, ": ", std::strerror(errno));
  return bytes > 0;
}

bool TextInput::read_line(std::string& line) {
  std::size_t searched = position_;
  std::size_t end = 0;
  while ((end = buffer_.find('\n', searched)) == std::string::npos) {
    searched = buffer_.size() - position_;
    if (fill()) continue;
    if (buffer_.empty()) return false;
    end = buffer_.size();
    break;
  }
  std::string_view found = std::string_view(buffer_).substr(position_, end - position_);
  position_ = std::min(end + 1, buffer_.size());
  if (found.ends_with('\r')) found.remove_suffix(1);
  if (lines_ == 0 && found.starts_with("\xEF\xBB\xBF")) found.remove_prefix(3);
  line = found;
  return true;
}

void TextInput::check_utf8(std::string_view line) const {
  const auto invalid = find_invalid_utf8(line);
  if (!invalid) return;
  fail(is_text_ ? name_ : concat(name_, ":", lines_), ": ", describe_byte(line, *invalid), " is not valid UTF-8");
}

bool TextInput::next_line(std::string& line) {
  if (is_text_) {
    if (!text_) return false;
    line = *std::move(text_);
    text_.reset();
    if (line.empty()) usage_error("--text is empty");
  } else if (!read_line(line)) {
    if (lines_ == 0) fail(name_, " holds no text");
    return false;
  }
  ++lines_;
  check_utf8(line);
  return true;
}

bool TextInput::next(std::vector<std::string>& fields) {
  if (!records_) {
    records_.emplace(
        name_, [this](std::string& line) { return next_line(line); }, record_options_);
  }
  if (!records_->next(fields)) {
    if (count_ == 0) fail(name_, " holds no text");
    return false;
  }
  ++count_;
  return true;
}

bool TextInput::next(std::string& text) {
  if (!next(fields_)) return false;
  text = std::move(fields_.front());
  return true;
}

bool TextInput::at_end() {
  return is_text_ ? !text_ : position_ >= buffer_.size() && !fill();
}

bool TextInput::must_wait() const {
  if (is_text_ || buffer_.find('\n', position_) != std::string::npos) return false;
  pollfd waiting{descriptor_, POLLIN, 0};
  return poll(&waiting, 1, 0) == 0;
}

std::string TextInput::rest() {
  std::string all;
  std::string line;
  for (bool first = true; next_line(line); first = false) {
    if (!first) all += '\n';
    all += line;
  }
  return all;
}

std::string TextInput::where() const {
  if (is_text_) return name_;
  return concat(name_, ":", records_ ? records_->line_number() : lines_);
}

}  // namespace attn
