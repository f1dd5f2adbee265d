// CellKinds: what the cells of one column have in common, form by form, each with the place where it first came. Kinds
// merge like sets: of blocks, of files, in any grouping, and the types that follow are the same. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/delimited/cell_form.hpp"

namespace canvasback {

struct CellKinds {
  struct First {
    delimited::CellForm form = delimited::CellForm::Text;
    std::int64_t line = 0;  // from 1
    std::string text;       // its first bytes, at most limits::kTextReasonBytesMax
    std::string file = {};  // its name, where kinds of several files were merged
  };

  std::uint32_t seen = 0;             // bits of CellForm
  std::vector<First> first;           // one for each bit of `seen`
  std::uint8_t whole_digits_max = 0;  // of all fractions
  std::uint8_t fraction_digits_min = 255;
  std::uint8_t fraction_digits_max = 0;
  bool outside_nanoseconds = false;  // a timestamp
  std::uint8_t told_format = 0;      // with a date_format: 1, a cell is of it; 2, a cell is not; 3, both
  std::optional<First> unfit;        // where a type was told: the first cell that does not fit it
  bool any = false;                  // a cell that is not NULL

  bool has(delimited::CellForm form) const { return (seen & delimited::bit(form)) != 0; }
  const First* first_of(delimited::CellForm form) const;
  void note(delimited::CellForm form, std::int64_t line, std::string_view text);
  // `later`, whose lines count from behind `lines` others, stands behind this.
  void append(CellKinds later, std::int64_t lines);
};

namespace delimited {
// As much of a cell's text as a message shows.
std::string shown(std::string_view text);
}  // namespace delimited

}  // namespace canvasback
