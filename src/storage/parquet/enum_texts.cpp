#include "storage/parquet/enum_texts.hpp"

#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

namespace canvasback {
namespace {

using parquet::arrow::SchemaField;
using TypePtr = std::shared_ptr<arrow::DataType>;

// The type with fields of other types.
TypePtr with_fields(const arrow::DataType& type, arrow::FieldVector fields) {
  switch (type.id()) {
    case arrow::Type::LIST: return arrow::list(fields[0]);
    case arrow::Type::LARGE_LIST: return arrow::large_list(fields[0]);
    case arrow::Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(fields[0], static_cast<const arrow::FixedSizeListType&>(type).list_size());
    case arrow::Type::MAP:
      return std::make_shared<arrow::MapType>(fields[0], static_cast<const arrow::MapType&>(type).keys_sorted());
    case arrow::Type::STRUCT: return arrow::struct_(std::move(fields));
    default: return nullptr;
  }
}

TypePtr texts_in(const SchemaField& field, const TypePtr& type, const parquet::SchemaDescriptor& file) {
  if (field.is_leaf()) {
    const auto& logical = file.Column(field.column_index)->logical_type();
    return logical && logical->is_enum() && type->id() == arrow::Type::BINARY ? arrow::utf8() : type;
  }
  if (static_cast<std::size_t>(type->num_fields()) != field.children.size()) return type;
  bool any = false;
  arrow::FieldVector fields;
  for (int i = 0; i < type->num_fields(); ++i) {
    const auto& inner = type->field(i);
    fields.push_back(inner->WithType(texts_in(field.children[static_cast<std::size_t>(i)], inner->type(), file)));
    any = any || fields.back()->type() != inner->type();
  }
  if (!any) return type;
  const TypePtr changed = with_fields(*type, std::move(fields));
  return changed ? changed : type;
}

}  // namespace

std::shared_ptr<arrow::Schema> with_enums_as_text(const parquet::arrow::FileReader& reader,
                                                  const std::shared_ptr<arrow::Schema>& schema) {
  const auto& columns = reader.manifest().schema_fields;
  if (static_cast<std::size_t>(schema->num_fields()) != columns.size()) return schema;
  bool any = false;
  arrow::FieldVector fields;
  for (int i = 0; i < schema->num_fields(); ++i) {
    const auto& field = schema->field(i);
    fields.push_back(field->WithType(
        texts_in(columns[static_cast<std::size_t>(i)], field->type(), *reader.parquet_reader()->metadata()->schema())));
    any = any || fields.back()->type() != field->type();
  }
  return any ? arrow::schema(std::move(fields), schema->metadata()) : schema;
}

}  // namespace canvasback
