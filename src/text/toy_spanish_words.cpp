// The words of the task en-es.

#include "text/toy_spanish.h"

namespace attn::spanish {

namespace {

constexpr unsigned kLand = kThing | kLandmark;

constexpr Noun kNouns[] = {
    {"apple", "apples", "manzana", "manzanas", 'f', kFood},
    {"orange", "oranges", "naranja", "naranjas", 'f', kFood},
    {"lemon", "lemons", "limón", "limones", 'm', kFood},
    {"egg", "eggs", "huevo", "huevos", 'm', kFood},
    {"tomato", "tomatoes", "tomate", "tomates", 'm', kFood},
    {"potato", "potatoes", "patata", "patatas", 'f', kFood},
    {"cake", "cakes", "pastel", "pasteles", 'm', kFood},
    {"sandwich", "sandwiches", "bocadillo", "bocadillos", 'm', kFood},
    {"bread", "", "pan", "", 'm', kFood},
    {"cheese", "", "queso", "", 'm', kFood},
    {"rice", "", "arroz", "", 'm', kFood},
    {"meat", "", "carne", "", 'f', kFood},
    {"soup", "", "sopa", "", 'f', kFood},
    {"fish", "", "pescado", "", 'm', kFood},
    {"water", "", "agua", "", 'a', kDrink},
    {"milk", "", "leche", "", 'f', kDrink},
    {"coffee", "", "café", "", 'm', kDrink},
    {"tea", "", "té", "", 'm', kDrink},
    {"juice", "", "zumo", "", 'm', kDrink},
    {"wine", "", "vino", "", 'm', kDrink},
    {"book", "books", "libro", "libros", 'm', kText},
    {"letter", "letters", "carta", "cartas", 'f', kText},
    {"newspaper", "newspapers", "periódico", "periódicos", 'm', kText},
    {"poem", "poems", "poema", "poemas", 'm', kText},
    {"story", "stories", "cuento", "cuentos", 'm', kText},
    {"message", "messages", "mensaje", "mensajes", 'm', kText},
    {"song", "songs", "canción", "canciones", 'f', kText},
    {"key", "keys", "llave", "llaves", 'f', kThing},
    {"lamp", "lamps", "lámpara", "lámparas", 'f', kThing},
    {"clock", "clocks", "reloj", "relojes", 'm', kThing},
    {"shirt", "shirts", "camisa", "camisas", 'f', kThing},
    {"hat", "hats", "sombrero", "sombreros", 'm', kThing},
    {"photo", "photos", "foto", "fotos", 'f', kThing},
    {"map", "maps", "mapa", "mapas", 'm', kThing},
    {"knife", "knives", "cuchillo", "cuchillos", 'm', kThing},
    {"pencil", "pencils", "lápiz", "lápices", 'm', kThing},
    {"umbrella", "umbrellas", "paraguas", "paraguas", 'm', kThing},
    {"coat", "coats", "abrigo", "abrigos", 'm', kThing},
    {"guitar", "guitars", "guitarra", "guitarras", 'f', kThing},
    {"flower", "flowers", "flor", "flores", 'f', kThing},
    {"axe", "axes", "hacha", "hachas", 'a', kThing},
    {"table", "tables", "mesa", "mesas", 'f', kLand},
    {"chair", "chairs", "silla", "sillas", 'f', kLand},
    {"car", "cars", "coche", "coches", 'm', kLand},
    {"house", "houses", "casa", "casas", 'f', kLand},
    {"door", "doors", "puerta", "puertas", 'f', kLand},
    {"window", "windows", "ventana", "ventanas", 'f', kLand},
    {"sofa", "sofas", "sofá", "sofás", 'm', kLand},
    {"cat", "cats", "gato", "gatos", 'm', kAnimal},
    {"dog", "dogs", "perro", "perros", 'm', kAnimal},
    {"horse", "horses", "caballo", "caballos", 'm', kAnimal},
    {"cow", "cows", "vaca", "vacas", 'f', kAnimal},
    {"bird", "birds", "pájaro", "pájaros", 'm', kAnimal},
    {"eagle", "eagles", "águila", "águilas", 'a', kAnimal},
    {"mouse", "mice", "ratón", "ratones", 'm', kAnimal},
    {"lion", "lions", "león", "leones", 'm', kAnimal},
    {"hen", "hens", "gallina", "gallinas", 'f', kAnimal},
    {"snake", "snakes", "serpiente", "serpientes", 'f', kAnimal},
    {"market", "markets", "mercado", "mercados", 'm', kPlace},
    {"school", "schools", "escuela", "escuelas", 'f', kPlace},
    {"park", "parks", "parque", "parques", 'm', kPlace},
    {"beach", "beaches", "playa", "playas", 'f', kPlace},
    {"library", "libraries", "biblioteca", "bibliotecas", 'f', kPlace},
    {"station", "stations", "estación", "estaciones", 'f', kPlace},
    {"garden", "gardens", "jardín", "jardines", 'm', kPlace},
    {"city", "cities", "ciudad", "ciudades", 'f', kPlace},
    {"village", "villages", "pueblo", "pueblos", 'm', kPlace},
    {"hotel", "hotels", "hotel", "hoteles", 'm', kPlace},
    {"museum", "museums", "museo", "museos", 'm', kPlace},
    {"church", "churches", "iglesia", "iglesias", 'f', kPlace | kLandmark},
    {"bridge", "bridges", "puente", "puentes", 'm', kPlace | kLandmark},
    {"classroom", "classrooms", "aula", "aulas", 'a', kPlace},
};

constexpr Copula kSer = Copula::ser, kEstar = Copula::estar;

constexpr Adjective kAdjectives[] = {
    {"red", "rojo", kSer, kThing},
    {"yellow", "amarillo", kSer, kThing},
    {"blue", "azul", kSer, kThing},
    {"green", "verde", kSer, kThing},
    {"white", "blanco", kSer, kThing | kAnimal},
    {"black", "negro", kSer, kThing | kAnimal},
    {"grey", "gris", kSer, kAnimal},
    {"big", "grande", kSer, kThing | kAnimal | kPlace},
    {"small", "pequeño", kSer, kThing | kAnimal | kPlace},
    {"new", "nuevo", kSer, kText | kThing | kPlace},
    {"old", "viejo", kSer, kText | kThing | kAnimal | kPlace},
    {"cheap", "barato", kSer, kFood | kDrink | kThing},
    {"expensive", "caro", kSer, kFood | kDrink | kThing},
    {"beautiful", "hermoso", kSer, kText | kThing | kAnimal | kPlace},
    {"broken", "roto", kEstar, kThing},
    {"dirty", "sucio", kEstar, kThing | kPlace},
    {"clean", "limpio", kEstar, kThing | kPlace},
    {"cold", "frío", kEstar, kFood | kDrink},
    {"hot", "caliente", kEstar, kFood | kDrink},
    {"delicious", "delicioso", kEstar, kFood | kDrink},
    {"sweet", "dulce", kSer, kDrink},
    {"long", "largo", kSer, kText},
    {"short", "corto", kSer, kText},
    {"interesting", "interesante", kSer, kText | kPlace},
    {"boring", "aburrido", kSer, kText},
    {"difficult", "difícil", kSer, kText},
    {"easy", "fácil", kSer, kText},
    {"famous", "famoso", kSer, kText | kPlace},
    {"fast", "rápido", kSer, kAnimal},
    {"strong", "fuerte", kSer, kAnimal},
    {"dangerous", "peligroso", kSer, kAnimal},
    {"tired", "cansado", kEstar, kAnimal},
    {"sick", "enfermo", kEstar, kAnimal},
    {"modern", "moderno", kSer, kPlace},
    {"quiet", "tranquilo", kSer, kPlace},
    {"closed", "cerrado", kEstar, kPlace},
    {"empty", "vacío", kEstar, kPlace},
};

constexpr Adjective kMoods[] = {
    {"tired", "cansado", kEstar, 0}, {"sick", "enfermo", kEstar, 0},          {"happy", "contento", kEstar, 0},
    {"sad", "triste", kEstar, 0},    {"busy", "ocupado", kEstar, 0},          {"angry", "enfadado", kEstar, 0},
    {"alone", "solo", kEstar, 0},    {"nervous", "nervioso", kEstar, 0},      {"tall", "alto", kSer, 0},
    {"kind", "amable", kSer, 0},     {"intelligent", "inteligente", kSer, 0}, {"rich", "rico", kSer, 0},
    {"poor", "pobre", kSer, 0},      {"strong", "fuerte", kSer, 0},           {"famous", "famoso", kSer, 0},
};

constexpr Determiner kDeterminers[] = {
    {"the", "el", "la", false, true},          {"this", "este", "esta", false, true},
    {"that", "ese", "esa", false, true},       {"my", "mi", "mi", false, true},
    {"your", "tu", "tu", false, true},         {"our", "nuestro", "nuestra", false, true},
    {"the", "los", "las", true, true},         {"these", "estos", "estas", true, true},
    {"those", "esos", "esas", true, true},     {"my", "mis", "mis", true, true},
    {"your", "tus", "tus", true, true},        {"our", "nuestros", "nuestras", true, true},
    {"a", "un", "una", false, false},          {"another", "otro", "otra", false, false},
    {"two", "dos", "dos", true, false},        {"three", "tres", "tres", true, false},
    {"many", "muchos", "muchas", true, false}, {"several", "varios", "varias", true, false},
};
constexpr Determiner kNone = {"", "", "", false, false};
constexpr Determiner kGeneric = {"", "el", "la", false, false};
constexpr Determiner kGenericPlural = {"", "los", "las", true, false};

constexpr Subject kSubjects[] = {
    {"I", "", "I", kI},
    {"you", "", "you", kYou},
    {"he", "él", "he", kHe},
    {"she", "ella", "she", kHe, true},
    {"we", "", "we", kWe},
    {"they", "ellos", "they", kThey},
    {"Ana", "Ana", "she", kHe, true},
    {"Pedro", "Pedro", "he", kHe},
    {"Lucía", "Lucía", "she", kHe, true},
    {"Carlos", "Carlos", "he", kHe},
    {"my sister", "mi hermana", "she", kHe, true},
    {"my brother", "mi hermano", "he", kHe},
    {"our grandmother", "nuestra abuela", "she", kHe, true},
    {"the king", "el rey", "he", kHe},
    {"the queen", "la reina", "she", kHe, true},
    {"your uncle", "tu tío", "he", kHe},
    {"my parents", "mis padres", "they", kThey},
    {"the children", "los niños", "they", kThey},
    {"the girls", "las niñas", "they", kThey, true},
    {"our neighbours", "nuestros vecinos", "they", kThey},
};

constexpr Verb kBuy = {"buy",
                       "buys",
                       "bought",
                       {"compro", "compras", "compra", "compramos", "compran"},
                       {"compré", "compraste", "compró", "compramos", "compraron"},
                       "comprar"};
constexpr Verb kSell = {"sell",
                        "sells",
                        "sold",
                        {"vendo", "vendes", "vende", "vendemos", "venden"},
                        {"vendí", "vendiste", "vendió", "vendimos", "vendieron"},
                        "vender"};
constexpr Verb kLookFor = {"look for",
                           "looks for",
                           "looked for",
                           {"busco", "buscas", "busca", "buscamos", "buscan"},
                           {"busqué", "buscaste", "buscó", "buscamos", "buscaron"},
                           "buscar"};
constexpr Verb kFind = {"find",
                        "finds",
                        "found",
                        {"encuentro", "encuentras", "encuentra", "encontramos", "encuentran"},
                        {"encontré", "encontraste", "encontró", "encontramos", "encontraron"},
                        "encontrar"};
constexpr Verb kSee = {
    "see", "sees", "saw", {"veo", "ves", "ve", "vemos", "ven"}, {"vi", "viste", "vio", "vimos", "vieron"}, "ver"};
constexpr Verb kBring = {"bring",
                         "brings",
                         "brought",
                         {"traigo", "traes", "trae", "traemos", "traen"},
                         {"traje", "trajiste", "trajo", "trajimos", "trajeron"},
                         "traer"};
constexpr Verb kPrepare = {"prepare",
                           "prepares",
                           "prepared",
                           {"preparo", "preparas", "prepara", "preparamos", "preparan"},
                           {"preparé", "preparaste", "preparó", "preparamos", "prepararon"},
                           "preparar"};

constexpr Verb kFoodVerbs[] = {
    {"eat",
     "eats",
     "ate",
     {"como", "comes", "come", "comemos", "comen"},
     {"comí", "comiste", "comió", "comimos", "comieron"},
     "comer"},
    kPrepare,
    kBuy,
    kSell,
    kBring,
};
constexpr Verb kDrinkVerbs[] = {
    {"drink",
     "drinks",
     "drank",
     {"bebo", "bebes", "bebe", "bebemos", "beben"},
     {"bebí", "bebiste", "bebió", "bebimos", "bebieron"},
     "beber"},
    {"serve",
     "serves",
     "served",
     {"sirvo", "sirves", "sirve", "servimos", "sirven"},
     {"serví", "serviste", "sirvió", "servimos", "sirvieron"},
     "servir"},
    kPrepare,
    kBuy,
    kBring,
};
constexpr Verb kTextVerbs[] = {
    {"read",
     "reads",
     "read",
     {"leo", "lees", "lee", "leemos", "leen"},
     {"leí", "leíste", "leyó", "leímos", "leyeron"},
     "leer"},
    {"write",
     "writes",
     "wrote",
     {"escribo", "escribes", "escribe", "escribimos", "escriben"},
     {"escribí", "escribiste", "escribió", "escribimos", "escribieron"},
     "escribir"},
    {"send",
     "sends",
     "sent",
     {"envío", "envías", "envía", "enviamos", "envían"},
     {"envié", "enviaste", "envió", "enviamos", "enviaron"},
     "enviar"},
    kLookFor,
    kFind,
};
constexpr Verb kThingVerbs[] = {
    {"paint",
     "paints",
     "painted",
     {"pinto", "pintas", "pinta", "pintamos", "pintan"},
     {"pinté", "pintaste", "pintó", "pintamos", "pintaron"},
     "pintar"},
    {"lose",
     "loses",
     "lost",
     {"pierdo", "pierdes", "pierde", "perdemos", "pierden"},
     {"perdí", "perdiste", "perdió", "perdimos", "perdieron"},
     "perder"},
    {"choose",
     "chooses",
     "chose",
     {"elijo", "eliges", "elige", "elegimos", "eligen"},
     {"elegí", "elegiste", "eligió", "elegimos", "eligieron"},
     "elegir"},
    kBuy,
    kSell,
    kSee,
};
constexpr Verb kAnimalVerbs[] = {
    {"draw",
     "draws",
     "drew",
     {"dibujo", "dibujas", "dibuja", "dibujamos", "dibujan"},
     {"dibujé", "dibujaste", "dibujó", "dibujamos", "dibujaron"},
     "dibujar"},
    kSee,
    kLookFor,
    kFind,
};
constexpr Verb kMotionVerbs[] = {
    {"go", "goes", "went", {"voy", "vas", "va", "vamos", "van"}, {"fui", "fuiste", "fue", "fuimos", "fueron"}, "ir"},
    {"return",
     "returns",
     "returned",
     {"vuelvo", "vuelves", "vuelve", "volvemos", "vuelven"},
     {"volví", "volviste", "volvió", "volvimos", "volvieron"},
     "volver"},
    {"travel",
     "travels",
     "travelled",
     {"viajo", "viajas", "viaja", "viajamos", "viajan"},
     {"viajé", "viajaste", "viajó", "viajamos", "viajaron"},
     "viajar"},
};
// Verbs of which the present alone is used.
constexpr Verb kWishes[] = {
    {"want", "wants", "", {"quiero", "quieres", "quiere", "queremos", "quieren"}, {}, ""},
    {"need", "needs", "", {"necesito", "necesitas", "necesita", "necesitamos", "necesitan"}, {}, ""},
    {"have", "has", "", {"tengo", "tienes", "tiene", "tenemos", "tienen"}, {}, ""},
    kSee,
    kLookFor,
};

// Whether a determiner can stand before the noun: what cannot be counted has few.
bool suits(const Determiner& determiner, const Noun& noun, Use use) {
  const bool counted = !noun.english_plural.empty();
  if (!counted && determiner.plural) return false;
  if (&determiner == &kNone) return !counted && (use == Use::any || use == Use::indefinite);
  if (&determiner == &kGeneric) return !counted && use == Use::definite_or_generic;
  if (&determiner == &kGenericPlural) return use == Use::definite_or_generic;
  if (determiner.definite) return use != Use::indefinite;
  return counted && (use == Use::any || use == Use::indefinite);
}

}  // namespace

std::vector<Phrase> phrases(unsigned kinds, unsigned without, Use use) {
  std::vector<const Determiner*> determiners = {&kNone, &kGeneric, &kGenericPlural};
  for (const Determiner& determiner : kDeterminers) determiners.push_back(&determiner);
  std::vector<Phrase> all;
  for (const Noun& noun : kNouns) {
    if ((noun.kind & kinds) == 0 || (noun.kind & without) != 0) continue;
    for (const Determiner* determiner : determiners) {
      if (!suits(*determiner, noun, use)) continue;
      all.push_back({determiner, &noun, nullptr});
      for (const Adjective& adjective : kAdjectives) {
        if ((noun.kind & adjective.kinds) != 0) all.push_back({determiner, &noun, &adjective});
      }
    }
  }
  return all;
}

std::span<const Adjective> moods() {
  return kMoods;
}
std::span<const Subject> subjects() {
  return kSubjects;
}

std::span<const Verb> verbs_for(unsigned kind) {
  switch (kind) {
    case kFood:
      return kFoodVerbs;
    case kDrink:
      return kDrinkVerbs;
    case kText:
      return kTextVerbs;
    case kAnimal:
      return kAnimalVerbs;
    default:
      return kThingVerbs;
  }
}
std::span<const Verb> motion_verbs() {
  return kMotionVerbs;
}
std::span<const Verb> wishes() {
  return kWishes;
}

}  // namespace attn::spanish
