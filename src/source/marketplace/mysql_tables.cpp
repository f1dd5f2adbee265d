#include "source/marketplace/mysql_tables.hpp"

#include <arrow/type.h>
#include <fmt/format.h>

#include "source/marketplace/marketplace_batches.hpp"

namespace canvasback::marketplace {
namespace {

constexpr std::array kTables{Table::Sellers, Table::Offers, Table::Customers, Table::Orders};

std::string column_type(const arrow::Field& field) {
  switch (field.type()->id()) {
    case arrow::Type::INT8: return "TINYINT";
    case arrow::Type::INT32: return "INT";
    case arrow::Type::INT64: return "BIGINT";
    case arrow::Type::TIMESTAMP: return "DATETIME";
    case arrow::Type::DECIMAL128: {
      const auto& type = static_cast<const arrow::Decimal128Type&>(*field.type());
      return fmt::format("DECIMAL({},{})", type.precision(), type.scale());
    }
    default: break;
  }
  if (field.name() == "country") return "CHAR(2)";
  return field.name() == "name" || field.name() == "email" || field.name() == "title" ? "VARCHAR(190)" : "VARCHAR(20)";
}

std::string create_table(Table table) {
  std::string out = fmt::format("CREATE TABLE {} (\n", name_of(table));
  const SchemaPtr schema = schema_of(table);
  for (const auto& field : schema->fields()) {
    out += fmt::format("  {} {}{},\n", field->name(), column_type(*field), field->nullable() ? " NULL" : " NOT NULL");
  }
  out += "  PRIMARY KEY (id),\n";
  if (table == Table::Orders) out += "  KEY created_at (created_at),\n";
  return out + "  KEY updated_at (updated_at)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n";
}

constexpr const char* kSession = "SET NAMES utf8mb4;\nSET time_zone = '+00:00';\n";

}  // namespace

std::string mysql_schema() {
  std::string out = kSession;
  for (const Table table : kTables) out += create_table(table);
  return out;
}

std::string mysql_load() {
  std::string out = kSession;
  for (const Table table : kTables) {
    out += fmt::format("LOAD DATA LOCAL INFILE '{0}.tsv' INTO TABLE {0} CHARACTER SET utf8mb4;\n", name_of(table));
  }
  return out;
}

}  // namespace canvasback::marketplace
