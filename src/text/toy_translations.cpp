// Everyday sentences in English and Spanish, from the grammar in toy_spanish.h.

#include "text/toy_data.h"
#include "text/toy_spanish.h"

namespace attn {

namespace {

using namespace spanish;

/// Turns a line's number into choices, and counts how many lines there are: every line of a pattern makes the same
/// number of choices among as many options.
class Choices {
 public:
  explicit Choices(std::uint64_t number) : number_(number) {}

  std::size_t among(std::size_t options) {
    const std::size_t option = number_ % options;
    number_ /= options;
    count_ *= options;
    return option;
  }
  template <class List>
  const auto& of(const List& list) {
    return list[among(std::size(list))];
  }
  std::uint64_t count() const { return count_; }

 private:
  std::uint64_t number_;
  std::uint64_t count_ = 1;
};

struct Pair {
  std::string english, spanish;
};
struct Words {
  std::string_view english, spanish;
};

constexpr Form kForms[] = {Form::statement, Form::negation, Form::question};
constexpr Tense kPresentOrPast[] = {Tense::present, Tense::past};

Pair sentence(std::string english, std::string spanish, Form form) {
  return {english_sentence(std::move(english), form), spanish_sentence(std::move(spanish), form)};
}

/// When something happens says in which tense.
struct Time {
  std::string_view english, spanish;
  Tense tense;
};
constexpr Time kTimes[] = {
    {"every day", "todos los días", Tense::present},
    {"on Sundays", "los domingos", Tense::present},
    {"every week", "todas las semanas", Tense::present},
    {"yesterday", "ayer", Tense::past},
    {"last night", "anoche", Tense::past},
    {"last week", "la semana pasada", Tense::past},
    {"tomorrow", "mañana", Tense::future},
    {"next week", "la semana que viene", Tense::future},
    {"on Monday", "el lunes", Tense::future},
};

/// "Ana did not buy the red car yesterday."
template <unsigned kKind>
Pair action(Choices& choices) {
  static const std::vector<Phrase> objects = phrases(kKind, 0, Use::any);
  const Form form = choices.of(kForms);
  const Subject& subject = choices.of(subjects());
  const Verb& verb = choices.of(verbs_for(kKind));
  const Phrase& object = choices.of(objects);
  const Time& time = choices.of(kTimes);
  return sentence(words({english_clause(subject, verb, time.tense, form), object.english(), time.english}),
                  words({spanish_clause(subject, verb, time.tense, form), object.spanish(), time.spanish}), form);
}

/// "The house is not big." What is asked about a thing stands before it: "¿Es grande la casa?"
Pair describing(Choices& choices) {
  static const std::vector<Phrase> described = [] {
    std::vector<Phrase> all = phrases(kFood | kDrink | kText | kThing | kAnimal | kPlace, 0, Use::definite);
    std::erase_if(all, [](const Phrase& phrase) { return phrase.adjective == nullptr; });
    return all;
  }();
  const Form form = choices.of(kForms);
  const Tense tense = choices.of(kPresentOrPast);
  Phrase subject = choices.of(described);
  const Adjective& adjective = *subject.adjective;
  subject.adjective = nullptr;
  const std::size_t person = subject.is_plural() ? kThey : kHe;
  const std::string quality = agree(adjective.spanish, subject.is_feminine(), subject.is_plural());
  const std::string_view verb = spanish_be(adjective.copula, person, tense);
  return sentence(words({english_be(subject.english(), person, tense, form), adjective.english}),
                  form == Form::question ? words({verb, quality, subject.spanish()})
                                         : spanish_order(subject.spanish(), verb, quality, form),
                  form);
}

/// "We are tired."
Pair mood(Choices& choices) {
  constexpr Words kDegrees[] = {{"", ""}, {"very", "muy"}, {"so", "tan"}};
  const Form form = choices.of(kForms);
  const Tense tense = choices.of(kPresentOrPast);
  const Subject& subject = choices.of(subjects());
  const Adjective& adjective = choices.of(moods());
  const Words& degree = choices.of(kDegrees);
  const std::string quality = words({degree.spanish, agree(adjective.spanish, subject.feminine, subject.is_plural())});
  return sentence(
      words({english_be(std::string(subject.english), subject.person, tense, form), degree.english, adjective.english}),
      spanish_order(subject.spanish, spanish_be(adjective.copula, subject.person, tense), quality, form), form);
}

/// "She is very hungry": "Ella tiene mucha hambre".
Pair having(Choices& choices) {
  struct State {
    std::string_view english, spanish, much;
  };
  constexpr State kStates[] = {{"hungry", "hambre", "mucha"}, {"thirsty", "sed", "mucha"},
                               {"cold", "frío", "mucho"},     {"hot", "calor", "mucho"},
                               {"sleepy", "sueño", "mucho"},  {"afraid", "miedo", "mucho"},
                               {"lucky", "suerte", "mucha"},  {"jealous", "celos", "muchos"}};
  constexpr Persons kHave[] = {{"tengo", "tienes", "tiene", "tenemos", "tienen"},
                               {"tenía", "tenías", "tenía", "teníamos", "tenían"}};
  const Form form = choices.of(kForms);
  const Tense tense = choices.of(kPresentOrPast);
  const Subject& subject = choices.of(subjects());
  const State& state = choices.of(kStates);
  const bool very = choices.among(2) == 1;
  const std::string_view verb = kHave[tense == Tense::past][subject.person];
  const std::string what = words({very ? state.much : "", state.spanish});
  return sentence(
      words({english_be(std::string(subject.english), subject.person, tense, form), very ? "very" : "", state.english}),
      spanish_order(subject.spanish, verb, what, form), form);
}

/// "My brother is twenty-one years old": "Mi hermano tiene veintiún años".
Pair age(Choices& choices) {
  constexpr Persons kHave = {"tengo", "tienes", "tiene", "tenemos", "tienen"};
  const Form form = choices.of(kForms);
  const Subject& subject = choices.of(subjects());
  const std::size_t years = choices.among(98) + 2;
  return sentence(words({english_be(std::string(subject.english), subject.person, Tense::present, form),
                         english_number(years), "years old"}),
                  spanish_order(subject.spanish, kHave[subject.person], spanish_number(years) + " años", form), form);
}

constexpr Words kPlaces[] = {{"under", "debajo de"}, {"behind", "detrás de"},   {"in front of", "delante de"},
                             {"near", "cerca de"},   {"next to", "al lado de"}, {"far from", "lejos de"}};

const std::vector<Phrase>& landmarks() {
  static const std::vector<Phrase> all = phrases(kLandmark, 0, Use::definite);
  return all;
}

/// "The black cat is under the table."
Pair location(Choices& choices) {
  static const std::vector<Phrase> found = phrases(kText | kThing | kAnimal, kLandmark, Use::definite);
  const Form form = choices.of(kForms);
  const Tense tense = choices.of(kPresentOrPast);
  const Phrase& subject = choices.of(found);
  const Words& place = choices.of(kPlaces);
  const Phrase& landmark = choices.of(landmarks());
  const std::size_t person = subject.is_plural() ? kThey : kHe;
  const std::string_view verb = spanish_be(Copula::estar, person, tense);
  const std::string where = contract(place.spanish, landmark.spanish());
  return sentence(words({english_be(subject.english(), person, tense, form), place.english, landmark.english()}),
                  spanish_order(subject.spanish(), verb, where, form), form);
}

/// "There are two books under the table": "Hay dos libros debajo de la mesa".
Pair existence(Choices& choices) {
  static const std::vector<Phrase> found = phrases(kText | kThing | kAnimal, kLandmark, Use::indefinite);
  const Form form = choices.among(2) == 0 ? Form::statement : Form::question;
  const Tense tense = choices.of(kPresentOrPast);
  const Phrase& subject = choices.of(found);
  const Words& place = choices.of(kPlaces);
  const Phrase& landmark = choices.of(landmarks());
  return sentence(words({english_be("there", subject.is_plural() ? kThey : kHe, tense, form), subject.english(),
                         place.english, landmark.english()}),
                  words({tense == Tense::present ? "hay" : "había", subject.spanish(),
                         contract(place.spanish, landmark.spanish())}),
                  form);
}

/// "We went to the old market by bus yesterday."
Pair motion(Choices& choices) {
  static const std::vector<Phrase> goals = [] {
    std::vector<Phrase> all = phrases(kPlace, 0, Use::definite);
    std::erase_if(all, [](const Phrase& phrase) { return phrase.is_plural(); });
    return all;
  }();
  constexpr Words kManners[] = {{"", ""},
                                {"by bus", "en autobús"},
                                {"by train", "en tren"},
                                {"by bike", "en bicicleta"},
                                {"with the dog", "con el perro"},
                                {"with two friends", "con dos amigos"}};
  const Form form = choices.of(kForms);
  const Subject& subject = choices.of(subjects());
  const Verb& verb = choices.of(motion_verbs());
  const Phrase& goal = choices.of(goals);
  const Words& manner = choices.of(kManners);
  const Time& time = choices.of(kTimes);
  return sentence(
      words({english_clause(subject, verb, time.tense, form), "to", goal.english(), manner.english, time.english}),
      words({spanish_clause(subject, verb, time.tense, form), contract("a", goal.spanish()), manner.spanish,
             time.spanish}),
      form);
}

/// "Ana does not like red cars": "A Ana no le gustan los coches rojos".
Pair liking(Choices& choices) {
  static const std::vector<Phrase> liked =
      phrases(kFood | kDrink | kText | kThing | kAnimal | kPlace, 0, Use::definite_or_generic);
  constexpr std::string_view kPronouns[] = {"me", "te", "le", "nos", "les"};
  constexpr Verb kLike = {"like", "likes", "liked", {}, {}, ""};
  const Form form = choices.of(kForms);
  const Subject& subject = choices.of(subjects());
  const Phrase& object = choices.of(liked);
  const std::string person = subject.spanish.empty() ? "" : contract("a", std::string(subject.spanish));
  const std::string_view pronoun = kPronouns[subject.person];
  const std::string_view verb = object.is_plural() ? "gustan" : "gusta";
  return sentence(words({english_clause(subject, kLike, Tense::present, form), object.english()}),
                  form == Form::question
                      ? words({pronoun, verb, person, object.spanish()})
                      : words({person, form == Form::negation ? "no" : "", pronoun, verb, object.spanish()}),
                  form);
}

/// "Does he want the lamp? No, he does not want it.": "¿Quiere él la lámpara? No, no la quiere."
Pair asking(Choices& choices) {
  static const std::vector<Phrase> wanted = phrases(kFood | kText | kThing, 0, Use::definite);
  const bool yes = choices.among(2) == 0;
  const Verb& verb = choices.of(wishes());
  const Subject& subject = choices.of(subjects());
  const Phrase& object = choices.of(wanted);
  const Pair question = sentence(
      words({english_clause(subject, verb, Tense::present, Form::question), object.english()}),
      words({spanish_clause(subject, verb, Tense::present, Form::question), object.spanish()}), Form::question);
  // "Do you …? Yes, I …", and the other way round.
  Subject answering = {subject.pronoun, "", subject.pronoun, subject.person};
  if (subject.person == kYou) answering = {"I", "", "I", kI};
  if (subject.person == kI) answering = {"you", "", "you", kYou};
  const std::string_view english_object = object.is_plural() ? "them" : "it";
  const std::string spanish_object = agree("lo", object.is_feminine(), object.is_plural());
  const std::string_view conjugated = verb.present[answering.person];
  return {
      words({question.english, yes ? "Yes," : "No,",
             english_clause(answering, verb, Tense::present, yes ? Form::statement : Form::negation), english_object}) +
          ".",
      words({question.spanish, yes ? "Sí," : "No, no", spanish_object, conjugated}) + "."};
}

using Pattern = Pair (*)(Choices&);
constexpr Pattern kPatterns[] = {
    action<kFood>, action<kDrink>, action<kText>, action<kThing>, action<kAnimal>, describing, mood, having,
    age,           location,       existence,     motion,         liking,          asking};

ToyLine translation(std::size_t group, std::uint64_t number) {
  Choices choices(number);
  const Pair pair = kPatterns[group](choices);
  return {pair.english, pair.english + '\t' + pair.spanish};
}

}  // namespace

ToyTask en_es_task() {
  std::vector<std::uint64_t> sizes;
  for (const Pattern pattern : kPatterns) {
    Choices choices(0);
    pattern(choices);
    sizes.push_back(choices.count());
  }
  return {"en-es", "an everyday sentence in English, and in Spanish", std::move(sizes), translation};
}

}  // namespace attn
