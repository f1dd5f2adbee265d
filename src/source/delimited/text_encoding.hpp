// Encodings of text files: told, marked (BOM) or certain from the bytes, and their decoding into UTF-8, the one form
// that rows are parsed in. Pure; internal to source/delimited.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace canvasback::delimited {

enum class Encoding { Utf8, Utf16Le, Utf16Be, Windows1252 };

std::string_view name_of(Encoding encoding);
// "utf-8", "utf-16le", "utf-16be", "windows-1252", and the names that mean these ("utf8", "latin-1", "iso-8859-1", …).
std::optional<Encoding> encoding_from(std::string_view name);

struct EncodingFound {
  Encoding encoding = Encoding::Utf8;
  std::size_t mark_bytes = 0;  // of the byte order mark that the content begins with
};

// Told as one of the names above, or "utf-16" where the mark says which. Untold: a byte order mark says it; without
// one, text of which every fourth byte pair or more (and the first) has a zero byte, nearly always on the same side, is
// UTF-16; everything else has to be UTF-8: one 8-bit encoding cannot be told from another with certainty.
// Errors: InvalidData for an unknown name, and for UTF-32, which has a mark, or of nearly all characters the same two
// bytes zero.
Result<EncodingFound> find_encoding(std::string_view head, const std::optional<std::string>& told);

// How many bytes of `bytes` are whole characters: what follows is the begin of one (or invalid: at most three bytes).
std::size_t whole_characters(Encoding encoding, std::string_view bytes);

// Appends the text as UTF-8. Invalid text: the byte in `bytes` where it stands; nothing otherwise.
std::optional<std::size_t> decode(Encoding encoding, std::string_view bytes, std::string& out);

// Where invalid text of UTF-8 begins, if anywhere.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

// How many bytes of `encoding` the UTF-8 text was decoded from.
std::uint64_t encoded_bytes(Encoding encoding, std::string_view utf8);

}  // namespace canvasback::delimited
