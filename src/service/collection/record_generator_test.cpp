#include "service/collection/record_generator.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/json.hpp"

namespace canvasback {
namespace {

constexpr std::string_view kNames[] = {"user", "transaction", "event", "product", "sensor"};

std::string made(std::string_view type, std::uint64_t seed, std::uint64_t first, std::uint64_t count) {
  RecordGenerator generator(*record_type_from(type), seed);
  std::string out;
  for (std::uint64_t i = first; i < first + count; ++i) generator.append(i, out);
  return out;
}

TEST(RecordGenerator, EveryLineIsARecordWithAnId) {
  for (std::string_view name : kNames) {
    std::set<std::string> ids;
    std::string text = made(name, 1, 0, 2000);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      const auto record = Json::parse(std::string_view(text).substr(at, end - at));
      ASSERT_TRUE(record && record->is_object()) << text.substr(at, end - at);
      ids.emplace(record->at("id").as_string());
      at = end + 1;
    }
    EXPECT_EQ(ids.size(), 2000U) << name;
  }
}

TEST(RecordGenerator, ARangeIsTheSameWhereverItIsMade) {
  for (std::string_view name : kNames) {
    EXPECT_EQ(made(name, 7, 0, 100), made(name, 7, 0, 40) + made(name, 7, 40, 60)) << name;
    EXPECT_NE(made(name, 7, 0, 100), made(name, 8, 0, 100)) << name;
  }
  EXPECT_FALSE(record_type_from("other"));
}

}  // namespace
}  // namespace canvasback
