#include "analyse/quality.hpp"

#include <gtest/gtest.h>

namespace canvasback::analyse {
namespace {

ColumnProfile column(std::int64_t rows, std::int64_t nulls) {
  ColumnProfile out;
  out.name = "c";
  out.kind = ColumnKind::Number;
  out.rows = rows;
  out.nulls = nulls;
  out.distinct = rows - nulls;
  return out;
}

std::vector<std::string> codes(const ColumnQuality& quality) {
  std::vector<std::string> out;
  for (const Finding& finding : quality.findings) out.push_back(finding.code);
  return out;
}

FrequentValue frequent(std::int64_t count) {
  FrequentValue out;
  out.count = count;
  return out;
}

TEST(Quality, AFaultlessColumnHasAllPoints) {
  EXPECT_EQ(quality_of(column(100, 0)).score, 100);
  EXPECT_TRUE(quality_of(column(0, 0)).findings.empty());
}

TEST(Quality, TheScoreIsWhatTheFindingsLeave) {
  ColumnProfile profile = column(1000, 250);
  profile.outlier_share = 0.05;
  profile.out_of_range = 75;
  profile.infinite = 1;
  const ColumnQuality quality = quality_of(profile);
  EXPECT_EQ(codes(quality), (std::vector<std::string>{"nulls", "not_a_number", "outliers", "dates_out_of_range"}));
  double left = 100;
  for (const Finding& finding : quality.findings) left -= finding.cost;
  EXPECT_DOUBLE_EQ(quality.score, left);
  EXPECT_DOUBLE_EQ(quality.findings[0].share, 0.25);
}

TEST(Quality, ConstantAndNearlyConstant) {
  ColumnProfile constant = column(1000, 0);
  constant.distinct = 1;
  constant.top = {frequent(1000)};
  EXPECT_EQ(codes(quality_of(constant)), std::vector<std::string>{"constant"});
  ColumnProfile nearly = column(1000, 0);
  nearly.distinct = 5;
  nearly.top = {frequent(995)};
  EXPECT_EQ(codes(quality_of(nearly)), std::vector<std::string>{"near_constant"});
  nearly.top = {frequent(900)};
  EXPECT_TRUE(quality_of(nearly).findings.empty());
}

TEST(Quality, MixedFormatsAreThoseOfAColumnThatIsMostlyOne) {
  ColumnProfile profile = column(1000, 0);
  profile.kind = ColumnKind::Text;
  profile.text = TextFacts{};
  profile.text->formats = {{"date", 0.9}, {"date_dmy", 0.1}};
  const ColumnQuality mixed = quality_of(profile);
  EXPECT_EQ(codes(mixed), std::vector<std::string>{"mixed_formats"});
  EXPECT_NEAR(mixed.findings[0].share, 0.1, 1e-9);
  profile.text->formats = {{"text", 0.9}, {"integer", 0.1}};
  EXPECT_TRUE(quality_of(profile).findings.empty()) << "words among which some are numbers";
  profile.text->formats = {{"integer", 0.5}, {"empty", 0.5}};
  profile.text->empty = 500;
  profile.text->padded_share = 0.2;
  EXPECT_EQ(codes(quality_of(profile)), (std::vector<std::string>{"empty", "padded"}));
}

TEST(Quality, NumbersAsTextAreFoundAndCodesAreNot) {
  ColumnProfile profile = column(1000, 0);
  profile.kind = ColumnKind::Text;
  profile.text = TextFacts{};
  profile.text->length_min = 1;
  profile.text->length_max = 7;
  profile.text->formats = {{"integer", 0.6}, {"decimal", 0.4}};
  EXPECT_EQ(codes(quality_of(profile)), std::vector<std::string>{"numbers_as_text"});
  profile.text->formats = {{"integer", 1}};
  EXPECT_EQ(codes(quality_of(profile)), std::vector<std::string>{"numbers_as_text"});
  EXPECT_LT(quality_of(profile).score, 90);
  profile.text->length_min = 7;
  EXPECT_TRUE(quality_of(profile).findings.empty()) << "postal codes, article numbers";
  profile.text->formats = {{"decimal", 1}};
  EXPECT_EQ(codes(quality_of(profile)), std::vector<std::string>{"numbers_as_text"}) << "of prices, also of one length";
  profile.text->length_max = 9;
  profile.text->formats = {{"text", 1}};
  EXPECT_TRUE(quality_of(profile).findings.empty());
}

TEST(Quality, AScoreNeverLeavesItsRange) {
  ColumnProfile profile = column(10, 10);
  profile.out_of_range = 10;
  EXPECT_GE(quality_of(profile).score, 0);
}

}  // namespace
}  // namespace canvasback::analyse
