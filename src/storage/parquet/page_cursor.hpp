// PageCursor: walks the pages of one flat column chunk (at most one definition level, no repetition). Knows for each
// page which of its rows hold a value and where the values' bytes are; what the bytes mean is the decoder's matter.
// Pages that are skipped whole are not decompressed. libparquet reads the page headers and decompresses; a page's bytes
// live until the next one is loaded. Errors: ParquetException.
#pragma once

#include <parquet/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace parquet {
class DataPage;
class DictionaryPage;
class Page;
class PageReader;
}  // namespace parquet

namespace canvasback {

class PageCursor {
 public:
  // Called with the dictionary before the first data page is loaded; its bytes do not live longer than the call.
  using OnDictionary = std::function<void(const parquet::DictionaryPage&)>;

  using OpenPages = std::function<std::unique_ptr<parquet::PageReader>()>;

  // open: called when the first page is wanted. nullable: rows may hold no value (one definition level).
  PageCursor(OpenPages open, bool nullable, OnDictionary on_dictionary);
  ~PageCursor();

  // Makes sure of a page with rows left; false at the chunk's end. Before that, at the end of a page, skip_pages()
  // passes whole pages over; its answer is how many of `rows` lie in the page that is then loaded.
  bool load();
  std::int64_t skip_pages(std::int64_t rows);
  // True once for each page loaded.
  bool take_changed() { return std::exchange(changed_, false); }

  parquet::Encoding::type encoding() const { return encoding_; }
  std::span<const std::uint8_t> values() const { return values_; }  // encoded, of all of the page's rows
  std::int64_t page_rows() const { return rows_; }
  std::int64_t row() const { return row_; }
  std::int64_t rows_left() const { return rows_ - row_; }
  void advance(std::int64_t rows) { row_ += rows; }

  // A bit for each row of the page that holds a value; nullptr where all do.
  const std::uint8_t* valid_bits() const { return nulls_ > 0 ? valid_.data() : nullptr; }
  // How many of the next rows of the page hold a value.
  std::int64_t values_in(std::int64_t rows) const;

 private:
  parquet::PageReader& pages();
  void open_page(const parquet::DataPage& page);
  std::span<const std::uint8_t> level_bytes(std::span<const std::uint8_t>& bytes, const parquet::DataPage& page) const;

  const OpenPages open_;
  std::unique_ptr<parquet::PageReader> pages_;
  const bool nullable_;
  const OnDictionary on_dictionary_;
  std::int64_t pass_over_ = 0;           // rows that the page filter has yet to pass over
  std::shared_ptr<parquet::Page> page_;  // shared: as libparquet hands it out
  parquet::Encoding::type encoding_ = parquet::Encoding::PLAIN;
  std::span<const std::uint8_t> values_;
  std::vector<std::uint8_t> valid_;
  std::int64_t rows_ = 0;
  std::int64_t row_ = 0;
  std::int64_t nulls_ = 0;
  bool changed_ = false;
};

}  // namespace canvasback
