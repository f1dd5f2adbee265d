// Accumulators against exact answers computed the slow way, on columns of every type, split and merged in every way.
#include "analyse/accumulator.hpp"

#include <arrow/array/concatenate.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "analyse/position_sample.hpp"

namespace canvasback::analyse {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

template <class Builder, class Value>
ArrayPtr array_of(const std::vector<std::optional<Value>>& values) {
  Builder builder;
  for (const auto& value : values) EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  return builder.Finish().ValueOrDie();
}

ColumnProfile profile_of(const ArrayPtr& array, Depth depth = Depth::Full) {
  auto accumulator = make_accumulator(*array->type(), {"c", "T", 0}, depth);
  accumulator->add(0, *array);
  return accumulator->finish();
}

// The array as runs of the given lengths, dealt out to as many accumulators as wanted and merged.
ColumnProfile profile_in_parts(const ArrayPtr& array, std::int64_t run_rows, std::size_t accumulators,
                               std::int64_t expected = 0) {
  std::vector<std::unique_ptr<Accumulator>> parts;
  for (std::size_t i = 0; i < accumulators; ++i) {
    parts.push_back(make_accumulator(*array->type(), {"c", "T", expected}, Depth::Full));
  }
  std::uint32_t run = 0;
  for (std::int64_t at = 0; at < array->length(); at += run_rows, ++run) {
    const std::int64_t rows = std::min(run_rows, array->length() - at);
    // A run may come as several arrays.
    parts[run % accumulators]->add(run, *array->Slice(at, rows / 3));
    parts[run % accumulators]->add(run, *array->Slice(at + rows / 3, rows - rows / 3));
  }
  for (std::size_t i = accumulators; i-- > 1;) parts[0]->merge(*parts[i]);
  return parts[0]->finish();
}

std::string dumped(const ColumnProfile& profile) {
  Json out;
  out.set("rows", profile.rows);
  out.set("nulls", profile.nulls);
  out.set("min", profile.min);
  out.set("max", profile.max);
  out.set("sum", profile.sum);
  out.set("distinct", profile.distinct ? Json(*profile.distinct) : Json());
  for (const Quantile& quantile : profile.quantiles) out.set(std::to_string(quantile.probability), quantile.value);
  for (std::size_t i = 0; i < profile.top.size(); ++i) {
    out.set("top" + std::to_string(i), profile.top[i].value);
    out.set("count" + std::to_string(i), profile.top[i].count);
  }
  if (profile.text) {
    for (const Pattern& pattern : profile.text->patterns) out.set("pattern " + pattern.text, pattern.share);
  }
  return out.dump();
}

TEST(Accumulator, IntegersAreExactBeyondWhatDoublesHold) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  const auto profile = profile_of(array_of<arrow::Int64Builder, std::int64_t>({kMax, kMax, std::nullopt, kMax, -1, 5}));
  EXPECT_EQ(profile.rows, 6);
  EXPECT_EQ(profile.nulls, 1);
  EXPECT_EQ(profile.min.as_int(), -1);
  EXPECT_EQ(profile.max.as_string(), "9223372036854775807");
  EXPECT_EQ(profile.sum.as_string(), "27670116110564327425");  // 3 × (2^63 - 1) + 4
  EXPECT_EQ(profile.distinct, 3);
  EXPECT_TRUE(profile.distinct_exact && profile.quantiles_exact && profile.top_exact);
  EXPECT_EQ(profile.top[0].value.as_string(), "9223372036854775807");
  EXPECT_EQ(profile.top[0].count, 3);
}

TEST(Accumulator, DecimalsOf38DigitsAndUnsignedOf64BitsAreExact) {
  const auto type = arrow::decimal128(38, 10);
  arrow::Decimal128Builder builder(type);
  const auto large = arrow::Decimal128::FromString("99999999999999999999999999999999999999").ValueOrDie();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(builder.Append(large).ok());
  ASSERT_TRUE(builder.Append(arrow::Decimal128(-1)).ok());
  const auto profile = profile_of(builder.Finish().ValueOrDie());
  EXPECT_EQ(profile.min.as_string(), "-0.0000000001");
  EXPECT_EQ(profile.max.as_string(), "9999999999999999999999999999.9999999999");
  EXPECT_EQ(profile.sum.as_string(), "49999999999999999999999999999.9999999994");
  const auto unsigned_profile =
      profile_of(array_of<arrow::UInt64Builder, std::uint64_t>({18446744073709551615U, 18446744073709551615U, 0U}));
  EXPECT_EQ(unsigned_profile.max.as_string(), "18446744073709551615");
  EXPECT_EQ(unsigned_profile.sum.as_string(), "36893488147419103230");
}

