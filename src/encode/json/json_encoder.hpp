// The two JSON formats, UTF-8. Values: encode/value_text.hpp.
// - json: one document, {"columns":[{"name":…,"type":…}],"rows":[[…],…]} and then the members of EncodeOptions::tail.
//   The types are SQL names (record/type_name.hpp). Rows are arrays in the order of the columns.
// - ndjson: one object per row and line, every line ended. A repeated column name gets a suffix: "a", "a_1".
#pragma once

#include "encode/block_encoder.hpp"

namespace canvasback {

std::unique_ptr<BlockFormatter> make_json_formatter(const EncodeOptions& options);
std::unique_ptr<BlockFormatter> make_ndjson_formatter(const EncodeOptions& options);

}  // namespace canvasback
