// What every request for rows is checked for before a worker sees it.
#pragma once

#include "base/error.hpp"
#include "query/output_options.hpp"
#include "service/query/request_context.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

// The format exists, the time limit is within bounds, and the compression is one of the format's. Errors: InvalidData.
Status check_common(const OutputOptions& output, const RequestContext& context);

// Whether a page of its rows in file order costs the same wherever it is.
bool has_bounded_pages(const Dataset& dataset);

}  // namespace canvasback
