// What every request for rows is checked for before a worker sees it.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

// The format exists, the time limit is within bounds, and the compression is one of the format's. Errors: InvalidData.
Status check_common(std::string_view format, std::string_view compression, std::int64_t timeout_ms);

// Whether a page of its rows in file order costs the same wherever it is.
bool has_bounded_pages(const Dataset& dataset);

}  // namespace canvasback
