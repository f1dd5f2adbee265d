// Made from the server's OpenAPI document by scripts/openapi.mjs: do not edit, run `npm run openapi`.

export type TrashEntry = {
  id: string;
  kind: "deleted" | "emptied";
  collection: string;
  time: string;
  time_us: number;
  records: number;
  bytes: number;
};

export type TrashAnswer = {
  id: string;
  kind: "deleted" | "emptied";
  collection: string;
  time: string;
  time_us: number;
  records: number;
  bytes: number;
  /** Of a restore: records that later ones of their keys stand for. */
  superseded?: number;
  /** Of a restore: unique values that several records have now. */
  problems?: (string)[];
  performance_metrics: SchemaMetrics;
};

export type TrashList = {
  entries: (TrashEntry)[];
  performance_metrics: SchemaMetrics;
};

export type SchemaField = {
  name: string;
  /** By default `any`. Dates and times are ISO 8601 text in JSON, and columns of these types. */
  type?: "any" | "string" | "integer" | "number" | "boolean" | "date" | "timestamp" | "array" | "object" | null;
  description?: string;
  required?: boolean;
  /** No two records share a value. */
  unique?: boolean;
  minimum?: string | number | boolean | null;
  maximum?: string | number | boolean | null;
  /** Characters of a string. */
  min_length?: number | null;
  max_length?: number | null;
  /** A regular expression (Perl's syntax) that is found in the value. */
  pattern?: string | null;
  enum?: (string | number | boolean | null)[] | null;
  /** For records without the field. */
  default?: string | number | boolean | null;
};

export type SchemaBody = {
  /** Also the name of the collection. In the URL, if it has one. */
  name?: string;
  description?: string;
  fields: (SchemaField)[];
  /** Fields whose values no two records share; by default `id`, none if empty. */
  primary_key?: string | (string)[] | null;
  /** Accept numbers and booleans given as strings, and strings given as numbers or booleans. */
  cast?: boolean;
  /** Whether records may have other fields. */
  additional_fields?: boolean;
};

export type SchemaVersion = {
  version: number;
  created: string;
};

export type SchemaMetrics = {
  duration_ms: number;
  method: string;
};

export type SchemaDocument = {
  name: string;
  version: number;
  description?: string;
  fields: (SchemaField)[];
  primary_key: (string)[];
  cast: boolean;
  additional_fields: boolean;
  created: string;
  performance_metrics: SchemaMetrics;
};

export type SchemaDetail = {
  name: string;
  version: number;
  description?: string;
  fields: (SchemaField)[];
  primary_key: (string)[];
  cast: boolean;
  additional_fields: boolean;
  created: string;
  versions: (SchemaVersion)[];
  records: number;
  performance_metrics: SchemaMetrics;
};

export type SchemaSummary = {
  name: string;
  version: number;
  description?: string;
  fields: (SchemaField)[];
  primary_key: (string)[];
  cast: boolean;
  additional_fields: boolean;
  created: string;
  records: number;
};

export type SchemaList = {
  schemas: (SchemaSummary)[];
  performance_metrics: SchemaMetrics;
};

export type WrittenRecord = {
  schema: string;
  /** The `id` of the record, generated if it had none. */
  id: string | number | null;
  records_processed: number;
  quarantined: number;
  collection: string;
  /** Its number; null if there was nothing to store. */
  commit: number | null;
  /** Stored by an earlier request with the same Idempotency-Key. */
  repeated: boolean;
  durability: "commit" | "interval";
  errors: (RecordProblem)[];
  performance_metrics: IngestMetrics;
};

export type RecordDocument = {
  schema: string;
  data: { [key: string]: Value };
  performance_metrics: PerformanceMetrics;
};

export type AnalysedData = {
  columns: (Column)[];
  data: ({ [key: string]: Value })[];
  total_rows: number;
  total_exact: boolean;
  next: string | null;
  performance_metrics: PerformanceMetrics;
  /** As of `/analyze`. */
  analysis?: { [key: string]: AnyValue };
};

export type BenchmarkSide = {
  records: number;
  bytes: number;
  commits: number;
  duration_ms: number;
  throughput_rps: number;
};

export type BenchmarkDocument = {
  schema: string;
  row_by_row: BenchmarkSide;
  bulk: BenchmarkSide;
  speedup: number;
  durability: "commit" | "interval";
  validated: boolean;
  keys: number;
  performance_metrics: {
    duration_ms: number;
    throughput_rps: number;
    rows: number;
    method: string;
    memory_usage_mb: number;
  };
};

export type Job = {
  id: string;
  state: "queued" | "running" | "done" | "failed" | "cancelled";
  /** file: written on the server and downloaded when done; stream: sent to its client at once; work: done on the server, with a `result`. */
  delivery: "file" | "stream" | "work";
  kind: "rows" | "sql" | "ingest" | "compact" | "archive" | "restore" | "verify" | "generate" | "backup";
  /** The dataset or collection, or the start of the statement. */
  text: string;
  /** Of the file; what is generated; empty where there is neither. */
  format: string;
  created: string;
  started: string | null;
  ended: string | null;
  rows_done: number;
  /** null if only reading tells. */
  rows_total: number | null;
  bytes: number;
  /** Progress, 0 to 1; null if unknown. */
  share: number | null;
  rows_per_second: number | null;
  bytes_per_second: number | null;
  /** Seconds left at this rate. */
  eta_s: number | null;
  receipt: {
    rows: number;
    bytes: number;
    sha256: string;
  } | null;
  file: {
    href: string;
    filename: string;
    bytes: number;
    /** When it expires; earlier if the space is needed. */
    until: string;
  } | null;
  /** Of finished work: its outcome. */
  result: {
    files_merged?: number;
    /** Names of the files that were moved, or how many were read. */
    files?: number | (string)[];
    /** Files that were not moved, and why; if any. */
    skipped?: ({
      file: string;
      problem: string;
    })[];
    records?: number;
    commit?: number;
    problems?: ({
      file: string;
      problem: string;
    })[];
  } | null;
  error: {
    code: ErrorCode;
    message: string;
    position: number | null;
  } | null;
};

export type PullTier = {
  name: "gate" | "hot_window" | "look_back" | "sweep" | "deletes" | "load";
  statements: number;
  /** Rows or keys that the source sent. */
  rows: number;
  bytes: number;
  /** Of them, those that the copy did not have so. */
  changed: number;
  seconds: number;
};

export type SourceError = {
  code: ErrorCode;
  message: string;
};

/** What one pull did. */
export type PullReport = {
  source: string;
  result: "loaded" | "pulled" | "unchanged" | "fresh" | "failed";
  trigger: "command" | "schedule" | "request";
  started_at: string;
  started_us?: number;
  seconds: number;
  error?: SourceError;
  server?: string;
  as_of?: string | null;
  swept_as_of?: string | null;
  deletes_verified_as_of?: string | null;
  rows: number;
  source_rows?: number;
  inserted: number;
  updated: number;
  deleted: number;
  tiers: (PullTier)[];
  /** Values without an exact form that became NULL, by column. */
  nulled?: { [key: string]: number };
  notes?: (string)[];
  files_written?: number;
  bytes_written?: number;
  merges?: number;
  version?: number;
};

/** A table that is pulled from another database, and its copy. */
export type Source = {
  name: string;
  state: "waiting" | "on_demand" | "running" | "paused" | "unusable";
  error?: SourceError;
  server?: string;
  database?: string;
  table?: string;
  query?: string;
  updated_at?: string;
  partition_by?: string;
  every_s?: number;
  cron?: string;
  look_back_s?: number;
  hot_window_s?: number;
  dataset?: string | null;
  rows?: number;
  bytes?: number;
  version?: number;
  as_of?: string | null;
  checked_as_of?: string | null;
  swept_as_of?: string | null;
  deletes_verified_as_of?: string | null;
  table_error?: SourceError;
  next_at?: string | null;
  /** In a row. */
  failures?: number;
  last_report: PullReport | null;
};

export type SourceList = {
  sources: (Source)[];
};

export type PullReportList = {
  reports: (PullReport)[];
};

export type JobList = {
  jobs: (Job)[];
};

export type ExportRequest = {
  columns?: (string)[] | null;
  filter?: Filter;
  sort?: string;
  sample?: string;
  seed?: number;
  offset?: number;
  limit?: number;
  after?: string;
  format?: Format;
  compression?: Compression;
  numbers?: "exact" | "plain";
  timeout_ms?: number;
  filename?: string;
};

/** Records: an array of them, `{"records": […]}`, or one. Any keys, any values. */
export type IngestBody = ({ [key: string]: AnyValue })[] | { [key: string]: AnyValue };

/** Any JSON value. */
export type AnyValue = null | boolean | number | string | (AnyValue)[] | { [key: string]: AnyValue };

export type IngestAnswer = {
  records_processed: number;
  quarantined: number;
  collection: string;
  /** Its number; null if there was nothing to store. */
  commit: number | null;
  /** Stored by an earlier request with the same Idempotency-Key. */
  repeated: boolean;
  durability: "commit" | "interval";
  errors: (RecordProblem)[];
  performance_metrics: IngestMetrics;
};

export type RecordProblem = {
  /** Counted from 0. */
  record: number;
  /** Counted from 1, where the body has lines. */
  line?: number;
  /** The rule of the schema that the record violates. */
  rule?: string;
  field?: string;
  message: string;
};

export type IngestMetrics = {
  duration_ms: number;
  method?: string;
  queue_ms: number;
  /** Parsing and encoding. */
  work_ms: number;
  /** Until the records were on disk. */
  sync_ms: number;
  throughput_rps: number;
  rows: number;
  bytes: number;
  memory_usage_mb: number;
};

export type SearchDocument = {
  columns: (Column)[];
  data: ({ [key: string]: Value })[];
  total_rows: number;
  complete: boolean;
  cursor: string | null;
  rows_searched: number;
  performance_metrics: PerformanceMetrics;
};

