// A cursor is text from a client: what decodes is encoded to a cursor that decodes to the same.
#include "query/cursor.hpp"

#include "base/text.hpp"
#include "fuzz/support.hpp"

using namespace canvasback;

namespace {

void check(std::string_view text) {
  const auto cursor = decode_cursor(text);
  if (!cursor) return;
  FUZZ_CHECK(!cursor->offset || *cursor->offset >= 0);
  FUZZ_CHECK(cursor->seen >= 0);
  const std::string once = encode_cursor(*cursor);
  const auto again = decode_cursor(once);
  FUZZ_CHECK(again);
  FUZZ_CHECK(encode_cursor(*again) == once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  check(text);
  check(base64url_encode(text));  // straight to the JSON inside
  return 0;
}
