#pragma once
// GPT-2's alphabet: every byte as a printable character, so that vocabularies of bytes are texts ("Ġ" is a space).

#include <optional>
#include <string>
#include <string_view>

namespace attn {

/// The character that stands for this byte.
char32_t byte_to_alphabet(unsigned char byte);
/// The byte that this character stands for; nothing if it is not of the alphabet.
std::optional<unsigned char> alphabet_to_byte(char32_t character);

/// Bytes as a text of the alphabet.
std::string to_alphabet(std::string_view bytes);
/// The bytes of a text of the alphabet; nothing if it has another character.
std::optional<std::string> from_alphabet(std::string_view text);

}  // namespace attn