TEST(Accumulator, DoublesAreSummedWithCompensationAndNaNIsTheLargest) {
  const auto canceling = profile_of(array_of<arrow::DoubleBuilder, double>({1e100, 1.0, -1e100, 1.0, 1.0, 1.0, 1.0}));
  EXPECT_EQ(canceling.sum.as_double(), 5.0);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const auto odd = profile_of(array_of<arrow::DoubleBuilder, double>({nan, -infinity, 1.0, -0.0, 0.0, -nan}));
  EXPECT_EQ(odd.max.as_string(), "NaN");
  EXPECT_EQ(odd.min.as_string(), "-Infinity");
  EXPECT_EQ(odd.sum.as_string(), "NaN");
  EXPECT_TRUE(odd.standard_deviation.is_null());
  EXPECT_EQ(odd.not_a_number, 2);
  EXPECT_EQ(odd.infinite, 1);
  EXPECT_EQ(odd.distinct, 4);  // one NaN, one zero
  EXPECT_EQ(odd.quantiles.back().value.as_string(), "NaN");
}

TEST(Accumulator, StandardDeviationSurvivesALargeMean) {
  std::vector<std::optional<std::int64_t>> values;
  for (int i = 0; i < 100'000; ++i) values.push_back(1'000'000'000'000 + i % 2);
  const auto profile = profile_of(array_of<arrow::Int64Builder>(values));
  EXPECT_NEAR(profile.standard_deviation.as_double(), 0.5 * std::sqrt(100'000.0 / 99'999), 1e-12);
  EXPECT_DOUBLE_EQ(profile.mean.as_double(), 1'000'000'000'000.5);
}

TEST(Accumulator, EmptyAndAllNullColumnsOfEveryType) {
  for (const auto& type :
       {arrow::int8(), arrow::uint64(), arrow::float32(), arrow::float64(), arrow::utf8(), arrow::binary(),
        arrow::boolean(), arrow::date32(), arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), arrow::decimal128(38, 10),
        arrow::list(arrow::int32()), arrow::struct_({arrow::field("a", arrow::int32())}), arrow::null(),
        arrow::fixed_size_binary(3), arrow::duration(arrow::TimeUnit::NANO), arrow::month_day_nano_interval()}) {
    for (const std::int64_t rows : {0, 5}) {
      const auto profile = profile_of(arrow::MakeArrayOfNull(type, rows).ValueOrDie());
      EXPECT_EQ(profile.rows, rows) << type->ToString();
      EXPECT_EQ(profile.nulls, rows) << type->ToString();
      EXPECT_TRUE(profile.min.is_null() && profile.max.is_null() && profile.sum.is_null()) << type->ToString();
      EXPECT_TRUE(profile.quantiles.empty() && profile.top.empty()) << type->ToString();
      EXPECT_EQ(profile.distinct.value_or(0), 0) << type->ToString();
    }
  }
}

TEST(Accumulator, TextsAreOrderedByBytesAndMeasuredInCharacters) {
  const auto profile = profile_of(array_of<arrow::StringBuilder, std::string>(
      {"", "zebra", "Zebra", "ä", std::nullopt, "日本語", "ä", std::string("a\0b", 3)}));
  EXPECT_EQ(profile.min.as_string(), "");
  EXPECT_EQ(profile.max.as_string(), "日本語");
  ASSERT_TRUE(profile.text);
  EXPECT_EQ(profile.text->length_min, 0);
  EXPECT_EQ(profile.text->length_max, 5);
  EXPECT_EQ(profile.text->empty, 1);
  EXPECT_DOUBLE_EQ(profile.text->length_mean, (0 + 5 + 5 + 1 + 3 + 1 + 3) / 7.0);
  EXPECT_EQ(profile.distinct, 6);
  EXPECT_EQ(profile.top[0].value.as_string(), "ä");
  EXPECT_EQ(profile.top[0].count, 2);
}

TEST(Accumulator, BoundsOfTextsWithEqualBeginnings) {
  const auto profile = profile_of(array_of<arrow::StringBuilder, std::string>(
      {"aaaaaaaaB", "aaaaaaaaA", "aaaaaaaaC", "aaaaaaaa", "aaaaaaa", "aaaaaaaaCC"}));
  EXPECT_EQ(profile.min.as_string(), "aaaaaaa");
  EXPECT_EQ(profile.max.as_string(), "aaaaaaaaCC");
}

