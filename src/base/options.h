#pragma once
// Options of a command, each listed once: name, variable, unit, range, help. One list serves the command line, files
// of `key = value` lines, saving them and the help text. Reads no command line by itself; cli/ does.
//
//   struct PrintOptions {
//     int copies = 1;
//     std::optional<float> scale;
//     void visit(OptionTable& options) {
//       options.group("Printing");
//       options.add(copies, {.name = "copies", .short_flag = 'n', .metavar = "N", .minimum = 1, .help = "how many"});
//       options.add(scale, {.name = "scale", .metavar = "X", .help = "enlarges by this factor"});
//     }
//   };

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace attn {

/// A length of time in an option: `90s`, `10m`, `1h30m`, `1.5h`.
using Seconds = std::chrono::duration<double>;

/// What an option says about itself. Views must outlive the table: string literals.
struct OptionText {
  std::string_view name;          // without dashes: "d-model"
  char short_flag = 0;            // 'q' for -q, or none
  std::string_view metavar = {};  // stands for the value in the help: "N", "FILE"; enums list their names
  std::optional<double> minimum = {}, maximum = {};
  bool above_minimum = false;          // the minimum itself is not allowed
  std::string_view default_text = {};  // what the help calls the default, if not the variable's value
  std::string_view help = {};          // one line; without help the option is left out of the help text
  bool in_files = true;                // may stand in a file, and is saved to one
};

/// One option of a table, its type erased.
struct Option {
  OptionText text;
  std::string_view group;
  const void* variable = nullptr;
  bool is_flag = false;                             // a bool: needs no value
  bool is_list = false;                             // may be given several times
  std::vector<std::string> choices;                 // of an enum
  std::string expected;                             // "a whole number from 1 to 8"
  std::function<bool(std::string_view)> read;       // false: not what is expected
  std::function<std::vector<std::string>()> write;  // the value as text; none if not given, several of a list
  std::function<void()> clear;                      // of a list
  std::vector<std::string> defaults;                // what write() said when the option was listed
  enum class Source { defaults, file, command_line } source = Source::defaults;

  /// What the help shows: "-q" and "--quiet"; "--no-color" where the default is true; both of a flag without default.
  std::vector<std::string> shown_flags() const;
  /// What it shows for the value: "N", "gpt2|llama".
  std::string value_name() const;
  /// Its sentence with the default.
  std::string description() const;
};

class OptionTable {
 public:
  /// The options added after this belong to the group in the help text.
  void group(std::string_view name) { group_ = name; }

  void add(bool& variable, OptionText text);
  void add(int& variable, OptionText text);
  void add(std::int64_t& variable, OptionText text);
  void add(std::uint64_t& variable, OptionText text);
  void add(float& variable, OptionText text);
  void add(double& variable, OptionText text);
  void add(std::string& variable, OptionText text);
  void add(Seconds& variable, OptionText text);
  void add(std::optional<int>& variable, OptionText text);
  void add(std::optional<std::int64_t>& variable, OptionText text);
  void add(std::optional<std::uint64_t>& variable, OptionText text);
  void add(std::optional<float>& variable, OptionText text);
  void add(std::optional<double>& variable, OptionText text);
  void add(std::optional<std::string>& variable, OptionText text);
  void add(std::optional<Seconds>& variable, OptionText text);
  void add(std::optional<bool>& variable, OptionText text);
  void add(std::vector<std::string>& variable, OptionText text);
  void add(std::vector<int>& variable, OptionText text);  // `3,17`: comma-separated
  /// An enum by its names: a constexpr array of pairs (name, value) that outlives this table.
  template <class Enum, std::size_t N>
  void add(Enum& variable, const std::pair<std::string_view, Enum> (&names)[N], OptionText text) {
    add_enum(
        &variable, text, names_of(names), [&variable, &names] { return position_in(names, variable); },
        [&variable, &names](std::size_t i) { variable = names[i].second; });
  }
  template <class Enum, std::size_t N>
  void add(std::optional<Enum>& variable, const std::pair<std::string_view, Enum> (&names)[N], OptionText text) {
    add_enum(
        &variable, text, names_of(names),
        [&variable, &names] { return variable ? position_in(names, *variable) : std::nullopt; },
        [&variable, &names](std::size_t i) { variable = names[i].second; });
  }

  /// Reads `--name value`, `--name=value`, `--flag`, `--no-flag`, `-x value`, `-xvalue`; everything after `--` is no
  /// option. Returns what is no option, in order. Throws Error (usage).
  std::vector<std::string> read_arguments(std::span<const std::string> arguments);

  /// Reads lines `key = value`; empty lines and lines that begin with # mean nothing; "…" keeps spaces and has the
  /// escapes \n \t \" \\. What the command line set stays. Throws Error naming `file:line`.
  void read_file_text(std::string_view content, const std::string& file);

  /// All options that may stand in files, as read_file_text reads them; those without a value as comments.
  std::string to_file_text() const;

  /// Every group with help once, in the order of their last options: one that a later part of the list adds to comes
  /// where that part stands.
  std::vector<std::string_view> groups() const;

  /// The options with units, help and defaults, in their groups, at most `width` columns wide.
  std::string help(int width) const;

  /// Whether the command line or a file set this option (a variable that was added). Throws std::logic_error.
  template <class T>
  bool is_set(const T& variable) const {
    return find_variable(&variable).source != Option::Source::defaults;
  }
  /// Whether the command line itself set it.
  template <class T>
  bool is_on_command_line(const T& variable) const {
    return find_variable(&variable).source == Option::Source::command_line;
  }

  const std::vector<Option>& options() const { return options_; }

 private:
  template <class Names>
  static std::vector<std::string> names_of(const Names& names) {
    std::vector<std::string> result;
    for (const auto& [name, value] : names) result.emplace_back(name);
    return result;
  }
  template <class Names, class Enum>
  static std::optional<std::size_t> position_in(const Names& names, Enum value) {
    for (std::size_t i = 0; i < std::size(names); ++i) {
      if (names[i].second == value) return i;
    }
    return std::nullopt;
  }
  void add_enum(const void* variable, const OptionText& text, std::vector<std::string> names,
                std::function<std::optional<std::size_t>()> get, std::function<void(std::size_t)> set);
  template <class T>
  void add_value(T& variable, const OptionText& text);
  void add_option(Option option, const void* variable, const OptionText& text);

  struct Found {
    Option* option = nullptr;
    bool negated = false;
  };
  Found find(std::string_view name);
  const Option& find_variable(const void* variable) const;
  void set(Option& option, std::string_view value, const std::string& shown_name, Option::Source source);
  std::vector<std::string> names(bool for_file) const;
  void read_file_line(std::string_view line, const std::string& where);

  std::string_view group_;
  std::vector<Option> options_;
};

/// The text with lines of at most `width` columns, broken at spaces, each but the first after `indent` spaces; ends with
/// a line break.
std::string wrapped(std::string_view text, std::size_t indent, int width);

/// Seconds of `1h30m`, `90s`, `1.5h`, `2d`; nothing if it is no duration.
std::optional<Seconds> parse_duration(std::string_view text);
/// The shortest form that parse_duration reads back.
std::string format_duration(Seconds duration);

}  // namespace attn
