#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "text/toy_data.h"
#include "text/toy_spanish.h"

namespace attn {
namespace {

using namespace spanish;

/// English to Spanish: every line of the groups that are small, and so many of each of the others.
std::map<std::string, std::string> sample(std::uint64_t of_large_groups) {
  constexpr std::uint64_t kSmall = 60000;
  std::map<std::string, std::string> pairs;
  const ToyTask task = en_es_task();
  std::size_t made = 0;
  for (std::size_t group = 0; group < task.group_sizes.size(); ++group) {
    const std::uint64_t size = task.group_sizes[group];
    const std::uint64_t stride = size <= kSmall ? 1 : size / of_large_groups;
    for (std::uint64_t number = 0; number < size; number += stride) {
      const ToyLine line = task.make(group, number);
      REQUIRE(line.line.starts_with(line.input + '\t'));
      pairs[line.input] = line.line.substr(line.input.size() + 1);
      ++made;
    }
  }
  CHECK(pairs.size() == made);  // none twice, and no English sentence with two translations
  return pairs;
}

Phrase phrase_of(std::string_view english, bool feminine) {
  for (const Phrase& phrase : phrases(~0u, 0, Use::any)) {
    if (phrase.english() == english && phrase.is_feminine() == feminine) return phrase;
  }
  FAIL("no phrase " << english);
  return {};
}

TEST_CASE("en-es: millions of lines, none twice, each with one translation, spelt alike on both sides") {
  std::uint64_t all = 0;
  for (const std::uint64_t size : en_es_task().group_sizes) all += size;
  CHECK(all > 1'000'000);
  for (const auto& pair : sample(5000)) {
    const std::string &english = pair.first, &spanish = pair.second;
    CAPTURE(english);
    CAPTURE(spanish);
    const bool asks = english.find('?') != std::string::npos;
    CHECK(asks == spanish.starts_with("¿"));
    CHECK(asks == (spanish.find('?') != std::string::npos));
    CHECK(english.ends_with('?') == spanish.ends_with('?'));
    const auto wrong_in = [](const std::string& text, std::initializer_list<const char*> parts) {
      return std::any_of(parts.begin(), parts.end(), [&](const char* part) { return text.find(part) != text.npos; });
    };
    CHECK_FALSE(wrong_in(english, {"  ", " .", " ?", " a a", " a e", " a i", " a o", " a u"}));
    CHECK_FALSE(wrong_in(spanish, {"  ", " .", " ?", " de el ", " a el ", " la agua", " una agua", " la aula",
                                   " la águila", " una águila", " la hacha", " una hacha", "veintiuno", " no no "}));
  }
}

TEST_CASE("en-es: sentences as a grammar book has them") {
  const auto pairs = sample(1);
  const std::pair<const char*, const char*> expected[] = {
      {"I am tired.", "Estoy cansado."},
      {"We were not very nervous.", "No estábamos muy nerviosos."},
      {"The girls are alone.", "Las niñas están solas."},
      {"Is your uncle very rich?", "¿Es tu tío muy rico?"},
      {"She is kind.", "Ella es amable."},
      {"He was sad.", "Él estaba triste."},
      {"Are you hungry?", "¿Tienes hambre?"},
      {"The king was not very cold.", "El rey no tenía mucho frío."},
      {"My parents are very thirsty.", "Mis padres tienen mucha sed."},
      {"I am twenty-one years old.", "Tengo veintiún años."},
      {"Is Ana thirty-one years old?", "¿Tiene Ana treinta y un años?"},
      {"Our grandmother is not ninety years old.", "Nuestra abuela no tiene noventa años."},
      {"The water is cold.", "El agua está fría."},
      {"Is the house big?", "¿Es grande la casa?"},
      {"This water was not sweet.", "Esta agua no era dulce."},
      {"Those poems are difficult.", "Esos poemas son difíciles."},
      {"The photos were not expensive.", "Las fotos no eran caras."},
      {"My shirts are blue.", "Mis camisas son azules."},
      {"Are the classrooms empty?", "¿Están vacías las aulas?"},
      {"The classroom was quiet.", "El aula era tranquila."},
  };
  for (const auto& pair : expected) {
    const std::string english = pair.first;
    CAPTURE(english);
    REQUIRE(pairs.contains(english));
    CHECK(pairs.at(english) == pair.second);
  }
}

TEST_CASE("en-es: articles and adjectives agree") {
  const std::tuple<const char*, bool, const char*> expected[] = {
      {"the water", true, "el agua"},
      {"cold water", true, "agua fría"},
      {"our cold water", true, "nuestra agua fría"},
      {"an eagle", true, "un águila"},
      {"another strong eagle", true, "otra águila fuerte"},
      {"the white eagles", true, "las águilas blancas"},
      {"an old axe", true, "un hacha vieja"},
      {"the yellow photo", true, "la foto amarilla"},
      {"the new map", false, "el mapa nuevo"},
      {"many boring poems", false, "muchos poemas aburridos"},
      {"several easy songs", true, "varias canciones fáciles"},
      {"these grey mice", false, "estos ratones grises"},
      {"my clean pencils", false, "mis lápices limpios"},
      {"two broken umbrellas", false, "dos paraguas rotos"},
  };
  for (const auto& [english, feminine, spanish] : expected) CHECK(phrase_of(english, feminine).spanish() == spanish);
  CHECK(contract("debajo de", "el coche") == "debajo del coche");
  CHECK(contract("a", "el aula") == "al aula");
  CHECK(contract("a", "él") == "a él");
  CHECK(contract("de", "esta casa") == "de esta casa");
}

TEST_CASE("en-es: verbs in all persons and tenses") {
  const auto clause = [](std::size_t person, const Verb& verb, Tense tense, Form form) {
    const std::string_view english[] = {"I", "you", "she", "we", "they"}, spanish[] = {"", "", "ella", "", "ellos"};
    const Subject subject{english[person], spanish[person], english[person], person};
    return english_clause(subject, verb, tense, form) + " | " + spanish_clause(subject, verb, tense, form);
  };
  const Verb& go = motion_verbs()[0];
  CHECK(clause(kI, go, Tense::present, Form::statement) == "I go | voy");
  CHECK(clause(kHe, go, Tense::present, Form::statement) == "she goes | ella va");
  CHECK(clause(kHe, go, Tense::past, Form::negation) == "she did not go | ella no fue");
  CHECK(clause(kWe, go, Tense::past, Form::statement) == "we went | fuimos");
  CHECK(clause(kThey, go, Tense::future, Form::question) == "will they go | irán ellos");
  const Verb& eat = verbs_for(kFood)[0];
  CHECK(clause(kYou, eat, Tense::future, Form::negation) == "you will not eat | no comerás");
  CHECK(clause(kHe, eat, Tense::present, Form::question) == "does she eat | come ella");
  CHECK(clause(kYou, eat, Tense::past, Form::question) == "did you eat | comiste");
}

}  // namespace
}  // namespace attn
