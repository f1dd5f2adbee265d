// The error of a batch whose records have keys that are taken, or not there. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "storage/table/collection_keys.hpp"

namespace canvasback {

// Rows of a batch that are one request's.
struct RequestRows {
  std::int64_t first = 0;
  std::int64_t count = 0;
  bool contains(std::int64_t row) const { return row >= first && row < first + count; }
};

// nullopt: nothing stands against these rows but rows of requests that are refused themselves. The detail lists the
// records as JSON: [{"record", "field", "rule", "message"}].
std::optional<Error> key_refusal(const CollectionKeys& keys, const KeyVerdict& verdict, RequestRows rows,
                                 const std::vector<RequestRows>& refused);

// One record cannot become another by being written. Errors: InvalidData where the batch is not one record of that key;
// an empty address is any.
Status check_address(const CollectionKeys& keys, std::string_view entries, const std::vector<std::string>& address);

}  // namespace canvasback