export type DataDocument = {
  columns: (Column)[];
  data: ({ [key: string]: Value })[];
  total_rows: number;
  total_exact: boolean;
  next: null;
  performance_metrics: PerformanceMetrics;
};

export type CollectionStatistics = {
  collection: string;
  total_records: number;
  total_files: number;
  total_bytes: number;
  total_columns: number;
  unmerged_commits: number;
  unmerged_records: number;
  last_commit: number;
  last_written: string | null;
  archived_files: number;
  weeks: ({
    week: string;
    records: number;
    bytes: number;
  })[];
  performance_metrics: DocumentMetrics;
};

export type DocumentMetrics = {
  duration_ms: number;
};

export type CollectionFiles = {
  files: ({
    name: string;
    kind: "commit" | "part";
    week: string | null;
    records: number;
    bytes: number;
    modified: string;
    archived: boolean;
  })[];
  performance_metrics: DocumentMetrics;
};

export type CollectionSchema = {
  columns: ({
    name: string;
    type: string;
    key: string;
  })[];
  keys: ({
    key: string;
    kinds: (string)[];
  })[];
  conflicts: ({
    commit: number;
    record: number;
    key: string;
    old_type: string;
    new_type: string;
  })[];
  performance_metrics: DocumentMetrics;
};

/** RFC 9457. */
export type Problem = {
  /** A description of the code. */
  type: string;
  title: string;
  status: number;
  /** What is wrong and, where possible, what is expected. */
  detail: string;
  code: ErrorCode;
  /** The path of the request. */
  instance?: string;
  /** Byte of the SQL statement. */
  position?: number;
  /** The first invalid records of a rejected batch. */
  errors?: (RecordProblem)[];
  /** What is wrong with a dashboard that is refused. */
  problems?: (DashboardProblem)[];
};

/** The closed list of docs/errors.md. */
export type ErrorCode = "InvalidData" | "SchemaValidation" | "QueryInvalid" | "Unauthorized" | "Forbidden" | "QueryForbidden" | "NotFound" | "DatasetNotFound" | "SchemaNotFound" | "RecordNotFound" | "QueryNotFound" | "JobNotFound" | "DashboardNotFound" | "MethodNotAllowed" | "NotAcceptable" | "RequestTimeout" | "DuplicateRecord" | "JobConflict" | "CursorExpired" | "IdempotencyKeyInUse" | "PreconditionFailed" | "PayloadTooLarge" | "UriTooLong" | "UnsupportedMediaType" | "RangeNotSatisfiable" | "IdempotencyKeyReused" | "TooManyRequests" | "HeadersTooLarge" | "Cancelled" | "DataProcessing" | "Database" | "Repository" | "Unavailable" | "QueryTimeout" | "StorageLimit" | "MemoryLimit";

/** A value of any column type: integers beyond 2^53 and decimals as strings unless numbers=plain; NaN and infinities as "NaN", "Infinity", "-Infinity"; timestamps in ISO 8601; binary in base64; lists as arrays; structs and maps with text keys as objects. */
export type Value = null | boolean | number | string | (Value)[] | { [key: string]: Value };

export type Column = {
  name: string;
  /** DuckDB's type name. */
  type: string;
};

export type RowsDocument = {
  columns: (Column)[];
  rows: ((Value)[])[];
  /** Rows of the whole selection. */
  total_rows: number | null;
  /** false: total_rows is an estimate, or only what is known so far. */
  total_exact: boolean;
  /** Files that cannot be read, which the answer leaves out. */
  left_out?: (string)[];
  /** For `after`; null on the last page. */
  next: string | null;
  performance_metrics: PerformanceMetrics;
};

/** Measured, not estimated. */
export type PerformanceMetrics = {
  /** Since the request was complete. */
  duration_ms: number;
  /** Waiting for a worker. */
  queue_ms: number;
  engine_ms: number;
  encode_ms: number;
  /** Rows per second. */
  throughput_rps: number;
  rows: number;
  bytes: number;
  /** How the rows were read. */
  method: "cached_block" | "decoded_rows" | "plain_scan" | "duckdb" | "file" | "search";
  /** The worker's resident memory. */
  memory_usage_mb: number;
  /** Its number. */
  worker: number;
};

/** What an answer from the catalog cost. */
export type CatalogMetrics = {
  duration_ms: number;
  method: "catalog";
};

export type Format = "json" | "ndjson" | "csv" | "arrow" | "arrow_file" | "parquet" | "xlsx";

export type Compression = "none" | "lz4" | "zstd" | "snappy" | "gzip" | "fast" | "best";

/** Strings are compared as the column's type, exactly. */
export type Scalar = null | boolean | number | string;

/** Column → value or condition. At most 16 deep and 1,000 parts. */
export type Filter = {
  and?: (Filter)[];
  or?: (Filter)[];
  not?: Filter;
  [key: string]: FilterTerm | unknown;
};

export type FilterTerm = Scalar | {
  op: "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "like" | "contains" | "is_null";
  value?: Scalar;
} | {
  op: "between";
  value: (boolean | number | string)[];
} | {
  op: "in";
  value: (Scalar)[];
};

/** Why it cannot be read. */
export type DatasetError = {
  code: ErrorCode;
  message: string;
};

/** kind and the following members are present unless it could never be read. */
export type DatasetSummary = {
  name: string;
  /** File, folder or glob. */
  source: string;
  error?: DatasetError;
  kind?: "parquet" | "csv" | "json" | "arrow";
  /** Changes with the files. */
  version?: string;
  /** null if only a scan tells. */
  rows?: number | null;
  bytes?: number;
  files?: number;
  /** Parquet only. */
  row_groups?: number;
  /** Files that cannot be read, which answers leave out. */
  left_out?: (LeftOutFile)[];
  preparing?: Preparing;
  column_count?: number;
};

export type DatasetList = {
  datasets: (DatasetSummary)[];
  performance_metrics: CatalogMetrics;
};

export type DatasetColumn = {
  name: string;
  type: string;
  /** From the footers, as text; null if they have none. */
  min: string | null;
  max: string | null;
  null_count: number | null;
};

export type DataFile = {
  path: string;
  bytes: number;
  rows: number | null;
  row_groups: number;
  modified: string;
};

export type LeftOutFile = {
  path: string;
  /** What is wrong with it, and where. */
  reason: string;
};

/** Files of CSV or JSON are being read, for the first time or because they changed. Until there is a version to answer from, requests are answered 503 with Retry-After. */
export type Preparing = {
  share: number;
};

/** How text is read; what is left out is found by reading every value. JSON knows `types` and `all_text`. */
export type TextSettings = {
  /** One character. */
  delimiter?: string;
  /** One character; empty: there are no quotes. */
  quote?: string;
  /** One character; the quote itself: it is doubled. */
  escape?: string;
  /** Lines that begin with it are left out. */
  comment?: string;
  header?: boolean;
  /** utf-8, utf-16, utf-16le, utf-16be, windows-1252. */
  encoding?: string;
  /** `.` or `,`. */
  decimal?: string;
  /** Such as `%d.%m.%Y`. */
  date_format?: string;
  /** Texts that mean NULL. */
  null_values?: (string)[];
  /** Column → SQL type. */
  types?: { [key: string]: string };
  /** Every column is VARCHAR. */
  all_text?: boolean;
};

/** How files of CSV or JSON are read: what was told, and what reading every value found. */
export type TextReading = {
  /** As the command line or the configuration told them, or as they were set since. */
  settings: { [key: string]: Value };
  /** Whether they were set by PUT …/reading. */
  set: boolean;
  columns: ({
    name: string;
    type: string;
    /** Why the type is no narrower one. */
    reason: string | null;
  })[];
  files: ({
    path: string;
    rows: number;
    dialect?: TextDialect;
    /** CSV: rows with fewer cells than the others; NULL in the rest. */
    short_rows?: number;
    /** CSV: rows with more cells than the header. */
    long_rows?: number;
    /** JSON: how records stand in it. */
    layout?: "lines" | "array" | "values";
  })[];
};

/** CSV: how bytes become cells; an empty text where there is no such character. */
export type TextDialect = {
  encoding: string;
  delimiter: string;
  quote: string;
  escape: string;
  comment: string;
  header: boolean;
  blank_rows: boolean;
};

export type DatasetDetail = {
  name: string;
  /** File, folder or glob. */
  source: string;
  error?: DatasetError;
  kind?: "parquet" | "csv" | "json" | "arrow";
  /** Changes with the files. */
  version?: string;
  /** null if only a scan tells. */
  rows?: number | null;
  bytes?: number;
  files?: number;
  /** Parquet only. */
  row_groups?: number;
  /** Files that cannot be read, which answers leave out. */
  left_out?: (LeftOutFile)[];
  preparing?: Preparing;
  reading?: TextReading;
  column_count?: number;
  columns?: (DatasetColumn)[];
  /** What the owner should know of how the files are read, in sentences. */
  notes?: (string)[];
  file_list?: (DataFile)[];
  performance_metrics: CatalogMetrics;
};

export type SqlRequest = {
  /** One SELECT; datasets are tables. */
  sql: string;
  /** Values of $1, $2 … (array) or of $name … (object). */
  parameters?: (Scalar)[] | { [key: string]: Scalar } | null;
  /** Else ?format=, else Accept, else json. */
  format?: Format | null;
  /** Maximum number of rows. */
  limit?: number | null;
  timeout_ms?: number | null;
  compression?: Compression | null;
  numbers?: "exact" | "plain" | null;
  /** The name offered to the browser. */
  filename?: string | null;
};

export type RunningQuery = {
  id: number;
  kind: "rows" | "sql" | "analyse" | "view" | "window" | "tile" | "search";
  /** The dataset or the statement. */
  text: string;
  format: Format;
  /** The job it belongs to. */
  job: string | null;
  state: "waiting" | "running";
  started: string;
  elapsed_ms: number;
  worker: number | null;
  progress: Progress | null;
};

