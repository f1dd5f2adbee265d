// Addresses and the references of redirects: what is taken can stand in a request line, and is read back the same.
#include "net/url.hpp"

#include <algorithm>

#include "fuzz/support.hpp"

using namespace canvasback;

namespace {

void check(const http::Url& url) {
  const auto sendable = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; };
  FUZZ_CHECK(!url.host.empty() && url.port > 0 && url.target.starts_with('/'));
  FUZZ_CHECK(std::ranges::all_of(url.target, sendable) && std::ranges::all_of(url.authority(), sendable));
  FUZZ_CHECK(url.target.find('#') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto url = http::Url::parse(text)) {
    check(*url);
    const auto again = http::Url::parse("http://" + url->authority() + url->target);
    FUZZ_CHECK(again && again->same_origin(*url) && again->target == url->target);
  }
  const auto base = http::Url::parse("http://user:secret@host:8080/a/b/c?d=e");
  if (const auto next = base->resolve(text)) {
    check(*next);
    FUZZ_CHECK(next->credentials.empty());
  }
  return 0;
}
