// JsonIndex: where the structure of a text of JSON is: the place of each brace, bracket, colon and comma outside of
// strings, and of the first byte of each string, number and word. What simdjson's first stage finds, over a whole block
// of records at once; the text is UTF-8 and its strings have no bare control characters, or there is no index. Internal
// to source/records.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace canvasback::records {

class JsonIndex {
 public:
  JsonIndex();
  ~JsonIndex();
  JsonIndex(const JsonIndex&) = delete;
  JsonIndex& operator=(const JsonIndex&) = delete;

  // `text` goes on for kRecordPadding readable bytes. False where it is not well-formed, or empty.
  bool build(std::string_view text);
  // Ascending; of the text last built, valid until the next one. Three more can be read behind the last.
  std::span<const std::uint32_t> places() const;
  // A string from behind its opening quote on, without its escapes. False where one is broken or half a surrogate pair.
  bool unescape(std::string_view text, std::string& out) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace canvasback::records
