// A row of a collection as the record it is: the way back from columns to values. A field's columns (its own, and its
// siblings NAME__double and NAME__string) are one value again, and kept once more it is in the same columns as before.
#pragma once

#include <arrow/record_batch.h>

#include <string>
#include <utility>
#include <vector>

#include "record/kinds.hpp"
#include "record/record_schema.hpp"
#include "source/records/json_members.hpp"

namespace canvasback {

struct RecordText {
  std::vector<JsonMember> members;                       // without nulls, and without our own ingested_at
  std::vector<std::pair<std::string, FieldType>> times;  // RecordInfo's
  // Fields whose values JSON has not, and why: whoever writes the record must leave them out.
  std::vector<std::pair<std::string, std::string>> unsayable;
};

// kinds: of the collection, whose columns are those of the batch, in this order. Errors: DataProcessing where they are
// not.
Result<RecordText> record_text(const Kinds& kinds, const arrow::RecordBatch& batch, std::int64_t row);

}  // namespace canvasback