export type Progress = {
  rows: number;
  bytes: number;
  rows_expected: number | null;
  /** Progress, 0 to 1; negative if unknown. */
  share: number;
};

export type QueryList = {
  queries: (RunningQuery)[];
  /** Tasks waiting for a worker. */
  waiting: number;
};

export type Health = {
  status: "ok" | "degraded" | "failing";
  version: string;
  uptime_s: number;
  datasets: {
    readable: number;
    broken: number;
  };
  tasks: {
    running: number;
    waiting: number;
  };
  /** Collections that accept no records until the server is restarted, because the disk failed. */
  collections_stopped?: (string)[];
  /** The feeds of the settings, in their order, where there are any. */
  feeds?: (Feed)[];
  /** Collections that are neither written nor read, because one of their files cannot be read: which one, why, and what to do. */
  collections_blocked?: ({
    name: string;
    error: string;
  })[];
  /** When the files of collections were last checked for damage, and the result. */
  scrub?: {
    /** Since the last whole one; null: none yet. */
    age_s: number | null;
    running: boolean;
    /** Files that have not been read whole since they came; queries check those they read. */
    unchecked_files: number;
    damaged: ({
      collection: string;
      file: string;
      problem: string;
    })[];
  };
  workers: (Worker)[];
};

export type Feed = {
  /** Without credentials and query. */
  url: string;
  collection: string;
  state: "starting" | "ok" | "failing";
  last_success: string | null;
  /** When it is polled next. */
  next: string | null;
  /** In a row. */
  failures: number;
  /** Of the last attempt. */
  error: string | null;
  /** Stored since startup. */
  records: number;
  /** Quarantined since startup. */
  quarantined: number;
};

export type Worker = {
  number: number;
  pid: number;
  state: "starting" | "idle" | "busy" | "parked";
};

/** Measured. Only these three where an earlier profile of the same files is given again. */
export type AnalysisMetrics = {
  /** Since the request was complete. */
  duration_ms: number;
  /** Waiting for a worker. */
  queue_ms?: number;
  engine_ms?: number;
  encode_ms?: number;
  /** Rows per second. */
  throughput_rps?: number;
  rows?: number;
  bytes: number;
  method: "column_scan" | "cached_profile" | "duckdb";
  /** The worker's resident memory. */
  memory_usage_mb?: number;
  /** Its number. */
  worker?: number;
};

export type PatternShare = {
  /** A for letters, 9 for digits, + for more of the kind; or the name of a format. */
  pattern: string;
  share: number;
};

export type Finding = {
  code: "constant" | "dates_out_of_range" | "empty" | "mixed_formats" | "near_constant" | "not_a_number" | "nulls" | "numbers_as_text" | "outliers" | "padded";
  message: string;
  share: number;
  /** Points it costs. */
  cost: number;
};

export type TopValue = {
  value: Value;
  count: number;
  /** Where top is not exact. */
  count_error?: number;
};

export type ColumnHistogram = {
  from: Value;
  to: Value;
  counts: (number)[];
  exact: boolean;
};

/** Members beyond sum come with type=profile and quality; score and findings with quality. */
export type ColumnProfile = {
  name: string;
  type: string;
  /** Values that are not NULL. */
  count: number;
  nulls: number;
  min?: Value;
  max?: Value;
  mean?: Value;
  std?: Value;
  sum?: Value;
  /** Floating point only. */
  nan?: number;
  /** Floating point only. */
  infinite?: number;
  distinct?: number | null;
  distinct_exact?: boolean;
  /** Standard error of distinct, as a share of it; 0 where it is exact. */
  distinct_error?: number;
  /** By probability. */
  quantiles?: { [key: string]: Value };
  quantiles_exact?: boolean;
  /** The most frequent values. */
  top?: (TopValue)[];
  top_exact?: boolean;
  /** Maximum error of quantiles and shares of a sample; 0 if all rows were read. */
  rank_error?: number;
  /** That rank_error holds. */
  confidence?: number;
  histogram?: ColumnHistogram;
  /** Of texts, in characters. */
  length?: {
    min: number;
    max: number;
    mean: number;
  };
  empty?: number;
  padded_share?: number;
  patterns?: (PatternShare)[];
  formats?: (PatternShare)[];
  score?: number;
  findings?: (Finding)[];
};

export type ProfileDocument = {
  dataset: string;
  type: "summary" | "profile" | "quality";
  rows: number;
  score?: number;
  duplicate_rows?: {
    rows: number;
    exact: boolean;
    error: number;
    cost: number;
  };
  /** false, where files are left out. */
  total_exact?: boolean;
  /** Files that cannot be read, which the answer leaves out. */
  left_out?: (string)[];
  columns: (ColumnProfile)[];
  performance_metrics: AnalysisMetrics;
};

export type HistogramDocument = {
  columns: (Column)[];
  rows: ((Value)[])[];
  /** Rows of the whole selection. */
  total_rows: number | null;
  /** false: total_rows is an estimate, or only what is known so far. */
  total_exact: boolean;
  /** Files that cannot be read, which the answer leaves out. */
  left_out?: (string)[];
  /** For `after`; null on the last page. */
  next: string | null;
  performance_metrics: PerformanceMetrics;
  /** Values in a bin. */
  values: number;
  /** NULLs. */
  nulls: number;
  /** NaN and infinities. */
  not_finite: number;
};

export type TileDocument = {
  columns: (Column)[];
  rows: ((Value)[])[];
  /** Rows of the whole selection. */
  total_rows: number | null;
  /** false: total_rows is an estimate, or only what is known so far. */
  total_exact: boolean;
  /** Files that cannot be read, which the answer leaves out. */
  left_out?: (string)[];
  /** For `after`; null on the last page. */
  next: string | null;
  performance_metrics: PerformanceMetrics;
  /** Of this tile. */
  bounds: {
    x_min: number;
    x_max: number;
    y_min: number;
    y_max: number;
  };
  /** Cells of the tile, each way. */
  size: number;
};

/** A JSON Schema (2020-12). */
export type JsonSchema = { [key: string]: AnyValue };

/** A dashboard as JSON: the keys of its YAML file (docs/dashboards.md). */
export type DashboardBody = {
  title?: string;
  metrics?: { [key: string]: AnyValue } | ({ [key: string]: AnyValue })[];
  tiles?: ({ [key: string]: AnyValue })[];
  [key: string]: AnyValue | unknown;
};

/** One of the two. */
export type DashboardText = {
  /** The text of a file. */
  yaml?: string;
  document?: DashboardBody;
};

export type DashboardProblem = {
  line: number | null;
  column: number | null;
  /** As metrics.measures[0].of. */
  path: string;
  severity: "error" | "warning";
  message: string;
  /** The known name that is most like what was written. */
  nearest: string | null;
};

export type DashboardCheck = {
  problems: (DashboardProblem)[];
  document: null | DashboardBody;
  performance_metrics: SchemaMetrics;
};

export type DashboardSummary = {
  name: string;
  /** Where it is from: the data folder or the program. */
  origin: "file" | "program";
  title: string;
  description: string | null;
  /** What it reads. */
  datasets: (string)[];
  /** Datasets and columns that are not served; of a dashboard of the program there are none. */
  missing: (string)[];
  /** Errors in the file. */
  problems: number;
  modified: string | null;
};

export type DashboardList = {
  dashboards: (DashboardSummary)[];
  performance_metrics: SchemaMetrics;
};

export type DashboardDetail = {
  name: string;
  origin: "file" | "program";
  title: string;
  yaml: string;
  document: null | DashboardBody;
  problems: (DashboardProblem)[];
  performance_metrics: SchemaMetrics;
};

export type DashboardPeriod = {
  /** The first day. */
  from: string | null;
  /** The day behind the last one. */
  to: string | null;
};

export type DashboardQuery = {
  /** Its name. */
  dashboard?: string;
  document?: DashboardBody;
  /** Numbers of tiles, objects with `tile` and what is other than in the file, or whole tiles. All tiles unless given. */
  tiles?: (number | { [key: string]: AnyValue })[];
  /** As `period` of a dashboard. */
  period?: string | {
    from?: string | null;
    to?: string | null;
  };
  compare?: "previous_period" | "year_before" | "none";
  /** By dimension: values, {"not": values} or {"from", "to"}. */
  filters?: { [key: string]: (Scalar)[] | {
    not: (Scalar)[];
  } | {
    from?: Scalar;
    to?: Scalar;
  } };
  /** The reader's, for metrics without one. */
  timezone?: string;
  /** Keys of answers that the client has. */
  known?: (string)[];
};

export type DashboardModel = {
  name: string;
  /** null: a statement. */
  dataset: string | null;
  timezone: string;
  /** Time of the newest row. */
  newest: string | null;
  period: null | DashboardPeriod;
  compare: null | DashboardPeriod;
  /** Files that cannot be read. */
  left_out?: (string)[];
};

export type DashboardColumn = {
  name: string;
  role: "time" | "dimension" | "measure" | "compare";
  /** SQL type. */
  type: string;
  exact: boolean;
  /** Standard error, relative to the number. */
  error?: number;
};

export type DashboardAnswer = {
  /** Of the column `time`. */
  grain?: string;
  /** It is made of a rollup. Else it is not there, and rows were read. */
  rollup?: true;
  columns: (DashboardColumn)[];
  rows: ((Value)[])[];
  /** With a grain: the rows of the period that is compared with. */
  compare?: ((Value)[])[];
  /** What is beyond the top values, together. */
  other?: ((Value)[])[];
  /** The measures over all groups. */
  total?: (Value)[];
  /** How many groups there are. */
  groups?: number;
  /** Time and measure. */
  spark?: {
    grain: string;
    rows: ((Value)[])[];
  };
  /** Filters by dimensions that these metrics do not have. */
  unused_filters?: (string)[];
};

