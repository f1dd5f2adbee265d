// Portable batches: the values of any Arrow type under a type that the engine takes without changing them.
// Dictionaries, run ends and list views come out plain, at any depth; float16 as FLOAT, decimals of more than 38 digits
// or of tens and hundreds as their text, bytes as text where a schema says so, a union as a struct of its members of
// which one is there, intervals of months or milliseconds as INTERVAL. Sources of Arrow data stand before it
// (source/arrow, storage/parquet), the engine behind it. Thread-safe.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "stream/batch_stream.hpp"

namespace canvasback {

// The names that a relation's columns can have, made of those that a file has: none is empty, and no two are the same
// whatever their case. A name that is one already stays.
std::vector<std::string> distinct_names(const std::vector<std::string>& names);

// Values that the engine has no exact type for, though it takes their Arrow type: times with a zone and durations, in
// nanoseconds. Whether there are any in a type, at any depth; and whether an array has one that would be cut.
bool may_be_fine(const arrow::DataType& type);
bool has_fine_values(const arrow::Array& array);

// The portable type of a column. fine: it has_fine_values(): times are told without their zone (they are UTC), and
// durations as a number of their unit.
std::shared_ptr<arrow::DataType> portable_type(const std::shared_ptr<arrow::DataType>& type, bool fine);

// Of all columns, by distinct_names(). fine: the names, as the file has them, of columns with fine values.
SchemaPtr portable_schema(const arrow::Schema& schema, const std::vector<std::string>& fine);

// A batch whose columns are those of a schema, in the portable_schema() of it. Errors: InvalidData for a value that no
// type of the engine holds.
Result<BatchPtr> portable_batch(const arrow::RecordBatch& batch, const SchemaPtr& portable);

}  // namespace canvasback
