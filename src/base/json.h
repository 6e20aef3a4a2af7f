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

  // Defined in the source file, so that who includes this compiles none of the variant's code.
  Json() noexcept;
  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();

  Json(std::nullptr_t) noexcept : Json() {}
  Json(bool value);
  Json(int value) : Json(static_cast<long long>(value)) {}
  Json(long value) : Json(static_cast<long long>(value)) {}
  Json(long long value);
  Json(unsigned value) : Json(static_cast<long long>(value)) {}
  Json(unsigned long value) : Json(static_cast<unsigned long long>(value)) {}
  Json(unsigned long long value);
  Json(double value);
  /// The shortest decimal number that reads back as this float: 0.1f is written as 0.1.
  Json(float value);
  Json(const char* value) : Json(std::string(value)) {}
  Json(std::string_view value) : Json(std::string(value)) {}
  Json(std::string value);
  Json(Array value);
  Json(Object value);

  static Json array() { return Json(Array{}); }
  static Json object() { return Json(Object{}); }

  bool is_null() const;
  bool is_bool() const;
  /// Written without fraction or exponent and within 64 bits.
  bool is_integer() const;
  bool is_number() const;
  bool is_string() const;
  bool is_array() const;
  bool is_object() const;

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

  bool operator==(const Json& other) const;

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