/** With `answer`, `error`, or neither: then the client has it, or it is a text. */
export type DashboardTileAnswer = {
  /** Its number in the dashboard; null where it is not in it. */
  tile: number | null;
  /** Changes whenever the answer may. */
  key?: string;
  cached?: boolean;
  answer?: DashboardAnswer;
  error?: Problem;
};

export type DashboardAnswers = {
  models: (DashboardModel)[];
  tiles: (DashboardTileAnswer)[];
  performance_metrics: {
    duration_ms: number;
    method: string;
    tiles_cached: number;
  };
};

export type ExploreDocument = {
  dataset: string;
  document: DashboardBody;
  yaml: string;
  performance_metrics: SchemaMetrics;
};

/** At least one key or measure. */
export type AggregateRequest = {
  /** Columns, or dates truncated to a granularity. */
  group_by?: (string | {
    column: string;
    granularity?: "year" | "quarter" | "month" | "week" | "day" | "hour" | "minute";
    /** Alias of `granularity`. */
    every?: "year" | "quarter" | "month" | "week" | "day" | "hour" | "minute";
    as?: string;
  })[] | null;
  /** count alone counts rows; the others take a column. */
  measures?: ("count" | {
    function: "count" | "count_distinct" | "approx_distinct" | "sum" | "mean" | "avg" | "min" | "max" | "std" | "stddev" | "variance" | "median" | "quantile" | "any";
    column?: string;
    /** The probability of a quantile; by default 0.5. */
    q?: number;
    as?: string;
  })[] | null;
  filter?: Filter | null;
  /** Names of results, as in ?sort=. */
  sort?: string | null;
  limit?: number | null;
  offset?: number | null;
  /** As the parameter of rows. */
  on_unreadable?: "fail" | "skip" | null;
  timeout_ms?: number | null;
  format?: Format | null;
  compression?: Compression | null;
  numbers?: "exact" | "plain" | null;
};

