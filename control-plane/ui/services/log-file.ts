/** A file as `/logs` lists it. */
export interface LogFile {
  readonly filename: string;
  readonly path: string;
  readonly size_bytes: number;
  readonly modified_time: string;
  readonly service: string;
  readonly machine_id: string;
  readonly file_path: string;
  readonly record_count: number;
}
