// The inner loops of profiles: each accumulator over arrays that lie in memory, in bytes and values a second, beside
// what limits them: reading the same bytes (sum of words) and copying them.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <benchmark/benchmark.h>

#include <cstring>
#include <random>

#include "analyse/accumulator.hpp"
#include "analyse/hash_value.hpp"
#include "analyse/hyperloglog.hpp"
#include "analyse/moments.hpp"

namespace canvasback::analyse {
namespace {

constexpr std::int64_t kRows = 65'536;
constexpr std::int64_t kManyDifferent = std::int64_t{1} << 40;

std::vector<std::int64_t> numbers(std::int64_t different) {
  std::mt19937_64 random(1);
  std::vector<std::int64_t> out(static_cast<std::size_t>(kRows));
  for (auto& value : out) value = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(different));
  return out;
}

template <class Builder, class Value>
std::shared_ptr<arrow::Array> array_of(const std::vector<Value>& values) {
  Builder builder;
  if (!builder.AppendValues(values).ok()) std::abort();
  return builder.Finish().ValueOrDie();
}

void measure(benchmark::State& state, const std::shared_ptr<arrow::Array>& array, std::int64_t bytes, Depth depth) {
  auto accumulator = make_accumulator(*array->type(), {"c", "T", kRows * 1000}, depth);
  std::uint32_t run = 0;
  for (auto _ : state) accumulator->add(run++, *array);
  state.SetItemsProcessed(state.iterations() * array->length());
  state.SetBytesProcessed(state.iterations() * bytes);
}

void integers(benchmark::State& state, Depth depth) {
  measure(state, array_of<arrow::Int64Builder>(numbers(state.range(0))), kRows * 8, depth);
}
BENCHMARK_CAPTURE(integers, summary, Depth::Summary)->Arg(kManyDifferent);
BENCHMARK_CAPTURE(integers, full, Depth::Full)->Arg(50)->Arg(4000)->Arg(kManyDifferent);

void doubles(benchmark::State& state, Depth depth) {
  std::vector<double> values;
  for (std::int64_t value : numbers(kManyDifferent)) values.push_back(static_cast<double>(value) / 1000);
  measure(state, array_of<arrow::DoubleBuilder>(values), kRows * 8, depth);
}
BENCHMARK_CAPTURE(doubles, summary, Depth::Summary);
BENCHMARK_CAPTURE(doubles, full, Depth::Full);

// Of some 12 bytes, and of some 100.
void texts(benchmark::State& state) {
  std::vector<std::string> values;
  std::int64_t bytes = 0;
  for (std::int64_t value : numbers(48'000)) {
    values.push_back("seller_" + std::to_string(value) + std::string(static_cast<std::size_t>(state.range(0)), 'x'));
    bytes += static_cast<std::int64_t>(values.back().size());
  }
  measure(state, array_of<arrow::StringBuilder>(values), bytes, Depth::Full);
}
BENCHMARK(texts)->Arg(0)->Arg(88);

void distinct_sketch(benchmark::State& state) {
  const auto values = numbers(kManyDifferent);
  HyperLogLog sketch;
  for (auto _ : state) {
    for (std::int64_t value : values) sketch.add(hash_value(value));
  }
  benchmark::DoNotOptimize(sketch.estimate());
  state.SetItemsProcessed(state.iterations() * kRows);
  state.SetBytesProcessed(state.iterations() * kRows * 8);
}
BENCHMARK(distinct_sketch);

void moments(benchmark::State& state) {
  const auto values = numbers(kManyDifferent);
  IntegerMoments sums;
  for (auto _ : state) sums.add(std::span<const std::int64_t>(values));
  state.SetItemsProcessed(state.iterations() * kRows);
  state.SetBytesProcessed(state.iterations() * kRows * 8);
}
BENCHMARK(moments);

void limit_sum_of_words(benchmark::State& state) {
  const auto values = numbers(kManyDifferent);
  for (auto _ : state) {
    std::uint64_t sum = 0;
    for (std::int64_t value : values) sum += static_cast<std::uint64_t>(value);
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * kRows);
  state.SetBytesProcessed(state.iterations() * kRows * 8);
}
BENCHMARK(limit_sum_of_words);

void limit_memcpy(benchmark::State& state) {
  const auto values = numbers(kManyDifferent);
  std::vector<std::int64_t> out(values.size());
  for (auto _ : state) {
    std::memcpy(out.data(), values.data(), values.size() * 8);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kRows);
  state.SetBytesProcessed(state.iterations() * kRows * 8);
}
BENCHMARK(limit_memcpy);

}  // namespace
}  // namespace canvasback::analyse
