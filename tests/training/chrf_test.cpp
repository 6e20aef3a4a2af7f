#include "training/chrf.h"

#include <doctest/doctest.h>

#include "base/json.h"
#include "training/ngrams.h"

namespace attn {
namespace {

TEST_CASE("chrf: chrF2 equals sacreBLEU's") {
  const Json reference = read_json("tests/reference/translation_scores.json");
  for (const Json& corpus : reference.at("corpora").as_array()) {
    CAPTURE(corpus.at("name").as_string());
    ChrF chrf;
    for (const Json& pair : corpus.at("pairs").as_array()) {
      chrf.add(pair.as_array()[0].as_string(), pair.as_array()[1].as_string());
    }
    CHECK(chrf.score() == doctest::Approx(corpus.at("chrf").as_double()).epsilon(1e-9));
  }
  CHECK(ChrF().score() == 0);
  CHECK(ChrF::signature().starts_with("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:attn-"));
}

TEST_CASE("ngrams: white space is Python's") {
  // [c for c in map(chr, range(0x110000)) if c.isspace()] of Python 3.
  const std::u32string spaces =
      U"\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\x1680\x2000\x2001\x2002\x2003\x2004\x2005\x2006\x2007\x2008\x2009\x200a"
      U"\x2028\x2029\x202f\x205f\x3000";
  std::u32string found;
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (is_python_space(c)) found += c;
  }
  CHECK(found == spaces);
}

TEST_CASE("ngrams: shared ones count as often as in the poorer sequence") {
  const std::u32string a = U"aabaa", b = U"aaab";
  CHECK(count_shared_ngrams(a, b, 1) == 4);
  CHECK(count_shared_ngrams(a, b, 2) == 3);
  CHECK(count_shared_ngrams(a, b, 3) == 1);
  CHECK(count_shared_ngrams(a, b, 4) == 0);
  CHECK(count_shared_ngrams(a, b, 9) == 0);
  CHECK(count_ngrams(5, 5) == 1);
  CHECK(count_ngrams(5, 6) == 0);
}

}  // namespace
}  // namespace attn
