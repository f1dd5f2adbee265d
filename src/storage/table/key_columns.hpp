// KeyColumns: the keys of rows, as hashes, taken from the columns that they are written in: what a worker tells the
// front of a file beside its rows. One entry for each row, in their order: the time it was ingested (int64,
// microseconds), then a KeyHash for each key of the schema (RecordSchema::keys). Thread-safe once made.
#pragma once

#include <arrow/array.h>
#include <arrow/type.h>

#include <string>
#include <vector>

#include "base/error.hpp"
#include "record/record_schema.hpp"
#include "storage/table/key_entry.hpp"

namespace canvasback {

class KeyColumns {
 public:
  // secret: KeyHasher's.
  KeyColumns(const RecordSchema& schema, std::string secret);

  // Every column that is looked at.
  std::vector<std::string> names() const;
  // A key's column that is missing, or of another type than the schema has it, is NULL. Errors: DataProcessing where
  // there is no ingested_at.
  Status append(const arrow::Schema& schema, const arrow::ArrayVector& columns, std::int64_t rows,
                std::string& out) const;

 private:
  struct Part {
    std::string name;
    FieldType type;
  };
  std::vector<std::vector<Part>> keys_;
  std::string secret_;
};

}  // namespace canvasback
