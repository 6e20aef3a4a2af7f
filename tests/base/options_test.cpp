#include "base/options.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/suggest.h"

namespace attn {
namespace {

enum class Shape { circle, square };
constexpr std::pair<std::string_view, Shape> kShapes[] = {{"circle", Shape::circle}, {"square", Shape::square}};

struct Sample {
  int layers = 4;
  std::int64_t steps = 2000;
  std::uint64_t seed = 1;
  float rate = 0.1f;
  double decay = 0.01;
  bool quiet = false;
  bool header = true;
  std::string name;
  std::optional<int> context;
  std::optional<bool> tie;
  std::optional<Shape> other;
  Shape shape = Shape::circle;
  std::optional<Seconds> time;
  std::vector<std::string> probes;
  std::vector<int> like;
  std::string config;

  void visit(OptionTable& options) {
    options.group("Model");
    options.add(layers,
                {.name = "layers", .short_flag = 'l', .metavar = "N", .minimum = 1, .maximum = 126, .help = "depth"});
    options.add(
        context,
        {.name = "context", .metavar = "TOKENS", .minimum = 1, .default_text = "from the data", .help = "width"});
    options.add(tie, {.name = "tie", .help = "share the embedding"});
    options.add(shape, kShapes, {.name = "shape", .help = "form"});
    options.add(other, kShapes, {.name = "other", .help = "form of the other"});
    options.group("Training");
    options.add(steps, {.name = "steps", .metavar = "N", .minimum = 0, .help = "updates"});
    options.add(seed, {.name = "seed", .metavar = "N", .help = "of all random numbers"});
    options.add(rate, {.name = "rate", .metavar = "X", .minimum = 0, .above_minimum = true, .help = "step size"});
    options.add(decay, {.name = "weight-decay", .metavar = "X", .help = "pull to zero"});
    options.add(time, {.name = "time", .metavar = "TIME", .help = "how long"});
    options.group("Output");
    options.add(quiet, {.name = "quiet", .short_flag = 'q', .help = "says nothing"});
    options.add(header, {.name = "header", .help = "leaves out the header"});
    options.add(name, {.name = "name", .metavar = "TEXT", .help = "title"});
    options.add(probes, {.name = "probe", .metavar = "TEXT", .help = "shown at every evaluation"});
    options.add(like, {.name = "like", .metavar = "I,J", .minimum = 0, .help = "rows"});
    options.add(config, {.name = "config", .metavar = "FILE", .help = "reads options from a file", .in_files = false});
  }
};

struct Parsed {
  Sample values;
  OptionTable table;
  std::vector<std::string> others;

