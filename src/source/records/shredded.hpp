// Shredded records: the values of a block of records by key and kind, as Arrow arrays, before anything is decided about
// columns. Readers of outside formats make them (json_reader.hpp, table_reader.hpp); once the kinds of all blocks are
// known, columns_from() turns each block into the columns that follow from them (record/kinds.hpp).
#pragma once

#include <arrow/array.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "record/kinds.hpp"

namespace canvasback {

// One place: a key, or the items of a list. Every array has `rows` values, NULL where the value was of another kind;
// an array that is missing has none at all.
struct Shredded {
  std::int64_t rows = 0;
  std::uint32_t seen = 0;              // bits of Kind
  std::shared_ptr<arrow::Array> ints;  // int64
  std::shared_ptr<arrow::Array> bigs;  // decimal128(38, 0)
  std::shared_ptr<arrow::Array> doubles;
  std::shared_ptr<arrow::Array> bools;
  std::shared_ptr<arrow::Array> strings;
  std::shared_ptr<arrow::Array> list_texts;
  std::shared_ptr<arrow::Array> object_texts;
  std::shared_ptr<arrow::Array> dates;       // date32
  std::shared_ptr<arrow::Array> timestamps;  // microseconds, UTC, without zone
  std::shared_ptr<arrow::Array> binaries;

  std::shared_ptr<arrow::Array> lists;     // bool: where a list is
  std::shared_ptr<arrow::Buffer> offsets;  // int32, rows + 1 of them, where lists is
  std::unique_ptr<Shredded> items;

  std::shared_ptr<arrow::Array> objects;  // bool: where an object is
  std::vector<std::pair<std::string, Shredded>> members;

  // Below: only there is it known how to move and destroy the members.
  Shredded();
  Shredded(Shredded&&) noexcept;
  Shredded& operator=(Shredded&&) noexcept;
  ~Shredded();
};

inline Shredded::Shredded() = default;
inline Shredded::Shredded(Shredded&&) noexcept = default;
inline Shredded& Shredded::operator=(Shredded&&) noexcept = default;
inline Shredded::~Shredded() = default;

Kinds kinds_of(const Shredded& shredded);

// Where lists or objects are wanted as JSON text, because of what other values of that place are.
struct TextPlaces {
  bool lists = false;
  bool objects = false;
  std::vector<std::pair<std::string, TextPlaces>> members;
  std::unique_ptr<TextPlaces> items;

  const TextPlaces* find(std::string_view key) const;
  // Adds the places where `kinds` has typed lists or objects that cannot have a column; true where any is new.
  bool add_from(const Kinds& kinds);

  // As for Shredded.
  TextPlaces();
  TextPlaces(TextPlaces&&) noexcept;
  TextPlaces& operator=(TextPlaces&&) noexcept;
  ~TextPlaces();
};

inline TextPlaces::TextPlaces() = default;
inline TextPlaces::TextPlaces(TextPlaces&&) noexcept = default;
inline TextPlaces& TextPlaces::operator=(TextPlaces&&) noexcept = default;
inline TextPlaces::~TextPlaces() = default;

bool operator==(const TextPlaces& left, const TextPlaces& right);

// The schema of records of these kinds.
Result<std::shared_ptr<arrow::Schema>> schema_of(const Kinds& kinds);

// A block as the columns of `kinds`, which must include its own. Precondition: where the kinds ask for text, the block
// was read with those TextPlaces.
Result<arrow::ArrayVector> columns_from(const Shredded& block, const Kinds& kinds);

}  // namespace canvasback
