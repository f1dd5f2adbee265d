#include "encode/huge_integers.hpp"

#include <arrow/array.h>
#include <arrow/util/decimal.h>
#include <arrow/util/key_value_metadata.h>

namespace canvasback {
namespace {

// True where every decimal(38, 0) of the array, however deep, has at most 38 digits.
bool fits(const arrow::Array& array) {
  constexpr std::int32_t kDigits = 38;
  switch (array.type_id()) {
    case arrow::Type::DECIMAL128: {
      const auto& values = static_cast<const arrow::Decimal128Array&>(array);
      for (std::int64_t row = 0; row < values.length(); ++row) {
        if (!values.IsNull(row) && !arrow::Decimal128(values.GetValue(row)).FitsInPrecision(kDigits)) return false;
      }
      return true;
    }
    case arrow::Type::LIST:
    case arrow::Type::MAP: return fits(*static_cast<const arrow::ListArray&>(array).values());
    case arrow::Type::FIXED_SIZE_LIST: return fits(*static_cast<const arrow::FixedSizeListArray&>(array).values());
    case arrow::Type::STRUCT: {
      const auto& fields = static_cast<const arrow::StructArray&>(array).fields();
      for (const auto& field : fields) {
        if (!fits(*field)) return false;
      }
      return true;
    }
    default: return true;
  }
}

}  // namespace

Status check_huge_integers(const arrow::RecordBatch& batch) {
  for (int i = 0; i < batch.num_columns(); ++i) {
    const auto& field = *batch.schema()->field(i);
    if (!field.HasMetadata()) continue;
    const auto type = field.metadata()->Get("canvasback.type");
    if (!type.ok() || type->find("HUGEINT") == std::string::npos || fits(*batch.column(i))) continue;
    return fail(ErrorCode::InvalidData, "Column \"" + field.name() +
                                            "\" has a HUGEINT of 39 digits, which this format cannot carry; cast it "
                                            "to VARCHAR, or take csv or json.");
  }
  return {};
}

}  // namespace canvasback
