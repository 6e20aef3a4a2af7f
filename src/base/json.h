#pragma once
// JSON: a value, a parser that reports file:line, a writer whose numbers read back the same.
// Not a schema checker: callers name what they expect through `what` of the typed accessors.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace attn {

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  /// Members in the order of the file or of insertion. A parsed object keeps duplicate names; find() sees the
  /// last.
  using Object = std::vector<Member>;

  Json() = default;
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : value_(static_cast<std::int64_t>(value)) {}
  Json(long value) : value_(static_cast<std::int64_t>(value)) {}
  Json(long long value) : value_(static_cast<std::int64_t>(value)) {}
  Json(unsigned value) : value_(static_cast<std::int64_t>(value)) {}
  Json(unsigned long value) : Json(static_cast<unsigned long long>(value)) {}
  Json(unsigned long long value);
  Json(double value) : value_(value) {}
  /// The shortest decimal number that reads back as this float: 0.1f is written as 0.1.
  Json(float value);
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}

  static Json array() { return Json(Array{}); }
  static Json object() { return Json(Object{}); }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  /// Written without fraction or exponent and within 64 bits.
  bool is_integer() const;
  bool is_number() const { return is_integer() || std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  /// Typed access. Each throws Error "`what`: found …, expected …" if the value is of another type or does
  /// not fit.
  bool as_bool(std::string_view what = "JSON value") const;
  std::int64_t as_int(std::string_view what = "JSON value") const;
  std::uint64_t as_uint(std::string_view what = "JSON value") const;
  double as_double(std::string_view what = "JSON value") const;
  const std::string& as_string(std::string_view what = "JSON value") const;
  const Array& as_array(std::string_view what = "JSON value") const;
  const Object& as_object(std::string_view what = "JSON value") const;

  /// The member of that name; null if there is none or this is no object.
  const Json* find(std::string_view name) const;
  /// The member of that name. Throws Error naming `what` and the missing member.
  const Json& at(std::string_view name, std::string_view what = "JSON object") const;

  /// Replaces or appends a member; null becomes an object first.
  Json& set(std::string_view name, Json value);
  /// Appends a member without looking for an older one of that name: for long objects.
  Json& append(std::string name, Json value);
  /// Appends an element; null becomes an array first.
  Json& push_back(Json value);

  /// For messages: `a string "abc"`, `an object`, `12`, …
  std::string describe() const;

  bool operator==(const Json&) const = default;

 private:
  friend class JsonWriter;
  [[noreturn]] void mismatch(std::string_view what, std::string_view expected) const;

  /// uint64_t is used only above the largest int64_t.
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object> value_;
};

/// Reads one JSON text (RFC 8259, UTF-8). Throws Error "file:line: …" saying what was expected.
Json parse_json(std::string_view text, const std::string& file);
/// parse_json of a file's contents.
Json read_json(const std::string& path);

/// Without any spaces if `indent` is 0, else one member or element a line. NaN and infinities become null.
/// Strings keep their UTF-8; control characters, quotes and backslashes are escaped.
std::string write_json(const Json& value, int indent = 0);
/// Appends `text` as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);
/// Appends the shortest decimal number that reads back the same; null if it is not finite.
void append_json_number(std::string& out, double value);
void append_json_number(std::string& out, float value);

}  // namespace attn
