#include "service/dashboard/rollup_sections.hpp"

#include <algorithm>
#include <utility>

namespace canvasback {
namespace {

std::unexpected<Error> wrong(const char* what) {
  return fail(ErrorCode::DataProcessing, "A worker gave rollups that cannot be read.", what);
}

}  // namespace

Status RollupSections::end_line() {
  auto json = Json::parse(line_);
  line_.clear();
  if (!json || !json->is_object()) return wrong("a line is no object");
  const Json* bytes = json->find("bytes");
  if (bytes == nullptr) return take_(std::move(*json), {});
  if (bytes->as_int(-1) < 0 || bytes->as_uint() > kSectionFileBytesMax) return wrong("the length of a file");
  wanted_ = bytes->as_uint();
  head_ = std::move(*json);
  bytes_.reserve(wanted_);
  return {};
}

Status RollupSections::feed(std::string_view bytes) {
  while (!bytes.empty() || (head_ && wanted_ == 0)) {
    if (head_) {
      const std::size_t count = std::min(wanted_, bytes.size());
      bytes_ += bytes.substr(0, count);
      bytes.remove_prefix(count);
      wanted_ -= count;
      if (wanted_ > 0) return {};
      CANVASBACK_TRY(take_(std::move(*std::exchange(head_, std::nullopt)), std::exchange(bytes_, {})));
      continue;
    }
    const std::size_t end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (line_.size() > kSectionLineBytesMax) return wrong("a line is too long");
    if (end == std::string_view::npos) return {};
    bytes.remove_prefix(end + 1);
    CANVASBACK_TRY(end_line());
  }
  return {};
}

Status RollupSections::finish() const {
  if (head_ || !line_.empty()) return wrong("it ends too early");
  return {};
}

}  // namespace canvasback