  explicit Parsed(const std::vector<std::string>& arguments = {}) {
    values.visit(table);
    others = table.read_arguments(arguments);
  }
  Parsed(const Parsed&) = delete;
};

std::string error_of(const std::vector<std::string>& arguments) {
  try {
    const Parsed parsed(arguments);
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::usage);
    return error.what();
  }
  return "no error";
}

std::string file_error(const std::string& content) {
  try {
    Parsed().table.read_file_text(content, "run.conf");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_CASE("options: every way to write a value") {
  const Parsed parsed({"first",
                       "--layers",
                       "6",
                       "--steps=10",
                       "-q",
                       "--no-header",
                       "--rate=1e-3",
                       "--name",
                       "--x",
                       "--shape",
                       "square",
                       "--time=1h30m",
                       "--probe",
                       "a b",
                       "--probe=",
                       "--like",
                       "3,17",
                       "-",
                       "--weight-decay",
                       "-0.5",
                       "--no-tie",
                       "--seed=18446744073709551615",
                       "--",
                       "--layers"});
  CHECK(parsed.values.layers == 6);
  CHECK(parsed.values.steps == 10);
  CHECK(parsed.values.quiet);
  CHECK_FALSE(parsed.values.header);
  CHECK(parsed.values.rate == 1e-3f);
  CHECK(parsed.values.name == "--x");
  CHECK(parsed.values.shape == Shape::square);
  CHECK(parsed.values.time == Seconds(5400));
  CHECK(parsed.values.probes == std::vector<std::string>{"a b", ""});
  CHECK(parsed.values.like == std::vector<int>{3, 17});
  CHECK(parsed.values.decay == -0.5);
  CHECK(parsed.values.tie == false);
  CHECK(parsed.values.seed == 18446744073709551615u);
  CHECK(parsed.others == std::vector<std::string>{"first", "-", "--layers"});
  CHECK(Parsed({"-l7"}).values.layers == 7);
  CHECK(Parsed({"-l", "7", "-l", "8"}).values.layers == 8);
  CHECK(Parsed({"--tie"}).values.tie == true);
  CHECK(Parsed({"--header=false"}).values.header == false);
}

TEST_CASE("options: what was set is known") {
  Parsed parsed({"--layers", "4"});
  parsed.table.read_file_text("steps = 5\nlayers = 9\n", "run.conf");
  CHECK(parsed.values.layers == 4);
  CHECK(parsed.values.steps == 5);
  CHECK(parsed.table.is_set(parsed.values.layers));
  CHECK(parsed.table.is_on_command_line(parsed.values.layers));
  CHECK(parsed.table.is_set(parsed.values.steps));
  CHECK_FALSE(parsed.table.is_on_command_line(parsed.values.steps));
  CHECK_FALSE(parsed.table.is_set(parsed.values.rate));
  const int stranger = 0;
  CHECK_THROWS_AS(parsed.table.is_set(stranger), std::logic_error);
}

TEST_CASE("options: mistakes name the option, what was found and what was expected") {
  CHECK(error_of({"--layers", "x"}) == "--layers is 'x', but must be a whole number from 1 to 126");
  CHECK(error_of({"--layers", "127"}) == "--layers is '127', but must be a whole number from 1 to 126");
  CHECK(error_of({"--layers", "3.5"}) == "--layers is '3.5', but must be a whole number from 1 to 126");
  CHECK(error_of({"--layers=99999999999999"}).starts_with("--layers is '99999999999999', but"));
  CHECK(error_of({"-l", ""}) == "-l is '', but must be a whole number from 1 to 126");
  CHECK(error_of({"--rate", "0"}) == "--rate is '0', but must be a number above 0");
  CHECK(error_of({"--rate", "nan"}) == "--rate is 'nan', but must be a number above 0");
  CHECK(error_of({"--seed", "-1"}) == "--seed is '-1', but must be a whole number of at least 0");
  CHECK(error_of({"--shape", "sqare"}) == "--shape is 'sqare', but must be circle or square; did you mean 'square'?");
  CHECK(error_of({"--time", "10"}) == "--time is '10', but must be a duration such as 90s, 10m or 1h30m");
  CHECK(error_of({"--like", "3,,4"}) ==
        "--like is '3,,4', but must be whole numbers of at least 0, separated by commas");
  CHECK(error_of({"--steps"}) == "--steps needs a value: a whole number of at least 0");
  CHECK(error_of({"--layer", "3"}) == "unknown option '--layer'; did you mean '--layers'?");
  CHECK(error_of({"--no-heder"}) == "unknown option '--no-heder'; did you mean '--no-header'?");
  CHECK(error_of({"--zzzzzz"}) == "unknown option '--zzzzzz'");
  CHECK(error_of({"-z"}) == "unknown option '-z'");
  CHECK(error_of({"-qx"}) == "-q takes no value, but is followed by 'x'");
  CHECK(error_of({"--no-quiet=1"}) == "--no-quiet takes no value, but has '1'");
  CHECK(error_of({"--quiet=perhaps"}) == "--quiet is 'perhaps', but must be true or false");
}

TEST_CASE("options: files of key = value") {
  Parsed parsed;
  parsed.table.read_file_text(
      "\xEF\xBB\xBF# a comment\r\n\r\nlayers=5\r\n name =  two words  \r\nquiet = yes\n"
      "probe = a\nprobe = \"b \\\"c\\\" \\n\"\ntime = 90s",
      "run.conf");
  CHECK(parsed.values.layers == 5);
  CHECK(parsed.values.name == "two words");
  CHECK(parsed.values.quiet);
  CHECK(parsed.values.probes == std::vector<std::string>{"a", "b \"c\" \n"});
  CHECK(parsed.values.time == Seconds(90));

  CHECK(file_error("\nlayers = 0\n") == "run.conf:2: layers is '0', but must be a whole number from 1 to 126");
  CHECK(file_error("layrs = 1") == "run.conf:1: unknown option 'layrs'; did you mean 'layers'?");
  CHECK(file_error("config = x").starts_with("run.conf:1: unknown option 'config'"));
  CHECK(file_error("layers 3") == "run.conf:1: found 'layers 3', expected a line 'key = value'");
  CHECK(file_error("steps = 1\nsteps = 2") == "run.conf:2: steps is set a second time");
  CHECK(file_error("name = \"open") == "run.conf:1: name is \"open, but the quotes or a \\ in it do not match");
}

TEST_CASE("options: the command line replaces a file's list") {
  Parsed parsed({"--probe", "mine"});
  parsed.table.read_file_text("probe = theirs", "run.conf");
  CHECK(parsed.values.probes == std::vector<std::string>{"mine"});
}

TEST_CASE("options: what is saved reads back the same") {
  Parsed written({"--name", " spaces \" \\ \n\t", "--rate", "0.3", "--weight-decay", "1e-20", "--probe", "a", "--probe",
                  "", "--tie", "--time", "1.5s", "--like", "1,2", "--other", "square", "--no-header"});
  const std::string text = written.table.to_file_text();
  Parsed read;
  read.table.read_file_text(text, "saved.conf");
  CHECK(read.table.to_file_text() == text);
  CHECK(read.values.name == written.values.name);
  CHECK(read.values.rate == 0.3f);
  CHECK(read.values.decay == 1e-20);
  CHECK(read.values.probes == written.values.probes);
  CHECK(read.values.other == Shape::square);
  CHECK_FALSE(read.values.header);
  CHECK(text.find("# context =\n") != std::string::npos);
  CHECK(text.find("config") == std::string::npos);
}

TEST_CASE("options: help shows groups, names, units, choices and defaults") {
  const std::string help = Parsed().table.help(80);
  CHECK(help.find("Model:\n  -l, --layers N") != std::string::npos);
  CHECK(help.find("depth (default 4)\n") != std::string::npos);
  CHECK(help.find("width (default: from the data)\n") != std::string::npos);
  CHECK(help.find("--tie, --no-tie") != std::string::npos);
  CHECK(help.find("--shape circle|square") != std::string::npos);
  CHECK(help.find("--no-header ") != std::string::npos);
  CHECK(help.find("shown at every evaluation (may be repeated)") != std::string::npos);
  for (std::size_t begin = 0; begin < help.size();) {
    const std::size_t end = help.find('\n', begin);
    CHECK(end - begin <= 80);
    begin = end + 1;
  }
}

TEST_CASE("options: a group that is added to again comes where the last of its options stands") {
  int a = 0, b = 0, c = 0;
  OptionTable table;
  table.group("Late");
  table.add(a, {.name = "a", .help = "first"});
  table.group("Early");
  table.add(b, {.name = "b", .help = "second"});
  table.group("Late");
  table.add(c, {.name = "c", .help = "third"});
  CHECK(table.help(80) ==
        "Early:\n  --b TEXT  second (default 0)\n\nLate:\n  --a TEXT  first (default 0)\n  --c TEXT  third (default "
        "0)\n");
}

TEST_CASE("wrapping") {
  CHECK(wrapped("one two three four five six seven", 2, 22) == "one two three four\n  five six seven\n");
  CHECK(wrapped("short\n\nlines\n", 2, 22) == "short\n\n  lines\n");
  CHECK(wrapped(std::string(30, 'x') + " y", 0, 20) == std::string(30, 'x') + "\ny\n");
  CHECK(wrapped("", 3, 20) == "\n");
}

TEST_CASE("durations") {
  CHECK(parse_duration("90s") == Seconds(90));
  CHECK(parse_duration("1h30m") == Seconds(5400));
  CHECK(parse_duration("1.5h") == Seconds(5400));
  CHECK(parse_duration("2d") == Seconds(172800));
  for (const char* wrong : {"", "10", "m", "10x", "1m1h", "1m1m", "-1m", "1 m", "infs", "1e3s"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_duration(wrong));
  }
  for (const double seconds : {0.0, 1.0, 59.0, 60.0, 3600.0, 5400.0, 100000.0, 0.25, 1e-9, 1e20}) {
    CHECK(parse_duration(format_duration(Seconds(seconds))) == Seconds(seconds));
  }
  CHECK(format_duration(Seconds(5400)) == "1h30m");
}

TEST_CASE("did you mean") {
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("trian", "train") == 1);
  CHECK(edit_distance("Train", "train") == 0);
  const std::vector<std::string> words = {"train", "generate", "attention", "tokenize", "temperature"};
  CHECK(closest_word("trian", words) == "train");
  CHECK(closest_word("gen", words) == "generate");
  CHECK(closest_word("temp", words) == "temperature");
  CHECK(closest_word("xyzzy", words).empty());
  CHECK(did_you_mean("atention", words) == "; did you mean 'attention'?");
  CHECK(did_you_mean("q", words).empty());
}

}  // namespace
}  // namespace attn
