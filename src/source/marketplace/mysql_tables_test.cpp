#include "source/marketplace/mysql_tables.hpp"

#include <gtest/gtest.h>

namespace canvasback::marketplace {
namespace {

TEST(MysqlTables, TheSchemaNamesEveryColumnWithItsType) {
  const std::string schema = mysql_schema();
  EXPECT_NE(schema.find("CREATE TABLE sellers (\n"
                        "  id BIGINT NOT NULL,\n"
                        "  name VARCHAR(190) NOT NULL,\n"
                        "  country CHAR(2) NOT NULL,\n"
                        "  tier VARCHAR(20) NOT NULL,\n"
                        "  rating DECIMAL(3,2) NOT NULL,\n"
                        "  created_at DATETIME NOT NULL,\n"
                        "  updated_at DATETIME NOT NULL,\n"
                        "  PRIMARY KEY (id),\n"
                        "  KEY updated_at (updated_at)\n"
                        ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n"),
            std::string::npos)
      << schema;
  EXPECT_NE(schema.find("  amount DECIMAL(12,2) NOT NULL,\n"), std::string::npos);
  EXPECT_NE(schema.find("  rating TINYINT NULL,\n"), std::string::npos);
  EXPECT_NE(schema.find("  refunded_at DATETIME NULL,\n"), std::string::npos);
  EXPECT_NE(schema.find("  KEY created_at (created_at),\n"), std::string::npos);
}

TEST(MysqlTables, EveryTableIsLoaded) {
  const std::string load = mysql_load();
  for (const char* table : {"orders", "offers", "sellers", "customers"}) {
    EXPECT_NE(load.find("LOAD DATA LOCAL INFILE '" + std::string(table) + ".tsv' INTO TABLE " + table + " "),
              std::string::npos);
  }
}

}  // namespace
}  // namespace canvasback::marketplace
