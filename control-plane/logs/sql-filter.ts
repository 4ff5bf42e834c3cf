import type { QueryParameters } from '../../pipeline/store/clickhouse.ts';

/** A condition on the table `logs`; its values stand in `parameters`. */
export interface SqlFilter {
  readonly where: string;
  readonly parameters: QueryParameters;
}
