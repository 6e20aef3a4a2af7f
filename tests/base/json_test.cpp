#include "base/json.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/random.h"

namespace attn {
namespace {

std::string message_of(std::string_view text) {
  try {
    parse_json(text, "x.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_CASE("json: values of every type are read") {
  const Json json = parse_json(R"( {"a": [1, -2.5, true, false, null], "b": {"c": "d"}, "e": {}, "f": []} )", "x");
  const auto& array = json.at("a").as_array();
  CHECK(array[0].as_int() == 1);
  CHECK(array[0].is_integer());
  CHECK(array[1].as_double() == -2.5);
  CHECK(array[2].as_bool());
  CHECK_FALSE(array[3].as_bool());
  CHECK(array[4].is_null());
  CHECK(json.at("b").at("c").as_string() == "d");
  CHECK(json.at("e").as_object().empty());
  CHECK(json.at("f").as_array().empty());
  CHECK(json.find("g") == nullptr);
}

TEST_CASE("json: integers are exact to 64 bits, larger ones become floats") {
  CHECK(parse_json("9223372036854775807", "x").as_int() == std::numeric_limits<std::int64_t>::max());
  CHECK(parse_json("-9223372036854775808", "x").as_int() == std::numeric_limits<std::int64_t>::min());
  CHECK(parse_json("18446744073709551615", "x").as_uint() == std::numeric_limits<std::uint64_t>::max());
  CHECK(write_json(parse_json("18446744073709551615", "x")) == "18446744073709551615");
  CHECK(parse_json("1000000000000000019884624838656", "x").as_double() == 1e30);
  CHECK_THROWS_AS(parse_json("18446744073709551615", "x").as_int(), Error);
  CHECK_THROWS_AS(parse_json("-1", "x").as_uint(), Error);
  CHECK(parse_json("1e3", "x").as_int() == 1000);
  CHECK(parse_json("1e-999", "x").as_double() == 0);
  CHECK_THROWS_AS(parse_json("1e999", "x"), Error);
}

TEST_CASE("json: escapes, surrogate pairs included, round trip") {
  const Json json = parse_json(R"("\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\ude00")", "x");
  CHECK(json.as_string() == "\"\\/\b\f\n\r\té€😀");
  CHECK(parse_json(write_json(json), "x") == json);
  const Json controls(std::string("\0\x01\x1f\x7f", 4));
  CHECK(write_json(controls) == "\"\\u0000\\u0001\\u001f\x7f\"");
  CHECK(parse_json(write_json(controls), "x") == controls);
}

TEST_CASE("json: floats read back the same, written as short as possible") {
  CHECK(write_json(Json(0.1)) == "0.1");
  CHECK(write_json(Json(0.1f)) == "0.1");
  CHECK(write_json(Json(1e-5f)) == "1e-05");
  CHECK(write_json(Json(2.0)) == "2.0");
  CHECK(write_json(Json(1e300)) == "1e+300");
  CHECK(write_json(Json(std::nan(""))) == "null");
  CHECK(write_json(Json(-std::numeric_limits<double>::infinity())) == "null");
  const RandomStream random(1, RandomPurpose::data);
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const double value = std::ldexp(random.normal(i), static_cast<int>(random.below(i, 200)) - 100);
    CHECK(parse_json(write_json(Json(value)), "x").as_double() == value);
    const float narrow = static_cast<float>(value);
    CHECK(static_cast<float>(parse_json(write_json(Json(narrow)), "x").as_double()) == narrow);
  }
}

TEST_CASE("json: compact and indented forms") {
  Json json = Json::object();
  json.set("a", Json::Array{1, "x"}).set("b", Json::object()).set("a", Json::Array{1, 2});
  CHECK(write_json(json) == R"({"a":[1,2],"b":{}})");
  CHECK(write_json(json, 2) == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}");
  CHECK(parse_json(write_json(json, 2), "x") == json);
}

TEST_CASE("json: of duplicate names the last counts, as in Python, and all are kept") {
  const Json json = parse_json(R"({"a": 1, "a": 2})", "x");
  CHECK(json.at("a").as_int() == 2);
  CHECK(json.as_object().size() == 2);
}

TEST_CASE("json: errors name file, line, what was found and expected") {
  CHECK(message_of("{\n\"a\": 1\n\"b\": 2}") == "x.json:3: found '\"', expected ',' or '}'");
  CHECK(message_of("[1, 2") == "x.json:1: the file ends, expected ',' or ']'");
  CHECK(message_of("") == "x.json:1: the file ends, expected a JSON value");
  CHECK(message_of("\n\n[é]") == "x.json:3: found 'é', expected a JSON value");
  CHECK(message_of("{1: 2}") == "x.json:1: found '1', expected a member's name in quotes");
  CHECK(message_of("{\"a\" 2}") == "x.json:1: found '2', expected ':' after a member's name");
  CHECK(message_of("1 2") == "x.json:1: found '2', expected the end of the file");
  CHECK(message_of("\"a\nb\"") == "x.json:1: a control character inside a string, expected it escaped");
  CHECK(message_of("\"\xff\"") == "x.json:1: invalid UTF-8 at byte 1");
  for (const char* text : {"01", "1.", "1e", "-", "+1", ".5", "tru", "NaN", "[1,]", "{\"a\":1,}", "\"\\x\"",
                           "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\u12\"", "\"a", "nul", "'a'"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_json(text, "x"), Error);
  }
}

TEST_CASE("json: depth is limited") {
  CHECK_NOTHROW(parse_json(std::string(200, '[') + std::string(200, ']'), "x"));
  CHECK(message_of(std::string(100000, '[')) == "x.json:1: nested more than 256 deep");
}

TEST_CASE("json: typed access says what it wanted") {
  const Json json = parse_json(R"({"n": "four"})", "config.json");
  CHECK_THROWS_WITH(json.at("n").as_int("config.json: n"),
                    "config.json: n: found the string \"four\", expected an integer of 64 bits");
  CHECK_THROWS_WITH(json.at("m", "config.json"), "config.json: \"m\" is missing");
  CHECK_THROWS_AS(Json(1.5).as_int(), Error);
  CHECK_THROWS_AS(Json(1).as_string(), Error);
  CHECK_THROWS_AS(Json("a").as_array(), Error);
}

}  // namespace
}  // namespace attn