TEST(Accumulator, ADictionaryIsWhatItsValuesAre) {
  std::vector<std::optional<std::string>> values;
  for (int i = 0; i < 30'000; ++i) {
    values.push_back(i % 7 == 0 ? std::nullopt : std::optional("value " + std::to_string(i * i % 9000)));
  }
  const auto plain = array_of<arrow::StringBuilder>(values);
  const auto encoded = arrow::compute::DictionaryEncode(plain).ValueOrDie().make_array();
  EXPECT_EQ(dumped(profile_of(plain)), dumped(profile_in_parts(encoded, 30'000, 1)));
}

TEST(Accumulator, DatesOutOfRangeAreCountedAndShownAsDates) {
  const auto profile =
      profile_of(array_of<arrow::Date32Builder, std::int32_t>({0, -25568, -25567, 47846, 47847, std::nullopt, 1}));
  EXPECT_EQ(profile.out_of_range, 2);
  EXPECT_EQ(profile.min.as_string(), "1899-12-31");
  EXPECT_EQ(profile.max.as_string(), "2101-01-01");
  EXPECT_TRUE(profile.sum.is_null());
}

// Quantiles, distinct counts and frequencies hold what they state, on distributions that are hard for samples.
class Distribution : public ::testing::TestWithParam<int> {};

std::vector<std::optional<std::int64_t>> values_of(int kind) {
  std::mt19937_64 random(static_cast<std::uint64_t>(kind) + 7);
  std::vector<std::optional<std::int64_t>> out;
  for (std::int64_t i = 0; i < 1'500'000; ++i) {
    switch (kind) {
      case 0: out.push_back(i); break;                                                     // sorted
      case 1: out.push_back(i % 2 == 0 ? 1 : static_cast<std::int64_t>(random())); break;  // half one value
      case 2: out.push_back(i % 128); break;                                               // periodic with the groups
      case 3: out.push_back((i % 128 == 0 ? 1'000'000 : 0) + i % 100'000); break;
      case 4: out.push_back(static_cast<std::int64_t>(std::exp(static_cast<double>(random() % 40'000) / 1000))); break;
      default: out.push_back(random() % 100 == 0 ? std::optional<std::int64_t>(i) : std::nullopt); break;  // rare
    }
  }
  return out;
}

TEST_P(Distribution, StatedErrorsHoldHoweverTheWorkIsShared) {
  const auto values = values_of(GetParam());
  const auto array = array_of<arrow::Int64Builder>(values);
  std::vector<std::int64_t> sorted;
  for (const auto& value : values) {
    if (value) sorted.push_back(*value);
  }
  std::ranges::sort(sorted);
  const auto profile = profile_in_parts(array, 122'880, 3);
  const auto count = static_cast<double>(sorted.size());
  EXPECT_LE(profile.sample_error, 0.01);
  for (const auto& [probability, value] : profile.quantiles) {
    const std::int64_t got = value.is_string() ? std::stoll(std::string(value.as_string())) : value.as_int();
    const double below = static_cast<double>(std::ranges::lower_bound(sorted, got) - sorted.begin()) / count;
    const double up_to = static_cast<double>(std::ranges::upper_bound(sorted, got) - sorted.begin()) / count;
    EXPECT_LE(below - profile.sample_error, probability) << got;
    EXPECT_GE(up_to + profile.sample_error, probability) << got;
  }
  const auto distinct = static_cast<double>(std::set<std::int64_t>(sorted.begin(), sorted.end()).size());
  EXPECT_NEAR(static_cast<double>(*profile.distinct), distinct, profile.distinct_exact ? 0 : distinct * 0.0244);
  for (const FrequentValue& top : profile.top) {
    const std::int64_t value =
        top.value.is_string() ? std::stoll(std::string(top.value.as_string())) : top.value.as_int();
    const auto range = std::ranges::equal_range(sorted, value);
    EXPECT_NEAR(static_cast<double>(top.count), static_cast<double>(range.size()),
                static_cast<double>(top.count_error));
  }
  // One accumulator or many, runs in any order, with or without knowing how many come: the same answer.
  EXPECT_EQ(dumped(profile), dumped(profile_in_parts(array, 122'880, 1)));
  EXPECT_EQ(dumped(profile), dumped(profile_in_parts(array, 122'880, 5, static_cast<std::int64_t>(sorted.size()))));
}

INSTANTIATE_TEST_SUITE_P(Hard, Distribution, ::testing::Range(0, 6));

TEST(Accumulator, TextsShareTheirWorkToo) {
  std::vector<std::optional<std::string>> values;
  for (int i = 0; i < 400'000; ++i) values.push_back("AB-" + std::to_string(i * 7919LL % 300'007));
  const auto array = array_of<arrow::StringBuilder>(values);
  const auto profile = profile_in_parts(array, 50'000, 4);
  EXPECT_NEAR(static_cast<double>(*profile.distinct), 300'007, 300'007 * 0.0244);
  EXPECT_FALSE(profile.distinct_exact);
  ASSERT_FALSE(profile.text->patterns.empty());
  EXPECT_EQ(profile.text->patterns[0].text, "A+-9{6}");
  EXPECT_EQ(dumped(profile), dumped(profile_in_parts(array, 50'000, 1)));
}

TEST(Accumulator, SummaryKnowsCountsBoundsAndSumsAlone) {
  const auto profile = profile_of(array_of<arrow::Int32Builder, std::int32_t>({3, 1, std::nullopt}), Depth::Summary);
  EXPECT_EQ(profile.sum.as_int(), 4);
  EXPECT_EQ(profile.min.as_int(), 1);
  EXPECT_FALSE(profile.distinct);
  EXPECT_TRUE(profile.quantiles.empty() && profile.top.empty());
}

}  // namespace
}  // namespace canvasback::analyse
