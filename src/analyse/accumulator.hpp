// Accumulator: sees a column's values array by array and says at the end what they were like. Several accumulators of
// one column may see its parts on several threads and be merged; the result does not depend on how the work was shared.
// Memory: bounded, some 3 MiB (numbers) to 40 MiB (long texts). Not thread-safe.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <string>

#include "analyse/column_profile.hpp"
#include "base/error.hpp"

namespace canvasback::analyse {

struct ColumnInfo {
  std::string name;
  std::string type;                  // SQL
  std::int64_t expected_values = 0;  // non-null, where known before: spares early work
};

class Accumulator {
 public:
  virtual ~Accumulator() = default;

  // The next values of `run`, a stretch of rows (a row group, say) that one accumulator sees from its start and in
  // order. The array has the type the accumulator was made for, or is a dictionary of it.
  virtual void add(std::uint32_t run, const arrow::Array& array) = 0;
  // other: of the same column, made alike; used up.
  virtual void merge(Accumulator& other) = 0;
  // Once, at the end.
  virtual ColumnProfile finish() = 0;
};

// Any type has one; of types without an own way only rows and nulls are counted.
std::unique_ptr<Accumulator> make_accumulator(const arrow::DataType& type, ColumnInfo info, Depth depth);

}  // namespace canvasback::analyse
