#include "worker/write/column_choices.hpp"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include <random>

namespace canvasback {
namespace {

using Names = std::vector<std::string>;

template <class Builder, class Value>
std::shared_ptr<arrow::Array> array_of(int rows, Value value) {
  Builder builder;
  for (int i = 0; i < rows; ++i) EXPECT_TRUE(builder.Append(value(i)).ok());
  return builder.Finish().ValueOrDie();
}

using Columns = std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>;

std::shared_ptr<arrow::Table> table_of(const Columns& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::Table::Make(arrow::schema(fields), arrays);
}

TEST(ColumnChoices, FewValuesHaveADictionaryAndOnlyWhatShrinksIsCompressed) {
  std::mt19937_64 random(7);
  const auto few = [](int i) { return "category " + std::to_string(i % 5); };
  const auto wordy = [](int i) { return "the same long sentence in every one of them, but for " + std::to_string(i); };
  const auto noise = [&](int) {
    std::string out(24, ' ');
    for (char& c : out) c = static_cast<char>('!' + random() % 90);
    return out;
  };
  const int rows = 4000;
  const auto table = table_of({
      {"few", array_of<arrow::StringBuilder>(rows, few)},
      {"wordy", array_of<arrow::StringBuilder>(rows, wordy)},
      {"noise", array_of<arrow::StringBuilder>(rows, noise)},
      {"few_numbers", array_of<arrow::Int64Builder>(rows, [](int i) { return i % 7; })},
      {"numbers", array_of<arrow::Int64Builder>(rows, [&](int) { return static_cast<std::int64_t>(random()); })},
      {"runs", array_of<arrow::DoubleBuilder>(rows, [](int i) { return i / 1000; })},
  });
  const ColumnChoices choices = choose_columns(*table);
  EXPECT_EQ(choices.dictionary, (Names{"few", "few_numbers"}));
  EXPECT_EQ(choices.uncompressed, (Names{"few", "noise", "few_numbers", "numbers"}));
}

TEST(ColumnChoices, LooksIntoListsAndObjectsAndAtNoMoreThanThereIs) {
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::StringBuilder>());
  auto& items = static_cast<arrow::StringBuilder&>(*lists.value_builder());
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(lists.Append().ok());
    EXPECT_TRUE(items.Append(i % 2 == 0 ? "a" : "b").ok());
  }
  const auto object =
      arrow::StructArray::Make({array_of<arrow::Int64Builder>(10, [](int i) { return i % 2; })}, Names{"x"});
  const auto table = table_of({
      {"tags", lists.Finish().ValueOrDie()},
      {"o", object.ValueOrDie()},
      {"empty", arrow::MakeArrayOfNull(arrow::float64(), 10).ValueOrDie()},
  });
  const ColumnChoices choices = choose_columns(*table);
  EXPECT_EQ(choices.dictionary, (Names{"tags.list.element", "o.x"}));
  EXPECT_EQ(choices.uncompressed, (Names{"tags.list.element", "o.x"}));
}

}  // namespace
}  // namespace canvasback
