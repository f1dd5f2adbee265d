// A record that a schema takes, made up from its number alone: what a benchmark writes. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "record/record_schema.hpp"

namespace canvasback {

// As JSON, with a value for each field of the schema, another for each number where the field allows that. Errors:
// InvalidData for a field that nothing can be made up for (a pattern without an enum or a default).
Result<std::string> fitting_record(const RecordSchema& schema, std::int64_t number);

}  // namespace canvasback
