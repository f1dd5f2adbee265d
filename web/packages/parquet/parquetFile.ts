/**
 * A Parquet file of a host: columns of some of its row groups, with as few bytes and round trips as that takes. What
 * was read is not read again; what failed is.
 */
import type { Columns } from "./columns";
import type { Wanted } from "./decode";
import type { Decoder } from "./decoder";
import { type Fetch, type HostFile, WHOLE_BYTES_MAX, fetchRanges, fetchWhole } from "./host";
import { Shared } from "./shared";

export interface ParquetAt extends HostFile {
  /** Bytes of its footer with the eight behind it. */
  footer: number;
}

export class ParquetFile {
  private readonly at: ParquetAt;
  private readonly decoder: Decoder;
  private readonly fetchOf: Fetch | undefined;
  private readonly loads = new Shared<ArrayBuffer>();
  private readonly reads = new Shared<Columns>();

  constructor(at: ParquetAt, decoder: Decoder, fetchOf?: Fetch) {
    this.at = at;
    this.decoder = decoder;
    this.fetchOf = fetchOf;
  }

  /** Whether all of it costs no more than a part. */
  get isSmall(): boolean {
    return this.at.bytes <= WHOLE_BYTES_MAX;
  }

  read(wanted: Wanted, signal: AbortSignal): Promise<Columns> {
    const key = JSON.stringify([wanted.columns ?? null, wanted.groups ?? null]);
    return this.reads.get(key, signal, (inner) =>
      this.isSmall ? this.readWhole(wanted, inner) : this.readParts(wanted, inner),
    );
  }

  private async readWhole(wanted: Wanted, signal: AbortSignal): Promise<Columns> {
    const whole = await this.loads.get("whole", signal, (inner) => fetchWhole(this.at, inner, this.fetchOf));
    return this.decoder.file(whole, wanted);
  }

  private async readParts(wanted: Wanted, signal: AbortSignal): Promise<Columns> {
    const { bytes, footer } = this.at;
    const tail = { start: bytes - footer, end: bytes };
    const foot = await this.loads.get("footer", signal, async (inner) => {
      return (await fetchRanges(this.at, [tail], inner, this.fetchOf))[0]!;
    });
    const ranges = await this.decoder.plan(foot, wanted);
    const buffers = await fetchRanges(this.at, ranges, signal, this.fetchOf);
    return this.decoder.chunks(foot, wanted, buffers);
  }
}
