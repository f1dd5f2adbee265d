#include "query/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "query/cursor.hpp"

namespace canvasback {
namespace {

bool is_letter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

// The lower case of a letter of two or three bytes, by its number; itself where it has none of as many bytes.
unsigned lower_of(unsigned code) {
  // Alphabets in which small letters stand behind their capitals, one by one.
  constexpr std::array<std::pair<unsigned, unsigned>, 11> kEvenCapitals{{{0x1A0, 0x1A5},
                                                                         {0x1DE, 0x1EF},
                                                                         {0x1F8, 0x21F},
                                                                         {0x222, 0x233},
                                                                         {0x246, 0x24F},
                                                                         {0x3D8, 0x3EF},
                                                                         {0x460, 0x481},
                                                                         {0x48A, 0x4BF},
                                                                         {0x4D0, 0x52F},
                                                                         {0x1E00, 0x1E95},
                                                                         {0x1EA0, 0x1EFF}}};
  for (const auto& [first, last] : kEvenCapitals) {
    if (code >= first && code <= last) return code | 1;
  }
  if ((code >= 0x1CD && code <= 0x1DC) || (code >= 0x4C1 && code <= 0x4CE)) return code % 2 == 1 ? code + 1 : code;
  switch (code) {
    case 0x178: return 0xFF;
    case 0x179:
    case 0x17B:
    case 0x17D:
    case 0x1AF:
    case 0x1B3:
    case 0x1B5: return code + 1;
    case 0x386: return 0x3AC;
    case 0x388:
    case 0x389:
    case 0x38A: return code + 37;
    case 0x38C: return 0x3CC;
    case 0x38E:
    case 0x38F: return code + 63;
    case 0x3C2: return 0x3C3;  // at the end of a word
    default: break;
  }
  if (code >= 0x531 && code <= 0x556) return code + 48;
  if (code >= 0xFF21 && code <= 0xFF3A) return code + 0x20;
  if (code >= 0xC0 && code <= 0xDE && code != 0xD7) return code + 0x20;
  if (code >= 0x100 && code <= 0x137 && code != 0x130 && code != 0x131) return code | 1;
  if (code >= 0x139 && code <= 0x148) return code % 2 == 1 ? code + 1 : code;
  if (code >= 0x14A && code <= 0x177) return code | 1;
  if (code >= 0x391 && code <= 0x3AB && code != 0x3A2) return code + 0x20;
  if (code >= 0x410 && code <= 0x42F) return code + 0x20;
  if (code >= 0x400 && code <= 0x40F) return code + 0x50;
  return code;
}

enum class Place { None, Part, Begin, Alone };

Place place_of(std::string_view word, std::string_view text) {
  Place best = Place::None;
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool begins = at == 0 || !is_letter(text[at - 1]);
    const bool ends = at + word.size() == text.size() || !is_letter(text[at + word.size()]);
    best = std::max(best, begins && ends ? Place::Alone : begins ? Place::Begin : Place::Part);
    if (best == Place::Alone) break;
  }
  return best;
}

}  // namespace

std::string encode_search_cursor(const SearchCursor& cursor) {
  Json out;
  out.set("f", cursor.file);
  out.set("g", cursor.row_group);
  return base64url_encode(out.dump());
}

Result<SearchCursor> decode_search_cursor(std::string_view text) {
  const auto bad = [] { return fail(ErrorCode::InvalidData, "`cursor` is not a cursor of this server."); };
  auto bytes = base64url_decode(text);
  if (!bytes) return bad();
  auto json = Json::parse(*bytes);
  if (!json || !json->at("f").is_string() || !json->at("g").is_integer()) return bad();
  return SearchCursor{std::string(json->at("f").as_string()), static_cast<int>(json->at("g").as_int())};
}

Result<Search> search_for(std::string_view text) {
  Search out;
  out.text = compose(trim(text));
  fold_case(out.text.data(), out.text.size());
  for (std::size_t at = 0; at < out.text.size();) {
    const std::size_t end = std::min(out.text.find_first_of(" \t\r\n", at), out.text.size());
    if (end > at) out.words.push_back(out.text.substr(at, end - at));
    at = end + 1;
  }
  if (out.words.empty()) return fail(ErrorCode::InvalidData, "The search text is empty.");
  if (out.words.size() > limits::kSearchWordsMax) {
    return fail(ErrorCode::InvalidData, fmt::format("A search may have at most {} words.", limits::kSearchWordsMax));
  }
  return out;
}

Json to_json(const Search& search) {
  Json out;
  out.set("text", search.text);
  out.set("limit", search.limit);
  out.set("budget_ms", search.budget_ms);
  out.set("file", search.cursor.file);
  out.set("row_group", search.cursor.row_group);
  return out;
}

Result<Search> search_from_json(const Json& json) {
  CANVASBACK_ASSIGN(Search out, search_for(json.at("text").as_string()));
  out.limit = json.at("limit").as_int();
  out.budget_ms = json.at("budget_ms").as_int();
  out.cursor = {std::string(json.at("file").as_string()), static_cast<int>(json.at("row_group").as_int())};
  return out;
}

void fold_case(char* text, std::size_t bytes) {
  unsigned high = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    text[i] = static_cast<char>(c + (c >= 'A' && c <= 'Z' ? 32 : 0));
    high |= c;
  }
  if ((high & 0x80) == 0) return;
  const auto low = [text](std::size_t at) { return static_cast<unsigned char>(text[at]) & 0x3FU; };
  for (std::size_t i = 0; i + 1 < bytes; ++i) {
    const auto first = static_cast<unsigned char>(text[i]);
    if (first >= 0xC3 && first <= 0xD5) {
      const unsigned folded = lower_of((first & 0x1FU) << 6 | low(i + 1));
      text[i] = static_cast<char>(0xC0 | folded >> 6);
      text[i + 1] = static_cast<char>(0x80 | (folded & 0x3F));
      ++i;
    } else if ((first == 0xE1 || first == 0xEF) && i + 2 < bytes) {
      const unsigned folded = lower_of((first & 0x0FU) << 12 | low(i + 1) << 6 | low(i + 2));
      text[i + 1] = static_cast<char>(0x80 | (folded >> 6 & 0x3F));
      text[i + 2] = static_cast<char>(0x80 | (folded & 0x3F));
      i += 2;
    }
  }
}

int search_score(const Search& search, const std::vector<std::string_view>& values) {
  int whole = 0;
  std::size_t shortest = 1000;  // of the texts that count
  std::vector<Place> places(search.words.size(), Place::None);
  for (std::string_view value : values) {
    bool counts = false;
    for (std::size_t i = 0; i < places.size(); ++i) {
      const Place place = place_of(search.words[i], value);
      counts = counts || place != Place::None;
      places[i] = std::max(places[i], place);
    }
    if (!counts) continue;
    shortest = std::min(shortest, value.size());
    if (value == search.text) {
      whole = std::max(whole, 3);
    } else if (value.starts_with(search.text)) {
      whole = std::max(whole, 2);
    } else if (search.words.size() > 1 && value.find(search.text) != std::string_view::npos) {
      whole = std::max(whole, 1);
    }
  }
  int words = 0;
  for (Place place : places) {
    if (place == Place::None) return 0;
    words += static_cast<int>(place);
  }
  return 1 + whole * 1'000'000 + words * 10'000 + static_cast<int>(1000 - shortest);
}

}  // namespace canvasback
