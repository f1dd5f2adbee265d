// The error of a batch whose records have keys that are taken, or not there. Internal to the services.
#pragma once

#include <optional>

#include "service/collection_keys.hpp"

namespace canvasback {

// For the rows [first, first + rows) of the batch, which are one request's; nullopt: nothing stands against them. The
// detail lists the records as JSON: [{"record", "field", "rule", "message"}].
std::optional<Error> conflict_error(const CollectionKeys& keys, const KeyVerdict& verdict, std::int64_t first,
                                    std::int64_t rows);

}  // namespace canvasback
