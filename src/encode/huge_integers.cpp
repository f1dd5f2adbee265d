#include "encode/huge_integers.hpp"

#include <arrow/array.h>
#include <arrow/util/decimal.h>
#include <arrow/util/key_value_metadata.h>

namespace canvasback {

Status check_huge_integers(const arrow::RecordBatch& batch) {
  constexpr std::int32_t kDigits = 38;
  for (int i = 0; i < batch.num_columns(); ++i) {
    const auto& field = *batch.schema()->field(i);
    if (field.type()->id() != arrow::Type::DECIMAL128 || !field.HasMetadata()) continue;
    const auto type = field.metadata()->Get("canvasback.type");
    if (!type.ok() || *type != "HUGEINT") continue;
    const auto& values = static_cast<const arrow::Decimal128Array&>(*batch.column(i));
    for (std::int64_t row = 0; row < values.length(); ++row) {
      if (values.IsNull(row) || arrow::Decimal128(values.GetValue(row)).FitsInPrecision(kDigits)) continue;
      return fail(ErrorCode::InvalidData, "Column \"" + field.name() +
                                              "\" has a HUGEINT of 39 digits, which this format cannot carry; cast it "
                                              "to VARCHAR, or take csv or json.");
    }
  }
  return {};
}

}  // namespace canvasback