export interface Operations {
  /** The web app, or a list of the datasets */
  index: {
    method: "GET";
    path: "/";
    answer: null;
  };
  /** State of the server */
  health: {
    method: "GET";
    path: "/health";
    answer: Health;
  };
  /** Counters for Prometheus */
  metrics: {
    method: "GET";
    path: "/metrics";
    answer: null;
  };
  /** This document */
  openapi: {
    method: "GET";
    path: "/openapi.json";
    answer: {
      openapi: "3.1.0";
      info: { [key: string]: Value };
      paths: { [key: string]: Value };
      components: { [key: string]: Value };
      servers: (Value)[];
      security: (Value)[];
      tags: (Value)[];
    };
  };
  /** The interactive reference */
  reference: {
    method: "GET";
    path: "/docs";
    answer: null;
  };
  /** Pages of the reference */
  referencePage: {
    method: "GET";
    path: "/docs/{page}";
    params: {
      /** What to get. */
      page: "errors" | "reference.css" | "reference.js";
    };
    answer: null;
  };
  /** The datasets */
  listDatasets: {
    method: "GET";
    path: "/api/v1/datasets";
    answer: DatasetList;
  };
  /** Schema, sizes, bounds and files */
  getDataset: {
    method: "GET";
    path: "/api/v1/datasets/{name}";
    params: {
      /** The dataset's name. */
      name: string;
    };
    answer: DatasetDetail;
  };
  /** Set how a CSV or JSON dataset is read */
  setReading: {
    method: "PUT";
    path: "/api/v1/datasets/{name}/reading";
    params: {
      /** A dataset of CSV or JSON files. */
      name: string;
    };
    body: TextSettings;
    answer: DatasetDetail;
  };
  /** Read a dataset as it was configured */
  resetReading: {
    method: "DELETE";
    path: "/api/v1/datasets/{name}/reading";
    params: {
      /** A dataset of CSV or JSON files. */
      name: string;
    };
    answer: DatasetDetail;
  };
  /** Rows of a selection */
  getRows: {
    method: "GET";
    path: "/api/v1/datasets/{name}/rows";
    params: {
      /** The dataset's name. */
      name: string;
    };
    query: {
      /** These columns, in this order, separated by commas; by default all. */
      columns?: string;
      /** All members must hold; `and`, `or` and `not` take filters. */
      filter?: string;
      /** Columns separated by commas, at most 32, `-` for descending. NULLs last; ties keep file order. */
      sort?: string;
      /** A share or a number of rows, from 1 to 1,000,000,000. The same seed gives the same rows. */
      sample?: string;
      /** Seed of the sample. */
      seed?: number;
      /** Rows to skip. Not together with `after`. */
      offset?: number;
      /** Maximum number of rows; by default all. */
      limit?: number;
      /** The `next` of the previous page: as fast on the last page as on the first. Only with the same filter, sort and sample, and while the dataset has not changed. */
      after?: string;
      /** The format of the answer; else the Accept header decides, else json. */
      format?: Format;
      /** The format's own: arrow and arrow_file none, lz4, zstd; parquet zstd, snappy, gzip, lz4, none; xlsx fast, best. 400 with other formats. */
      compression?: Compression;
      /** JSON: integers beyond 2^53 and decimals as strings (exact), or as numbers (plain). */
      numbers?: "exact" | "plain";
      /** Time limit of the task; by default the setting `timeout_ms`. */
      timeout_ms?: number;
      /** For a dataset with unreadable files: `skip` reads the other files, sets `total_exact` to false and lists the skipped files in `left_out` and X-Left-Out; `fail` answers with an error. By default a collection fails (503), because its records were acknowledged, and other datasets skip. */
      on_unreadable?: "fail" | "skip";
    };
    answer: RowsDocument;
  };
  /** A selection as a download */
  exportRows: {
    method: "GET";
    path: "/api/v1/datasets/{name}/export";
    params: {
      /** The dataset's name. */
      name: string;
    };
    query: {
      /** These columns, in this order, separated by commas; by default all. */
      columns?: string;
      /** All members must hold; `and`, `or` and `not` take filters. */
      filter?: string;
      /** Columns separated by commas, at most 32, `-` for descending. NULLs last; ties keep file order. */
      sort?: string;
      /** A share or a number of rows, from 1 to 1,000,000,000. The same seed gives the same rows. */
      sample?: string;
      /** Seed of the sample. */
      seed?: number;
      /** Rows to skip. Not together with `after`. */
      offset?: number;
      /** Maximum number of rows; by default all. */
      limit?: number;
      /** The `next` of the previous page: as fast on the last page as on the first. Only with the same filter, sort and sample, and while the dataset has not changed. */
      after?: string;
      /** The format of the answer; else the Accept header decides, else json. */
      format?: Format;
      /** The format's own: arrow and arrow_file none, lz4, zstd; parquet zstd, snappy, gzip, lz4, none; xlsx fast, best. 400 with other formats. */
      compression?: Compression;
      /** JSON: integers beyond 2^53 and decimals as strings (exact), or as numbers (plain). */
      numbers?: "exact" | "plain";
      /** Time limit of the task; by default the setting `timeout_ms`. */
      timeout_ms?: number;
      /** For a dataset with unreadable files: `skip` reads the other files, sets `total_exact` to false and lists the skipped files in `left_out` and X-Left-Out; `fail` answers with an error. By default a collection fails (503), because its records were acknowledged, and other datasets skip. */
      on_unreadable?: "fail" | "skip";
      /** The file name offered to the browser; by default the dataset's name. The extension is added. */
      filename?: string;
      /** Chosen by the client, preferably at random: the ID under which the progress of this answer is available (`GET /api/v1/jobs/{id}`). It must not be in use by a running job or a file job. A watched answer has no Content-Encoding, so that its receipt matches the file. */
      job?: string;
    };
    answer: RowsDocument;
  };
  /** An export as a job, or streamed */
  startExport: {
    method: "POST";
    path: "/api/v1/datasets/{name}/export";
    params: {
      /** The dataset's name. */
      name: string;
    };
    query: {
      /** These columns, in this order, separated by commas; by default all. */
      columns?: string;
      /** All members must hold; `and`, `or` and `not` take filters. */
      filter?: string;
      /** Columns separated by commas, at most 32, `-` for descending. NULLs last; ties keep file order. */
      sort?: string;
      /** A share or a number of rows, from 1 to 1,000,000,000. The same seed gives the same rows. */
      sample?: string;
      /** Seed of the sample. */
      seed?: number;
      /** Rows to skip. Not together with `after`. */
      offset?: number;
      /** Maximum number of rows; by default all. */
      limit?: number;
      /** The `next` of the previous page: as fast on the last page as on the first. Only with the same filter, sort and sample, and while the dataset has not changed. */
      after?: string;
      /** The format of the answer; else the Accept header decides, else json. */
      format?: Format;
      /** The format's own: arrow and arrow_file none, lz4, zstd; parquet zstd, snappy, gzip, lz4, none; xlsx fast, best. 400 with other formats. */
      compression?: Compression;
      /** JSON: integers beyond 2^53 and decimals as strings (exact), or as numbers (plain). */
      numbers?: "exact" | "plain";
      /** Time limit of the task; by default the setting `timeout_ms`. */
      timeout_ms?: number;
      /** For a dataset with unreadable files: `skip` reads the other files, sets `total_exact` to false and lists the skipped files in `left_out` and X-Left-Out; `fail` answers with an error. By default a collection fails (503), because its records were acknowledged, and other datasets skip. */
      on_unreadable?: "fail" | "skip";
      /** The file name offered to the browser; by default the dataset's name. The extension is added. */
      filename?: string;
      /** Chosen by the client, preferably at random: the ID under which the progress of this answer is available (`GET /api/v1/jobs/{id}`). It must not be in use by a running job or a file job. A watched answer has no Content-Encoding, so that its receipt matches the file. */
      job?: string;
    };
    body: ExportRequest;
    answer: RowsDocument | Job;
  };
  /** Profile of the columns */
  profile: {
    method: "GET";
    path: "/api/v1/datasets/{name}/profile";
    params: {
      /** The dataset's name. */
      name: string;
    };
    query: {
      /** summary: counts, bounds, moments; profile: also distinct values, quantiles, frequent values, histogram, texts; quality: also a score and why. */
      type?: "summary" | "profile" | "quality";
      /** These columns, in this order, separated by commas; by default all. */
      columns?: string;
      /** All members must hold; `and`, `or` and `not` take filters. */
      filter?: string;
      /** The format of the answer; else the Accept header decides, else json. */
      format?: Format;
      /** The format's own: arrow and arrow_file none, lz4, zstd; parquet zstd, snappy, gzip, lz4, none; xlsx fast, best. 400 with other formats. */
      compression?: Compression;
      /** JSON: integers beyond 2^53 and decimals as strings (exact), or as numbers (plain). */
      numbers?: "exact" | "plain";
      /** Time limit of the task; by default the setting `timeout_ms`. */
      timeout_ms?: number;
      /** For a dataset with unreadable files: `skip` reads the other files, sets `total_exact` to false and lists the skipped files in `left_out` and X-Left-Out; `fail` answers with an error. By default a collection fails (503), because its records were acknowledged, and other datasets skip. */
      on_unreadable?: "fail" | "skip";
    };
    answer: ProfileDocument;
  };
  /** A histogram of a column */
  histogram: {
    method: "GET";
    path: "/api/v1/datasets/{name}/histogram";
    params: {
      /** The dataset's name. */
      name: string;
    };
    query: {
      /** Which column. */
      column: string;
      /** How many. */
      bins?: number;
      /** All members must hold; `and`, `or` and `not` take filters. */
      filter?: string;
      /** The format of the answer; else the Accept header decides, else json. */
      format?: Format;
      /** The format's own: arrow and arrow_file none, lz4, zstd; parquet zstd, snappy, gzip, lz4, none; xlsx fast, best. 400 with other formats. */
      compression?: Compression;
      /** JSON: integers beyond 2^53 and decimals as strings (exact), or as numbers (plain). */
      numbers?: "exact" | "plain";
      /** Time limit of the task; by default the setting `timeout_ms`. */
      timeout_ms?: number;
      /** For a dataset with unreadable files: `skip` reads the other files, sets `total_exact` to false and lists the skipped files in `left_out` and X-Left-Out; `fail` answers with an error. By default a collection fails (503), because its records were acknowledged, and other datasets skip. */
      on_unreadable?: "fail" | "skip";
    };
    answer: HistogramDocument;
  };
  /** The most frequent values of a column */
  top: {
    method: "GET";
    path: "/api/v1/datasets/{name}/top";
    params: {
      /** The dataset's name. */
      name: string;
    };
    query: {
      /** Which column. */
      column: string;
      /** How many. */
      k?: number;
      /** All members must hold; `and`, `or` and `not` take filters. */
      filter?: string;
      /** The format of the answer; else the Accept header decides, else json. */
      format?: Format;
      /** The format's own: arrow and arrow_file none, lz4, zstd; parquet zstd, snappy, gzip, lz4, none; xlsx fast, best. 400 with other formats. */
      compression?: Compression;
      /** JSON: integers beyond 2^53 and decimals as strings (exact), or as numbers (plain). */
      numbers?: "exact" | "plain";
      /** Time limit of the task; by default the setting `timeout_ms`. */
      timeout_ms?: number;
      /** For a dataset with unreadable files: `skip` reads the other files, sets `total_exact` to false and lists the skipped files in `left_out` and X-Left-Out; `fail` answers with an error. By default a collection fails (503), because its records were acknowledged, and other datasets skip. */
      on_unreadable?: "fail" | "skip";
    };
    answer: RowsDocument;
  };
  /** Aggregate by groups */
  aggregate: {
    method: "POST";
    path: "/api/v1/datasets/{name}/aggregate";
    params: {
      /** The dataset's name. */
      name: string;
    };
    query: {
      /** The format of the answer; else the Accept header decides, else json. */
      format?: Format;
    };
    body: AggregateRequest;
    answer: RowsDocument;
  };
  /** List the dashboards */
  listDashboards: {
    method: "GET";
    path: "/api/v1/dashboards";
    answer: DashboardList;
  };
  /** Check a dashboard */
  checkDashboard: {
    method: "POST";
    path: "/api/v1/dashboards/check";
    body: DashboardText;
    answer: DashboardCheck;
  };
  /** The numbers of tiles */
  queryDashboard: {
    method: "POST";
    path: "/api/v1/dashboards/query";
    query: {
      /** Time limit of the task; by default the setting `timeout_ms`. */
      timeout_ms?: number;
    };
    body: DashboardQuery;
    answer: DashboardAnswers;
  };
  /** The format of dashboards as JSON Schema */
  getDashboardSchema: {
    method: "GET";
    path: "/api/v1/dashboards/schema";
    answer: null;
  };
  /** A dashboard */
  getDashboard: {
    method: "GET";
    path: "/api/v1/dashboards/{name}";
    params: {
      /** A dashboard's name. */
      name: string;
    };
    answer: DashboardDetail;
  };
  /** Save a dashboard */
  saveDashboard: {
    method: "PUT";
    path: "/api/v1/dashboards/{name}";
    params: {
      /** A dashboard's name. */
      name: string;
    };
    body: DashboardText;
    answer: DashboardDetail;
  };
  /** Remove a dashboard */
  removeDashboard: {
    method: "DELETE";
    path: "/api/v1/dashboards/{name}";
    params: {
      /** A dashboard's name. */
      name: string;
    };
    answer: null;
  };
  /** A dashboard for a dataset */
  exploreDataset: {
    method: "GET";
    path: "/api/v1/datasets/{name}/explore";
    params: {
      /** The dataset's name. */
      name: string;
    };
    answer: ExploreDocument;
  };
  /** One SELECT over the datasets */
  runQuery: {
    method: "POST";
    path: "/api/v1/query";
    query: {
      /** The format of the answer; else the Accept header decides, else json. */
      format?: Format;
      /** For a dataset with unreadable files: `skip` reads the other files, sets `total_exact` to false and lists the skipped files in `left_out` and X-Left-Out; `fail` answers with an error. By default a collection fails (503), because its records were acknowledged, and other datasets skip. */
      on_unreadable?: "fail" | "skip";
      /** Chosen by the client, preferably at random: the ID under which the progress of this answer is available (`GET /api/v1/jobs/{id}`). It must not be in use by a running job or a file job. A watched answer has no Content-Encoding, so that its receipt matches the file. */
      job?: string;
    };
    body: SqlRequest;
    answer: RowsDocument | Job;
  };
  /** Pulled sources */
  listSources: {
    method: "GET";
    path: "/api/v1/sources";
    answer: SourceList;
  };
  /** A source */
  getSource: {
    method: "GET";
    path: "/api/v1/sources/{name}";
    params: {
      /** The name of a source. */
      name: string;
    };
    answer: Source;
  };
  /** Reports of a source */
  listPullReports: {
    method: "GET";
    path: "/api/v1/sources/{name}/reports";
    params: {
      /** The name of a source. */
      name: string;
    };
    answer: PullReportList;
  };
  /** Pull a source now */
  runPull: {
    method: "POST";
    path: "/api/v1/sources/{name}/run";
    params: {
      /** The name of a source. */
      name: string;
    };
    answer: Source;
  };
  /** Compare a whole source now */
  sweepSource: {
    method: "POST";
    path: "/api/v1/sources/{name}/sweep";
    params: {
      /** The name of a source. */
      name: string;
    };
    answer: Source;
  };
  /** Load a source anew */
  acceptSchema: {
    method: "POST";
    path: "/api/v1/sources/{name}/accept-schema";
    params: {
      /** The name of a source. */
      name: string;
    };
    answer: Source;
  };
  /** Pause a source */
  pauseSource: {
    method: "POST";
    path: "/api/v1/sources/{name}/pause";
    params: {
      /** The name of a source. */
      name: string;
    };
    answer: Source;
  };
  /** Resume a source */
  resumeSource: {
    method: "POST";
    path: "/api/v1/sources/{name}/resume";
    params: {
      /** The name of a source. */
      name: string;
    };
    answer: Source;
  };
  /** List jobs */
  listJobs: {
    method: "GET";
    path: "/api/v1/jobs";
    answer: JobList;
  };
  /** A job */
  getJob: {
    method: "GET";
    path: "/api/v1/jobs/{id}";
    params: {
      /** From `Location`, from `GET /api/v1/jobs`, or the token given as `job`. */
      id: string;
    };
    answer: Job;
  };
  /** Cancel or remove a job */
  removeJob: {
    method: "DELETE";
    path: "/api/v1/jobs/{id}";
    params: {
      /** From `Location`, from `GET /api/v1/jobs`, or the token given as `job`. */
      id: string;
    };
    answer: null;
  };
  /** Progress as server-sent events */
  watchJob: {
    method: "GET";
    path: "/api/v1/jobs/{id}/events";
    params: {
      /** From `Location`, from `GET /api/v1/jobs`, or the token given as `job`. */
      id: string;
    };
    answer: null;
  };
  /** The finished file */
  getJobFile: {
    method: "GET";
    path: "/api/v1/jobs/{id}/file";
    params: {
      /** From `Location`, from `GET /api/v1/jobs`, or the token given as `job`. */
      id: string;
    };
    answer: RowsDocument;
  };
  /** Running and queued queries */
  listQueries: {
    method: "GET";
    path: "/api/v1/queries";
    answer: QueryList;
  };
  /** Cancel */
  cancelQuery: {
    method: "DELETE";
    path: "/api/v1/queries/{id}";
    params: {
      /** From `GET /api/v1/queries`. */
      id: number;
    };
    answer: null;
  };
  /** Ingest records */
  ingest: {
    method: "POST";
    path: "/ingest";
    query: {
      /** The collection; by default all_records. */
      collection?: string;
      /** What happens to an invalid record: reject its batch, or quarantine the record. */
      on_error?: "reject" | "quarantine";
      /** The format of the body, if its media type does not tell. */
      format?: "json" | "ndjson" | "csv" | "parquet" | "arrow";
      /** Whether numbers and booleans in strings are accepted; by default as the schema says. */
      cast?: boolean;
      /** What happens to a record whose key exists: reject its batch, update the existing record, or ignore the new one. `refuse` is an alias of `reject`. */
      on_conflict?: "reject" | "update" | "ignore" | "refuse";
    };
    body: IngestBody;
    answer: IngestAnswer;
  };
  /** Ingest a file */
  ingestFile: {
    method: "POST";
    path: "/ingest/file";
    query: {
      /** The collection; by default all_records. */
      collection?: string;
      /** What happens to an invalid record: reject its batch, or quarantine the record. */
      on_error?: "reject" | "quarantine";
      /** The format of the body, if its media type does not tell. */
      format?: "json" | "ndjson" | "csv" | "parquet" | "arrow";
      /** Whether numbers and booleans in strings are accepted; by default as the schema says. */
      cast?: boolean;
      /** What happens to a record whose key exists: reject its batch, update the existing record, or ignore the new one. `refuse` is an alias of `reject`. */
      on_conflict?: "reject" | "update" | "ignore" | "refuse";
      /** Chosen by the client, preferably at random: the ID under which the progress of this answer is available (`GET /api/v1/jobs/{id}`). It must not be in use by a running job or a file job. A watched answer has no Content-Encoding, so that its receipt matches the file. */
      job?: string;
    };
    body: IngestBody;
    answer: IngestAnswer;
  };
  /** One SELECT, rows as objects */
  querySql: {
    method: "POST";
    path: "/query/sql";
    body: {
      sql?: string;
      /** Alias of `sql`. */
      query?: string;
      parameters?: (Scalar)[] | { [key: string]: Scalar } | null;
      /** Maximum number of rows; by default 100. */
      limit?: number | null;
      format?: "json" | "ndjson" | "csv" | "arrow" | "arrow_file" | "parquet" | "xlsx" | null;
      timeout_ms?: number | null;
    };
    answer: DataDocument;
  };
  /** A record by its ID */
  queryId: {
    method: "GET";
    path: "/query/id/{id}";
    params: {
      /** The id, as text. */
      id: string;
    };
    query: {
      /** The collection; by default all_records. */
      collection?: string;
    };
    answer: DataDocument;
  };
  /** Records of a date range */
  queryDateRange: {
    method: "POST";
    path: "/query/date-range";
    query: {
      /** The collection; by default all_records. */
      collection?: string;
    };
    body: {
      start?: string | null;
      end?: string | null;
      /** Maximum number of rows; by default 100. */
      limit?: number | null;
    };
    answer: DataDocument;
  };
  /** Recent records */
  queryRecent: {
    method: "GET";
    path: "/query/recent";
    query: {
      /** The collection; by default all_records. */
      collection?: string;
      /** Maximum number of rows. */
      limit?: number;
    };
    answer: DataDocument;
  };
  /** All collections as a tar */
  backup: {
    method: "GET";
    path: "/api/v1/backup";
    answer: null;
  };
  /** A backup as a job */
  startBackup: {
    method: "POST";
    path: "/api/v1/backup";
    answer: Job;
  };
  /** Delete a collection */
  deleteCollection: {
    method: "DELETE";
    path: "/api/v1/collections/{name}";
    params: {
      /** A collection; not the default one, `all_records`. */
      name: string;
    };
    answer: TrashAnswer;
  };
  /** Rename a collection */
  renameCollection: {
    method: "POST";
    path: "/api/v1/collections/{name}/rename";
    params: {
      /** A collection; not the default one, `all_records`. */
      name: string;
    };
    body: {
      name: string;
    };
    answer: {
      name: string;
      performance_metrics: SchemaMetrics;
    };
  };
  /** Empty a collection */
  emptyCollection: {
    method: "POST";
    path: "/api/v1/collections/{name}/empty";
    params: {
      /** A collection. */
      name: string;
    };
    answer: TrashAnswer;
  };
  /** List the trash */
  listTrash: {
    method: "GET";
    path: "/api/v1/trash";
    answer: TrashList;
  };
  /** Remove from the trash for good */
  purgeTrashEntry: {
    method: "DELETE";
    path: "/api/v1/trash/{id}";
    params: {
      /** The `id` of an entry of the trash. */
      id: string;
    };
    answer: {
      id: string;
      performance_metrics: SchemaMetrics;
    };
  };
  /** Bring back from the trash */
  restoreTrashEntry: {
    method: "POST";
    path: "/api/v1/trash/{id}/restore";
    params: {
      /** The `id` of an entry of the trash. */
      id: string;
    };
    answer: TrashAnswer;
  };
  /** Merge files */
  compactCollection: {
    method: "POST";
    path: "/api/v1/collections/{name}/compact";
    params: {
      /** A collection. */
      name: string;
    };
    answer: Job;
  };
  /** Archive weeks */
  archiveCollection: {
    method: "POST";
    path: "/api/v1/collections/{name}/archive";
    params: {
      /** A collection. */
      name: string;
    };
    body: {
      /** An ISO week; also 53, of a year that has it. */
      before: string;
    };
    answer: Job;
  };
  /** Restore weeks */
  restoreCollection: {
    method: "POST";
    path: "/api/v1/collections/{name}/restore";
    params: {
      /** A collection. */
      name: string;
    };
    body: {
      /** The first ISO week. */
      from?: string;
      /** The last ISO week, inclusive. */
      until?: string;
    };
    answer: Job;
  };
  /** Verify files */
  verifyCollection: {
    method: "POST";
    path: "/api/v1/collections/{name}/verify";
    params: {
      /** A collection. */
      name: string;
    };
    answer: Job;
  };
  /** Generate sample records */
  generateRecords: {
    method: "POST";
    path: "/api/v1/collections/{name}/generate";
    params: {
      /** A collection. */
      name: string;
    };
    body: {
      type?: "user" | "transaction" | "event" | "product" | "sensor";
      count?: number;
      seed?: number;
    };
    answer: Job;
  };
  /** Search records by text */
  querySearch: {
    method: "POST";
    path: "/query/search";
    query: {
      /** The collection; by default all_records. */
      collection?: string;
    };
    body: {
      query?: string;
      /** Alias of `query`. */
      q?: string;
      /** Maximum number of rows; by default 100. */
      limit?: number | null;
      /** From an answer that was not complete. */
      cursor?: string | null;
      /** Time budget; by default 800. */
      budget_ms?: number | null;
    };
    answer: SearchDocument;
  };
  /** Statistics of a collection */
  statistics: {
    method: "GET";
    path: "/statistics";
    query: {
      /** The collection; by default all_records. */
      collection?: string;
    };
    answer: CollectionStatistics;
  };
  /** The files of a collection */
  collectionFiles: {
    method: "GET";
    path: "/files";
    query: {
      /** The collection; by default all_records. */
      collection?: string;
    };
    answer: CollectionFiles;
  };
  /** Columns and type conflicts of a collection */
  collectionSchema: {
    method: "GET";
    path: "/schema";
    query: {
      /** The collection; by default all_records. */
      collection?: string;
    };
    answer: CollectionSchema;
  };
  /** All schemas */
  listSchemas: {
    method: "GET";
    path: "/api/v1/schemas";
    answer: SchemaList;
  };
  /** Create a schema */
  createSchema: {
    method: "POST";
    path: "/api/v1/schemas";
    body: SchemaBody;
    answer: SchemaDocument;
  };
  /** A schema and its history */
  getSchema: {
    method: "GET";
    path: "/api/v1/schemas/{name}";
    params: {
      /** A schema's name. */
      name: string;
    };
    query: {
      /** An older one. */
      version?: number;
    };
    answer: SchemaDetail;
  };
  /** Add a version of a schema */
  replaceSchema: {
    method: "PUT";
    path: "/api/v1/schemas/{name}";
    params: {
      /** A schema's name. */
      name: string;
    };
    body: SchemaBody;
    answer: SchemaDocument;
  };
  /** Drop a schema */
  removeSchema: {
    method: "DELETE";
    path: "/api/v1/schemas/{name}";
    params: {
      /** A schema's name. */
      name: string;
    };
    answer: null;
  };
  /** Store one record */
  createRecord: {
    method: "POST";
    path: "/api/v1/records";
    query: {
      /** The schema, if the body does not name it. */
      schema?: string;
      /** Whether numbers and booleans in strings are accepted; by default as the schema says. */
      cast?: boolean;
      /** What happens to a record whose key exists: reject its batch, update the existing record, or ignore the new one. `refuse` is an alias of `reject`. */
      on_conflict?: "reject" | "update" | "ignore" | "refuse";
    };
    body: { [key: string]: AnyValue };
    answer: WrittenRecord;
  };
  /** Store many records */
  createRecords: {
    method: "POST";
    path: "/api/v1/records/bulk";
    query: {
      /** The schema, if the body does not name it. */
      schema?: string;
      /** What happens to an invalid record: reject its batch, or quarantine the record. */
      on_error?: "reject" | "quarantine";
      /** The format of the body, if its media type does not tell. */
      format?: "json" | "ndjson" | "csv" | "parquet" | "arrow";
      /** Whether numbers and booleans in strings are accepted; by default as the schema says. */
      cast?: boolean;
      /** What happens to a record whose key exists: reject its batch, update the existing record, or ignore the new one. `refuse` is an alias of `reject`. */
      on_conflict?: "reject" | "update" | "ignore" | "refuse";
    };
    body: { [key: string]: AnyValue } | ({ [key: string]: AnyValue })[];
    answer: IngestAnswer;
  };
  /** A record by its key */
  getRecord: {
    method: "GET";
    path: "/api/v1/records/{schema}/{id}";
    params: {
      /** A schema's name, or a collection's. */
      schema: string;
      /** The value of the key; of several fields their values, with commas between. A comma or slash of a value is escaped (%2C, %2F). Times may be of any zone. */
      id: string;
    };
    answer: RecordDocument;
  };
  /** Replace a record */
  replaceRecord: {
    method: "PUT";
    path: "/api/v1/records/{schema}/{id}";
    params: {
      /** A schema's name, or a collection's. */
      schema: string;
      /** The value of the key; of several fields their values, with commas between. A comma or slash of a value is escaped (%2C, %2F). Times may be of any zone. */
      id: string;
    };
    query: {
      /** Whether numbers and booleans in strings are accepted; by default as the schema says. */
      cast?: boolean;
    };
    body: { [key: string]: AnyValue };
    answer: WrittenRecord;
  };
  /** Delete a record */
  removeRecord: {
    method: "DELETE";
    path: "/api/v1/records/{schema}/{id}";
    params: {
      /** A schema's name, or a collection's. */
      schema: string;
      /** The value of the key; of several fields their values, with commas between. A comma or slash of a value is escaped (%2C, %2F). Times may be of any zone. */
      id: string;
    };
    answer: null;
  };
  /** Change fields of a record */
  patchRecord: {
    method: "PATCH";
    path: "/api/v1/records/{schema}/{id}";
    params: {
      /** A schema's name, or a collection's. */
      schema: string;
      /** The value of the key; of several fields their values, with commas between. A comma or slash of a value is escaped (%2C, %2F). Times may be of any zone. */
      id: string;
    };
    query: {
      /** Whether numbers and booleans in strings are accepted; by default as the schema says. */
      cast?: boolean;
    };
    body: { [key: string]: AnyValue };
    answer: WrittenRecord;
  };
  /** A record by its key, whatever the key is */
  getRecordByKey: {
    method: "GET";
    path: "/api/v1/records/{schema}";
    params: {
      /** A schema's name, or a collection's. */
      schema: string;
    };
    query: {
      /** The value of the key, once for each of its fields, in their order. */
      key: string;
    };
    answer: RecordDocument;
  };
  /** Replace the record of a key */
  replaceRecordByKey: {
    method: "PUT";
    path: "/api/v1/records/{schema}";
    params: {
      /** A schema's name, or a collection's. */
      schema: string;
    };
    query: {
      /** The value of the key, once for each of its fields, in their order. */
      key: string;
      /** Whether numbers and booleans in strings are accepted; by default as the schema says. */
      cast?: boolean;
    };
    body: { [key: string]: AnyValue };
    answer: WrittenRecord;
  };
  /** Delete the record of a key */
  removeRecordByKey: {
    method: "DELETE";
    path: "/api/v1/records/{schema}";
    params: {
      /** A schema's name, or a collection's. */
      schema: string;
    };
    query: {
      /** The value of the key, once for each of its fields, in their order. */
      key: string;
    };
    answer: null;
  };
  /** Change fields of the record of a key */
  patchRecordByKey: {
    method: "PATCH";
    path: "/api/v1/records/{schema}";
    params: {
      /** A schema's name, or a collection's. */
      schema: string;
    };
    query: {
      /** The value of the key, once for each of its fields, in their order. */
      key: string;
      /** Whether numbers and booleans in strings are accepted; by default as the schema says. */
      cast?: boolean;
    };
    body: { [key: string]: AnyValue };
    answer: WrittenRecord;
  };
  /** Many records into a schema */
  ultraFastBulk: {
    method: "POST";
    path: "/api/v1/high-performance/ultra-fast-bulk/{schema_name}";
    params: {
      /** A schema's name, or a collection's. */
      schema_name: string;
    };
    query: {
      /** What happens to an invalid record: reject its batch, or quarantine the record. */
      on_error?: "reject" | "quarantine";
      /** The format of the body, if its media type does not tell. */
      format?: "json" | "ndjson" | "csv" | "parquet" | "arrow";
      /** Whether numbers and booleans in strings are accepted; by default as the schema says. */
      cast?: boolean;
      /** What happens to a record whose key exists: reject its batch, update the existing record, or ignore the new one. `refuse` is an alias of `reject`. */
      on_conflict?: "reject" | "update" | "ignore" | "refuse";
    };
    body: { [key: string]: AnyValue } | ({ [key: string]: AnyValue })[];
    answer: IngestAnswer;
  };
  /** Filtered rows, with an analysis */
  queryOptimized: {
    method: "GET";
    path: "/api/v1/high-performance/query-optimized/{schema_name}";
    params: {
      /** A schema's name, or a collection's. */
      schema_name: string;
    };
    query: {
      /** As `filter` elsewhere; the outer braces may be omitted, as curl does. */
      filters?: string;
      /** The analysis of the filtered rows; JSON only. */
      analysis?: "summary" | "profile" | "quality";
      /** These columns, in this order, separated by commas; by default all. */
      columns?: string;
      /** Columns separated by commas, `-` for descending. NULLs last. */
      sort?: string;
      /** Rows to skip. */
      offset?: number;
      /** Maximum number of rows; by default 100, with an analysis at most 10,000. */
      limit?: number;
      /** The format of the answer; else the Accept header decides, else json. */
      format?: Format;
      /** JSON: integers beyond 2^53 and decimals as strings (exact), or as numbers (plain). */
      numbers?: "exact" | "plain";
      /** Time limit of the task; by default the setting `timeout_ms`. */
      timeout_ms?: number;
    };
    answer: AnalysedData;
  };
  /** Arrow batches */
  streamArrowBatches: {
    method: "GET";
    path: "/api/v1/high-performance/stream-arrow-batches/{schema_name}";
    params: {
      /** A schema's name, or a collection's. */
      schema_name: string;
    };
    query: {
      /** How the start is given. */
      strategy?: "offset" | "keyset";
      /** Rows per batch; the last one has the rest. */
      batch_size?: number;
      /** With strategy=keyset: the last key that was read. */
      after_key?: string;
      /** As `filter` elsewhere; the outer braces may be omitted, as curl does. */
      filters?: string;
      /** These columns, in this order, separated by commas; by default all. */
      columns?: string;
      /** Rows to skip. */
      offset?: number;
      /** Maximum number of rows; by default all. */
      limit?: number;
      /** Of the batches. */
      compression?: "none" | "lz4" | "zstd";
      /** Time limit of the task; by default the setting `timeout_ms`. */
      timeout_ms?: number;
    };
    answer: null;
  };
  /** A Parquet file */
  exportParquet: {
    method: "POST";
    path: "/api/v1/high-performance/export-parquet/{schema_name}";
    params: {
      /** A schema's name, or a collection's. */
      schema_name: string;
    };
    query: {
      /** Of the file's pages. */
      compression?: "zstd" | "snappy" | "gzip" | "lz4" | "none";
      /** As `filter` elsewhere; the outer braces may be omitted, as curl does. */
      filters?: string;
      /** These columns, in this order, separated by commas; by default all. */
      columns?: string;
      /** Columns separated by commas, `-` for descending. NULLs last. */
      sort?: string;
      /** Maximum number of rows; by default all. */
      limit?: number;
      /** The name of the download. */
      filename?: string;
      /** Time limit of the task; by default the setting `timeout_ms`. */
      timeout_ms?: number;
    };
    answer: null;
  };
  /** Profile of the records */
  analyzeSchema: {
    method: "GET";
    path: "/api/v1/high-performance/analyze/{schema_name}";
    params: {
      /** A schema's name, or a collection's. */
      schema_name: string;
    };
    query: {
      /** Level of detail. */
      type?: "summary" | "profile" | "quality";
      /** As `filter` elsewhere; the outer braces may be omitted, as curl does. */
      filters?: string;
      /** JSON: integers beyond 2^53 and decimals as strings (exact), or as numbers (plain). */
      numbers?: "exact" | "plain";
      /** Time limit of the task; by default the setting `timeout_ms`. */
      timeout_ms?: number;
    };
    answer: ProfileDocument;
  };
  /** Compare single and bulk inserts */
  benchmarkSchema: {
    method: "POST";
    path: "/api/v1/high-performance/benchmark/{schema_name}";
    params: {
      /** A schema's name, or a collection's. */
      schema_name: string;
    };
    query: {
      /** Records written in bulk. */
      records?: number;
      /** Records written one by one, within four seconds. */
      single_records?: number;
    };
    answer: BenchmarkDocument;
  };
  /** Rows as an Arrow stream */
  arrowIpc: {
    method: "GET";
    path: "/data/arrow_ipc";
    query: {
      /** The dataset; optional if only one is served. */
      dataset?: string;
      /** Rows to skip. */
      skip?: number;
      /** Maximum number of rows; by default all. */
      limit?: number;
    };
    answer: null;
  };
  /** Rows as an Arrow file */
  arrowIpcFile: {
    method: "GET";
    path: "/data/arrow_ipc_polars_direct";
    query: {
      /** The dataset; optional if only one is served. */
      dataset?: string;
      /** Rows to skip. */
      skip?: number;
      /** Maximum number of rows; by default all. */
      limit?: number;
    };
    answer: null;
  };
  /** Rows as Parquet */
  parquet: {
    method: "GET";
    path: "/data/parquet";
    query: {
      /** The dataset; optional if only one is served. */
      dataset?: string;
      /** Rows to skip. */
      skip?: number;
      /** Maximum number of rows; by default all. */
      limit?: number;
    };
    answer: null;
  };
  /** Mean, sum and count by category */
  aggregatedSummary: {
    method: "GET";
    path: "/data/aggregated_summary";
    query: {
      /** The dataset; optional if only one is served. */
      dataset?: string;
      /** Rows to skip. */
      skip?: number;
      /** Maximum number of rows; by default all. */
      limit?: number;
      /** Only this category. */
      filter_category?: string;
      /** The column to group by; `category`, else the first text column. */
      category?: string;
      /** The column to summarise; `value` or `amount`, else the first numeric column. */
      value?: string;
      /** The format of the answer; else the Accept header decides, else json. */
      format?: Format;
    };
    answer: RowsDocument;
  };
  /** A density tile of two columns */
  tile: {
    method: "GET";
    path: "/api/v1/datasets/{name}/tile";
    params: {
      /** The dataset's name. */
      name: string;
    };
    query: {
      /** The column of the x axis: numbers or dates. */
      x: string;
      /** The column of the y axis: numbers or dates. */
      y: string;
      /** The numeric column to sum or average, with `measure` sum or mean. */
      value?: string;
      /** What a cell shows: the number of rows, or the sum or mean of `value`. */
      measure?: "count" | "sum" | "mean";
      /** How values map to colours: by value, logarithm, or rank. */
      scale?: "linear" | "log" | "eq_hist";
      /** Cells of a tile, each way; of a picture: pixels. */
      size?: number;
      /** The zoom level: the whole picture is 2^z by 2^z tiles. */
      z?: number;
      /** Which tile, from the left; below 2^z. */
      tx?: number;
      /** Which tile, from the top; below 2^z. */
      ty?: number;
      /** Left end of the whole picture; by default that of the data. A date is given in microseconds since 1970. */
      x_min?: number;
      /** Right end. */
      x_max?: number;
      /** Lower end. */
      y_min?: number;
      /** Upper end. */
      y_max?: number;
      /** All members must hold; `and`, `or` and `not` take filters. */
      filter?: string;
      /** png: a picture; else the cells that have rows, as rows. Without it, what the Accept header names; png for `*\/*`. */
      format?: "png" | "json" | "ndjson" | "csv" | "arrow" | "arrow_file" | "parquet" | "xlsx";
      /** The format's own: arrow and arrow_file none, lz4, zstd; parquet zstd, snappy, gzip, lz4, none; xlsx fast, best. 400 with other formats. */
      compression?: Compression;
      /** JSON: integers beyond 2^53 and decimals as strings (exact), or as numbers (plain). */
      numbers?: "exact" | "plain";
      /** Time limit of the task; by default the setting `timeout_ms`. */
      timeout_ms?: number;
      /** For a dataset with unreadable files: `skip` reads the other files, sets `total_exact` to false and lists the skipped files in `left_out` and X-Left-Out; `fail` answers with an error. By default a collection fails (503), because its records were acknowledged, and other datasets skip. */
      on_unreadable?: "fail" | "skip";
    };
    answer: TileDocument;
  };
}

