/**
 * What a grid shows. The grid knows no transport: it draws what getCell has at once, and says what it will need.
 */

export interface GridColumn {
  name: string;
  /** SQL type: decides alignment and which filters make sense. */
  type: string;
}

export interface CellRange {
  rowStart: number;
  /** Exclusive. */
  rowEnd: number;
  /** Indexes into `columns`. */
  columns: readonly number[];
}

export interface DataFrame {
  readonly columns: readonly GridColumn[];
  /** As far as it is known now. */
  readonly rowCount: number;
  readonly rowCountExact: boolean;
  /** Another number means that cells which were loaded may have other values now. */
  readonly epoch: number;
  /** Never fetches: undefined where the cell is not loaded, null for NULL. Long texts may be cut, see wholeBytes. */
  getCell(row: number, column: number): string | null | undefined;
  /** Bytes of the whole value where getCell gives a cut one, else 0. */
  wholeBytes(row: number, column: number): number;
  /** Resolves when the cells are there. Aborting says that they are no longer wanted. */
  fetch(range: CellRange, signal: AbortSignal): Promise<void>;
  /** Calls back when cells arrived or counts changed. */
  subscribe(listener: () => void): () => void;
}
