#include "source/records/json_index.hpp"

#include <simdjson.h>

#include <algorithm>

namespace canvasback::records {

struct JsonIndex::Impl {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
  std::size_t capacity = 0;
};

JsonIndex::JsonIndex() : impl_(std::make_unique<Impl>()) {}
JsonIndex::~JsonIndex() = default;

bool JsonIndex::build(std::string_view text) {
  constexpr std::size_t kDepth = 1;  // of the second stage, which is not run
  if (text.empty()) return false;
  if (text.size() > impl_->capacity) {
    const std::size_t capacity = std::max(text.size(), impl_->capacity * 2);
    impl_->parser.reset();
    const auto* implementation = static_cast<const simdjson::implementation*>(simdjson::get_active_implementation());
    if (implementation->create_dom_parser_implementation(capacity, kDepth, impl_->parser) != simdjson::SUCCESS) {
      throw std::bad_alloc();
    }
    impl_->capacity = capacity;
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  return impl_->parser->stage1(bytes, text.size(), simdjson::stage1_mode::regular) == simdjson::SUCCESS;
}

std::span<const std::uint32_t> JsonIndex::places() const {
  return {impl_->parser->structural_indexes.get(), impl_->parser->n_structural_indexes};
}

bool JsonIndex::unescape(std::string_view text, std::string& out) const {
  out.resize(text.size() + simdjson::SIMDJSON_PADDING);
  auto* begin = reinterpret_cast<std::uint8_t*>(out.data());
  const auto* end = impl_->parser->parse_string(reinterpret_cast<const std::uint8_t*>(text.data()), begin);
  if (end == nullptr) return false;
  out.resize(static_cast<std::size_t>(end - begin));
  return true;
}

}  // namespace canvasback::records