/** Where each operation is. */

export const OPERATIONS = {
  index: { method: "GET", path: "/" },
  health: { method: "GET", path: "/health" },
  metrics: { method: "GET", path: "/metrics" },
  openapi: { method: "GET", path: "/openapi.json" },
  reference: { method: "GET", path: "/docs" },
  referencePage: { method: "GET", path: "/docs/{page}" },
  listDatasets: { method: "GET", path: "/api/v1/datasets" },
  getDataset: { method: "GET", path: "/api/v1/datasets/{name}" },
  setReading: { method: "PUT", path: "/api/v1/datasets/{name}/reading" },
  resetReading: { method: "DELETE", path: "/api/v1/datasets/{name}/reading" },
  getRows: { method: "GET", path: "/api/v1/datasets/{name}/rows" },
  exportRows: { method: "GET", path: "/api/v1/datasets/{name}/export" },
  startExport: { method: "POST", path: "/api/v1/datasets/{name}/export" },
  profile: { method: "GET", path: "/api/v1/datasets/{name}/profile" },
  histogram: { method: "GET", path: "/api/v1/datasets/{name}/histogram" },
  top: { method: "GET", path: "/api/v1/datasets/{name}/top" },
  aggregate: { method: "POST", path: "/api/v1/datasets/{name}/aggregate" },
  listDashboards: { method: "GET", path: "/api/v1/dashboards" },
  checkDashboard: { method: "POST", path: "/api/v1/dashboards/check" },
  queryDashboard: { method: "POST", path: "/api/v1/dashboards/query" },
  getDashboardSchema: { method: "GET", path: "/api/v1/dashboards/schema" },
  getDashboard: { method: "GET", path: "/api/v1/dashboards/{name}" },
  saveDashboard: { method: "PUT", path: "/api/v1/dashboards/{name}" },
  removeDashboard: { method: "DELETE", path: "/api/v1/dashboards/{name}" },
  exploreDataset: { method: "GET", path: "/api/v1/datasets/{name}/explore" },
  runQuery: { method: "POST", path: "/api/v1/query" },
  listSources: { method: "GET", path: "/api/v1/sources" },
  getSource: { method: "GET", path: "/api/v1/sources/{name}" },
  listPullReports: { method: "GET", path: "/api/v1/sources/{name}/reports" },
  runPull: { method: "POST", path: "/api/v1/sources/{name}/run" },
  sweepSource: { method: "POST", path: "/api/v1/sources/{name}/sweep" },
  acceptSchema: { method: "POST", path: "/api/v1/sources/{name}/accept-schema" },
  pauseSource: { method: "POST", path: "/api/v1/sources/{name}/pause" },
  resumeSource: { method: "POST", path: "/api/v1/sources/{name}/resume" },
  listJobs: { method: "GET", path: "/api/v1/jobs" },
  getJob: { method: "GET", path: "/api/v1/jobs/{id}" },
  removeJob: { method: "DELETE", path: "/api/v1/jobs/{id}" },
  watchJob: { method: "GET", path: "/api/v1/jobs/{id}/events" },
  getJobFile: { method: "GET", path: "/api/v1/jobs/{id}/file" },
  listQueries: { method: "GET", path: "/api/v1/queries" },
  cancelQuery: { method: "DELETE", path: "/api/v1/queries/{id}" },
  ingest: { method: "POST", path: "/ingest" },
  ingestFile: { method: "POST", path: "/ingest/file" },
  querySql: { method: "POST", path: "/query/sql" },
  queryId: { method: "GET", path: "/query/id/{id}" },
  queryDateRange: { method: "POST", path: "/query/date-range" },
  queryRecent: { method: "GET", path: "/query/recent" },
  backup: { method: "GET", path: "/api/v1/backup" },
  startBackup: { method: "POST", path: "/api/v1/backup" },
  deleteCollection: { method: "DELETE", path: "/api/v1/collections/{name}" },
  renameCollection: { method: "POST", path: "/api/v1/collections/{name}/rename" },
  emptyCollection: { method: "POST", path: "/api/v1/collections/{name}/empty" },
  listTrash: { method: "GET", path: "/api/v1/trash" },
  purgeTrashEntry: { method: "DELETE", path: "/api/v1/trash/{id}" },
  restoreTrashEntry: { method: "POST", path: "/api/v1/trash/{id}/restore" },
  compactCollection: { method: "POST", path: "/api/v1/collections/{name}/compact" },
  archiveCollection: { method: "POST", path: "/api/v1/collections/{name}/archive" },
  restoreCollection: { method: "POST", path: "/api/v1/collections/{name}/restore" },
  verifyCollection: { method: "POST", path: "/api/v1/collections/{name}/verify" },
  generateRecords: { method: "POST", path: "/api/v1/collections/{name}/generate" },
  querySearch: { method: "POST", path: "/query/search" },
  statistics: { method: "GET", path: "/statistics" },
  collectionFiles: { method: "GET", path: "/files" },
  collectionSchema: { method: "GET", path: "/schema" },
  listSchemas: { method: "GET", path: "/api/v1/schemas" },
  createSchema: { method: "POST", path: "/api/v1/schemas" },
  getSchema: { method: "GET", path: "/api/v1/schemas/{name}" },
  replaceSchema: { method: "PUT", path: "/api/v1/schemas/{name}" },
  removeSchema: { method: "DELETE", path: "/api/v1/schemas/{name}" },
  createRecord: { method: "POST", path: "/api/v1/records" },
  createRecords: { method: "POST", path: "/api/v1/records/bulk" },
  getRecord: { method: "GET", path: "/api/v1/records/{schema}/{id}" },
  replaceRecord: { method: "PUT", path: "/api/v1/records/{schema}/{id}" },
  removeRecord: { method: "DELETE", path: "/api/v1/records/{schema}/{id}" },
  patchRecord: { method: "PATCH", path: "/api/v1/records/{schema}/{id}" },
  getRecordByKey: { method: "GET", path: "/api/v1/records/{schema}" },
  replaceRecordByKey: { method: "PUT", path: "/api/v1/records/{schema}" },
  removeRecordByKey: { method: "DELETE", path: "/api/v1/records/{schema}" },
  patchRecordByKey: { method: "PATCH", path: "/api/v1/records/{schema}" },
  ultraFastBulk: { method: "POST", path: "/api/v1/high-performance/ultra-fast-bulk/{schema_name}" },
  queryOptimized: { method: "GET", path: "/api/v1/high-performance/query-optimized/{schema_name}" },
  streamArrowBatches: { method: "GET", path: "/api/v1/high-performance/stream-arrow-batches/{schema_name}" },
  exportParquet: { method: "POST", path: "/api/v1/high-performance/export-parquet/{schema_name}" },
  analyzeSchema: { method: "GET", path: "/api/v1/high-performance/analyze/{schema_name}" },
  benchmarkSchema: { method: "POST", path: "/api/v1/high-performance/benchmark/{schema_name}" },
  arrowIpc: { method: "GET", path: "/data/arrow_ipc" },
  arrowIpcFile: { method: "GET", path: "/data/arrow_ipc_polars_direct" },
  parquet: { method: "GET", path: "/data/parquet" },
  aggregatedSummary: { method: "GET", path: "/data/aggregated_summary" },
  tile: { method: "GET", path: "/api/v1/datasets/{name}/tile" },
} as const satisfies { [K in keyof Operations]: Pick<Operations[K], "method" | "path"> };
