#pragma once
// Text inside XML and HTML, and SVG elements.

#include <string>
#include <string_view>

namespace attn {

/// The text so that it stays text between tags and in quoted attributes: & < > " ' as references, and U+FFFD for what
/// XML 1.0 forbids (control characters other than tab and line ends, invalid UTF-8).
std::string escape_markup(std::string_view text);

/// Coordinates with at most two decimals: "12.5".
std::string coordinate(double value);

/// How an SVG text stands: "start", "middle" or "end" at its point, turned anticlockwise for names of columns.
struct SvgText {
  const char* anchor = "start";
  double size = 12;
  const char* fill = "#222";
  int turned = 0;          // degrees
  const char* style = "";  // further attributes
};

/// Builds an SVG picture from its elements; sizes are pixels.
class SvgWriter {
 public:
  SvgWriter(double width, double height, std::string_view title);

  /// The point is where the middle of the text's height stands, so that it lines up with what it names.
  void text(double x, double y, std::string_view words, const SvgText& look);
  void rectangle(double x, double y, double width, double height, std::string_view attributes);
  void line(double x1, double y1, double x2, double y2, std::string_view attributes);
  /// Anything else, as it is.
  void raw(std::string_view element) { out_ += element; }

  std::string finish();

 private:
  std::string out_;
};

}  // namespace attn
