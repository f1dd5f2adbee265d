#include "engine/duckdb/duckdb_engine.hpp"

#include <gtest/gtest.h>

#include "engine/duckdb/test_support.hpp"

namespace canvasback {
namespace {

using Rows = std::vector<std::string>;

class DuckDbEngineTest : public testing::Test {
 protected:
  Rows run(std::string sql, Json parameters = {}) { return rows_of(*engine_, {std::move(sql), {}, parameters, {}, 2}); }
  ErrorCode code_of(std::string sql, Json parameters = {}) {
    auto stream = engine_->execute({std::move(sql), {}, parameters, {}, 1}, CancelToken());
    if (!stream) return stream.error().code;
    auto batch = (*stream)->next();
    EXPECT_FALSE(batch);
    return batch ? ErrorCode::NotFound : batch.error().code;
  }
  static bool is_flights(std::string_view name) { return name == "flights"; }

  TemporaryFolder folder_;
  std::string readable_ = folder_.write("in/a.csv", "x,y\n1,one\n2,two\n");
  std::string secret_ = folder_.write("out/secret.csv", "x\n1\n");
  std::unique_ptr<Engine> engine_ = open_engine({folder_ / "in"});
};

TEST_F(DuckDbEngineTest, RowsComeWithTheirSchema) {
  auto stream = engine_->execute({"SELECT 1::BIGINT AS a, 'x' AS b", {}, {}, {}, 1}, CancelToken());
  ASSERT_TRUE(stream);
  EXPECT_EQ((*stream)->schema()->field_names(), (Rows{"a", "b"}));
  EXPECT_EQ(rows_of(**stream), Rows{"1|x"});
}

TEST_F(DuckDbEngineTest, OnlyGrantedFilesAreRead) {
  EXPECT_EQ(run("SELECT count(*) FROM read_csv('" + readable_ + "')"), Rows{"2"});
  EXPECT_EQ(code_of("SELECT * FROM read_csv('" + secret_ + "')"), ErrorCode::QueryForbidden);
  EXPECT_EQ(code_of("SELECT * FROM read_csv('" + (folder_ / "in/../out/secret.csv") + "')"), ErrorCode::QueryForbidden);
}

TEST_F(DuckDbEngineTest, SettingsAreLocked) {
  for (const char* sql : {"SET enable_external_access=true", "SET lock_configuration=false",
                          "SET allowed_directories=['/']", "RESET allowed_paths", "SET memory_limit='1GB'"}) {
    EXPECT_FALSE(engine_->execute({sql, {}, {}, {}, 1}, CancelToken())) << sql;
  }
}

TEST_F(DuckDbEngineTest, ParametersBindByPositionAndName) {
  EXPECT_EQ(run("SELECT $1 + $2", *Json::parse("[1, 2]")), Rows{"3"});
  EXPECT_EQ(run("SELECT $b, $a", *Json::parse(R"({"a":1,"b":"it's"})")), Rows{"it's|1"});
  EXPECT_EQ(run("SELECT typeof(?), typeof(?), typeof(?), typeof(?), ? IS NULL",
                *Json::parse(R"([1, 18446744073709551615, 1.5, true, null])")),
            Rows{"BIGINT|UBIGINT|DOUBLE|BOOLEAN|true"});
}

TEST_F(DuckDbEngineTest, WrongParametersAreTheQuerysFault) {
  EXPECT_EQ(code_of("SELECT $1", *Json::parse("[]")), ErrorCode::QueryInvalid);
  EXPECT_EQ(code_of("SELECT 1", *Json::parse("[1]")), ErrorCode::QueryInvalid);
  EXPECT_EQ(code_of("SELECT $a", *Json::parse(R"({"b":1})")), ErrorCode::QueryInvalid);
  EXPECT_EQ(code_of("SELECT $1", *Json::parse("[[1]]")), ErrorCode::QueryInvalid);
}

TEST_F(DuckDbEngineTest, TextThatIsNotUtf8IsRefused) {
  auto stream = engine_->execute({"SELECT $1", {"\x82"}, {}, {}, 1}, CancelToken());
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code, ErrorCode::QueryInvalid);
}

TEST_F(DuckDbEngineTest, OddTypesTravelAsText) {
  EXPECT_EQ(
      run("SELECT '101'::BIT, 'a'::ENUM('a','b'), ['12:00:00+02'::TIMETZ], 340282366920938463463374607431768211455"
          "::UHUGEINT; -- a comment"),
      Rows{"101|a|list<l: string>[12:00:00+02]|340282366920938463463374607431768211455"});
}

TEST_F(DuckDbEngineTest, OddTypesTravelWhateverEndsTheStatement) {
  for (const char* end : {"", ";", " ; ;", "; -- a; b", "; /* ; */ ;", " -- end", "\n;\n"}) {
    EXPECT_EQ(run(std::string("SELECT ';'::VARCHAR, '1'::BIT") + end), Rows{";|1"}) << end;
  }
}

TEST_F(DuckDbEngineTest, AdmissionNamesTheTablesAndRefusesTheRest) {
  EXPECT_EQ(engine_->admit("SELECT * FROM flights f JOIN flights USING (id)", is_flights)->tables, Rows{"flights"});
  EXPECT_EQ(engine_->admit("SELECT 1", is_flights)->tables, Rows());
  EXPECT_EQ(engine_->admit("SELECT * FROM hidden", is_flights).error().code, ErrorCode::QueryInvalid);
  EXPECT_EQ(engine_->admit("SELECT * FROM read_csv('x')", is_flights).error().code, ErrorCode::QueryForbidden);
  EXPECT_EQ(engine_->admit("DROP TABLE flights", is_flights).error().code, ErrorCode::QueryForbidden);
  EXPECT_EQ(engine_->admit("SELECT", is_flights).error().code, ErrorCode::QueryInvalid);
}

// The serializer is a prepared statement that is used again: a text it cannot take must not be judged by the one
// before.
TEST_F(DuckDbEngineTest, AStatementThatIsNotUtf8IsNeverJudgedByAnother) {
  ASSERT_TRUE(engine_->admit("SELECT 1", is_flights));
  const auto admitted = engine_->admit("SELECT * FROM read_csv('" + secret_ + "') -- \x82", is_flights);
  ASSERT_FALSE(admitted);
  EXPECT_EQ(admitted.error().code, ErrorCode::QueryInvalid);
}

TEST_F(DuckDbEngineTest, AViewIsMadeOncePerVersion) {
  const std::string relation = "read_csv(['" + readable_ + "'])";
  ASSERT_TRUE(engine_->define_view("my \"view\"", "1", relation));
  EXPECT_EQ(run("SELECT y FROM \"my \"\"view\"\"\" ORDER BY x"), (Rows{"one", "two"}));
  ASSERT_TRUE(engine_->define_view("my \"view\"", "1", "read_csv(['/none'])")) << "the same version is free";
  EXPECT_FALSE(engine_->define_view("my \"view\"", "2", "read_csv(['/none'])"));
  ASSERT_TRUE(engine_->define_view("my \"view\"", "2", "(SELECT 5 AS z)"));
  EXPECT_EQ(run("SELECT * FROM \"my \"\"view\"\"\""), Rows{"5"});
}

TEST_F(DuckDbEngineTest, ErrorsOfTheDataComeFromTheStream) {
  EXPECT_EQ(code_of("SELECT CAST(x AS INTEGER) FROM (SELECT 'a' AS x FROM range(3))"), ErrorCode::QueryInvalid);
  EXPECT_EQ(code_of("SELECT error('boom') FROM range(3)"), ErrorCode::InvalidData);
}

TEST_F(DuckDbEngineTest, ACancelledStatementDoesNotStart) {
  CancelToken cancel;
  cancel.cancel(CancelReason::Client);
  EXPECT_FALSE(engine_->execute({"SELECT 1", {}, {}, {}, 1}, cancel));
}

}  // namespace
}  // namespace canvasback
