// Paragraphs of three to five sentences with one-sentence summaries, from templates of our own.

#include <array>

#include "text/text_template.h"
#include "text/toy_data.h"

namespace attn {
namespace {

const WordLists& summary_words() {
  static const WordLists lists = {
      {"name",
       {"Anna/she/her/She", "Ben/he/his/He", "Clara/she/her/She", "David/he/his/He", "Emma/she/her/She",
        "Felix/he/his/He", "Grace/she/her/She", "Henry/he/his/He", "Ida/she/her/She", "Jacob/he/his/He"}},
      {"friend", {"Rosa", "Sam", "Tina", "Udo", "Vera", "Will", "Yara", "Zack"}},
      {"town", {"Milton", "Ashford", "Barrow", "Dunby", "Elmsworth", "Fairhaven", "Greenfield", "Hillcrest"}},
      {"team",
       {"the Lions/The Lions", "the Foxes/The Foxes", "the Comets/The Comets", "the Sailors/The Sailors",
        "the Rovers/The Rovers", "the Miners/The Miners"}},
      {"rival",
       {"the Bears/The Bears", "the Wolves/The Wolves", "the Pirates/The Pirates", "the Giants/The Giants",
        "the Kings/The Kings", "the Hawks/The Hawks"}},
      {"score", {"1 to 0", "2 to 0", "2 to 1", "3 to 0", "3 to 1", "3 to 2", "4 to 1", "4 to 3"}},
      {"day", {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}},
      {"place", {"market", "harbour", "school", "library", "museum", "station", "park", "bridge"}},
      {"shop", {"bakery", "bookshop", "café", "toy shop", "cinema", "flower shop"}},
      {"thing", {"wallet", "key", "ring", "umbrella", "phone", "bag", "violin", "watch"}},
      {"animal", {"cat", "dog", "parrot", "rabbit", "goat", "pony"}},
      {"color", {"red", "blue", "green", "yellow", "white", "black"}},
      {"subject", {"maths", "music", "history", "drawing", "reading", "chess"}},
      {"weather", {"rain/rainy", "snow/snowy", "fog/foggy", "sunshine/sunny", "wind/windy"}},
      {"number", {"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}},
  };
  return lists;
}

/// What the summary says stands in the paragraph, among what it leaves out.
constexpr std::array<std::string_view, 8> kPlots = {
    "On {day} {team} played {rival} in {town}. [The stadium was full.|Many families had come.|The grass was still "
    "wet.] "
    "[The first half was slow.|Both teams began well.|Nobody scored for a long time.] In the end {team} won {score}."
    "[ The fans sang all night.| The coach was very proud.|]"
    "\t{team.1} beat {rival} {score} in {town} on {day}.",

    "On {day} {rival} came to {town} to play {team}. [It was a cold evening.|The tickets had been sold for weeks.] "
    "{rival.1} [were fast|played well|never gave up] and won {score}."
    "[ Their captain scored the last goal.| The players danced on the field.|]"
    "\t{rival.1} beat {team} {score} in {town} on {day}.",

    "{name} lost {name.2} {color} {thing} on {day}. {name.3} looked for it [at home|in the bus|in the garden] and "
    "[asked everybody|could not sleep|put up a notice]. [Nobody had seen it.|It had been a present.] Then {friend} "
    "found it at the {place}.[ They had tea together.| The day ended well.|]"
    "\t{friend} found the {thing} that {name} had lost.",

    "A new {shop} opens in {town} on {day}. The owner is called {name}, and {name.1} [worked|saved|waited] for "
    "{number} "
    "years. The {shop} stands near the {place}, in a {color} house.[ Children get a balloon.| The first guests get a "
    "gift.| There will be music.]"
    "\t{name} opens a {shop} near the {place} of {town} on {day}.",

    "[The morning will be dry.|The week began well.|Yesterday was mild.] From {day} on, {weather} is expected in "
    "{town}. "
    "[Drivers should take care.|People should take a coat.|The schools stay open.] The {weather.1} days will last "
    "until "
    "the end of the week.[ Nobody knows what comes after.|]"
    "\tThe weather in {town} will be {weather.1} from {day} on.",

    "The {place} of {town} was closed on {day}. [People stood outside and wondered.|The mayor came at noon.] A {color} "
    "{animal} had run in and [hid under the roof|would not come out|slept there]. {name} [brought some food|sang a "
    "song|used a net] and caught it after {number} hours.[ Everybody clapped.|]"
    "\t{name} caught a {animal} that had run into the {place} of {town}.",

    "The {subject} contest took place in {town} on {day}. [Pupils came from many schools.|The hall was crowded.|It "
    "lasted "
    "all day.] {friend} [was the favourite|had won last year|made a good start] but came second. The first prize went "
    "to {name}.[ It was a silver cup.| The parents were proud.|]"
    "\t{name} won the {subject} contest in {town}, and {friend} came second.",

    "{name} and {friend} wanted to go to {town} by train. [There was a tree on the line|The engine was broken|The "
    "driver "
    "was ill], and they waited for {number} hours at the {place}. [They played cards.|They told stories.|They fell "
    "asleep.] They arrived on {day}.[ The hotel was closed.| It was already dark.|]"
    "\t{name} and {friend} arrived in {town} {number} hours late.",
};

ToyLine summary(std::size_t plot, std::uint64_t number) {
  std::string line = fill_template(kPlots[plot], summary_words(), number);
  return {line.substr(0, line.find('\t')), line};
}

}  // namespace

ToyTask summaries_task() {
  return {"summaries", "a short paragraph, and one sentence that sums it up",
          count_all_fillings(kPlots, summary_words()), summary};
}

}  // namespace attn
