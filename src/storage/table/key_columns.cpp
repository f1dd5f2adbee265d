#include "storage/table/key_columns.hpp"

#include <algorithm>

namespace canvasback {
namespace {

bool fits(FieldType type, const arrow::DataType& column) {
  switch (type) {
    case FieldType::String: return column.id() == arrow::Type::STRING;
    case FieldType::Integer: return column.id() == arrow::Type::INT64;
    case FieldType::Boolean: return column.id() == arrow::Type::BOOL;
    case FieldType::Date: return column.id() == arrow::Type::DATE32;
    case FieldType::Timestamp: return column.id() == arrow::Type::TIMESTAMP;
    default: return false;
  }
}

void add_value(KeyHasher& hasher, FieldType type, const arrow::Array* column, std::int64_t row) {
  if (column == nullptr || column->IsNull(row)) return hasher.add_null();
  switch (type) {
    case FieldType::String: return hasher.add_text(static_cast<const arrow::StringArray*>(column)->GetView(row));
    case FieldType::Integer: return hasher.add_int(static_cast<const arrow::Int64Array*>(column)->Value(row));
    case FieldType::Boolean: return hasher.add_bool(static_cast<const arrow::BooleanArray*>(column)->Value(row));
    case FieldType::Date: return hasher.add_date(static_cast<const arrow::Date32Array*>(column)->Value(row));
    case FieldType::Timestamp: return hasher.add_time(static_cast<const arrow::TimestampArray*>(column)->Value(row));
    default: return hasher.add_null();
  }
}

}  // namespace

KeyColumns::KeyColumns(const RecordSchema& schema, std::string secret) : secret_(std::move(secret)) {
  for (const auto& fields : schema.keys()) {
    std::vector<Part> parts;
    for (const std::string& name : fields) {
      const SchemaField* field = schema.find(name);
      parts.push_back({name, field != nullptr ? field->type : FieldType::String});
    }
    keys_.push_back(std::move(parts));
  }
}

std::vector<std::string> KeyColumns::names() const {
  std::vector<std::string> out{std::string(kIngestedAtColumn)};
  for (const auto& parts : keys_) {
    for (const Part& part : parts) {
      if (std::ranges::find(out, part.name) == out.end()) out.push_back(part.name);
    }
  }
  return out;
}

Status KeyColumns::append(const arrow::Schema& schema, const arrow::ArrayVector& columns, std::int64_t rows,
                          std::string& out) const {
  const auto find = [&](std::string_view name, FieldType type) -> const arrow::Array* {
    const int at = schema.GetFieldIndex(std::string(name));
    if (at < 0 || !fits(type, *columns[static_cast<std::size_t>(at)]->type())) return nullptr;
    return columns[static_cast<std::size_t>(at)].get();
  };
  const auto* times = static_cast<const arrow::TimestampArray*>(find(kIngestedAtColumn, FieldType::Timestamp));
  if (times == nullptr) return fail(ErrorCode::DataProcessing, "A file of records has no column ingested_at.");
  std::vector<std::vector<const arrow::Array*>> parts;
  for (const auto& key : keys_) {
    auto& arrays = parts.emplace_back();
    for (const Part& part : key) arrays.push_back(find(part.name, part.type));
  }
  KeyHasher hasher(secret_);
  out.reserve(out.size() + static_cast<std::size_t>(rows) * KeyEntries::width(keys_.size()));
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t stamp = times->Value(row);
    out.append(reinterpret_cast<const char*>(&stamp), sizeof stamp);
    for (std::size_t key = 0; key < keys_.size(); ++key) {
      for (std::size_t i = 0; i < keys_[key].size(); ++i) add_value(hasher, keys_[key][i].type, parts[key][i], row);
      const KeyHash hash = hasher.finish();
      const std::uint64_t words[2] = {hash.high, hash.low};
      out.append(reinterpret_cast<const char*>(words), sizeof words);
    }
  }
  return {};
}

}  // namespace canvasback
