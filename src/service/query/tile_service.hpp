// Tiles of density plots (query/tile.hpp): their cells as rows, or a whole picture. On the front's thread.
#pragma once

#include <memory>
#include <string>

#include "query/output_options.hpp"
#include "query/selection.hpp"
#include "query/tile.hpp"
#include "service/dataset/dataset_service.hpp"
#include "service/query/cached_answers.hpp"
#include "service/query/query_service.hpp"
#include "service/query/request_context.hpp"

namespace canvasback {

struct TileRequest {
  RequestContext context;
  OutputOptions output;  // of the cells, where it is no picture
  std::string dataset;
  Tile tile;
  Selection selection;  // filter
  OnUnreadable on_unreadable = OnUnreadable::Default;
};

class TileService {
 public:
  TileService(QueryService& queries, DatasetService& datasets, CachedAnswers& answers)
      : queries_(queries), datasets_(datasets), answers_(answers) {}

  // Errors: DatasetNotFound, InvalidData, those of the task before its first byte.
  asio::awaitable<Result<std::unique_ptr<Answer>>> cells(TileRequest request, CancelToken gone);
  // A PNG, from memory where it was asked for before. Errors: those of cells().
  asio::awaitable<Result<CachedAnswer>> picture(TileRequest request, CancelToken gone);
  // What a picture is named by: it changes with the dataset and with all that is asked. Errors: those of the request.
  Result<std::string> tag(const TileRequest& request) const;

 private:
  QueryService& queries_;
  DatasetService& datasets_;
  CachedAnswers& answers_;
};

}  // namespace canvasback
