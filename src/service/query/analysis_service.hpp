// Analyses of datasets: histograms, frequent values and aggregates as answers that are read piece by piece, profiles as
// whole ones. Checks the request against the dataset and runs the task as a query. On the front's thread.
#pragma once

#include <memory>
#include <string>

#include "query/analysis.hpp"
#include "query/output_options.hpp"
#include "query/selection.hpp"
#include "service/dataset/dataset_service.hpp"
#include "service/query/cached_answers.hpp"
#include "service/query/query_service.hpp"
#include "service/query/request_context.hpp"

namespace canvasback {

// A profile, histogram, frequent values or an aggregate of a selection.
struct AnalysisRequest {
  RequestContext context;
  OutputOptions output;  // of a profile without a content encoding
  std::string dataset;
  Analysis analysis;
  Selection selection;  // filter; a profile's columns; an aggregate's sort, limit and offset
  OnUnreadable on_unreadable = OnUnreadable::Default;
};

class AnalysisService {
 public:
  AnalysisService(QueryService& queries, DatasetService& datasets, CachedAnswers& answers)
      : queries_(queries), datasets_(datasets), answers_(answers) {}

  // A histogram, frequent values or an aggregate; `gone` is raised when the client has gone. Errors: DatasetNotFound,
  // InvalidData, those of the task before its first byte.
  asio::awaitable<Result<std::unique_ptr<Answer>>> analyse(AnalysisRequest request, CancelToken gone);
  // From memory where the same was asked of the same files before. Errors: PayloadTooLarge and those of analyse().
  asio::awaitable<Result<CachedAnswer>> profile(AnalysisRequest request, CancelToken gone);

 private:
  QueryService& queries_;
  DatasetService& datasets_;
  CachedAnswers& answers_;
};

}  // namespace canvasback
