// The small parsers of base/text: what they accept they give back when their own output is parsed again.
#include "base/text.hpp"
#include "fuzz/support.hpp"

using namespace canvasback;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto bytes = parse_bytes(text)) {
    FUZZ_CHECK(*bytes <= 9'000'000'000'000'000'000U);
    FUZZ_CHECK(parse_bytes(human_bytes(*bytes)));
  }
  if (const auto number = parse_integer(text, "it", -1000, 1'000'000)) {
    FUZZ_CHECK(*number >= -1000 && *number <= 1'000'000);
    static_cast<void>(with_thousands(*number));
  }
  if (const auto decoded = percent_decode(text, size % 2 == 0)) {
    FUZZ_CHECK(decoded->size() <= text.size());
    FUZZ_CHECK(percent_decode(percent_encode(*decoded), false) == decoded);
  }
  if (const auto decoded = base64url_decode(text)) {
    FUZZ_CHECK(base64url_decode(base64url_encode(*decoded)) == decoded);
  }
  FUZZ_CHECK(base64url_decode(base64url_encode(text)) == std::string(text));
  FUZZ_CHECK(is_dataset_name(name_from_path(text)) || name_from_path(text).size() > 128);
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = utf8_sequence_length(rest);
    FUZZ_CHECK(length <= 4 && length <= rest.size());
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  static_cast<void>(trim(text));
  return 0;
}
