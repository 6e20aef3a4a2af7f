#include "base/json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace attn {

Json::Json() noexcept = default;
Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

Json::Json(bool value) : value_(value) {}
Json::Json(long long value) : value_(static_cast<std::int64_t>(value)) {}
Json::Json(double value) : value_(value) {}
Json::Json(std::string value) : value_(std::move(value)) {}
Json::Json(Array value) : value_(std::move(value)) {}
Json::Json(Object value) : value_(std::move(value)) {}

Json::Json(unsigned long long value) {
  if (value <= static_cast<unsigned long long>(std::numeric_limits<std::int64_t>::max())) {
    value_ = static_cast<std::int64_t>(value);
  } else {
    value_ = static_cast<std::uint64_t>(value);
  }
}

Json::Json(float value) : value_(static_cast<double>(value)) {
  if (!std::isfinite(value)) return;
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  double shortest = value;
  std::from_chars(digits.data(), end, shortest);
  value_ = shortest;
}

bool Json::operator==(const Json& other) const {
  return value_ == other.value_;
}

bool Json::is_null() const {
  return std::holds_alternative<std::monostate>(value_);
}

bool Json::is_bool() const {
  return std::holds_alternative<bool>(value_);
}

bool Json::is_number() const {
  return is_integer() || std::holds_alternative<double>(value_);
}

bool Json::is_string() const {
  return std::holds_alternative<std::string>(value_);
}

bool Json::is_array() const {
  return std::holds_alternative<Array>(value_);
}

bool Json::is_object() const {
  return std::holds_alternative<Object>(value_);
}

bool Json::is_integer() const {
  return std::holds_alternative<std::int64_t>(value_) || std::holds_alternative<std::uint64_t>(value_);
}

std::string Json::describe() const {
  if (is_null()) return "null";
  if (is_array()) return "an array";
  if (is_object()) return "an object";
  std::string written = write_json(*this);
  if (!is_string()) return written;
  constexpr std::size_t kShown = 40;
  if (written.size() > kShown) written = written.substr(0, kShown) + "…\"";
  return "the string " + written;
}

void Json::mismatch(std::string_view what, std::string_view expected) const {
  fail(what, ": found ", describe(), ", expected ", expected);
}

bool Json::as_bool(std::string_view what) const {
  if (!is_bool()) mismatch(what, "true or false");
  return std::get<bool>(value_);
}

std::int64_t Json::as_int(std::string_view what) const {
  if (const auto* integer = std::get_if<std::int64_t>(&value_)) return *integer;
  if (const auto* number = std::get_if<double>(&value_)) {
    if (*number == std::floor(*number) && std::fabs(*number) < 0x1p63) return static_cast<std::int64_t>(*number);
  }
  mismatch(what, "an integer of 64 bits");
}

std::uint64_t Json::as_uint(std::string_view what) const {
  if (const auto* large = std::get_if<std::uint64_t>(&value_)) return *large;
  if (const auto* integer = std::get_if<std::int64_t>(&value_); integer != nullptr && *integer >= 0) {
    return static_cast<std::uint64_t>(*integer);
  }
  mismatch(what, "an integer from 0 to 2^64 - 1");
}

double Json::as_double(std::string_view what) const {
  if (const auto* number = std::get_if<double>(&value_)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*integer);
  if (const auto* large = std::get_if<std::uint64_t>(&value_)) return static_cast<double>(*large);
  mismatch(what, "a number");
}

const std::string& Json::as_string(std::string_view what) const {
  if (!is_string()) mismatch(what, "a string");
  return std::get<std::string>(value_);
}

const Json::Array& Json::as_array(std::string_view what) const {
  if (!is_array()) mismatch(what, "an array");
  return std::get<Array>(value_);
}

const Json::Object& Json::as_object(std::string_view what) const {
  if (!is_object()) mismatch(what, "an object");
  return std::get<Object>(value_);
}

const Json* Json::find(std::string_view name) const {
  const auto* object = std::get_if<Object>(&value_);
  if (object == nullptr) return nullptr;
  for (auto member = object->rbegin(); member != object->rend(); ++member) {
    if (member->first == name) return &member->second;
  }
  return nullptr;
}

const Json& Json::at(std::string_view name, std::string_view what) const {
  if (!is_object()) mismatch(what, "an object");
  const Json* member = find(name);
  if (member == nullptr) fail(what, ": \"", name, "\" is missing");
  return *member;
}

Json& Json::set(std::string_view name, Json value) {
  if (const Json* member = find(name)) {
    *const_cast<Json*>(member) = std::move(value);
    return *this;
  }
  return append(std::string(name), std::move(value));
}

Json& Json::append(std::string name, Json value) {
  if (is_null()) value_ = Object{};
  if (!is_object()) mismatch("JSON value that gets a member", "an object");
  std::get<Object>(value_).emplace_back(std::move(name), std::move(value));
  return *this;
}

Json& Json::push_back(Json value) {
  if (is_null()) value_ = Array{};
  if (!is_array()) mismatch("JSON value that gets an element", "an array");
  std::get<Array>(value_).push_back(std::move(value));
  return *this;
}

}  // namespace attn
