// Short stories and short reviews from templates of our own.

#include <array>

#include "text/text_template.h"
#include "text/toy_data.h"

namespace attn {
namespace {

const WordLists& story_words() {
  static const WordLists lists = {
      {"name",
       {"Anna/she/her/She", "Ben/he/his/He", "Clara/she/her/She", "David/he/his/He", "Emma/she/her/She",
        "Felix/he/his/He", "Grace/she/her/She", "Henry/he/his/He", "Ida/she/her/She", "Jacob/he/his/He",
        "Kate/she/her/She", "Leo/he/his/He", "Mia/she/her/She", "Noah/he/his/He", "Olga/she/her/She",
        "Peter/he/his/He"}},
      {"friend",
       {"Rosa/she/her/She", "Sam/he/his/He", "Tina/she/her/She", "Udo/he/his/He", "Vera/she/her/She", "Will/he/his/He",
        "Yara/she/her/She", "Zack/he/his/He"}},
      {"animal", {"cat", "dog", "horse", "goat", "duck", "rabbit", "pony", "hen", "donkey", "lamb"}},
      {"wild", {"fox", "bear", "owl", "wolf", "hedgehog", "deer", "badger", "crow"}},
      {"place",
       {"forest", "village", "market", "garden", "valley", "harbour", "meadow", "old mill", "castle", "river"}},
      {"thing", {"lamp", "key", "basket", "blanket", "kite", "drum", "boat", "hat", "bell", "book", "coin", "map"}},
      {"food", {"bread", "soup", "cheese", "apples", "honey", "cake", "nuts", "berries"}},
      {"weather", {"sunny", "rainy", "windy", "cold", "foggy", "warm", "snowy"}},
      {"color", {"red", "blue", "green", "yellow", "white", "black", "silver", "golden"}},
      {"size", {"small", "big", "tiny", "huge", "little"}},
  };
  return lists;
}

constexpr std::array<std::string_view, 8> kPlots = {
    "[Once upon a time|Long ago|Many years ago] there was a {size} {animal} that lived near the {place}. [Every "
    "morning|"
    "Every day] it looked for {food}. One {weather} day it met a {wild}. \"[Please|Oh please], give me some {food},\" "
    "said "
    "the {wild}, \"[I am so hungry|I have not eaten for days].\" The {animal} [shared|gladly shared] the {food}. From "
    "that "
    "day on the {animal} and the {wild} were [friends|the best of friends].",
    "{name} had a {color} {thing}. [It was a gift from|It had belonged to] {name.2} "
    "[grandmother|grandfather|aunt|uncle]. "
    "One {weather} day {name} lost the {thing} in the {place}. {name.3} looked [everywhere|under every stone|until the "
    "evening], but {name.1} could not find it. Then {friend} came and said, \"Is this your {thing}?\" {name} was [so "
    "happy|"
    "very happy|full of joy] and thanked {friend}.",
    "One {weather} [morning|afternoon|evening] {name} and {friend} went to the {place}. They took some {food} with "
    "them. On "
    "the way they saw a {size} {animal}. The {animal} [was sad|was all alone|had hurt its leg]. {name} gave it some "
    "{food}, "
    "and {friend} sang a song. The {animal} felt better and followed them [home|all the way home].",
    "{name} wanted to [build|make|find] a {color} {thing}. \"That is too [hard|difficult],\" said {friend}. But {name} "
    "did "
    "not give up. {name.3} worked [all day|all week|from morning to night] at the {place}. At last the {thing} was "
    "ready, "
    "and it was [beautiful|wonderful|better than anyone had hoped]. \"You were right,\" said {friend}.",
    "There was a [king|queen] who lived in a {size} castle by the {place}. The castle was full of {food}, but there "
    "was no "
    "[music|laughter|song]. One {weather} day {name} came with a {color} {thing}. When {name} showed the {thing}, "
    "everyone "
    "[laughed|danced|clapped]. \"Stay with us, {name},\" they said, and {name.1} stayed [for a year|for a long "
    "time|for ever].",
    "It was a {weather} night. {name} could not sleep. {name.3} heard a [strange|soft|loud] sound from the {place}. "
    "{name} "
    "took the {color} {thing} and went out. It was only a {wild} that was looking for {food}. \"Good night, {wild},\" "
    "said "
    "{name}, and went back to [bed|sleep].",
    "A {wild} and a {animal} met at the {place}. \"I am [faster|stronger|cleverer] than you,\" said the {wild}. \"Let "
    "us "
    "see,\" said the {animal}. They [ran a race|played a game|had a contest], and the {animal} won the {color} "
    "{thing}. The "
    "{wild} was [angry|ashamed|surprised] at first, but then it laughed and brought {food} for both.",
    "{name} lived with {name.2} {animal} in a {size} house at the {place}. When it was {weather}, they stayed inside "
    "and ate "
    "{food}. When {friend} came, they [told stories|played|sang songs] until [dark|the moon rose|dinner]. \"Come again "
    "[soon|tomorrow],\" said {name}, and {friend} always did.",
};

ToyLine story(std::size_t plot, std::uint64_t number) {
  std::string text = fill_template(kPlots[plot], story_words(), number);
  return {text, text};
}

const WordLists& review_words() {
  static const WordLists lists = {
      {"what", {"film", "book", "play", "song", "meal", "hotel", "game", "show", "lamp", "phone", "coat", "bike"}},
      {"part", {"beginning", "end", "middle", "price", "idea", "style", "design", "sound", "look", "quality"}},
      {"good", {"great", "wonderful", "lovely", "excellent", "perfect", "charming", "delightful", "superb"}},
      {"bad", {"awful", "terrible", "boring", "poor", "dreadful", "dull", "horrible", "weak"}},
      {"who", {"I", "We", "My sister and I", "My friends", "All of us"}},
  };
  return lists;
}

/// Even places are positive, odd ones negative.
constexpr std::array<std::string_view, 8> kReviews = {
    "[The|This] {what} is {good}, and I [really |truly |]liked the {part}.",
    "[The|This] {what} is {bad}, and I [really |truly |]disliked the {part}.",
    "{who} [expected|feared] a {bad} {what}, but the {part} was {good}.",
    "{who} [expected|hoped for] a {good} {what}, but the {part} was {bad}.",
    "The {part} is not {bad} at all: a {good} {what}[ for everyone| for the money|, again and again|].",
    "The {part} is not {good} at all: a {bad} {what}[ for everyone| for the money|, again and again|].",
    "{who} loved the {what}. [What a|Such a] {good} {part}!",
    "{who} hated the {what}. [What a|Such a] {bad} {part}!",
};

ToyLine review(std::size_t group, std::uint64_t number) {
  const std::string text = fill_template(kReviews[group], review_words(), number);
  return {text, (group % 2 == 0 ? "positive\t" : "negative\t") + text};
}

}  // namespace

ToyTask stories_task() {
  return {"stories", "short stories in simple English", count_all_fillings(kPlots, story_words()), story};
}

ToyTask reviews_task() {
  return {"reviews", "positive or negative, and a sentence that says so", count_all_fillings(kReviews, review_words()),
          review};
}

}  // namespace attn
