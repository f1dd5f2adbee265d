// The error of a batch whose records have keys that are taken, or not there. Internal to the services.
#pragma once

#include <optional>

#include "service/collection/collection_keys.hpp"

namespace canvasback {

// Rows of a batch that are one request's.
struct RequestRows {
  std::int64_t first = 0;
  std::int64_t count = 0;
  bool contains(std::int64_t row) const { return row >= first && row < first + count; }
};

// nullopt: nothing stands against these rows but rows of requests that are refused themselves. The detail lists the
// records as JSON: [{"record", "field", "rule", "message"}].
std::optional<Error> conflict_error(const CollectionKeys& keys, const KeyVerdict& verdict, RequestRows rows,
                                    const std::vector<RequestRows>& refused);

}  // namespace canvasback
