#include "query/search.hpp"

#include <fmt/format.h>

#include <algorithm>

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

// The lower case of a two-byte letter, by its number; itself where it has none of two bytes.
unsigned lower_of(unsigned code) {
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
  for (std::size_t i = 0; i + 1 < bytes; ++i) {
    const auto first = static_cast<unsigned char>(text[i]);
    if (first < 0xC3 || first > 0xD0) continue;
    const unsigned code = (first & 0x1FU) << 6 | (static_cast<unsigned char>(text[i + 1]) & 0x3FU);
    const unsigned folded = lower_of(code);
    text[i] = static_cast<char>(0xC0 | folded >> 6);
    text[i + 1] = static_cast<char>(0x80 | (folded & 0x3F));
    ++i;
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
