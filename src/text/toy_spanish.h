#pragma once
// A small grammar of English and Spanish for the task en-es: words with their forms, agreement, conjugation.

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attn::spanish {

enum class Tense { present, past, future };
enum class Form { statement, negation, question };
enum class Copula { ser, estar };

/// What a noun is, and what an adjective can be said of: bits.
inline constexpr unsigned kFood = 1, kDrink = 2, kText = 4, kThing = 8, kAnimal = 16, kPlace = 32;
/// Of a noun: other things are beside it or under it.
inline constexpr unsigned kLandmark = 64;

struct Noun {
  std::string_view english, english_plural;  // no plural: cannot be counted
  std::string_view spanish, spanish_plural;
  char gender;  // m, f, or a: feminine with a stressed a in front, so "el agua", "un águila"
  unsigned kind;
};

struct Adjective {
  std::string_view english, spanish;  // masculine singular
  Copula copula;
  unsigned kinds;
};

struct Determiner {
  std::string_view english;
  std::string_view masculine, feminine;
  bool plural, definite;
};

/// A determiner, a noun, perhaps an adjective: "the cold water", "el agua fría".
struct Phrase {
  const Determiner* determiner;
  const Noun* noun;
  const Adjective* adjective;  // or null

  bool is_plural() const { return determiner->plural; }
  bool is_feminine() const { return noun->gender != 'm'; }
  std::string english() const;
  std::string spanish() const;
};

/// Grammatical persons: I, you (tú), he, we, they.
inline constexpr std::size_t kI = 0, kYou = 1, kHe = 2, kWe = 3, kThey = 4;
using Persons = std::array<std::string_view, 5>;

/// Who does something. Spanish leaves out yo, tú and nosotros.
struct Subject {
  std::string_view english, spanish;
  std::string_view pronoun;  // English, when mentioned again
  std::size_t person;
  bool feminine = false;

  bool is_plural() const { return person >= kWe; }
};

struct Verb {
  std::string_view english, third, past;  // eat, eats, ate
  Persons present, preterite;
  std::string_view future_stem;  // comer-é
};

/// Where a phrase may stand.
enum class Use { any, definite, indefinite, definite_or_generic };

/// All phrases with nouns of these kinds (none of them of the kinds `without`), with and without adjectives that suit
/// them. Generic ones have no determiner in English, the article in Spanish: "red cars", "los coches rojos".
std::vector<Phrase> phrases(unsigned kinds, unsigned without, Use use);

/// What people are.
std::span<const Adjective> moods();
std::span<const Subject> subjects();
/// What is done with nouns of one kind.
std::span<const Verb> verbs_for(unsigned kind);
/// Going somewhere.
std::span<const Verb> motion_verbs();
/// To want and the like, in the present only.
std::span<const Verb> wishes();

/// The adjective in the right gender and number.
std::string agree(std::string_view masculine, bool feminine, bool plural);
/// "de" or "a" before a phrase: "del mercado", "al mercado".
std::string contract(std::string_view preposition, const std::string& phrase);

/// The verb with its subject, without what follows: "does Ana eat", "come Ana".
std::string english_clause(const Subject& subject, const Verb& verb, Tense tense, Form form);
std::string spanish_clause(const Subject& subject, const Verb& verb, Tense tense, Form form);
/// Forms of to be, ser and estar; no future. `subject` is what the clause is about: "is the house", "la casa no está".
std::string english_be(const std::string& subject, std::size_t person, Tense tense, Form form);
std::string_view spanish_be(Copula copula, std::size_t person, Tense tense);
/// Subject, verb and what follows in the order of the form: "Ana no está cansada", "está Ana cansada".
std::string spanish_order(std::string_view subject, std::string_view verb, std::string_view rest, Form form);

/// Joins words with spaces, leaving out empty ones.
std::string words(std::initializer_list<std::string_view> parts);
/// Capital letter and punctuation.
std::string english_sentence(std::string text, Form form);
std::string spanish_sentence(std::string text, Form form);

/// 2 … 99 in words; the Spanish ones as they stand before a masculine noun: "veintiún".
std::string english_number(std::size_t number);
std::string spanish_number(std::size_t number);

}  // namespace attn::spanish
