#include "text/toy_spanish.h"

namespace attn::spanish {

namespace {

bool is_vowel(char letter) {
  return std::string_view("aeiou").find(letter) != std::string_view::npos;
}

// The first letter as a capital: ASCII, or one of the accented letters that begin with byte C3.
void capitalise(std::string& text) {
  const std::size_t at = text.front() == '\xC3' ? 1 : 0;
  text[at] = static_cast<char>(text[at] - 0x20);
}

bool is_capital(const std::string& text) {
  return text.front() >= 'A' && text.front() <= 'Z';
}

constexpr std::string_view kFutureEndings[] = {"é", "ás", "á", "emos", "án"};

constexpr Persons kBe[2][2] = {
    {{"soy", "eres", "es", "somos", "son"}, {"era", "eras", "era", "éramos", "eran"}},
    {{"estoy", "estás", "está", "estamos", "están"}, {"estaba", "estabas", "estaba", "estábamos", "estaban"}},
};
constexpr Persons kEnglishBe[2] = {{"am", "are", "is", "are", "are"}, {"was", "were", "was", "were", "were"}};

constexpr std::string_view kEnglishNumbers[] = {
    "",    "one",    "two",    "three",    "four",     "five",    "six",     "seven",     "eight",    "nine",
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::string_view kEnglishTens[] = {"",      "",      "twenty",  "thirty", "forty",
                                             "fifty", "sixty", "seventy", "eighty", "ninety"};
constexpr std::string_view kSpanishNumbers[] = {
    "",           "un",         "dos",        "tres",         "cuatro",      "cinco",      "seis",
    "siete",      "ocho",       "nueve",      "diez",         "once",        "doce",       "trece",
    "catorce",    "quince",     "dieciséis",  "diecisiete",   "dieciocho",   "diecinueve", "veinte",
    "veintiún",   "veintidós",  "veintitrés", "veinticuatro", "veinticinco", "veintiséis", "veintisiete",
    "veintiocho", "veintinueve"};
constexpr std::string_view kSpanishTens[] = {"",          "",        "",        "treinta", "cuarenta",
                                             "cincuenta", "sesenta", "setenta", "ochenta", "noventa"};

}  // namespace

std::string words(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) {
    if (!text.empty() && !part.empty()) text += ' ';
    text += part;
  }
  return text;
}

std::string agree(std::string_view masculine, bool feminine, bool plural) {
  std::string form(masculine);
  if (feminine && form.back() == 'o') form.back() = 'a';
  if (plural) form += is_vowel(form.back()) ? "s" : "es";
  return form;
}

std::string contract(std::string_view preposition, const std::string& phrase) {
  if (!phrase.starts_with("el ")) return words({preposition, phrase});
  return std::string(preposition) + "l " + phrase.substr(3);
}

std::string Phrase::english() const {
  const std::string_view name = is_plural() ? noun->english_plural : noun->english;
  const std::string rest = words({adjective != nullptr ? adjective->english : "", name});
  const bool needs_an = determiner->english == "a" && is_vowel(rest.front());
  return words({needs_an ? "an" : determiner->english, rest});
}

std::string Phrase::spanish() const {
  const std::string_view article = determiner->masculine;
  const bool like_masculine = noun->gender == 'm' || (noun->gender == 'a' && (article == "el" || article == "un"));
  return words({like_masculine ? article : determiner->feminine, is_plural() ? noun->spanish_plural : noun->spanish,
                adjective != nullptr ? agree(adjective->spanish, is_feminine(), is_plural()) : ""});
}

std::string english_clause(const Subject& subject, const Verb& verb, Tense tense, Form form) {
  const bool third = subject.person == kHe;
  const std::string_view auxiliary = tense == Tense::future ? "will"
                                     : tense == Tense::past ? "did"
                                     : third                ? "does"
                                                            : "do";
  if (form == Form::question) return words({auxiliary, subject.english, verb.english});
  if (form == Form::negation) return words({subject.english, auxiliary, "not", verb.english});
  if (tense == Tense::future) return words({subject.english, "will", verb.english});
  return words({subject.english, tense == Tense::past ? verb.past : third ? verb.third : verb.english});
}

std::string spanish_clause(const Subject& subject, const Verb& verb, Tense tense, Form form) {
  std::string conjugated(tense == Tense::present ? verb.present[subject.person] : verb.preterite[subject.person]);
  if (tense == Tense::future) conjugated = std::string(verb.future_stem) + std::string(kFutureEndings[subject.person]);
  if (form == Form::question) return words({conjugated, subject.spanish});
  return words({subject.spanish, form == Form::negation ? "no" : "", conjugated});
}

std::string english_be(const std::string& subject, std::size_t person, Tense tense, Form form) {
  const std::string_view be = kEnglishBe[tense == Tense::past][person];
  if (form == Form::question) return words({be, subject});
  return words({subject, be, form == Form::negation ? "not" : ""});
}

std::string_view spanish_be(Copula copula, std::size_t person, Tense tense) {
  return kBe[copula == Copula::estar][tense == Tense::past][person];
}

std::string spanish_order(std::string_view subject, std::string_view verb, std::string_view rest, Form form) {
  if (form == Form::question) return words({verb, subject, rest});
  return words({subject, form == Form::negation ? "no" : "", verb, rest});
}

std::string english_sentence(std::string text, Form form) {
  if (!is_capital(text)) capitalise(text);
  return text + (form == Form::question ? "?" : ".");
}

std::string spanish_sentence(std::string text, Form form) {
  if (!is_capital(text)) capitalise(text);
  return form == Form::question ? "¿" + text + "?" : text + ".";
}

std::string english_number(std::size_t number) {
  if (number < 20) return std::string(kEnglishNumbers[number]);
  std::string text(kEnglishTens[number / 10]);
  if (number % 10 != 0) text += "-" + std::string(kEnglishNumbers[number % 10]);
  return text;
}

std::string spanish_number(std::size_t number) {
  if (number < 30) return std::string(kSpanishNumbers[number]);
  return words({kSpanishTens[number / 10], number % 10 != 0 ? "y" : "", kSpanishNumbers[number % 10]});
}

}  // namespace attn::spanish
