// What a range finds is shown in tests/functional/test_collections.py.
#include "sql/record_range_sql.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

const ColumnNames kNames{std::vector<std::string>{}};

TEST(RecordRangeSql, TheTimeIsTheFirstColumnThatHasOne) {
  EXPECT_EQ(record_time_sql({}, kNames), "\"ingested_at\"");
  Kinds all;
  all.member("date").seen = bit(Kind::Date);
  all.member("ts").seen = bit(Kind::Int) | bit(Kind::String);
  all.member("created_at").seen = bit(Kind::Int);
  const auto columns = record_time_columns(all);
  EXPECT_EQ(columns, (std::vector<std::string>{"ts__string", "date"}));
  EXPECT_TRUE(record_time_sql(columns, kNames)
                  .starts_with("COALESCE(CASE WHEN CAST(COALESCE(TRY_CAST(\"ts__string\" AS TIMESTAMPTZ), "));
  EXPECT_TRUE(record_time_sql(columns, kNames).ends_with(", \"ingested_at\")"));
}

TEST(RecordRangeSql, ADayIsMeantWithAllItsHours) {
  RecordRange range;
  range.collection = "it\"s";
  range.start = "2025-10-20";
  range.end = "2025-10-26";
  range.limit = 7;
  const RecordRange back = record_range_from_json(*Json::parse(to_json(range).dump()));
  const SqlStatement statement = record_range_sql(back, kNames);
  EXPECT_EQ(statement.sql,
            "SELECT * FROM \"it\"\"s\" WHERE \"ingested_at\" >= make_timestamp(1760918400000000) AND \"ingested_at\" "
            "< make_timestamp(1761436800000000) + INTERVAL 1 DAY ORDER BY \"ingested_at\" LIMIT 7");
  EXPECT_TRUE(statement.parameters.empty());
  range.start.reset();
  range.end = "2025-10-26T12:00+02:00";
  EXPECT_EQ(record_range_sql(range, kNames).sql,
            "SELECT * FROM \"it\"\"s\" WHERE \"ingested_at\" < make_timestamp(1761472800000000) + "
            "INTERVAL 1 MICROSECOND ORDER BY \"ingested_at\" LIMIT 7");
}

TEST(RecordRangeSql, AnIdMayStandInSeveralColumns) {
  RecordRange range;
  range.collection = "c";
  range.id = "7";
  range.id_columns = {{"id", "BIGINT"}, {"id__string", "VARCHAR"}};
  range.newest_first = true;
  range.limit = 3;
  const RecordRange back = record_range_from_json(*Json::parse(to_json(range).dump()));
  // "ID" came first: the engine has another name for "id".
  const SqlStatement statement = record_range_sql(back, ColumnNames({"ID", "id", "id__string", "ingested_at"}));
  EXPECT_EQ(statement.sql,
            "SELECT * FROM \"c\" WHERE (\"id_1\" = TRY_CAST($1 AS BIGINT) OR \"id__string\" = $1) "
            "ORDER BY \"ingested_at\" DESC LIMIT 3");
  EXPECT_EQ(statement.parameters, std::vector<std::string>{"7"});
}

}  // namespace
}  // namespace canvasback
